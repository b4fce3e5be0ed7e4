"""How many streams of a kind are open at one time: a place is taken as an answer begins, given back at its end."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Hashable

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send


class Places:
    """So many for each ``whose``: a browser, or everybody together. To be used in one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[Hashable] = Counter()

    def stream(self, whose: Hashable, events: AsyncGenerator[str, None], full: Response) -> Response:
        """Server-sent events as long as somebody listens; ``full`` instead when no place is left."""
        return _Placed(self, whose, events, full)

    def take(self, whose: Hashable) -> bool:
        """A place, if there is one."""
        if self._taken[whose] >= self._most:
            return False
        self._taken[whose] += 1
        return True

    def give_back(self, whose: Hashable) -> None:
        """The place of a stream that ended."""
        self._taken[whose] -= 1
        if not self._taken[whose]:
            del self._taken[whose]


class _Placed(StreamingResponse):
    def __init__(self, places: Places, whose: Hashable, events: AsyncGenerator[str, None], full: Response) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._places, self._whose, self._events, self._full = places, whose, events, full

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._places.take(self._whose):
            await self._full(scope, receive, send)
            return
        try:
            async with contextlib.aclosing(self._events):  # nothing is watched for a window that is gone
                await super().__call__(scope, receive, send)
        finally:
            self._places.give_back(self._whose)

"""What a durable consumer of the server gives one copy of a centre: messages as they come, taken as many as there are.

By NATS' own requests (`CONSUMER.MSG.NEXT`), for the library's `fetch` keeps the first messages back until its time is
over, for others that might come, where several copies ask and little waits; and each costs it a task and a timer.

Who takes messages and dies says nothing any more, and the server gives them to another copy after ACK_WAIT_S. Who lives
says so of those that take longer, however long: a database may be away for a night.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

ACK_WAIT_S = 5.0
"""Until the server gives a message to another copy, if nobody says anything of it: what a killed copy had is counted
within seconds, and one that lives may miss three signs. What two copies take counts once, and is work twice."""
_SIGN_S = ACK_WAIT_S / 4  # three may be missed
_AGAIN_S = 1.0
"""Between requests where little comes: a server that takes over from one that was killed knows of none before."""
_LASTS_S = 2 * _AGAIN_S  # a request overlaps with the next: at any moment one is there
_NS = 1_000_000_000  # of a second
_PASSING = ("404", "408", "409")  # a request's end, for a reason that the next one may not find


class Pulling:
    """Messages of a consumer, for as many workers as there are."""

    def __init__(self, client: Client, stream: str, consumer: str, most: int) -> None:
        """``most``: messages that a request is for; so many lie here at most, beside those that were taken."""
        self._client, self._most = client, most
        self._asked = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._came: list[Msg] = []
        self._given: dict[int, Msg] = {}  # to workers, and not acknowledged yet
        self._some, self._turn = asyncio.Event(), asyncio.Lock()
        self._open, self._until_s = 0, 0.0  # what the server may send yet, and when it is asked again in any case
        self._wrong: Msg | None = None

    async def begin(self) -> None:
        """Listen for what is to come."""
        await self._client.subscribe(self._inbox, cb=self._takes)

    async def _takes(self, message: Msg) -> None:
        if message.subject == self._inbox:  # of the server itself: a message has the subject that its kiosk wrote to
            if (message.headers or {}).get("Status") in _PASSING:
                return
            self._wrong = message
        else:
            self._came.append(message)
            self._open -= 1
        self._some.set()

    async def batch(self) -> list[Msg]:
        """What has come, once something has; [] when nothing comes for a while. The library's errors.

        It is ours until it is acknowledged (`acknowledge`), as long as `hold` runs.
        """
        from nats.errors import ConnectionClosedError
        from nats.js.errors import APIError

        async with self._turn:  # whoever waits longest is the next
            if not self._came:
                self._some.clear()
                await self._ask()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._some.wait(), _AGAIN_S)
            if self._wrong is not None:
                APIError.from_msg(self._wrong)
            if not self._came and self._client.is_closed:
                raise ConnectionClosedError
            taken, self._came = self._came[: self._most], self._came[self._most :]
            self._given |= {id(one): one for one in taken}
            return taken

    async def acknowledge(self, messages: Iterable[Msg]) -> None:
        """The state has them: nobody is given them again. The library's errors."""
        for one in messages:
            await one.ack()
            del self._given[id(one)]

    async def hold(self) -> None:
        """Tell the server, until cancelled, of all that lies here longer than a moment that it is ours still."""
        before: dict[int, Msg] = {}
        while True:
            await asyncio.sleep(_SIGN_S)
            now = self._given | {id(one): one for one in self._came}
            for number in now.keys() & before.keys():
                await now[number].in_progress()
            before = now

    async def _ask(self) -> None:
        now_s = time.monotonic()
        if self._open <= 0 or now_s >= self._until_s:
            self._open, self._until_s = self._most, now_s + _AGAIN_S
            wanted = {"batch": self._most, "expires": int(_LASTS_S * _NS)}
            await self._client.publish(self._asked, json.dumps(wanted).encode(), self._inbox)

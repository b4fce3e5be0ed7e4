"""How many connections the page's server has, and how long each may take: uvicorn itself knows no such limits.

Whoever can open a connection to this computer's own address can open a thousand. A connection is a stranger until a
request on it shows that its browser is bound (`trust`); strangers push each other out, never a browser that is bound.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any, cast

import h11
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from stillscan.web.peer import account_of
from stillscan.web.seldom import Seldom

MOST_STRANGERS = 128
"""A browser opens six at one time; with those of bound browsers far below the 1,024 files that a process may open."""
MOST_TRUSTED = 128
"""Twenty bound browsers with six each, as many as there may be of them."""
HEAD_S = 5.0
"""For the head of a request, from the connection or the answer before it: on one computer it takes milliseconds."""
BODY_S = 10.0
"""For the body: 4 MB of letters take milliseconds too; a computer that is stopped for a moment gets the rest."""
UNREAD_S = 30.0
"""For a client that does not read what it is sent: a window that sleeps so long connects anew when it wakes."""
HEAD_BYTES = 16_384
"""Of a request's line and headers: a browser's have about one thousand."""
ACCEPTED_AT_ONCE = 32
"""Connections that are taken in one turn of the loop. What has come on them is read before the next are taken, so that
a request that was sent at once is never pushed out unread, however many connections come with it."""
QUEUE = 2048
"""Connections that wait in the system to be taken: more than strangers can fill at one time. One that finds no place
there is tried again by its system after a whole second."""
_SCOPE = "stillscan.connection"
_ENDS = "the program ends; whether this was done is seen when it runs again"


class Connections:
    """All connections of one server. Only for the server's own thread."""

    def __init__(self) -> None:
        self._strangers: dict[Connection, None] = {}
        self._trusted: dict[Connection, None] = {}
        self._log = Seldom(__name__)

    def __len__(self) -> int:
        return len(self._strangers) + len(self._trusted)

    def protocol(self) -> Callable[..., Connection]:
        """What uvicorn makes for each connection."""

        def make(
            config: Config,
            server_state: ServerState,
            app_state: dict[str, Any],
            _loop: asyncio.AbstractEventLoop | None = None,
        ) -> Connection:
            return Connection(self, config, server_state, app_state, _loop)

        return make

    def add(self, connection: Connection) -> None:
        """A stranger more; the oldest one is dropped when there are too many."""
        self._strangers[connection] = None
        if len(self._strangers) > MOST_STRANGERS:
            next(iter(self._strangers)).drop("more connections than are served at one time")

    def trust(self, connection: Connection) -> None:
        """Its browser is bound."""
        if self._strangers.pop(connection, self) is None:
            self._trusted[connection] = None
            if len(self._trusted) > MOST_TRUSTED:
                next(iter(self._trusted)).drop("more connections of bound browsers than are served at one time")

    def remove(self, connection: Connection) -> None:
        """It is gone."""
        self._strangers.pop(connection, None)
        self._trusted.pop(connection, None)

    def dropped(self, why: str) -> None:
        """For the log."""
        self._log.warning("a connection was dropped: %s", why)

    def unanswered(self) -> None:
        """For the log."""
        self._log.warning("the program ended before a request was answered")


class Connection(H11Protocol):
    """One connection, with an end to every wait for its client."""

    def __init__(
        self,
        connections: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self._connections = connections
        self._phase: Any = None
        self._heard = False
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        application = self.app

        async def introduced(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_SCOPE] = self
            try:
                await application(scope, receive, send)
            except asyncio.CancelledError:  # by the server alone, which ends and has waited long enough
                await self._unanswered(scope, receive, send)

        self.app = introduced

    def trust(self) -> None:
        """Its browser is bound."""
        self._connections.trust(self)

    @functools.cached_property
    def account(self) -> int | None:
        """The account of this computer that opened it, if the system tells."""
        return account_of(self.client[1], self.server[1]) if self.client and self.server and self.server[1] else None

    def drop(self, why: str) -> None:
        """End it at once; what its request does ends as when the client goes away."""
        self._connections.dropped(why)
        self._end()

    async def _unanswered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The server ends in the middle of a request: what has begun is torn off, so that nobody takes it for whole."""
        self._connections.unanswered()
        if self.cycle.response_started:
            self.cycle.disconnected = True
            self._end()
        else:
            await PlainTextResponse(_ENDS, 503)(scope, receive, send)

    def _end(self) -> None:
        self._connections.remove(self)
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._connections.add(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        super().connection_lost(exc)
        self._connections.remove(self)
        for timer in (self._timer, self._unread):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._heard = True
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """See H11Protocol."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_S, self.drop, "its client does not read")

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def _watch(self) -> None:
        """Give the part of a request that comes now its time; an answer takes as long as it takes."""
        phase = self.conn.their_state
        if phase is self._phase or self.transport.is_closing():
            return
        self._phase, self._heard = phase, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if phase is h11.IDLE:
            self._timer = self.loop.call_later(HEAD_S, self._no_head)
        elif phase is h11.SEND_BODY:
            self._timer = self.loop.call_later(BODY_S, self.drop, "a request was not sent whole")

    def _no_head(self) -> None:
        if self._heard:
            self.drop("the head of a request was not sent whole")
        else:
            self._end()  # browsers open connections that they may need


def account_at(scope: Scope) -> int | None:
    """The account that the request ``scope`` comes from, if it is known."""
    connection = scope.get(_SCOPE)
    return None if connection is None else cast(Connection, connection).account


def trust_connection(scope: Scope) -> None:
    """The request that ``scope`` is of shows that its browser is bound. Nothing for a server that is not this one."""
    connection = scope.get(_SCOPE)
    if connection is not None:
        cast(Connection, connection).trust()

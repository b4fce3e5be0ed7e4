"""How large a request may be: refused by what it declares before anything of it is read, and read no further than that.

`DeclaredSize` stands in front of everything; `WholeBody` stands behind whatever decides who may ask at all.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stillscan.web.connections import HEAD_BYTES
from stillscan.web.language import refusal
from stillscan.web.seldom import Seldom

FORM_BYTES = 4096
"""Of a form: eight fields at most, of some 500 bytes each."""
MOST_HEADERS = 64
"""A browser sends some fifteen."""
_LOG = Seldom(__name__)
MostBytes = Callable[[Scope], int | None]
"""How large the body of a request may be; None: somebody else decides."""


class DeclaredSize:
    """ASGI middleware: refuses a request whose headers are too many, or that says itself that it is too large.

    So is one that tells its body's length twice, in different ways (RFC 9112, 6.3): another program on the way may
    have taken the other one, and what follows on the connection for a request of its own.
    """

    def __init__(self, app: ASGIApp, most: MostBytes) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = scope["headers"]
            size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
            if (
                len(headers) > MOST_HEADERS
                or size + sum(len(name) + len(value) for name, value in headers) > HEAD_BYTES
            ):
                await _refused(scope, 431, "too_many_headers")(scope, receive, send)
                return
            if {b"content-length", b"transfer-encoding"} <= {name for name, _ in headers}:
                answer = _refused(scope, 400, "lengths_contradict")
                answer.headers["Connection"] = "close"
                await answer(scope, receive, send)
                return
            length, most = Headers(scope=scope).get("content-length", ""), self._most(scope)
            if most is not None and declared(length) > most:
                await too_large(scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class WholeBody:
    """ASGI middleware: reads the body to its end, or refuses it when it gets too large, before anybody handles it."""

    def __init__(self, app: ASGIApp, most: MostBytes) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._most(scope) if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD") else None
        if most is None:
            await self._app(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more:
            part = await receive()
            if part["type"] != "http.request":
                return  # the client is gone
            body += part.get("body", b"")
            more = part.get("more_body", False)
            if len(body) > most:
                await too_large(scope)(scope, receive, send)
                return
        told = False

        async def once() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, once, send)


_DIGITS = 16  # of a length: 10 petabytes; Python takes its time over a number of thousands of digits


def declared(length: str) -> int:
    """Bytes that a Content-Length says, or so many of its digits that it is too large anyway; 0 for none."""
    return int(length[:_DIGITS]) if length.isdecimal() else 0


def too_large(scope: Scope) -> Response:
    """The answer to a body that is too large."""
    return _refused(scope, 413, "too_large")


def _refused(scope: Scope, status: int, key: str) -> Response:
    _LOG.warning("refused: %s", key)
    return refusal(Request(scope), key, status)

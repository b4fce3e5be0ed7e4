"""A call of the API shows its token before anything of its body is read."""

from __future__ import annotations

from collections.abc import Callable

import anyio
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from stillscan.web.limits import declared, too_large
from stillscan.web.seldom import Seldom

LETTERS_BYTES = 4_000_000
"""Of a list of letters: 10,000, the most of one call, take 1 MB; with the longest names there are, four."""
CALL_BYTES = 65_536
"""Of any other call: a case has twelve fields of at most 200 characters."""
_DESCRIPTION = "/openapi.json"  # what the API can do, which is no secret
_LOG = Seldom(__name__)


class TokenFirst:
    """ASGI middleware. ``known``: whether somebody holds this token; called in a thread, because it may ask records."""

    def __init__(self, app: ASGIApp, known: Callable[[str], bool]) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].removeprefix(scope.get("root_path", "")) != _DESCRIPTION:
            headers = Headers(scope=scope)
            kind, _, token = headers.get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not token or not await anyio.to_thread.run_sync(self._known, token):
                _LOG.warning("a call of the API without a valid token was refused")
                answer = {"WWW-Authenticate": "Bearer"}
                await JSONResponse({"detail": "a bearer token is needed"}, 401, answer)(scope, receive, send)
                return
            if declared(headers.get("content-length", "")) > most_bytes(scope):
                await too_large()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def most_bytes(scope: Scope) -> int:
    """Of the body of a call."""
    return LETTERS_BYTES if scope["path"].endswith("/consignments") else CALL_BYTES

"""A call of the API shows its token before anything of its body is read, and does what that token is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import anyio
from fastapi import HTTPException, Request, Security
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as ASGIScope

from stillscan.errors import StillscanError
from stillscan.records.tokens import Scope, Token
from stillscan.web.limits import declared, too_large
from stillscan.web.seldom import Seldom

LETTERS_BYTES = 4_000_000
"""Of a list of letters: 10,000, the most of one call, take 1 MB; with the longest names there are, four."""
CALL_BYTES = 65_536
"""Of any other call: a case has twelve fields of at most 200 characters."""
_BEARER = HTTPBearer(
    auto_error=False,  # `TokenFirst` has looked at it
    description="A token of `stillscan token add NAME --scope SCOPE ...`. Each call names the scope that it needs.",
)
_DESCRIPTION = "/openapi.json"  # what the API can do, which is no secret
_LOG = Seldom(__name__)


class TokenFirst:
    """ASGI middleware. ``find``: the token that is shown, if it is one; called in a thread, because it asks records."""

    def __init__(self, app: ASGIApp, find: Callable[[str], Token | None]) -> None:
        self._app = app
        self._find = find

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].removeprefix(scope.get("root_path", "")) != _DESCRIPTION:
            headers = Headers(scope=scope)
            kind, _, shown = headers.get("authorization", "").partition(" ")
            try:
                token = await anyio.to_thread.run_sync(self._find, shown) if kind.lower() == "bearer" else None
            except StillscanError as error:
                _LOG.warning("a token could not be looked up: %s", error)
                await JSONResponse({"detail": str(error)}, 503)(scope, receive, send)
                return
            if token is None:
                _LOG.warning("a call of the API without a valid token was refused")
                answer = {"WWW-Authenticate": "Bearer"}
                await JSONResponse({"detail": "a bearer token is needed"}, 401, answer)(scope, receive, send)
                return
            scope.setdefault("state", {})["token"] = token
            if declared(headers.get("content-length", "")) > most_bytes(scope):
                await too_large(scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def most_bytes(scope: ASGIScope) -> int:
    """Of the body of a call."""
    return LETTERS_BYTES if scope["path"].endswith("/consignments") else CALL_BYTES


def may(scope: Scope) -> Any:
    """What an operation depends on: a token with this scope, which it may take as an argument."""

    def allowed(request: Request, _: Annotated[object, Security(_BEARER)]) -> Token:
        token: Token = request.state.token
        if scope not in token.scopes:
            _LOG.warning("a token that is for other things was refused")
            needs = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}  # RFC 6750
            raise HTTPException(403, f"the token lacks the scope '{scope}'", needs)
        return token

    return Security(allowed, scopes=[str(scope)])  # for the description

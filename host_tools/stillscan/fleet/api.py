"""The centre's API for programs, and figures for Prometheus. Every call needs a token with the scope "states"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from stillscan.errors import StillscanError
from stillscan.fleet.alerts import Alert
from stillscan.fleet.findings import Watch
from stillscan.fleet.metrics import written
from stillscan.fleet.now import All, Standing, standing
from stillscan.fleet.store import Store
from stillscan.records.tokens import Scope, Token
from stillscan.web.bearer import TokenFirst

API = "/api/v1"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"  # the format of Prometheus


def api(
    store: Store, watch: Watch, now: Callable[[], datetime], find_token: Callable[[str], Token | None]
) -> Starlette:
    """The application to be mounted under API: /kiosks, /kiosks/NAME, /series, /alerts, /refused, /metrics."""
    calls = _Calls(store, watch, now)
    routes = [
        Route("/kiosks", calls.answers(lambda all_, request: [_kiosk(one) for one in all_.kiosks])),
        Route("/kiosks/{kiosk}", calls.answers(_one)),
        Route("/alerts", calls.answers(lambda all_, request: [_alert(one) for one in all_.alerts])),
        Route("/refused", calls.answers(lambda all_, request: all_.refused)),
        Route("/series", calls.series),
        Route("/metrics", calls.metrics),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TokenFirst, find=find_token)])


class _Calls:
    def __init__(self, store: Store, watch: Watch, now: Callable[[], datetime]) -> None:
        self._store, self._watch, self._now = store, watch, now

    def answers(self, made: Callable[[All, Request], Any]) -> Callable[[Request], Any]:
        """A call about kiosks as they stand; None: there is no such thing."""

        async def answer(request: Request) -> Response:
            return await self._answer(request, lambda: made(self._all(), request))

        return answer

    async def series(self, request: Request) -> Response:
        """What the statistics found."""
        return await self._answer(request, lambda: [one._asdict() for one in self._watch.latest().series])

    async def metrics(self, request: Request) -> Response:
        """Figures for Prometheus."""
        made = await self._answer(request, lambda: written(self._all(), self._watch.latest(), self._now()))
        return made

    def _all(self) -> All:
        with self._store.reading() as connection:
            return standing(connection)

    async def _answer(self, request: Request, made: Callable[[], Any]) -> Response:
        token: Token = request.state.token
        if Scope.STATES not in token.scopes:
            needs = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{Scope.STATES}"'}  # RFC 6750
            return JSONResponse({"detail": f"the token lacks the scope '{Scope.STATES}'"}, 403, needs)
        try:
            content = await anyio.to_thread.run_sync(made)
        except StillscanError as error:
            return JSONResponse({"detail": str(error)}, 503)
        if content is None:
            return JSONResponse({"detail": "there is no such kiosk"}, 404)
        return PlainTextResponse(content, media_type=_TEXT) if isinstance(content, str) else JSONResponse(content)


def _one(all_: All, request: Request) -> dict[str, Any] | None:
    return next((_kiosk(one) for one in all_.kiosks if one.kiosk == request.path_params["kiosk"]), None)


def _kiosk(one: Standing) -> dict[str, Any]:
    heard = one.heard and one.heard.isoformat()
    return {**one._asdict(), "heard": heard, "alerts": [_alert(alert) for alert in one.alerts]}


def _alert(one: Alert) -> dict[str, Any]:
    return {"kiosk": one.kiosk, "alert": one.kind, "since": one.since.isoformat(), "why": dict(one.why)}

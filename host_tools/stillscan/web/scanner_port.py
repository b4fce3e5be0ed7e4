"""The scanner's port for a technician at a terminal of this computer, while the kiosk holds it.

Whoever knows the secret of the kiosk's note (`technician.held_port`) has an account that could read its keys, and is as
good as a bound browser: asked for an id and a PIN, and let in as a technician.
"""

from __future__ import annotations

import functools
import hmac
import json
import logging
import secrets
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from stillscan.errors import DeviceError, StillscanError
from stillscan.guidance import page_texts, sentence
from stillscan.link.transport import LinkLostError
from stillscan.records.staff import Role, SignInError
from stillscan.technician.glass import pieces
from stillscan.technician.lease import Lease
from stillscan.technician.relay import Relay
from stillscan.web.connections import trust_connection
from stillscan.web.forms import form_of
from stillscan.web.seldom import Seldom
from stillscan.web.sessions import Session, Sessions

BELOW = "/service/port/"
_LEASE_WAIT_S = 3.0  # a page of another technician that shows something takes no longer
_MOST_WAIT_MS = 1000  # a terminal asks again then: no thread is held longer by one that has gone
_MOST_ASKING = 8  # requests that wait for the scanner, each in a thread
_LOG = logging.getLogger(__name__)
_SELDOM = Seldom(__name__)  # for what anybody on this computer can cause


class _Seat(NamedTuple):
    lease: Lease
    session: Session


class ScannerPort:
    """The routes of one kiosk. ``secret`` is that of its note; ``looked`` is told what a look at the glass found."""

    def __init__(
        self, relay: Relay, sessions: Sessions, secret: str, looked: Callable[[list[dict[str, Any]]], None]
    ) -> None:
        self._relay = relay
        self._sessions = sessions
        self._secret = secret
        self._looked = looked
        self._seats: dict[str, _Seat] = {}
        self._lock = threading.Lock()
        self._threads = anyio.CapacityLimiter(_MOST_ASKING)

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route(f"{BELOW}open", self.begin, methods=["POST"]),
            Route(f"{BELOW}say", self.say, methods=["POST"]),
            Route(f"{BELOW}glass", self.glass, methods=["POST"]),
            Route(f"{BELOW}close", self.close, methods=["POST"]),
        ]

    async def begin(self, request: Request) -> Response:
        """Sign in, and have the scanner."""
        shown = request.headers.get("authorization", "").partition(" ")[2]
        if not hmac.compare_digest(shown.encode(), self._secret.encode()):
            _SELDOM.warning("somebody without the kiosk's note asked for the scanner")
            return JSONResponse({"detail": "this needs the note that the kiosk has left beside its keys"}, 403)
        trust_connection(request.scope)
        form = await form_of(request)
        seat = secrets.token_urlsafe(32)
        trying = functools.partial(
            self._sessions.sign_in, f"terminal {seat}", form.get("staff", ""), form.get("pin", "")
        )
        try:
            _, session = await anyio.to_thread.run_sync(trying, limiter=self._threads)
        except SignInError as error:
            _SELDOM.warning("a sign-in was refused: %s", error.key)
            said = sentence(page_texts("en"), error.key, error.seconds).format(seconds=error.seconds)
            return JSONResponse({"key": error.key, "seconds": error.seconds, "detail": said}, 401)
        except StillscanError as error:
            return JSONResponse({"detail": str(error)}, 503)
        if session.person.role is not Role.TECHNICIAN:
            self._sessions.end(session)
            _SELDOM.warning("somebody who is no technician asked for the scanner")
            return JSONResponse({"key": "role_needed"}, 403)
        begin = functools.partial(self._relay.begin, session.person.staff, _LEASE_WAIT_S)
        try:
            lease = await anyio.to_thread.run_sync(begin, limiter=self._threads)
        except DeviceError as error:
            self._sessions.end(session)
            return JSONResponse({"detail": str(error)}, 409)
        with self._lock:
            self._seats = {one: has for one, has in self._seats.items() if not has.lease.over}
            self._seats[seat] = _Seat(lease, session)
        return JSONResponse({"seat": seat})

    async def say(self, request: Request) -> Response:
        """Commands to the scanner, and what it has said since."""
        seat = self._seats.get(request.headers.get("x-seat", ""))
        if seat is None:
            return JSONResponse({"detail": "the kiosk was started anew: begin again"}, 410)
        if not await self._sessions.may_see(seat.session):
            seat.lease.close()
            return JSONResponse({"detail": "the sign-in is over: begin again"}, 410)
        self._sessions.act(seat.session)
        wait = request.headers.get("x-wait", "")
        wait_ms = min(int(wait), _MOST_WAIT_MS) if wait.isascii() and wait.isdigit() and len(wait) < 6 else 0
        data = await request.body()

        def exchange() -> bytes:
            if data:
                seat.lease.write(data)
            return seat.lease.read(wait_ms)

        try:
            said = await anyio.to_thread.run_sync(exchange, limiter=self._threads)
        except LinkLostError as error:
            return JSONResponse({"detail": str(error)}, 410)
        except DeviceError as error:
            return JSONResponse({"detail": str(error)}, 409)
        return Response(said, media_type="application/octet-stream")

    async def glass(self, request: Request) -> Response:
        """What a technician's look at the glass found, for the history that the kiosk keeps."""
        seat = self._seats.get(request.headers.get("x-seat", ""))
        if seat is None or not await self._sessions.may_see(seat.session):
            return JSONResponse({"detail": "the sign-in is over: begin again"}, 410)
        try:
            spots = pieces(json.loads(await request.body()))
        except (ValueError, RecursionError):
            return JSONResponse({"detail": "these are no pieces of dirt"}, 422)
        await anyio.to_thread.run_sync(self._looked, spots, limiter=self._threads)
        return Response(status_code=204)

    async def close(self, request: Request) -> Response:
        """The technician has finished."""
        with self._lock:
            seat = self._seats.pop(request.headers.get("x-seat", ""), None)
        if seat is not None:
            seat.lease.close()
            self._sessions.end(seat.session)
        return Response(status_code=204)

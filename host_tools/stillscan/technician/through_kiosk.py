"""A port that the running kiosk holds, reached through its page's server: a transport like a serial port."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from urllib.parse import urlencode, urlsplit

from stillscan.errors import DeviceError, StillscanError
from stillscan.link.transport import LinkLostError
from stillscan.records.staff import NotAllowedError, SignInError
from stillscan.technician.held_port import HeldPort

_ANSWER_S = 60.0  # longer than the kiosk lets a command wait for a check to end
_TAKEN = 204  # the answer of HTTP without a body
_IDLE_S = 2.0  # a connection that was quiet for longer is opened anew: the server ends it after 4 s (web/server.py)
_MOST_WAIT_MS = 1000.0  # of one request: the kiosk's threads are not held longer


class KioskPort:
    """``sign_in`` first. Whatever the kiosk refuses is a DeviceError with its words."""

    def __init__(self, held: HeldPort) -> None:
        self.name = held.port
        self.pseudo = False
        self._held = held
        address = urlsplit(held.url)
        self._server = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_ANSWER_S)
        self._seat = ""
        self._said_s = 0.0

    def sign_in(self, staff: str, pin: str) -> None:
        """SignInError, NotAllowedError: exit code 1; DeviceError: the scanner cannot be had, or the kiosk is gone."""
        form = urlencode({"staff": staff, "pin": pin}).encode()
        status, body = self._post("open", form, {"Authorization": f"Bearer {self._held.secret}"})
        answer = _object(body)
        if status == 200:
            self._seat = str(answer.get("seat", ""))
            return
        key, seconds = str(answer.get("key", "")), answer.get("seconds", 0)
        if key == "role_needed":
            raise NotAllowedError("this is for technicians; sign in as one")
        if key:
            raise SignInError(key, seconds if isinstance(seconds, int) else 0, str(answer.get("detail", key)))
        raise self._refused(status, answer)

    def read(self, timeout_ms: float) -> bytes:
        """See Transport."""
        return self._say(b"", min(timeout_ms, _MOST_WAIT_MS))

    def write(self, data: bytes) -> None:
        """See Transport. DeviceError: the kiosk does not let this command through now."""
        self._kept += self._say(data, 0.0)

    _kept = b""  # what came with the answer to a command

    def _say(self, data: bytes, wait_ms: float) -> bytes:
        if self._kept and not data:
            kept, self._kept = self._kept, b""
            return kept
        status, body = self._post("say", data, {"X-Seat": self._seat, "X-Wait": str(round(wait_ms))})
        if status == 200:
            return body
        raise self._refused(status, _object(body))

    def _refused(self, status: int, answer: dict[str, object]) -> StillscanError:
        detail = str(answer.get("detail", "")) or f"the kiosk answers with {status}"
        if status == 410:
            return LinkLostError(detail)
        return DeviceError(f"{self.name}: {detail}" if self.name not in detail else detail, "busy")

    def _post(self, what: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        kind = {"Content-Type": "application/x-www-form-urlencoded" if what == "open" else "application/octet-stream"}
        if time.monotonic() - self._said_s > _IDLE_S:
            self._server.close()  # the next request opens it anew
        try:
            self._server.request("POST", f"/service/port/{what}", body, kind | headers)
            answer = self._server.getresponse()
            told = answer.status, answer.read()
            self._said_s = time.monotonic()
            return told
        except (OSError, http.client.HTTPException):
            self._server.close()
            raise LinkLostError(f"{self.name}: the kiosk's program has ended, or does not answer", "gone") from None

    def looked(self, pieces: list[dict[str, object]]) -> None:
        """Tell the kiosk what a look at the glass found. DeviceError: it does not take it."""
        status, body = self._post("glass", json.dumps(pieces).encode(), {"X-Seat": self._seat})
        if status != _TAKEN:
            raise self._refused(status, _object(body))

    def now_ms(self) -> float:
        """See Transport."""
        return time.monotonic() * 1000

    def close(self) -> None:
        """Leave the scanner to the kiosk."""
        if self._seat:
            with contextlib.suppress(DeviceError):
                self._post("close", b"", {"X-Seat": self._seat})
            self._seat = ""
        self._server.close()


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""A window of the clerk's page, without a browser: it signs in, follows the event stream and sends forms."""

from __future__ import annotations

import contextlib
import html
import http.client
import json
import re
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bench.soak.observer import Observer

STAFF, PIN = "soak", "soak 4711"

_POST_S = 8.0
_STREAM_S = 40.0  # the stream says something every 15 s, be it only that it lives
_AGAIN_S = 0.3
_ADDRESS = re.compile(r"the clerk's page is at http://127\.0\.0\.1:[0-9]+(/\?key=\S+)")
_TURN = re.compile(r'data-turn="([^"]*)"')
_STEP = re.compile(r'data-step="([^"]*)"')
_BOOT = re.compile(r'name="boot" value="([^"]*)"')
_VERDICT = re.compile(r'class="verdict ([a-z_]+)"')
_REFERENCE = re.compile(r'class="reference">[^<]*?([A-Za-z0-9._-]+-[0-9]+)\s*<')
_REASON = re.compile(r'data-reason="([a-z_]+)"')
_PROBLEM = re.compile(r'class="problem"[^>]*>(.*?)</(?:p|div)>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Panel:
    """The open question, as far as a program needs it."""

    step: str = ""
    turn: str = ""
    boot: str = ""
    verdict: str = ""
    reference: str = ""
    reasons: tuple[str, ...] = ()
    problem: str = ""

    @classmethod
    def of(cls, page: str) -> Panel:
        """From the panel's HTML."""

        def first(pattern: re.Pattern[str]) -> str:
            found = pattern.search(page)
            return html.unescape(_TAG.sub(" ", found[1])).strip() if found else ""

        named = (first(pattern) for pattern in (_STEP, _TURN, _BOOT, _VERDICT, _REFERENCE))
        step, turn, boot, verdict, reference = named
        problem = " ".join(first(_PROBLEM).split())
        return cls(step, turn, boot, verdict, reference, tuple(_REASON.findall(page)), problem)


class Window:
    """``panel`` and ``scanner`` are what the page shows now; ``changed`` wakes who waits for them."""

    def __init__(self, port: int, observer: Observer) -> None:
        self.panel = Panel()
        self.scanner: dict[str, Any] = {}
        self.changed = threading.Condition()
        self._port = port
        self._observer = observer
        self._over = False
        self._cookies: dict[str, str] = {}
        self._entering = threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="window", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until something changes, at most so long."""
        with self.changed:
            self.changed.wait(seconds)

    def send(self, form: str, **fields: str) -> int:
        """Answer the open question; the HTTP status, 0 when no answer came (the page would say so)."""
        panel = self.panel
        body = urlencode({"turn": panel.turn, "boot": panel.boot, **fields})
        try:
            status, page = self._post(f"/{form}", body, {"X-Panel": "en"})
        except (OSError, http.client.HTTPException):
            self._observer.page("the page: the program has not answered")
            return 0
        if status == 303:  # nobody is signed in any more
            self._enter()
            return 0
        self._show(page)
        return status

    def _post(self, path: str, body: str, more: dict[str, str]) -> tuple[int, str]:
        """Send a form; (status, page)."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self._cookie(), **more}
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_POST_S)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        finally:
            connection.close()
        self._keep(answer)
        return answer.status, page

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}

    def _keep(self, answer: http.client.HTTPResponse) -> None:
        """As a browser keeps cookies."""
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value

    def _enter(self) -> None:
        """Bind this window as a browser, if it is not bound, and sign in."""
        with self._entering, contextlib.suppress(OSError, http.client.HTTPException):
            if self._post("/signin", urlencode({"staff": STAFF, "pin": PIN}), {})[0] != 403:
                return
            printed = _ADDRESS.findall("\n".join(self._observer.lines["stdout"]))
            if printed:
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_POST_S)
                connection.request("GET", printed[-1])
                self._keep(connection.getresponse())
                connection.close()
                self._post("/signin", urlencode({"staff": STAFF, "pin": PIN}), {})

    def _show(self, page: str) -> None:
        panel = Panel.of(page)
        with self.changed:
            self.panel = panel
            self._observer.page(f"panel {panel.step} {panel.turn} {panel.boot} {panel.verdict} {panel.problem}".strip())
            self.changed.notify_all()

    def _follow(self) -> None:
        while not self._over:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_STREAM_S)
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/events?language=en", headers=self._cookie())
                answer = connection.getresponse()
                if answer.status == 401:
                    self._enter()
                else:
                    self._take(answer)
            connection.close()
            if not self._over:
                self._observer.page("the page: lost the program, connects again")
                time.sleep(_AGAIN_S)

    def _take(self, stream: http.client.HTTPResponse) -> None:
        event, data = "", ""
        while not self._over:
            line = stream.readline().decode().rstrip("\r\n")
            if line.startswith("event:"):
                event = line[6:].strip()
            elif line.startswith("data:"):
                data = line[5:].strip()
            elif not line and event:
                self._on(event, data)
                event, data = "", ""
            elif not line and stream.isclosed():
                return

    def _on(self, event: str, data: str) -> None:
        if event == "panel":
            self._show(json.loads(data)["html"])
        elif event == "device":
            with self.changed:
                self.scanner |= json.loads(data)
                shown = (self.scanner.get(name) for name in ("state", "text", "attempt_text", "row"))
                self._observer.page("scanner " + " | ".join(str(one) for one in shown))
                self.changed.notify_all()
        elif event == "boot":
            self._observer.page(f"the page: program {data}")

    def close(self) -> None:
        """The window is closed; its thread ends when the stream next says something."""
        self._over = True

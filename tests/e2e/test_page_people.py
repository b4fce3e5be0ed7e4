"""The page of `stillscan run` and its people, as commands: an address that is printed, a PIN, a lock from elsewhere."""

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from stillscan.commands.office import DEMO_TRACKING

from .terminal import COMMAND, END_S, make_records

pytestmark = [pytest.mark.process, pytest.mark.slow]
PIN = "48 15 16 cobalt"


class Browser:
    """Cookies, and one connection a request."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        self.port = 0

    def ask(self, method: str, path: str, **form: str) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=END_S)
        with contextlib.closing(connection):
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            connection.request(method, path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            answer.page = answer.read().decode()  # type: ignore[attr-defined]
        for line in answer.headers.get_all("Set-Cookie", []):
            assert "HttpOnly" in line
            assert "SameSite=Strict" in line
            self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        return answer

    def sign_in(self, staff: str) -> int:
        return self.ask("POST", "/signin", staff=staff, pin=PIN).status


@contextlib.contextmanager
def kiosk(database: Path, port: int) -> Iterator[tuple[int, str]]:
    """`stillscan run`; (its port, the printed path with the secret)."""
    options = ["--port", "sim", "--database", str(database), "--page", str(port), "--language", "nn"]
    process = subprocess.Popen([*COMMAND, "run", *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        printed = re.search(r"http://127\.0\.0\.1:([0-9]+)(/\?key=\S+)", process.stdout.readline())
        assert printed is not None
        yield int(printed[1]), printed[2]
    finally:
        process.terminate()
        process.communicate(timeout=END_S)


def stillscan(*words: str, typed: str = "") -> None:
    subprocess.run([*COMMAND, *words], input=typed, text=True, check=True, capture_output=True, timeout=END_S)


def test_people_come_and_go(tmp_path: Path) -> None:
    place = ["--database", str(database := make_records(tmp_path))]
    stillscan("staff", "add", "sol", "--role", "supervisor", *place, typed=f"{PIN}\n")
    one = Browser()
    with kiosk(database, 0) as (port, secret):
        one.port = port
        assert one.sign_in("sol") == 403, "a browser that is not bound"
        assert 'lang="nn"' in one.ask("GET", "/signin").page  # type: ignore[attr-defined]
        assert one.ask("GET", secret).headers["Location"] == "/"
        assert one.ask("GET", "/events").status == 401
        assert one.ask("GET", "/").headers["Location"] == "/signin"
        assert one.sign_in("sol") == 303
        assert "data-step" in one.ask("GET", "/").page  # type: ignore[attr-defined]
        stillscan("staff", "add", "anna", "--role", "clerk", *place, typed=f"{PIN}\n")
        assert one.sign_in("anna") == 303
        stillscan("staff", "lock", "anna", *place)
        assert one.ask("GET", "/").headers["Location"] == "/signin"
        assert one.sign_in("anna") == 403
        assert one.ask("GET", "/").headers["Location"] == "/signin"
    with kiosk(database, port) as (_, another):
        assert another != secret
        assert one.ask("GET", "/").headers["Location"] == "/signin", "sessions are in memory only"
        assert one.sign_in("sol") == 303, "the browser is bound no longer"
        assert one.ask("GET", "/").status == 200


def test_run_json_tells_of_a_check_at_the_page() -> None:
    one = Browser()
    command = [*COMMAND, "run", "--port", "sim", "--json", "--page", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            page = json.loads(process.stdout.readline())
            one.port = urlsplit(page["page"]).port or 0
            one.ask("GET", f"/?{urlsplit(page['page']).query}")
            assert one.ask("POST", "/signin", staff=page["staff"], pin=page["pin"]).status == 303
            for name, form in (("tracking", {"tracking": DEMO_TRACKING}), ("end", {})):
                shown = one.ask("GET", "/").page  # type: ignore[attr-defined]
                hidden = {key: re.search(f'name="{key}" value="([^"]+)"', shown)[1] for key in ("turn", "boot")}
                assert one.ask("POST", f"/{name}", **hidden, **form).status == 303
            told = next(line for line in map(json.loads, process.stdout) if line["event"] == "check")
        finally:
            process.terminate()
    assert told["verdict"] in ("rescan", "refuse")
    assert told["test"] is True
    assert set(told) == {"event", "verdict", "reasons", "reference", "test"}

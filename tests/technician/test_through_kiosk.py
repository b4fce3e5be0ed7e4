"""The way to a scanner through the running kiosk's server, when whoever goes it takes a while between two questions."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from stillscan.link.transport import LinkLostError
from stillscan.technician import through_kiosk
from stillscan.technician.held_port import HeldPort
from stillscan.technician.through_kiosk import KioskPort


class Server(http.server.BaseHTTPRequestHandler):
    """Ends each connection after its answer without a word, as a server ends one that has been quiet for too long."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps({"seat": "1"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Not on the test's standard error."""


@pytest.fixture
def port() -> Iterator[KioskPort]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = KioskPort(HeldPort("/dev/ttyACM0", f"http://127.0.0.1:{server.server_port}", "secret"))
        port.sign_in("kari", "0000")
        yield port
        port.close()
        server.shutdown()


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now_s = through_kiosk.time.monotonic()
    monkeypatch.setattr(through_kiosk.time, "monotonic", lambda: now_s + seconds)


@pytest.mark.parametrize("seconds", [3.0, 5.0, 14.0])
def test_who_takes_a_while_between_two_questions_is_answered(
    seconds: float, port: KioskPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, seconds)
    assert json.loads(port.read(0.0)) == {"seat": "1"}


def test_a_kiosk_that_ends_between_two_questions_is_gone(port: KioskPort) -> None:
    with pytest.raises(LinkLostError, match="has ended"):
        port.read(0.0)

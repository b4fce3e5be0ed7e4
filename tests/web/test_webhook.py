"""A program of the office's own hears of each check that ended: signed, in order, until it takes it."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import socket
import threading

import pytest
from books import NORWEGIAN, TRACKING
from played import Played

from stillscan.commands.webhook import webhook_of
from stillscan.errors import InputError
from stillscan.web.webhook import Told, Webhook, checked_address, poster, signed, telling

SECRET = b"an invented secret of a test"


def event(number: int) -> tuple[str, dict]:
    told = {"verdict": "refuse", "reasons": ["document_expired"], "reference": f"k1-{number}", "test": True}
    return "verdict", told


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """Recomputed here from the standard's text: HMAC-SHA-256 over id, timestamp and body, joined by dots."""
    headers = signed(Told("check-k1-7", b'{"a":1}'), SECRET, 1_700_000_000)
    content = b'check-k1-7.1700000000.{"a":1}'
    wanted = base64.b64encode(hmac.new(SECRET, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert headers["webhook-id"] == "check-k1-7"


def test_what_is_not_taken_is_sent_again_in_order() -> None:
    sent: list[str] = []
    pauses: list[float] = []
    refuse = [True, True, False, False]

    def post(body: bytes, headers: dict[str, str]) -> None:
        sent.append(headers["webhook-id"])
        if refuse.pop(0):
            raise OSError("503")
        if len(sent) == 4:
            hook.end()

    hook = Webhook(SECRET, post, pause=lambda s: bool(pauses.append(s)), now=lambda: 0.0)
    hook.on_event(("panel", {}))
    hook.on_event(event(1))
    hook.on_event(event(2))
    hook.run()
    assert sent == ["check-k1-1"] * 3 + ["check-k1-2"]
    assert pauses == [1.0, 5.0]


def test_every_try_is_of_its_own_moment() -> None:
    """Receivers refuse what is more than five minutes old: with the moment of the check no late try would be taken."""
    moments: list[str] = []
    now = [1000.0]

    def post(body: bytes, headers: dict[str, str]) -> None:
        moments.append(headers["webhook-timestamp"])
        assert json.loads(body)["timestamp"] == 1000
        if len(moments) < 5:
            raise OSError
        hook.end()

    def pause(seconds: float) -> bool:
        now[0] += seconds
        return False

    hook = Webhook(SECRET, post, pause, now=lambda: now[0])
    hook.on_event(event(1))
    hook.run()
    assert moments == ["1000", "1001", "1006", "1036", "1336"]


def test_what_comes_while_the_oldest_is_let_go_is_sent() -> None:
    sent: list[str] = []

    def post(body: bytes, headers: dict[str, str]) -> None:
        sent.append(headers["webhook-id"])
        if len(sent) == 1:
            for number in range(1, 1001):
                hook.on_event(event(number))
        elif len(sent) == 1001:
            hook.end()

    hook = Webhook(SECRET, post)
    hook.on_event(event(0))
    hook.run()
    assert sent == [f"check-k1-{number}" for number in range(1001)]


def test_a_receiver_that_takes_nothing_costs_no_memory() -> None:
    hook = Webhook(SECRET, lambda body, headers: None)
    for number in range(1500):
        hook.on_event(event(number))
    assert len(hook._waiting) == 1000
    assert hook._waiting[0].name == "check-k1-500"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org",
        "http://example.org/",
        "https://anna:pin@example.org/",
        "https://",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://example.org:0/",
        "https://[::1/",
        "https://example.org/a b",
        "https://example.org/\r\nX: y",
        "https://é.no/",
    ],
)
def test_addresses_that_may_not_be_used_are_refused(url: str) -> None:
    with pytest.raises(InputError, match="--webhook"):
        checked_address(url)


def test_options_go_together_and_a_short_secret_is_none(tmp_path) -> None:
    from argparse import Namespace

    file = tmp_path / "secret"
    file.write_bytes(b"short")
    for url, secret in (("https://example.org", None), (None, str(file)), ("https://example.org", str(file))):
        with pytest.raises(InputError):
            webhook_of(Namespace(webhook=url, webhook_secret=secret))
    file.write_bytes(SECRET + b"\n")
    assert webhook_of(Namespace(webhook="https://example.org", webhook_secret=str(file)))[1] == SECRET


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it is told; a redirect is no answer that takes it."""

    told: list[tuple[dict, bytes]]
    come: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.told.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(302 if self.path == "/elsewhere" else 204)
        self.send_header("Location", "/")
        self.end_headers()
        self.come.set()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def receiver():
    Receiver.told, Receiver.come = [], threading.Event()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_check_that_ends_is_told_once_and_without_anything_personal(receiver: str) -> None:
    played = Played()
    with telling(played.counter, f"{receiver}/", SECRET):
        played.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))
        played.read(NORWEGIAN)
        played.counter.answer(lambda visit: visit.face(False, visit.turn))
        played.place()
        assert Receiver.come.wait(30)
    assert len(Receiver.told) == 1
    headers, body = Receiver.told[0]
    told = json.loads(body)
    assert told["type"] == "check.ended"
    assert told["data"] == {"verdict": "refuse", "reasons": ["face_mismatch"], "reference": "k1-1", "test": True}
    assert TRACKING.encode() not in body
    content = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    assert (
        headers["webhook-signature"]
        == "v1," + base64.b64encode(hmac.new(SECRET, content, hashlib.sha256).digest()).decode()
    )


def test_it_follows_no_redirect(receiver: str) -> None:
    with pytest.raises(OSError, match="302"):
        poster(f"{receiver}/elsewhere")(b"{}", {})
    assert len(Receiver.told) == 1


def _answering(*answers: bytes) -> tuple[str, list[bytes]]:
    """The address of a server that gives each connection the next of these answers, byte by byte for ever if it ends
    with dots; and what it was sent."""
    server = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        for answer in answers:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                heard.append(client.recv(65536))
                client.sendall(answer.rstrip(b"."))
                while answer.endswith(b"..."):
                    client.sendall(b"X: y\r\n")
        server.close()

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{server.getsockname()[1]}/hook?of=ours", heard


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n",
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1/\r\n\r\n",
        b"HTTP/1.1 0 \r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 " + b"O" * 100_000 + b"\r\n\r\n",
        b"\xff\xfe\x00\r\n\r\n",
    ],
)
def test_whatever_answers_the_message_is_sent_again(answer: bytes) -> None:
    url, heard = _answering(answer, b"HTTP/1.1 204 No Content\r\n\r\n")
    hook = Webhook(SECRET, poster(url), pause=lambda _: False)
    post = hook._post

    def counted(body: bytes, headers: dict[str, str]) -> None:
        post(body, headers)
        hook.end()

    hook._post = counted
    hook.on_event(event(1))
    hook.run()
    assert len(heard) == 2
    assert heard[0].startswith(b"POST /hook?of=ours HTTP/1.1\r\n")


def test_an_answer_that_never_ends_is_ended() -> None:
    url, _ = _answering(b"HTTP/1.1 100 Continue\r\n...")
    with pytest.raises(OSError, match=r"."):
        poster(url, whole_s=0.2)(b"{}", {})

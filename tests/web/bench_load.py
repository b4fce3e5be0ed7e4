"""``make bench-load``: how a clerk is answered while strangers load the page, and what that costs in memory and log.

A kiosk with the simulated scanner is started as people start it; one client is bound and signed in, the others are not.
"""

import argparse
import contextlib
import http.client
import os
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

COMMAND = [sys.executable, "-m", "stillscan.cli"]
STAFF, PIN = "load", "load 4711"
BODY_BYTES = 600_000_000
HALF_OPEN = 1100
STREAMS = 400
ATTEMPTS = 10_000
_WAIT_S = 30.0
_FILES = 8192


class Kiosk:
    """``stillscan run`` in a folder of its own, and the cookies of a browser at it."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "run.log"
        place = ["--database", str(folder / "records.db"), "--keys", str(folder / "keys"), "--kiosk", "load"]
        letters = folder / "letters.csv"
        letters.write_text("tracking,order,recipient,deadline\nRR123456785NO,1,Åse Østenbyen,2099-01-01\n")
        for words, typed in ((["consignment", "import", "--test", str(letters)], None),
                             (["staff", "add", STAFF, "--role", "clerk"], f"{PIN}\n")):  # fmt: skip
            subprocess.run([*COMMAND, *words, *place], input=typed, text=True, check=True, capture_output=True)
        self._errors = (folder / "stderr").open("w+")
        options = ["--port", "sim", "--page", "0", "--log", str(self.log), *place]
        self.process = subprocess.Popen(
            [*COMMAND, "run", *options], stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        assert self.process.stdout is not None
        address = None
        while address is None:
            line = self.process.stdout.readline()
            assert line, "the kiosk did not start"
            address = re.search(r"http://127\.0\.0\.1:([0-9]+)(/\?key=\S+)", line)
        self.port = int(address[1])
        self.cookies: dict[str, str] = {}
        self.ask("GET", address[2])
        assert self.ask("POST", "/signin", f"staff={STAFF}&pin={PIN.replace(' ', '+')}") == 303
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def ask(self, method: str, path: str, body: str | None = None) -> int:
        """As the clerk's browser asks, on a connection of its own; the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_WAIT_S)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return answer.status

    def megabytes(self) -> float:
        """Resident memory of the program (its reader, a process of its own, aside)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6

    def said(self) -> int:
        """Bytes of log and standard error."""
        return self.log.stat().st_size + os.fstat(self._errors.fileno()).st_size

    def end(self) -> None:
        """As its service manager ends it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(_WAIT_S)


def connected(kiosk: Kiosk) -> socket.socket:
    return socket.create_connection(("127.0.0.1", kiosk.port), timeout=_WAIT_S)


def bodies(kiosk: Kiosk, stop: threading.Event) -> None:
    """Whatever the page says, everything is sent."""
    block = bytes(1 << 20)
    for path in ("/api/v1/consignments", "/signin", "/tracking", "/nothing"):
        for length in (f"Content-Length: {BODY_BYTES}", "Transfer-Encoding: chunked"):
            part = block if "Length" in length else b"100000\r\n" + block + b"\r\n"
            with contextlib.suppress(OSError), connected(kiosk) as one:
                one.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}\r\n\r\n".encode())
                for _ in range(BODY_BYTES >> 20):
                    one.sendall(part)
            if stop.is_set():
                return


def half_open(kiosk: Kiosk, stop: threading.Event) -> None:
    """Whatever is closed is opened again, as long as it lasts."""
    hold(kiosk, stop, HALF_OPEN, b"GET / HTTP/1.1\r\nHo")


def streams(kiosk: Kiosk, stop: threading.Event) -> None:
    """Half of the clerk's, half of the customer's; those that are refused ask again."""
    hold(kiosk, stop, STREAMS, b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
         b"GET /customer/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")  # fmt: skip


def hold(kiosk: Kiosk, stop: threading.Event, count: int, *heads: bytes) -> None:
    opened: list[socket.socket] = []
    for number in range(3 * count):
        with contextlib.suppress(OSError):
            one = connected(kiosk)
            opened.append(one)
            one.sendall(heads[number % len(heads)])
        while len(opened) > count:
            opened.pop(0).close()
        if stop.is_set():
            break
    stop.wait(1.0)
    for one in opened:
        one.close()


def attempts(kiosk: Kiosk, stop: threading.Event) -> None:
    """From browsers that are not bound, each on a connection that it keeps."""
    body = f"staff={STAFF}&pin=0000"
    head = f"POST /signin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    done = 0
    while done < ATTEMPTS and not stop.is_set():
        with contextlib.suppress(OSError), connected(kiosk) as one:
            for _ in range(100):
                one.sendall(head)
                while not (content := one.recv(65536)).endswith(b"</html>\n") and content:
                    pass
                done += 1


def bound_attempts(kiosk: Kiosk, stop: threading.Event) -> None:
    """From the clerk's own browser, with ids that nobody has."""
    for number in range(200):
        if not stop.is_set():
            kiosk.ask("POST", "/signin", f"staff=nobody{number}&pin=0000")


def answers(kiosk: Kiosk, running: threading.Thread, least: int) -> Iterator[float]:
    """Seconds that the clerk's page takes, again and again while the load lasts."""
    count = 0
    while running.is_alive() or count < least:
        began_s = time.monotonic()
        assert kiosk.ask("GET", "/") == 200, "the clerk is not answered"
        yield time.monotonic() - began_s
        count += 1
        time.sleep(0.02)


def main() -> None:
    """Print a line a load."""
    parser = argparse.ArgumentParser(prog="make bench-load", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="the longest that one load lasts (60)")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    loads: list[tuple[str, Callable[[Kiosk, threading.Event], None]]] = [
        ("no load", lambda kiosk, stop: None),
        (f"eight bodies of {BODY_BYTES / 1e6:.0f} MB", bodies),
        (f"{HALF_OPEN} half-open requests", half_open),
        (f"{STREAMS} event streams", streams),
        (f"{ATTEMPTS} PINs from browsers that are not bound", attempts),
        ("200 PINs from the clerk's browser", bound_attempts),
    ]
    with tempfile.TemporaryDirectory() as folder:
        kiosk = Kiosk(Path(folder))
        try:
            for name, load in loads:
                before, said = kiosk.megabytes(), kiosk.said()
                most = [before]
                stop = threading.Event()
                running = threading.Thread(target=load, args=(kiosk, stop))
                timer = threading.Timer(args.seconds, stop.set)
                running.start()
                timer.start()
                took = []
                for seconds in answers(kiosk, running, 50):
                    took.append(seconds * 1000)
                    most.append(kiosk.megabytes())
                timer.cancel()
                running.join()
                took.sort()
                print(
                    f"{name}: the clerk is answered within {took[-1]:.0f} ms (median {statistics.median(took):.0f}, "
                    f"{len(took)} times), memory +{max(most) - before:.0f} MB, log +{(kiosk.said() - said) // 1000} kB",
                    flush=True,
                )
        finally:
            kiosk.end()


if __name__ == "__main__":
    main()

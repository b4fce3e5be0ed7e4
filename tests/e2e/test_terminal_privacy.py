"""What leaves this computer, and what is kept on it: nothing that was not asked for, and nothing about people."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from .terminal import CLEAN, COMMAND, END_S, make_records

STILLSCAN = " ".join(COMMAND)
PAGE = f"""
mkfifo "$HOME/../log"
{STILLSCAN} run --port sim --page 0 --log - 2> "$HOME/../log" &
kiosk=$!
exec 3< "$HOME/../log"
while read -r line <&3; do case $line in *"check: verified"*) break;; esac; done
kill -TERM $kiosk
wait $kiosk
"""
RUNS = {
    "read": f"{STILLSCAN} read --json {CLEAN}",
    "simulate": f"{STILLSCAN} simulate --document {CLEAN}",
    "run": f"{STILLSCAN} run --port sim --once",
    "page": PAGE,
}
CALL = re.compile(r"\b(socket|connect|bind|sendto|sendmsg|sendmmsg)\((.*)")
HARMLESS = ("AF_UNIX", "AF_NETLINK")  # within this computer: Python's own pairs of sockets, the kernel
ON_THE_WAY = ("NULL, 0", "msg_name=NULL")  # without an address: to where that socket was connected, which is seen
COMPILED = ".cache/stillscan/firmware"  # of the simulator: nothing but MicroPython's compiled modules


# With the filter nothing else stops what is traced, which takes two thirds of the time off.
STRACE = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=network"]


def traces() -> bool:
    """Is there a strace, and may it trace here?"""
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*STRACE, "-o", os.devnull, "true"], capture_output=True).returncode == 0


needs_strace = pytest.mark.skipif(not traces(), reason="no strace that may trace here: apt-get install strace")


def followed(line: str, folder: Path, **environment: str) -> tuple[list[str], list[str]]:
    """Network calls of a shell line and of all that it starts, and the files in its HOME and TMPDIR afterwards."""
    home = folder / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    done = subprocess.run(
        [*STRACE, "-o", str(folder / "calls"), "bash", "-c", line],
        env={**kept, "HOME": str(home), "TMPDIR": str(home), "XDG_CACHE_HOME": "", **environment},
        capture_output=True,
        text=True,
        timeout=END_S,
    )
    assert done.returncode == 0, done.stderr
    calls = [call[0] for text in (folder / "calls").read_text().splitlines() if (call := CALL.search(text))]
    return calls, [path.relative_to(home).as_posix() for path in home.rglob("*")]


@needs_strace
@pytest.mark.parametrize("line", RUNS.values(), ids=RUNS)
def test_no_connection_and_no_file_that_was_not_asked_for(line: str, tmp_path: Path) -> None:
    calls, files = followed(line, tmp_path)
    outside = [call for call in calls if not any(known in call for known in (*HARMLESS, *ON_THE_WAY))]
    if line == PAGE:
        opened = [call for call in outside if call.startswith("socket(")]
        rest = [call for call in outside if call not in opened]
        assert opened, "this test sees what is opened"
        assert all("AF_INET," in call for call in opened), opened
        assert all(call.startswith("bind(") and '"127.0.0.1"' in call for call in rest), rest
    else:
        assert outside == []
    kept = [file for file in files if not f"{COMPILED}/".startswith(f"{file}/")]
    module = re.compile(rf"{COMPILED}/\w+(/kiosk)?(/drivers)?(/\w+\.mpy|/main\.py|/sum)?")
    assert [file for file in kept if not module.fullmatch(file)] == []


@needs_strace
def test_this_test_sees_a_lookup(tmp_path: Path) -> None:
    asks = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'', ('127.0.0.1', 9)); open('x', 'w')"
    calls, files = followed(f'cd "$HOME"; {sys.executable} -c "{asks}"', tmp_path)
    assert any("sendto" in call and "127.0.0.1" in call for call in calls)
    assert files == ["x"]


def test_the_package_as_a_library_has_no_telemetry() -> None:
    code = "import stillscan.mrz.net, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=END_S)
    assert done.stdout == "1\n"


TRACKING = "RR123456785NO"
RECIPIENT = "Åse Zebrafinch Østenbyen"
NUMBER = "13097248022"
STAFF, PIN = "anna", "4711-wxyz"
PLANTED = (PIN, "OESTENBYEN", "Østenbyen", "Zebrafinch", "ZEBRAFINCH", "ZZZ000101", "910517", NUMBER, "P<NOR", TRACKING)
"""Of the passport on the glass, the letter, and what is typed and sent."""


class Kiosk:
    """A kiosk in a process of its own, with everything that it writes kept."""

    def __init__(self, folder: Path) -> None:
        (folder / "tmp").mkdir()
        self.log = ""
        command = [*COMMAND, "run", "--port", "sim", "--page", "0", "--log", "-", "-vv"]
        database = make_records(folder)
        self.token = self._made(f"token add erp --scope letters states cases --database {database}")
        self._made(f"staff add {STAFF} --role clerk --database {database}", f"{PIN}\n")
        self.process = subprocess.Popen(
            [*command, "--database", str(database), "--test-mode"],
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.told = [self.process.stdout.readline()]
        found = re.search(r"127\.0\.0\.1:(\d+)(/\?key=\S+)", self.told[0])
        assert found is not None, self.told
        self.port = int(found[1])
        self.cookies: SimpleCookie = SimpleCookie()
        self.ask("GET", found[2])
        for pin in (f"{PIN}0", PIN):
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            self.ask("POST", "/signin", urlencode({"staff": STAFF, "pin": pin}), form)

    def _made(self, command: str, typed: str = "") -> str:
        done = subprocess.run([*COMMAND, *command.split()], input=typed, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def ask(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> str:
        """An answer's text; cookies are kept and shown, as a browser does."""
        shown = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=END_S)
        try:
            connection.request(method, path, body or None, {"Cookie": shown, **(headers or {})})
            answer = connection.getresponse()
            for kept in answer.headers.get_all("Set-Cookie") or ():
                self.cookies.load(kept)
            return answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def send(self, name: str, **fields: str) -> None:
        page = self.ask("GET", "/")
        hidden = dict(re.findall(r'name="(turn|boot)" value="([^"]*)"', page))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.ask("POST", f"/{name}", urlencode({**hidden, **fields}), form)

    def api(self, method: str, path: str, body: str = "") -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.ask(method, f"/api/v1{path}", body, headers)

    def wait_for(self, words: str) -> None:
        """Read the log up to a line with these words."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log += line
            if words in line:
                return
        raise AssertionError(f"it ended: {self.log}")

    def stop(self) -> str:
        """End it; everything that it has ever written to its streams."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        with self.process.stdout as out, self.process.stderr as log:
            self.log += log.read()
            self.told.append(out.read())
        assert self.process.wait(END_S) == 0
        return "".join([*self.told, self.log])


def test_nothing_about_people_is_left_anywhere_but_in_the_records(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path)
    letter = {"tracking": TRACKING, "order": "B1", "recipient": RECIPIENT, "deadline": "2099-01-01"}
    kiosk.api("POST", "/consignments", json.dumps([letter]))
    kiosk.api("POST", "/consignments", json.dumps([{**letter, "deadline": RECIPIENT}]))
    kiosk.api("POST", "/consignments", f'[{{"recipient": "{RECIPIENT}"')
    kiosk.api("GET", f"/consignments/{TRACKING}")
    kiosk.api("GET", f"/consignments/{NUMBER}?{urlencode({'name': RECIPIENT})}")
    case = {"mrz": ["P<NOROESTENBYEN<<AASE<<<<<<<<<<<<<<<<<<<<<<<", "ZZZ0001013NOR9105171F3101012<<<<<<<<<<<<<<<6"]}
    kiosk.api("POST", "/rules/decide", json.dumps({**case, "second_document": {"number": NUMBER}}))
    kiosk.send("tracking", tracking=TRACKING)
    kiosk.wait_for("check: ")
    kiosk.send("second", number=NUMBER, again=NUMBER)
    kiosk.send("face", same_person="yes")
    kiosk.send("tracking", tracking=RECIPIENT)
    kiosk.ask("GET", f"/paper/support.{NUMBER}")
    kiosk.ask("POST", f"/nothing/{urlencode({'name': RECIPIENT})}", "P<NOROESTENBYEN<<AASE")
    everything = kiosk.stop()
    assert everything.endswith("stillscan: stopped, as the system asked\n")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert [words for words in PLANTED if words in everything] == []

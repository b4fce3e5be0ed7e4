"""Asked to stop at any moment of its life: at most one line, the right exit code, nothing left behind."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.covering import covering

from .terminal import CLEAN, END_S, stopped

LOADED = ("argparse", "stillscan.files", "numpy", "PIL.Image")
"""Modules on the way of every command; -X importtime tells when each is loaded."""
COMMANDS = {
    "run": ["run", "--port", "sim", "--page", "0"],
    "simulate": ["simulate", "--document", CLEAN],
    "read": ["read", CLEAN],
    "device": ["device"],
    "check": ["check", "--port", "sim", "--tracking", "RR123456785NO"],
}


def loaded(module: str) -> Callable[[str], bool]:
    """The line in which Python says that a module was loaded."""
    return lambda line: line.startswith("import time:") and line.split("|")[-1].strip() == module


@pytest.mark.parametrize(("command", "module"), covering(COMMANDS, LOADED, each=1))
def test_ctrl_c_while_modules_are_loaded(command: str, module: str) -> None:
    code, before, after = stopped(COMMANDS[command], signal.SIGINT, loaded(module), options=("-X", "importtime"))
    assert (code, before + after) == (130, [])


SERVICES = {
    "page": (["run", "--port", "sim", "--page", "0"], "records: "),
    "sweep": (["run", "--port", "sim", "--no-page"], "sweep"),
    "connected": (["run", "--port", "sim", "--no-page"], "connected"),
    "device": (["device"], "/dev/"),
}
SIGNALS = {"int": (signal.SIGINT, 130), "term": (signal.SIGTERM, 0), "hup": (signal.SIGHUP, 0)}


@pytest.mark.parametrize(("service", "asked"), covering(SERVICES, SIGNALS, each=1))
def test_a_service_is_stopped(service: str, asked: str, tmp_path: Path) -> None:
    (arguments, sign), (number, code) = SERVICES[service], SIGNALS[asked]
    ended, _, after = stopped(arguments, number, lambda line: sign in line, {"TMPDIR": str(tmp_path)})
    told = [line for line in after if line.startswith("stillscan:")]
    assert (ended, told) == (code, [] if number == signal.SIGINT else ["stillscan: stopped, as the system asked"])
    assert "Traceback" not in "\n".join(after)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
@pytest.mark.parametrize(
    "arguments", [["run", "--port", "sim", "--once"], ["check", "--port", "sim", "--tracking", "RR123456785NO"]]
)
def test_what_was_not_finished_says_130(arguments: list[str], number: signal.Signals, tmp_path: Path) -> None:
    ended, _, after = stopped(arguments, number, lambda line: " still " in line, {"TMPDIR": str(tmp_path)})
    assert ended == 130
    assert len([line for line in after if line.startswith("stillscan:")]) == (number == signal.SIGTERM)
    assert "Traceback" not in "\n".join(after)
    assert list(tmp_path.iterdir()) == []


SWALLOWED = """
import sys
from stillscan.terminal import stop

stop.install(service=False)
stop.running(service=False)

class Careless:
    def __del__(self):
        print("ready", flush=True)
        sys.stdin.readline()  # the signal comes here, and Python drops what is raised in a finaliser

try:
    Careless()
    while True:
        pass
except stop.StopRequest as request:
    sys.exit(stop.exit_code(request.number))
"""


def test_a_request_that_a_callback_swallowed_comes_again() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SWALLOWED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    while process.stdout.readline() != "ready\n":
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=END_S)
    assert (process.returncode, errors) == (130, "")


PUTS_AWAY = """
import sys
from stillscan.terminal import stop

stop._ONE_REQUEST_S = float(sys.argv[1])
stop.install(service=False)
stop.running(service=False)
try:
    print("ready", flush=True)
    sys.stdin.readline()
finally:
    print("putting away", flush=True)
    sys.stdin.readline()
    print("put away", flush=True)
"""


def putting_away(one_request_s: str, first: signal.Signals) -> subprocess.Popen[str]:
    """A process that was asked to stop once, and puts away until it gets a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", PUTS_AWAY, one_request_s],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(first)
    assert process.stdout.readline() == "putting away\n"
    return process


def test_a_second_ctrl_c_ends_at_once_and_a_second_sigterm_waits() -> None:
    process = putting_away("0", signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=END_S)
    assert (process.returncode, errors) == (130, "")


def test_ctrl_c_that_is_passed_on_twice_is_one_request() -> None:
    """A terminal sends it to `timeout` or make and to this process, and they pass it on."""
    process = putting_away("inf", signal.SIGINT)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate("\n", timeout=END_S)
    assert said == "put away\n"


def test_what_the_parent_ignores_stays_ignored() -> None:
    code = "import signal; from stillscan.terminal import stop; stop.install(False); print(signal.getsignal(1))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        timeout=END_S,
    )
    assert done.stdout.strip() in ("Handlers.SIG_IGN", "1")

"""The kiosk as a service: its configuration, what systemd hears of it, its log, killed and started again."""

import argparse
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillscan import log
from stillscan.commands import run as run_command
from stillscan.commands.config import from_file
from stillscan.commands.parser import Parser, add_log
from stillscan.errors import InputError
from stillscan.service import notify

from .terminal import COMMAND, END_S, interruptible, make_records, ran

SERVICE = Path(notify.__file__).parent


def parser() -> Parser:
    """The parser of ``stillscan run``."""
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser] = Parser(prog="stillscan").add_subparsers()
    run_command.add_parser(subparsers)
    made = subparsers.choices["run"]
    add_log(made)
    assert isinstance(made, Parser)
    return made


def arguments(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "kiosk.toml").write_text(text)
    return from_file(str(tmp_path / "kiosk.toml"), parser())


def test_every_option_of_run_can_stand_in_the_file(tmp_path: Path) -> None:
    sample = (SERVICE / "kiosk.toml").read_text()
    bare = "\n".join(line.removeprefix("# ") for line in sample.splitlines() if re.match("(# )?[a-z-]+ = ", line))
    options = {option[2:] for action in parser()._actions for option in action.option_strings if option[:2] == "--"}
    assert set(tomllib.loads(bare)) == options - {"help", "config", "print-config", "print-unit", "json"}
    assert 'port = "/dev/ttyACM0"' in bare
    taken = parser().parse_args(arguments(tmp_path, bare.replace("/dev/ttyACM0", "sim")))  # some go with it alone
    assert (taken.port, taken.reconnect, taken.once, taken.page) == ("sim", 10.0, False, 8765)
    defaults = parser().parse_args([])
    for name in ("language", "page", "reconnect", "motion", "dirt", "seed", "test_mode", "no_page", "verbose"):
        assert getattr(taken, name) == getattr(defaults, name), "what the sample shows as taken when left out"
    arguments(tmp_path, sample)


def test_the_command_line_wins(tmp_path: Path) -> None:
    found = arguments(tmp_path, 'port = "sim"\nlanguage = "nn"\nonce = true\nreconnect = inf\nverbose = 2\n')
    taken = parser().parse_args([*found, "--language", "en", "--reconnect", "3"])
    assert (taken.port, taken.language, taken.once, taken.reconnect, taken.verbose) == ("sim", "en", True, 3.0, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('toaster = "sim"', "there is no option 'toaster'"),
        ('config = "other.toml"', "there is no option 'config'"),
        ("port = 5", "'port' is a text in quotes"),
        ('page = "8765"', "'page' is a number, without quotes"),
        ("page = 70000", "'page' cannot be used: '70000' is not a whole number from 0 to 65535"),
        ("page = true", "'page' is a number"),
        ("reconnect = nan", "'reconnect' cannot be used"),
        ("once = 1", "'once' is true or false"),
        ('once = "yes"', "'once' is true or false"),
        ('language = "de"', "'language' cannot be used: there is no 'de'; there are: en, nb, nn"),
        ("verbose = 7", "'verbose' is 0, 1 or 2"),
        ("[run]\nport = 1", "there is no option 'run'"),
        ('port = "sim', "kiosk.toml: "),
        ("port = [1]", "'port' is a text"),
        ("page = 2026-01-01", "'page' is a number"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as told:
        arguments(tmp_path, text)
    assert words in str(told.value)
    assert str(told.value).startswith(f"{tmp_path}/kiosk.toml: ")
    assert "\n" not in str(told.value)


def test_files_that_are_no_files(tmp_path: Path) -> None:
    for name, words in {"none.toml": "no such file", ".": "folder", "x.toml": "UTF-8"}.items():
        (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
        with pytest.raises(InputError, match=words):
            from_file(str(tmp_path / name), parser())


def test_run_takes_its_configuration(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('port = "/dev/no-such-port"\nonce = true\nreconnect = 0\nlanguage = "en"\nno-page = true\n')
    done = ran(f"run --config {file}")
    assert (done.returncode, done.stderr) == (3, "stillscan: /dev/no-such-port: there is no such port\n")
    file.write_text("no-page = true\n")
    done = ran(f"run --config {file}")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--port" in done.stderr
    assert ran("run --print-config").stdout == (SERVICE / "kiosk.toml").read_text()
    assert ran("run --print-unit").stdout == (SERVICE / "stillscan.service").read_text()


class Manager:
    """What systemd does for a service: a socket to hear from it, started and ended processes."""

    def __init__(self, folder: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder / "notify"))
        self.socket.settimeout(END_S)
        self._environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "4000"}
        self._folder = folder

    def start(self) -> subprocess.Popen[bytes]:
        kiosk = [*COMMAND, "run", "--port", "sim", "--page", "0"]
        kept = ["--database", str(self._folder / "records.db"), "--log", str(self._folder / "kiosk.log")]
        with interruptible():
            return subprocess.Popen(
                [*kiosk, *kept], env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )

    def hear(self, wanted: str) -> list[str]:
        """What it says until it says this."""
        said: list[str] = []
        while wanted not in said:
            said += self.socket.recv(4096).decode().splitlines()
        return said


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """A manager whose socket is closed in the end."""
    made = Manager(tmp_path)
    yield made
    made.socket.close()


def test_ready_alive_killed_started_again_and_stopped(manager: Manager, tmp_path: Path) -> None:
    make_records(tmp_path)
    killed = manager.start()
    assert "WATCHDOG=1" not in manager.hear("READY=1")
    manager.hear("WATCHDOG=1")
    killed.kill()
    killed.communicate(timeout=END_S)
    while True:
        manager.socket.settimeout(0)
        try:
            manager.socket.recv(4096)
        except BlockingIOError:
            break
    manager.socket.settimeout(END_S)

    again = manager.start()
    manager.hear("READY=1")
    assert any(line.startswith("STATUS=scanner") for line in manager.hear("STATUS=scanner: empty"))
    again.send_signal(signal.SIGTERM)
    manager.hear("STOPPING=1")
    _, errors = again.communicate(timeout=END_S)
    assert (again.returncode, errors) == (0, b"stillscan: stopped, as the system asked\n")
    lines = (tmp_path / "kiosk.log").read_text().splitlines()
    assert [line.rpartition(": ")[2] for line in lines].count("started") == 2
    assert "stopped by signal 15" in lines[-1]


def test_the_watchdog_is_fed_by_turns_and_seldom(manager: Manager, tmp_path: Path) -> None:
    place = str(tmp_path / "notify")
    fast = notify.Notifier({"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "3600000000"})
    for _ in range(1000):
        fast.alive()
    fast.status("one\nline")
    fast.status("one\nline")
    fast.stopping()
    assert manager.hear("STOPPING=1") == ["WATCHDOG=1", "STATUS=one line", "STOPPING=1"]
    fast.close()
    for other in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": f"{place}-gone"}):
        silent = notify.Notifier(other)
        silent.ready()
        silent.alive()
        silent.close()
        silent.status("afterwards")
    not_ours = notify.Notifier({"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"})
    not_ours.alive()
    not_ours.stopping()
    not_ours.close()
    assert manager.hear("STOPPING=1") == ["STOPPING=1"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here: apt-get install systemd")
def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    unit = (SERVICE / "stillscan.service").read_text().replace("/opt/stillscan/bin/stillscan", "/bin/true")
    (tmp_path / "stillscan.service").write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "stillscan.service")],
        capture_output=True,
        text=True,
        timeout=END_S,
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "stillscan" in line]) == (0, [])


def test_the_log_is_bounded_repeats_nothing_and_can_be_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("stillscan.tests")
    place = tmp_path / "logs" / "kiosk.log"
    with pytest.raises(InputError, match="no such file"):
        log.start(str(place), 0)
    place.parent.mkdir()
    monkeypatch.setattr(log, "FILE_BYTES", 10_000)
    log.start(str(place), 0)
    try:
        for _ in range(5000):
            logger.warning("garbage on the port")
        assert place.read_text().count("garbage") == log.SAME_A_MINUTE
        for number in range(5000):
            logger.warning("garbage %d", number)
        files = list(place.parent.iterdir())
        assert len(files) <= log.FILES_KEPT + 1
        assert sum(file.stat().st_size for file in files) <= 10_000 * (log.FILES_KEPT + 1)
        shutil.rmtree(place.parent)
        logger.warning("nobody hears this")
        place.parent.mkdir()
        logger.error("heard again")
        assert "heard again" in place.read_text()
        try:
            raise KeyError("ØSTENBYEN")
        except KeyError:
            logger.exception("a defect")
        assert "KeyError" in place.read_text()
        assert "ØSTENBYEN" not in place.read_text()
    finally:
        log.stop()
    log.start("/dev/full", 0)
    try:
        logger.error("goes nowhere")
    finally:
        log.stop()

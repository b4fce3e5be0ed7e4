"""Windows: everything can be imported there, and what cannot work says so in one line when it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.commands.world import SAMPLE
from stillscan.records.letter_store import _read_at

WITHOUT = """
import importlib, os, pkgutil, signal, socket, sys, time
import stillscan

def imported():
    failed = {}
    for module in pkgutil.walk_packages(stillscan.__path__, "stillscan."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except Exception as error:
                failed[module.name] = f"{type(error).__name__}: {error}"
    return failed

had = imported()  # what it uses of others, as it is here
for name in [name for name in sys.modules if name.startswith("stillscan.")]:
    del sys.modules[name]
for name in ("fcntl", "termios", "pty", "tty", "pwd", "grp", "resource"):
    sys.modules[name] = None
gone = {
    os: "geteuid getuid fork sched_getaffinity sched_setaffinity pread statvfs getloadavg mkfifo uname pidfd_open "
    "set_blocking O_NONBLOCK O_NOFOLLOW killpg setsid fchmod sysconf",
    signal: "SIGKILL SIGHUP SIGUSR1 SIGUSR2 SIGALRM SIGPIPE SIGCHLD SIGSTOP SIGQUIT pidfd_send_signal setitimer",
    socket: "AF_UNIX SOCK_SEQPACKET SOCK_CLOEXEC send_fds recv_fds",
    time: "clock_gettime CLOCK_BOOTTIME tzset",
}
for module, names in gone.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
sys.platform = "win32"
for name, error in imported().items():
    if name not in had:
        print(name, error)
"""
OF_POSIX = {"chip.port", "pseudo_terminal", "pty_port", "stand"}
"""Of the simulator: a pseudo-terminal is what they are about, and `stillscan device` alone imports them."""


@pytest.mark.process
@pytest.mark.slow
def test_all_is_imported_where_nothing_of_posix_is() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    failed = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert failed.keys() == {f"stillscan.simulator.{name}" for name in OF_POSIX}, failed


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["simulate", "--scenario", "slip"], "a simulated scanner"),
        (["simulate", "--document", str(SAMPLE)], "a simulated scanner"),
        (["device"], "a pseudo-terminal"),
        (["device", "--board", "rpi_pico", "--uf2", "x", "--link", "x"], "a pseudo-terminal"),
    ],
)
def test_what_does_not_work_there_says_so(
    command: list[str], what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert main(command) == 4
    said = f"stillscan: {what} works on Linux and macOS, and not on Windows; there it does in WSL\n"
    assert capsys.readouterr().err == said


def test_a_part_of_a_file_is_read_where_the_system_cannot_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    monkeypatch.delattr(os, "pread")
    with open(tmp_path / "file", "rb") as file:
        assert [_read_at(file.fileno(), 3, start) for start in (4, 1, 8)] == [b"456", b"123", b"89"]

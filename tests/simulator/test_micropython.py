"""MicroPython is started by a small program that forks itself: what if that ends, or is not possible."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from stillscan.errors import DeviceError
from stillscan.simulator import micropython
from stillscan.simulator.micropython import Program, Running

pytestmark = pytest.mark.process
SCRIPT = """
import os, sys
target = open(int(sys.argv[2]), "wb")
source = open(int(sys.argv[1]), "rb")
target.write(" ".join((sys.argv[3], os.getenv("MICROPYPATH"), os.getcwd())).encode())
print("said")
while source.read(1):
    pass
"""


class Started:
    """One MicroPython that says where it is, and ends when nobody writes to it any more."""

    def __init__(self, folder: Path) -> None:
        (folder / "script.py").write_text(SCRIPT)
        reads, self.to = os.pipe()
        self.answers, writes = os.pipe()
        program = Program(("-X", "heapsize=64k", str(folder / "script.py")), ("last",), str(folder), "here:there")
        with tempfile.TemporaryFile() as console:
            try:
                self.running = Running(program, reads, writes, console.fileno())
                self.said = os.read(self.answers, 1000).decode()
            finally:
                os.close(reads)
                os.close(writes)

    def close(self) -> None:
        self.running.end()
        os.close(self.to)


@pytest.fixture(params=["forked", "by its command"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param != "forked":
        monkeypatch.setattr(micropython, "find_spec", lambda name: None)
    return request.param


def test_it_gets_its_arguments_folder_and_path(way: str, tmp_path: Path) -> None:
    started = Started(tmp_path)
    assert started.said == f"last here:there {tmp_path}"
    started.close()
    os.close(started.answers)


def test_it_is_of_a_session_of_its_own_and_gone_after_its_end(way: str, tmp_path: Path) -> None:
    started = Started(tmp_path)
    assert os.getsid(started.running.number) == started.running.number != os.getsid(0)
    started.close()
    os.close(started.answers)
    with pytest.raises(ProcessLookupError):
        os.kill(started.running.number, 0)


def test_one_that_has_ended_by_itself_can_be_ended(way: str, tmp_path: Path) -> None:
    started = Started(tmp_path)
    os.close(started.to)
    assert os.read(started.answers, 1) == b"", "it is at its end"
    started.to = os.open(os.devnull, os.O_RDONLY)
    started.close()
    os.close(started.answers)


def test_what_starts_them_may_end_at_any_time(tmp_path: Path) -> None:
    first = Started(tmp_path)
    forker = micropython._forkers[0]
    os.kill(forker._program.pid, signal.SIGKILL)
    forker._program.wait()
    second = Started(tmp_path)
    assert micropython._forkers[0] is not forker
    second.close()
    first.close()
    for one in (first, second):
        assert os.read(one.answers, 1) == b"", "it is gone"
        os.close(one.answers)


def test_one_that_dies_under_a_request_is_named(tmp_path: Path) -> None:
    started = Started(tmp_path)
    started.close()
    os.close(started.answers)
    forker = micropython._forkers[0]
    os.kill(forker._program.pid, signal.SIGKILL)
    os.waitid(os.P_PID, forker._program.pid, os.WEXITED | os.WNOWAIT)
    program = Program((), (), str(tmp_path), "")
    with pytest.raises(DeviceError, match="MicroPython could not be started"):
        forker.start(program, (0, 1, 2))

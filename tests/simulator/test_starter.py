"""MicroPython is forked; whoever uses it notices nothing else, and none outlives who started it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillscan.simulator import starter
from stillscan.simulator.starter import Started, start

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not starter._possible(), reason="MicroPython is forked under Linux on x86-64 alone"),
]
SCRIPT = """
import sys
source, sink = open(int(sys.argv[1]), "rb"), open(int(sys.argv[2]), "wb")
import helper
sink.write(b"ready")
sink.write(" ".join((sys.argv[3], sys.argv[4], helper.WORD, source.readline().decode())).encode())
sink.close()
print("said")
raise ValueError("its last words")
"""


class Board:
    def __init__(self, folder: Path, number: int) -> None:
        (folder / "main.py").write_text(SCRIPT)
        (folder / "lib").mkdir(exist_ok=True)
        (folder / "lib" / "helper.py").write_text("WORD = 'helped'")
        self.console = folder / f"console{number}"
        answers, self.to = os.pipe()
        self.source, requests = os.pipe()
        with self.console.open("w") as console:
            ends = answers, requests, console.fileno()
            arguments = ["-X", "heapsize=64k", "main.py", str(number), "levels"]
            self.process: Started = start(arguments, str(folder), str(folder / "lib"), ends)
        os.close(answers)
        os.close(requests)
        assert os.read(self.source, 5) == b"ready"

    def said(self) -> str:
        os.write(self.to, b"heard\n")
        said = b""
        while piece := os.read(self.source, 100):
            said += piece
        self.close()
        return said.decode()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.source)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(starter._Known, "starter", None)
    yield
    starter.close()


@pytest.mark.usefixtures("fresh")
def test_a_forked_board_is_as_one_that_was_started(tmp_path: Path) -> None:
    for number in range(4):
        board = Board(tmp_path, number)
        assert not isinstance(board.process, subprocess.Popen)
        status = Path(f"/proc/{board.process.pid}/stat").read_text().rpartition(")")[2].split()
        assert int(status[1]) == os.getpid(), "its parent"
        assert int(status[3]) != os.getsid(0), "a session of its own: Ctrl-C is not for it"
        open_files = len(os.listdir(f"/proc/{board.process.pid}/fd"))
        assert board.said() == f"{number} levels helped heard\n"
        assert open_files <= 6, "none of another board's"


@pytest.mark.usefixtures("fresh")
def test_the_console_of_a_forked_board_is_kept(tmp_path: Path) -> None:
    for number in range(2):
        board = Board(tmp_path, number)
        os.write(board.to, b"heard\n")
        while os.read(board.source, 100):
            pass
        board.process.wait()
        assert board.console.read_text().startswith("said\n")
        assert board.console.read_text().endswith("ValueError: its last words\n")
        os.close(board.to), os.close(board.source)


@pytest.mark.usefixtures("fresh")
def test_a_board_can_be_ended(tmp_path: Path) -> None:
    board = Board(tmp_path, 0)
    board.close()
    with pytest.raises(ProcessLookupError):
        os.kill(board.process.pid, signal.SIGCONT)


@pytest.mark.usefixtures("fresh")
def test_without_its_starter_a_board_is_started_by_itself(tmp_path: Path) -> None:
    Board(tmp_path, 0).said()
    Board(tmp_path, 1).said()
    assert starter._Known.starter is not None
    starter._Known.starter._process.kill()
    board = Board(tmp_path, 2)
    assert isinstance(board.process, subprocess.Popen)
    assert board.said() == "2 levels helped heard\n"
    forked = Board(tmp_path, 3)
    assert not isinstance(forked.process, subprocess.Popen), "by another one"
    assert forked.said() == "3 levels helped heard\n"


@pytest.mark.usefixtures("fresh")
def test_a_fork_of_this_program_does_not_use_its_starter(tmp_path: Path) -> None:
    Board(tmp_path, 0).said()
    Board(tmp_path, 1).said()
    ours = starter._Known.starter
    child = os.fork()
    if not child:
        said = Board(tmp_path, 2).said()
        other = starter._Known.starter
        starter.close()
        os._exit(0 if said == "2 levels helped heard\n" and other is not ours else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert Board(tmp_path, 3).said() == "3 levels helped heard\n"
    assert starter._Known.starter is ours


@pytest.mark.usefixtures("fresh")
def test_a_board_is_started_by_itself_where_the_starter_gets_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Board(tmp_path, 0)
    with monkeypatch.context() as patch:
        patch.setattr(starter._Starter, "start", lambda *_: None)
        board = Board(tmp_path, 1)
    assert isinstance(board.process, subprocess.Popen)
    assert board.said() == "1 levels helped heard\n"
    assert running.said() == "0 levels helped heard\n"


_OWNER = """
import os, signal, sys
from stillscan.simulator.starter import start
here = os.getcwd()
answers, to = os.pipe()
source, requests = os.pipe()
boards = [start(["-X", "heapsize=64k", "main.py", "1", "levels"], here, here, (answers, requests, 2)) for _ in range(3)]
assert os.read(source, 1) + os.read(source, 1) + os.read(source, 1) == b"xxx"
boards[1].kill()
boards[1].wait()
print(*(board.pid for board in boards), flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_boards_that_never_return_end_with_who_started_them(tmp_path: Path, how: str) -> None:
    busy = "import sys\nsink = open(int(sys.argv[2]), 'wb')\nsink.write(b'x')\nwhile True:\n    pass\n"
    (tmp_path / "main.py").write_text(busy)
    with subprocess.Popen([sys.executable, "-c", _OWNER, how], cwd=tmp_path, stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        boards = [int(word) for word in owner.stdout.readline().split()]
    assert len(boards) == 3
    for board in boards:
        with contextlib.suppress(ProcessLookupError):
            assert select.select([os.pidfd_open(board)], [], [], 60)[0], "it has ended"

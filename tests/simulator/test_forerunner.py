"""A copy of a board that waits at its first question is as a board that was started, and ends as one."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillscan.simulator import forerunner, starter
from stillscan.simulator.bus import Bus
from stillscan.simulator.forerunner import Kind
from stillscan.simulator.process import Firmware
from stillscan.simulator.starter import Started
from stillscan.testing.simulate import Options, simulate
from tests.simulator.world import scene

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not starter._possible(), reason="MicroPython is forked under Linux on x86-64 alone"),
]
SCRIPT = """
import os, sys
source, sink = open(int(sys.argv[1]), "rb"), open(int(sys.argv[2]), "wb")
import helper
sink.write(b"asked ")
said = source.readline()
print("heard", said)
sink.write((helper.WORD + " " + os.getcwd() + " " + said.decode()).encode())
sink.close()
source.readline()
"""


def kind_of(folder: Path, script: str = SCRIPT) -> Kind:
    (folder / "main.py").write_text(script)
    (folder / "helper.py").write_text("WORD = 'helped'")
    return str(folder), "-X", "heapsize=64k", str(folder / "main.py"), "1", "levels"


class Board:
    """In a folder of its own below that of its kind."""

    def __init__(self, kind: Kind, number: int) -> None:
        self.folder = Path(kind[0]) / str(number)
        self.folder.mkdir()
        self.console = self.folder / "console"
        answers, self.to = os.pipe()
        self.source, requests = os.pipe()
        with self.console.open("w") as console:
            self.process: Started
            self.process, self.asked = forerunner.start(kind, str(self.folder), (answers, requests, console.fileno()))
        os.close(answers)
        os.close(requests)
        self.copied = bool(self.asked)

    def said(self) -> str:
        """All of it; it has not ended then, but for what ends by itself."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.to, b"this\n")
        said = self.asked
        while piece := os.read(self.source, 100):
            said += piece
        return said.decode()

    def end(self) -> None:
        os.close(self.to)
        os.close(self.source)
        self.process.wait()


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(starter._Known, "starter", None)
    monkeypatch.setattr(forerunner._Known, "kinds", {})
    yield
    forerunner.close()
    starter.close()


def test_a_copy_goes_on_where_its_forerunner_waits_in_its_own_folder(tmp_path: Path) -> None:
    kind = kind_of(tmp_path)
    first = Board(kind, 0)
    assert not first.copied
    assert first.said() == f"asked helped {first.folder} this\n"
    forerunner.asked(kind)
    for number in range(1, 4):
        board = Board(kind, number)
        assert board.copied
        assert board.said() == f"asked helped {board.folder} this\n"
        assert board.console.read_text() == "heard b'this\\n'\n"
        status = Path(f"/proc/{board.process.pid}/stat").read_text().rpartition(")")[2].split()
        assert int(status[1]) == os.getpid(), "its parent"
        assert int(status[3]) == board.process.pid, "a session of its own: Ctrl-C is not for it"
        assert len(os.listdir(f"/proc/{board.process.pid}/fd")) <= 6, "none of another board's"
        board.end()


@pytest.mark.parametrize("leaves", ["print('hello')", "open('file', 'w').close()", "sink.write(bytes(5000))"])
def test_what_each_board_leaves_or_prints_before_it_asks_is_not_lost(tmp_path: Path, leaves: str) -> None:
    kind = kind_of(tmp_path, SCRIPT.replace("import helper", leaves + "\nimport helper"))
    forerunner.asked(kind)
    boards = [Board(kind, number) for number in range(2)]
    said = [board.said().replace(str(board.folder), "there") for board in boards]
    assert said[0] == said[1]
    assert boards[0].console.read_text() == boards[1].console.read_text()
    assert {path.name for path in boards[0].folder.iterdir()} == {path.name for path in boards[1].folder.iterdir()}


def test_without_its_forerunner_a_board_is_started(tmp_path: Path) -> None:
    kind = kind_of(tmp_path)
    forerunner.asked(kind)
    assert Board(kind, 0).copied
    waiting = forerunner._Known.kinds[kind]
    assert waiting is not None
    waiting.process.kill()
    os.waitid(os.P_PID, waiting.process.pid, os.WEXITED | os.WNOWAIT)
    board = Board(kind, 1)
    assert not board.copied
    assert board.said() == f"asked helped {board.folder} this\n"
    forerunner.asked(kind)
    assert Board(kind, 2).copied, "of another one"


def test_a_fork_of_this_program_does_not_use_its_forerunners(tmp_path: Path) -> None:
    kind = kind_of(tmp_path)
    forerunner.asked(kind)
    Board(kind, 0).said()
    child = os.fork()
    if not child:
        board = Board(kind, 1)
        right = not board.copied and board.said() == f"asked helped {board.folder} this\n"
        starter.close()
        os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert Board(kind, 2).copied


def test_of_many_kinds_the_newest_are_kept(tmp_path: Path) -> None:
    kinds = []
    for number in range(forerunner._MOST_KINDS + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        kinds.append(kind_of(folder))
        forerunner.asked(kinds[-1])
        assert Board(kinds[-1], 0).copied
    assert list(forerunner._Known.kinds) == kinds[1:]


_OWNER = """
import os, signal, sys
from stillscan.simulator import forerunner
here = os.getcwd()
kind = here, "-X", "heapsize=64k", os.path.join(here, "main.py"), "1", "levels"
forerunner.asked(kind)
boards = []
for _ in range(3):
    answers, to = os.pipe()
    source, requests = os.pipe()
    board, asked = forerunner.start(kind, here, (answers, requests, 2))
    assert asked
    os.write(to, b"x\\n")
    assert os.read(source, 4) == b"busy"
    boards.append(board.pid)
print(forerunner._Known.kinds[kind].process.pid, *boards, flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_copies_that_never_return_end_with_who_started_them(tmp_path: Path, how: str) -> None:
    busy = SCRIPT.partition("print")[0] + "sink.write(b'busy')\nwhile True:\n    pass\n"
    kind_of(tmp_path, busy)
    with subprocess.Popen([sys.executable, "-c", _OWNER, how], cwd=tmp_path, stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        boards = [int(word) for word in owner.stdout.readline().split()]
    assert len(boards) == 4
    for board in boards:
        with contextlib.suppress(ProcessLookupError):
            assert select.select([os.pidfd_open(board)], [], [], 60)[0], "it has ended"


def test_every_check_of_a_program_is_the_same() -> None:
    first, second, third = (simulate(scene("one-slip", placed_us=None, seed=4), Options(most_s=2.0)) for _ in range(3))
    for record in (first, second, third):
        del record["wall_ms"]
    assert list(forerunner._Known.kinds.values()) != [None], "the later ones were copied"
    assert first == second == third
    assert first["attempts"], "there was something to be alike in"


def test_a_board_with_files_of_its_own_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has laid them there."""

    class Filled(tempfile.TemporaryDirectory[str]):
        def __init__(self, **options: str) -> None:
            super().__init__(**options)
            (Path(self.name) / "file").write_bytes(b"of its own")

    with Firmware(Bus(scene())) as firmware:
        firmware.run(1000)
    assert list(forerunner._Known.kinds.values()) == [None]
    for _ in range(2):
        with Firmware(Bus(scene()), files={"file": b"of its own"}) as firmware:
            firmware.run(1000)
            assert firmware.stored()["file"] == b"of its own"
    monkeypatch.setattr(tempfile, "TemporaryDirectory", Filled)
    with Firmware(Bus(scene())) as firmware:
        firmware.run(1000)
        assert firmware.stored()["file"] == b"of its own"
    assert list(forerunner._Known.kinds.values()) == [None], "no other was started from it"


def test_a_board_that_was_never_heard_has_no_forerunner(tmp_path: Path) -> None:
    kind = kind_of(tmp_path, "raise SystemExit\n")
    for number in range(3):
        board = Board(kind, number)
        assert not board.copied
        assert board.said() == ""
        board.end()
    forerunner.asked(kind)  # whatever says so
    board = Board(kind, 3)
    assert not board.copied
    assert board.said() == ""


def test_they_can_be_ended(tmp_path: Path) -> None:
    kind = kind_of(tmp_path)
    forerunner.asked(kind)
    Board(kind, 0).said()
    waiting = forerunner._Known.kinds[kind]
    assert waiting is not None
    forerunner.close()
    with pytest.raises(ProcessLookupError):
        os.kill(waiting.process.pid, signal.SIGCONT)

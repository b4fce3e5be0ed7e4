"""The loader on MicroPython: which of two versions starts, how one on trial is confirmed, counted and left."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.boards.files import firmware_folder
from stillscan.simulator.process import micropython

LOADER = ("loader.py", "main.py")
BARE = Path(__file__).parent / "bare"
SAYS = "def run(slots):\n    print('{}', 'trial' if slots.trial else 'sure', *slots.told())\n"
WORKS = SAYS + "    if slots.trial: slots.confirm()\n"
RAISES = SAYS + "    raise RuntimeError('a defect')\n"
LATE = SAYS + f"    slots.undo({wire.LATE})\n"
DIES = SAYS + "    import os\n    os.system('kill -9 $PPID')\n"  # as the watchdog ends it
BROKEN = "import nothing_of_that_name\n"
NEW = {"run": "a", "a": "old-build", "new": "b", "b": "new-build"}


class Folder:
    """The board's file system. A version is its ``start.py``, with a manifest when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in LOADER:
            (path / name).write_bytes((firmware_folder() / name).read_bytes())

    def version(self, name: str, start: str, whole: bool = True) -> None:
        (self.path / name).mkdir(exist_ok=True)
        (self.path / name / "start.py").write_text(start.replace("{}", name))
        if whole:
            (self.path / name / "manifest").write_text("")

    def state(self, state: object) -> None:
        (self.path / "slots.json").write_text(state if isinstance(state, str) else json.dumps(state))

    def stored(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.path / "slots.json").read_text())
        return found

    def boot(self) -> list[str]:
        """What was printed from power-on to the end of main.py, a reset, or a crash."""
        done = subprocess.run(
            [micropython(), "main.py"],
            cwd=self.path,
            env={**os.environ, "MICROPYPATH": str(BARE)},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return (done.stdout + done.stderr).splitlines()


@pytest.fixture
def board(tmp_path: Path) -> Folder:
    """A confirmed version in `a`."""
    folder = Folder(tmp_path)
    folder.version("a", WORKS)
    folder.state({"run": "a", "a": "old-build"})
    return folder


OLD = ["a sure 1 old-build  0"]


def left(why: int) -> list[str]:
    return [f"a sure 1 old-build new-build {why}"]


def test_the_confirmed_version_starts_and_nothing_is_written(board: Folder) -> None:
    before = (board.path / "slots.json").stat().st_mtime_ns
    assert board.boot() == OLD
    assert (board.path / "slots.json").stat().st_mtime_ns == before
    assert sorted(os.listdir(board.path)) == sorted(["a", *LOADER, "slots.json"])


def test_a_new_version_that_works_is_confirmed(board: Folder) -> None:
    board.version("b", WORKS)
    board.state(NEW)
    assert board.boot() == ["b trial 2 new-build  0"]
    assert board.stored() == {"run": "b", "a": "old-build", "b": "new-build"}
    assert board.boot() == ["b sure 2 new-build  0"]


def test_one_that_raises_is_left_at_once(board: Folder) -> None:
    board.version("b", RAISES)
    board.state(NEW)
    said = board.boot()
    assert said[0] == "b trial 2 new-build  0"
    assert "reset" in said
    assert board.boot() == left(wire.DEFECT)
    assert board.boot() == left(wire.DEFECT), "and still known later"


def test_one_that_cannot_even_be_loaded_is_left(board: Folder) -> None:
    board.version("b", BROKEN)
    board.state(NEW)
    assert "reset" in board.boot()
    assert board.boot() == left(wire.DEFECT)


def test_one_that_takes_too_long_is_left(board: Folder) -> None:
    board.version("b", LATE)
    board.state(NEW)
    assert board.boot() == ["b trial 2 new-build  0", "reset"]
    assert board.boot() == left(wire.LATE)


def test_one_that_the_watchdog_resets_twice_is_left(board: Folder) -> None:
    board.version("b", DIES)
    board.state(NEW)
    for starts in (1, 2):
        board.boot()
        assert board.stored()["starts"] == starts
    assert board.boot() == left(wire.RESETS)
    assert board.stored() == {"run": "a", "a": "old-build", "b": "new-build", "failed": "new-build", "why": wire.RESETS}


def test_one_that_works_the_second_time_is_confirmed(board: Folder) -> None:
    board.version("b", DIES)
    board.state(NEW)
    board.boot()
    board.version("b", WORKS)
    assert board.boot() == ["b trial 2 new-build  0"]
    assert board.stored()["run"] == "b"


def test_the_service_button_is_no_start(board: Folder) -> None:
    board.version("b", SAYS)  # returns, as it does when the button is held
    board.state(NEW)
    for _ in range(5):
        assert board.boot() == ["b trial 2 new-build  0"]
    assert board.stored()["starts"] == 0


def test_after_a_version_was_left_the_next_one_is_tried(board: Folder) -> None:
    board.version("b", WORKS)
    board.state(NEW | {"failed": "bad-build", "why": wire.DEFECT})
    assert board.boot() == ["b trial 2 new-build bad-build 1"]
    assert board.boot() == ["b sure 2 new-build  0"]


def test_a_version_that_is_not_whole_is_not_tried(board: Folder) -> None:
    board.version("b", WORKS, whole=False)
    board.state(NEW)
    assert board.boot() == OLD


def test_what_cannot_be_counted_is_not_tried(board: Folder) -> None:
    board.version("b", WORKS)
    board.state(NEW)
    (board.path / "slots.json.new").mkdir()
    assert board.boot() == OLD


def test_a_confirmed_version_that_fails_says_why_and_stays(board: Folder) -> None:
    board.version("a", RAISES)
    said = board.boot()
    assert said[-1] == "RuntimeError: a defect"
    assert "reset" not in said
    assert board.stored() == {"run": "a", "a": "old-build"}


DAMAGED = (
    "", "{", "[]", "7", "null", "\udcff", '{"run": 1}', '{"run": ["a"], "new": {}}', '{"run": "c", "new": "../a"}',
    '{"new": "b", "starts": "many"}', '{"run": "b"}', "[" * 3000,
)  # fmt: skip


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_state_starts_what_is_whole(board: Folder, content: str) -> None:
    (board.path / "slots.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert board.boot()[0].startswith("a sure 1")


def test_a_board_without_slots_starts_what_lies_beside(tmp_path: Path) -> None:
    (tmp_path / "start.py").write_text(WORKS.replace("{}", "beside"))
    assert Folder(tmp_path).boot() == ["beside sure 0   0"]

"""The loader on MicroPython: which of two versions starts, how one on trial is confirmed, counted and left."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.boards.files import firmware_folder
from stillscan.simulator.micropython import micropython

LOADER = ("loader.py", "main.py")
BARE = Path(__file__).parent / "bare"
SAYS = "def run(slots):\n    print('{}', 'trial' if slots.trial else 'sure', *slots.told())\n"
WORKS = SAYS + "    if slots.trial: slots.confirm()\n"
RAISES = SAYS + "    raise RuntimeError('a defect')\n"
LATE = SAYS + f"    slots.undo({wire.LATE})\n"
DIES = SAYS + "    import os\n    os.system('kill -9 $PPID')\n"  # as the watchdog ends it
BROKEN = "import nothing_of_that_name\n"
NEW = {"run": "a", "a": "old-build", "new": "b", "b": "new-build"}
MANIFEST = "manifest"


class Folder:
    """The board's file system. A version is its ``start.py``, with a manifest when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in LOADER:
            (path / name).write_bytes((firmware_folder() / name).read_bytes())

    def version(self, name: str, start: str, whole: bool = True) -> str:
        """The build of it."""
        (self.path / name).mkdir(exist_ok=True)
        (self.path / name / "start.py").write_text(start.replace("{}", name))
        if whole:
            self.list(name)
        return self.build(name)

    def list(self, name: str) -> None:
        """Its manifest, by what lies there now."""
        folder = self.path / name
        (folder / MANIFEST).unlink(missing_ok=True)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n" for file in files)
        (folder / MANIFEST).write_text("".join(lines))

    def build(self, name: str) -> str:
        """What the host calls it."""
        manifest = self.path / name / MANIFEST
        return hashlib.sha256(manifest.read_bytes()).hexdigest()[:16] if manifest.exists() else ""

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


def old(board: Folder) -> list[str]:
    return [f"a sure 1 {board.build('a')}  0"]


def left(board: Folder, why: int) -> list[str]:
    return [f"a sure 1 {board.build('a')} new-build {why}"]


def test_the_confirmed_version_starts_and_nothing_is_written(board: Folder) -> None:
    before = (board.path / "slots.json").stat().st_mtime_ns
    assert board.boot() == old(board)
    assert (board.path / "slots.json").stat().st_mtime_ns == before
    assert sorted(os.listdir(board.path)) == sorted(["a", *LOADER, "slots.json"])


def test_a_new_version_that_works_is_confirmed(board: Folder) -> None:
    build = board.version("b", WORKS)
    board.state(NEW)
    assert board.boot() == [f"b trial 2 {build}  0"]
    assert board.stored() == {"run": "b", "a": "old-build", "b": "new-build"}
    assert board.boot() == [f"b sure 2 {build}  0"]


def test_one_that_raises_is_left_at_once(board: Folder) -> None:
    build = board.version("b", RAISES)
    board.state(NEW)
    said = board.boot()
    assert said[0] == f"b trial 2 {build}  0"
    assert "reset" in said
    assert board.boot() == left(board, wire.DEFECT)
    assert board.boot() == left(board, wire.DEFECT), "and still known later"


def test_one_that_cannot_even_be_loaded_is_left(board: Folder) -> None:
    board.version("b", BROKEN)
    board.state(NEW)
    assert "reset" in board.boot()
    assert board.boot() == left(board, wire.DEFECT)


def test_one_that_takes_too_long_is_left(board: Folder) -> None:
    build = board.version("b", LATE)
    board.state(NEW)
    assert board.boot() == [f"b trial 2 {build}  0", "reset"]
    assert board.boot() == left(board, wire.LATE)


def test_one_that_the_watchdog_resets_twice_is_left(board: Folder) -> None:
    board.version("b", DIES)
    board.state(NEW)
    for starts in (1, 2):
        board.boot()
        assert board.stored()["starts"] == starts
    assert board.boot() == left(board, wire.RESETS)
    assert board.stored() == {"run": "a", "a": "old-build", "b": "new-build", "failed": "new-build", "why": wire.RESETS}


def test_one_that_works_the_second_time_is_confirmed(board: Folder) -> None:
    board.version("b", DIES)
    board.state(NEW)
    board.boot()
    build = board.version("b", WORKS)
    assert board.boot() == [f"b trial 2 {build}  0"]
    assert board.stored()["run"] == "b"


def test_the_service_button_is_no_start(board: Folder) -> None:
    build = board.version("b", SAYS)  # returns, as it does when the button is held
    board.state(NEW)
    for _ in range(5):
        assert board.boot() == [f"b trial 2 {build}  0"]
    assert board.stored()["starts"] == 0


def test_after_a_version_was_left_the_next_one_is_tried(board: Folder) -> None:
    build = board.version("b", WORKS)
    board.state(NEW | {"failed": "bad-build", "why": wire.DEFECT})
    assert board.boot() == [f"b trial 2 {build} bad-build 1"]
    assert board.boot() == [f"b sure 2 {build}  0"]


def test_a_version_that_is_not_whole_is_not_tried(board: Folder) -> None:
    board.version("b", WORKS, whole=False)
    board.state(NEW)
    assert board.boot() == left(board, wire.DAMAGED)
    assert board.boot() == left(board, wire.DAMAGED), "and still known later"
    assert "new" not in board.stored()


def test_what_cannot_be_counted_is_not_tried(board: Folder) -> None:
    board.version("b", WORKS)
    board.state(NEW)
    (board.path / "slots.json.new").mkdir()
    assert board.boot() == old(board)


def test_a_confirmed_version_that_fails_says_why_and_stays(board: Folder) -> None:
    board.version("a", RAISES)
    said = board.boot()
    assert said[-1] == "RuntimeError: a defect"
    assert "reset" not in said
    assert board.stored() == {"run": "a", "a": "old-build"}


# --- files that do not fit their manifest ---------------------------------------------------------------------------


def whole(board: Folder, name: str) -> None:
    """A version of several modules in folders."""
    drivers = board.path / name / "kiosk" / "drivers"
    drivers.mkdir(parents=True)
    for path in (drivers.parent / "__init__.py", drivers / "__init__.py", drivers / "lamp.py"):
        path.write_text(f"WHERE = {str(path.relative_to(board.path))!r}\n")
    board.version(name, "import kiosk.drivers.lamp\n" + WORKS)


def flipped(folder: Path) -> None:
    content = bytearray((folder / "start.py").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "start.py").write_bytes(content)


def in_manifest(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / MANIFEST).write_bytes(change((folder / MANIFEST).read_bytes()))

    return damage


def added(path: str) -> Callable[[Path], None]:
    """An empty file, or an empty folder where the path ends in "/"."""

    def damage(folder: Path) -> None:
        if path.endswith("/"):
            (folder / path).mkdir()
        else:
            (folder / path).write_text("")

    return damage


def swapped(folder: Path) -> None:
    one, other = folder / "kiosk" / "__init__.py", folder / "kiosk" / "drivers" / "__init__.py"
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


MISFITS: dict[str, Callable[[Path], None]] = {
    "one bit of one file": flipped,
    "the end of a file is lost": lambda folder: (folder / "start.py").write_bytes(
        (folder / "start.py").read_bytes()[:-1]
    ),
    "a file is empty": lambda folder: (folder / "kiosk" / "drivers" / "lamp.py").write_bytes(b""),
    "a file is missing": lambda folder: (folder / "kiosk" / "drivers" / "lamp.py").unlink(),
    "a folder is missing": lambda folder: shutil.rmtree(folder / "kiosk"),
    "two files are swapped": swapped,
    "a module more": added("json.py"),
    "a module more, deep inside": added("kiosk/drivers/more.mpy"),
    "source that hides compiled code": added("kiosk/drivers/lamp.mpy"),
    "a folder that hides a module": added("start/"),
    "a package that hides a module": added("kiosk/drivers/lamp/"),
    "a file that is no module": added("notes.txt"),
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "an empty manifest": in_manifest(lambda _: b""),
    "a manifest that was cut off": in_manifest(lambda content: content[:-1]),
    "a line of it is lost": in_manifest(lambda content: b"".join(content.splitlines(True)[1:])),
    "a line of it stands there twice": in_manifest(lambda content: content + content.splitlines(True)[-1]),
    "a line more": in_manifest(lambda content: content + b"0" * 64 + b"  ghost.mpy\n"),
    "a line about a file elsewhere": in_manifest(lambda content: content + b"0" * 64 + b"  ../main.py\n"),
    "a line joined to another": in_manifest(lambda content: content.replace(b"\n", b" ", 1)),
    "another digest": in_manifest(lambda content: b"0" * 64 + content[64:]),
    "a manifest of noise": in_manifest(lambda content: bytes(range(256)) * 4),
    "a manifest without end": in_manifest(lambda content: content * 400),
    "a manifest that is a folder": lambda folder: ((folder / MANIFEST).unlink(), (folder / MANIFEST).mkdir())[0],
}


@pytest.mark.parametrize("how", MISFITS)
def test_a_version_whose_files_do_not_fit_its_manifest_is_left_for_the_other(board: Folder, how: str) -> None:
    whole(board, "b")
    board.state({"run": "b", "a": "old-build", "b": "other-build"})
    assert board.boot() == [f"b sure 2 {board.build('b')}  0"], "it is whole"
    before = (board.path / "slots.json").read_bytes()
    MISFITS[how](board.path / "b")
    assert board.boot() == [f"a sure 1 {board.build('a')} other-build {wire.DAMAGED}"]
    assert (board.path / "slots.json").read_bytes() == before, "nothing is written at such a start"


@pytest.mark.parametrize("how", MISFITS)
def test_a_new_version_whose_files_do_not_fit_its_manifest_is_never_tried(board: Folder, how: str) -> None:
    whole(board, "b")
    board.state(NEW)
    MISFITS[how](board.path / "b")
    assert board.boot() == left(board, wire.DAMAGED)
    assert board.stored() == {
        "run": "a", "a": "old-build", "b": "new-build", "failed": "new-build", "why": wire.DAMAGED
    }  # fmt: skip


@pytest.mark.parametrize("how", MISFITS)
def test_when_none_fits_the_board_waits_at_its_prompt(board: Folder, how: str) -> None:
    shutil.rmtree(board.path / "a")
    whole(board, "a")
    MISFITS[how](board.path / "a")
    (board.path / "start.py").write_text(WORKS.replace("{}", "beside"))  # not started either: nothing vouches for it
    for _ in range(2):
        said = board.boot()
        assert len(said) == 1
        assert "stillscan flash" in said[0]


def test_every_bit_counts(board: Folder) -> None:
    """Some bits of the version and of its manifest, spread over all of both."""
    version = (board.path / "a" / "start.py").read_bytes()
    manifest = (board.path / "a" / MANIFEST).read_bytes()
    for path, whole_ in (("start.py", version), (MANIFEST, manifest)):
        for bit in range(0, len(whole_) * 8, 37):
            content = bytearray(whole_)
            content[bit // 8] ^= 1 << bit % 8
            (board.path / "a" / path).write_bytes(content)
            assert "stillscan flash" in board.boot()[0], (path, bit)
        (board.path / "a" / path).write_bytes(whole_)
    assert board.boot() == old(board)


def test_nothing_beside_the_version_is_imported(board: Folder) -> None:
    board.version("a", "import helper\n" + WORKS)
    for place in (board.path, board.path / "lib"):
        place.mkdir(exist_ok=True)
        (place / "helper.py").write_text("print('from elsewhere')\n")
    said = board.boot()
    assert "from elsewhere" not in said
    assert said[-1] == "ImportError: no module named 'helper'"


def test_the_build_that_is_told_is_that_of_the_files(board: Folder) -> None:
    """Whatever the state file claims."""
    board.state({"run": "a", "a": "0" * 16})
    assert board.boot() == old(board)


DAMAGED = (
    "", "{", "[]", "7", "null", "\udcff", '{"run": 1}', '{"run": ["a"], "new": {}}', '{"run": "c", "new": "../a"}',
    '{"new": "b", "starts": "many"}', '{"run": "b"}', "[" * 3000,
)  # fmt: skip


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_state_starts_what_is_whole(board: Folder, content: str) -> None:
    (board.path / "slots.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert board.boot()[0].startswith(f"a sure 1 {board.build('a')}")


def test_a_board_without_slots_starts_what_lies_beside(tmp_path: Path) -> None:
    (tmp_path / "start.py").write_text(WORKS.replace("{}", "beside"))
    assert Folder(tmp_path).boot() == ["beside sure 0   0"]

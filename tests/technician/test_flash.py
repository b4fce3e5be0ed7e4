"""``stillscan flash`` against MicroPython's raw prompt and the real loader, link and trial."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from stillscan.boards.build import compiled
from stillscan.boards.image import littlefs
from stillscan.boards.versions import Version
from stillscan.cli import main
from stillscan.commands import flash as flash_command
from stillscan.technician import come_up, prompt

from .fake_board import FIRMWARE, FakeBoard, checkout

pytestmark = pytest.mark.process


def flash(board: FakeBoard, *more: str) -> int:
    return main(["flash", "--unsigned", "--port", board.port, *more])


def record(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def files(board: FakeBoard, folder: str) -> dict[str, bytes]:
    root = board.folder / folder
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def state(board: FakeBoard) -> dict[str, object]:
    found: dict[str, object] = json.loads((board.folder / "slots.json").read_text())
    return found


def new_version(sources: Path, number: int = 7) -> Version:
    (sources / "firmware" / "kiosk" / "version.py").write_text(f'"""Version."""\n\nVERSION = (0, {number}, 0)\n')
    return Version.of(compiled("fake"))


def test_a_new_board_then_nothing_to_do_then_an_update(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    first = Version.of(compiled("fake"))
    assert flash(board) == 0
    assert first.build in capsys.readouterr().out
    assert files(board, "a") == {**first.files, "manifest": first.manifest}
    assert (board.folder / "main.py").read_bytes() == first.loader["main.py"]
    assert state(board) == {"run": "a", "a": first.build}
    assert not (board.folder / "b").exists()

    assert flash(board, "--json") == 0, "the kiosk runs this version: no prompt is needed"
    assert record(capsys)["changed"] is False

    second = new_version(sources)
    board.hold_service()
    assert flash(board, "--json") == 0
    said = record(capsys)
    assert (said["changed"], said["sent"], said["kept"]) == (True, 1, len(second.files) - 1)
    assert (said["firmware"], said["build"], said["board"]) == ("0.7.0", second.build, "fake")
    assert files(board, "b") == {**second.files, "manifest": second.manifest}
    assert files(board, "a") == {**first.files, "manifest": first.manifest}, "what ran before is whole"
    assert state(board) == {"run": "b", "a": first.build, "b": second.build}

    third = new_version(sources, 8)
    (sources / "firmware" / "kiosk" / "plan.py").unlink()
    board.hold_service()
    assert flash(board) == 0
    third = Version.of(compiled("fake"))
    assert files(board, "a") == {**third.files, "manifest": third.manifest}, "what is no longer part of it is gone"


@pytest.mark.parametrize(("mode", "why"), [("raises", "ended with an error"), ("fault", "was not ready within 30 s")])
def test_a_version_that_does_not_come_up_is_left(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str], mode: str, why: str
) -> None:
    assert flash(board) == 0
    former = state(board)["a"]
    checkout(sources, mode)
    trial = sources / "firmware" / "kiosk" / "trial.py"
    if mode == "fault":  # half a minute of waiting, cut short
        trial.write_text(trial.read_text().replace("LIMIT_MS = 30000", "LIMIT_MS = 300"))
    board.hold_service()
    assert flash(board) == 1
    assert why in capsys.readouterr().err
    assert state(board)["run"] == "a"
    assert state(board)["a"] == former

    checkout(sources)
    assert flash(board) == 0, "the former version is this one, and runs"
    new_version(sources)
    board.hold_service()
    assert flash(board) == 0
    assert "failed" not in state(board)


def test_the_first_version_may_have_a_broken_part(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout(sources, "fault")
    assert flash(board) == 0, "there is no other to go back to"
    assert "flow: no_answer" in capsys.readouterr().out


def test_settings(sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]) -> None:
    assert flash(board, "--set", "slip=200", "--set", "dwell=100") == 0
    assert json.loads((board.folder / "settings.json").read_text()) == {"slip": 200, "dwell": 100}
    for wrong, what in (("slip=1", "30 to 5000 um"), ("warp=9", "no setting 'warp'"), ("slip", "NAME=VALUE")):
        assert flash(board, "--set", wrong) == 2
        assert what in capsys.readouterr().err
    assert json.loads((board.folder / "settings.json").read_text()) == {"slip": 200, "dwell": 100}


def test_a_kiosk_that_runs_another_version_asks_for_its_service_button(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    assert flash(board) == 0
    new_version(sources)
    before = files(board, ".")
    assert flash(board) == 3
    assert "hold its service button" in capsys.readouterr().err
    assert files(board, ".") == before


def test_another_program_is_replaced_only_when_asked_for(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    (board.folder / "main.py").write_text("print('mine')\n")
    board.restart()
    assert flash(board) == 1
    assert "--replace" in capsys.readouterr().err
    assert files(board, ".") == {"main.py": b"print('mine')\n"}
    board.restart()
    assert flash(board, "--replace") == 0


def test_a_lost_state_file_is_written_again(sources: Path, board: FakeBoard) -> None:
    assert flash(board) == 0
    whole = state(board)
    for damage in (b"", b"[]", b'{"run": "b"}'):
        (board.folder / "slots.json").write_bytes(damage)
        board.hold_service()
        assert flash(board) == 0
        assert state(board) == whole


def test_damaged_files_are_mended(sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]) -> None:
    assert flash(board) == 0
    version = Version.of(compiled("fake"))
    capsys.readouterr()
    for damage in ("changed", "lost", "more", "an empty folder"):
        folder = board.folder / "a" / "kiosk"
        if damage == "changed":
            (folder / "wire.mpy").write_bytes(b"M\x06\x1f\x1f")
        elif damage == "lost":
            (folder / "wire.mpy").unlink()
        elif damage == "more":
            (folder / "wire.py").write_text("")
        else:
            (folder / "wire" / "deep").mkdir(parents=True)
        board.restart()  # no version fits: there is a prompt
        assert flash(board, "--json") == 0
        said = record(capsys)
        assert (said["damaged"], said["changed"]) == (True, True)
        assert said["sent"] == (damage in ("changed", "lost"))
        assert files(board, "a") == {**version.files, "manifest": version.manifest}
        assert not (folder / "wire").exists()
        assert not (board.folder / "b").exists()
        assert state(board) == {"run": "a", "a": version.build}


def test_a_kiosk_that_has_no_version_left_is_told_how_to_get_one(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    assert flash(board) == 0
    (board.folder / "a" / "kiosk" / "wire.mpy").unlink()
    board.restart()
    assert main(["run", "--once", "--reconnect", "0", "--port", board.port]) == 3
    said = capsys.readouterr().err
    assert "MicroPython's prompt answers there" in said
    assert "stillscan flash" in said
    assert flash(board) == 0


def test_a_damaged_version_is_replaced_beside_the_one_that_runs_instead(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder whose files fit is the one that must not be touched, whatever the state file says."""
    assert flash(board) == 0
    first = Version.of(compiled("fake"))
    second = new_version(sources)
    board.hold_service()
    assert flash(board) == 0
    (board.folder / "b" / "kiosk" / "version.mpy").write_bytes(b"M")
    board.hold_service()
    capsys.readouterr()
    assert flash(board) == 0
    assert "a version on the board was damaged: it was replaced" in capsys.readouterr().out
    assert files(board, "b") == {**second.files, "manifest": second.manifest}
    assert files(board, "a") == {**first.files, "manifest": first.manifest}
    assert state(board)["run"] == "b"


def test_the_service_button_is_still_held(
    sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a jumper that was left on: the version is there, and is told to be waiting."""
    monkeypatch.setattr(come_up, "_PROMPT_S", 0.0)
    monkeypatch.setattr(come_up, "_ANSWER_MS", 50.0)  # none comes
    source = sources / "firmware" / "start.py"
    source.write_text(source.read_text().replace('os.remove(os.getenv("SERVICE"))', "os.stat('.')"))
    assert flash(board) == 1
    assert "let the service button go" in capsys.readouterr().err


def test_a_full_file_system(sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Room for one version, not for two."""
    version = Version.of(compiled("fake"))
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "image").write_bytes(littlefs(version.alone(), 132))
    (sources / "firmware" / "kiosk" / "wire.py").write_text(
        (FIRMWARE / "kiosk" / "wire.py").read_text() + "SPARE = 1\n"
    )
    with FakeBoard(folder, folder / "image") as board:
        board.hold_service()
        assert flash(board) == 3
        said = capsys.readouterr().err
        assert "file system is full: a version takes" in said
        assert said.count("\n") == 2, "that it is not signed, and this"
        board.restart()
        checkout(sources)
        assert flash(board, "--json") == 0, "what ran before still runs"
        assert record(capsys)["changed"] is False


def test_nothing_answers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flash_command, "PATIENT_ANSWER_MS", 1.0)
    monkeypatch.setattr(prompt, "_ENTER_PATIENT_S", 0.05)
    master, slave = os.openpty()
    try:
        assert main(["flash", "--port", os.ttyname(slave)]) == 3
        assert "neither MicroPython's prompt nor a stillscan kiosk" in capsys.readouterr().err
    finally:
        os.close(master)
        os.close(slave)


def test_no_such_port(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flash", "--port", "/dev/ttyNONE"]) == 3
    assert capsys.readouterr().err == "stillscan: /dev/ttyNONE: there is no such port\n"


def test_image_only(sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "kiosk.img"
    image = ["flash", "--unsigned", "--board", "fake", "--image-only", str(out)]
    assert main([*image, "--set", "slip=200", "--json"]) == 0
    assert out.stat().st_size == 1408 * 1024
    assert record(capsys)["address"] == 640 * 1024
    for arguments in (["--image-only", str(out)], ["--image-only", str(tmp_path / "no" / "x"), "--board", "fake"]):
        assert main(["flash", "--unsigned", *arguments]) == 2
    assert main(["flash", "--image-only", str(out), "--board", "toaster"]) == 2
    assert "there are: fake" in capsys.readouterr().err


def test_a_module_that_is_no_python(sources: Path, board: FakeBoard, capsys: pytest.CaptureFixture[str]) -> None:
    (sources / "firmware" / "kiosk" / "plan.py").write_text("def f(:\n")
    assert flash(board) == 2
    assert "plan.py: line 1: does not compile" in capsys.readouterr().err
    assert files(board, ".") == {}
    shutil.rmtree(sources / "firmware" / "kiosk")

"""Recorded visits run again: the hand is found from what the scanner said, the document is an invented one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.cli import main
from stillscan.commands.world import SAMPLE, scene
from stillscan.errors import InputError
from stillscan.recordings.file import LINK, Recording, parse, whole
from stillscan.testing.replay import compared, replay
from stillscan.testing.seen import seen
from stillscan.testing.visit import Options, visit

pytestmark = [pytest.mark.process, pytest.mark.slow]


def recorded(motion: str, seed: int, document: str = "nor-clean.png", fault: str = "") -> bytes:
    world = scene(SAMPLE.with_name(document), None, motion, "clean", seed, 60.0)
    return visit(world, Options(faults=[(350.0, fault)] if fault else []))


@pytest.mark.parametrize(
    ("motion", "document", "fault"),
    [
        ("one-slip", "nor-clean.png", ""),
        ("removed", "nor-clean.png", ""),
        ("still", "nor-expired.png", ""),
        ("restless", "nor-clean.png", ""),
        ("still", "nor-clean.png", "flow-silent"),
        ("still", "nor-clean.png", "flow-spin"),
    ],
)
def test_a_replay_goes_the_same_way(motion: str, document: str, fault: str) -> None:
    recording = parse("it", recorded(motion, 4, document, fault))
    both = compared(seen(recording), seen(replay(recording, seed=81)))
    assert both["same"] == {"states": True, "aborts": True, "rows": True, "verdict": True}, both


def test_of_firmware_that_tells_nothing_between_sweeps_the_hand_is_drawn() -> None:
    whole = parse("it", recorded("one-slip", 4))
    rows = [(t_ms, row) for t_ms, row in whole.rows if row[0] != "<sample"]
    told = seen(Recording(whole.kind, whole.stillscan, whole.made, rows))
    assert not told.looks
    both = compared(told, seen(replay(Recording(whole.kind, whole.stillscan, whole.made, rows), seed=81)))
    assert both["same"]["aborts"], both
    assert both["same"]["verdict"], both


def test_the_command_a_cut_off_file_and_the_test_that_it_becomes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = recorded("one-slip", 4)
    file = tmp_path / "visit-000012.recording"
    file.write_bytes(content)
    picture = tmp_path / "both.png"
    assert main(["replay", str(file), "--seed", "81", "--json", "--plot", str(picture)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["cut"], said["recorded"]["outcome"], said["replayed"]["outcome"]) == (False, "verified", "verified")
    assert picture.read_bytes()[:4] == b"\x89PNG"

    trace = tmp_path / "visit-000012.csv"
    assert main(["replay", str(file), "--as-test", "--trace", str(trace)]) == 0
    text = capsys.readouterr().out
    assert "def test_visit_000012(scanner, passport):" in text
    assert 'scanner.expects(state="moved", cause="slip"' in text
    compile(text, "test", "exec")
    assert trace.read_text().startswith("t_ms,dx_mm")

    file.write_bytes(content[: len(content) * 2 // 3])
    assert main(["replay", str(file)]) == 0
    text = capsys.readouterr().out
    assert "cut off or damaged" in text
    assert text.endswith("the recording ends before the outcome: as far as it goes, both went the same way\n")
    file.write_bytes(content[:3])
    assert main(["replay", str(file)]) == 2
    assert main(["replay", str(file), "--firmware", str(tmp_path)]) == 2


def test_another_firmware_runs(tmp_path: Path) -> None:
    from stillscan.boards.files import boards_folder, firmware_folder

    (tmp_path / "firmware").symlink_to(firmware_folder())
    (tmp_path / "boards").symlink_to(boards_folder())
    file = tmp_path / "visit-000001.recording"
    file.write_bytes(recorded("still", 4))
    assert main(["replay", str(file), "--firmware", str(tmp_path)]) == 0


def test_what_holds_no_visit_is_told_with_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "visit-000001.recording"
    file.write_bytes(whole("visit", []))
    assert main(["replay", str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"stillscan: {file}: nothing happens")


def test_what_holds_no_visit_is_refused() -> None:
    with pytest.raises(InputError, match="play:FILE"):
        seen(Recording(LINK, "0.1.0", "?", []))
    with pytest.raises(InputError, match="nothing happens"):
        seen(Recording("visit", "0.1.0", "?", [(0.0, ["<state", 1])]))
    with pytest.raises(InputError, match="nothing happens"):
        seen(Recording("visit", "0.1.0", "?", [(0.0, ["<state", wire.EMPTY, 0, 0, 0, 0, 1000])]))


@pytest.mark.parametrize(
    "row", [["<state", wire.STILL, 0, 0, 0, 0, 500_000_000], ["<sweep_begin", 1, 1, 0, 273, 1 << 29, 1]]
)
def test_a_visit_of_days_is_refused_before_a_hand_is_drawn_for_it(row: list[int]) -> None:
    rows = [(0.0, ["<state", wire.PLACED, 0, 0, 0, 0, 1000]), (1.0, row)]
    with pytest.raises(InputError, match="more than an hour"):
        seen(Recording("visit", "0.1.0", "?", rows))


def test_a_visit_that_ends_with_its_verdict_is_compared_as_far_as_it_goes() -> None:
    whole = parse("it", recorded("still", 4))
    last = next(n for n, (_, row) in enumerate(whole.rows) if row[0] == "result")
    short = Recording(whole.kind, whole.stillscan, whole.made, whole.rows[: last + 1])
    assert compared(seen(short), seen(whole))["same"] == dict.fromkeys(("states", "aborts", "rows", "verdict"), True)
    assert compared(seen(whole), seen(short))["same"]["states"] is False


def test_of_a_recording_that_ends_before_its_outcome_no_verdict_is_said_to_be_the_same() -> None:
    whole = parse("it", recorded("still", 4))
    at = next(n for n, (_, row) in enumerate(whole.rows) if row[0] == "result")
    short = Recording(whole.kind, whole.stillscan, whole.made, whole.rows[:at], cut=True)
    assert compared(seen(short), seen(whole))["same"]["verdict"] is None

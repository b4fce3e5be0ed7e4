"""The benchmark's judgement: worse by more than 2 % is worse, whichever way a figure counts; and what it compares."""

from pathlib import Path

import numpy as np
import pytest
from bench.chip import __main__ as bench
from bench.chip.judgement import BASELINE, TARGETS, compare, missed, store, stored
from bench.chip.measure import Figure
from bench.chip.movements import INT1, SLIDE, SLIPS_MM, knock, slip
from bench.chip.parity import Pair

from stillscan.errors import InputError

KNOWN = {"line": 3000.0, "heap": 100_000.0, "lines": 330.0, "allocated": 0.0}


def judged(line: float, heap: float, lines: float, allocated: float = 0.0) -> list[str]:
    figures = [
        Figure("line", line, "us"),
        Figure("heap", heap, "B", True),
        Figure("lines", lines, "/s", True),
        Figure("allocated", allocated, "B"),
    ]
    return compare(figures, KNOWN)


def test_the_same_and_better_pass() -> None:
    assert judged(3000, 100_000, 330) == []
    assert judged(2000, 150_000, 400) == []
    assert judged(3050, 98_500, 325) == []


def test_each_that_is_worse_is_named() -> None:
    assert judged(3070, 100_000, 330) == ["line"]
    assert judged(3000, 97_000, 330) == ["heap"]
    assert judged(3100, 90_000, 300, 16) == ["line", "heap", "lines", "allocated"]


def test_a_new_figure_has_nothing_to_be_compared_with() -> None:
    assert compare([Figure("new", 1e9, "us")], KNOWN) == []


def committed() -> list[Figure]:
    """What the committed baseline says, as if it had been measured."""
    return [
        Figure(name, value, "", name.startswith(("heap", "lines of"))) for name, value in stored(BASELINE)[1].items()
    ]


@pytest.mark.parametrize("name", TARGETS)
def test_the_committed_baseline_holds_every_figure_that_has_a_target(name: str) -> None:
    assert name in stored(BASELINE)[1]


def test_the_committed_baseline_is_judged_equal_to_itself() -> None:
    assert compare(committed(), stored(BASELINE)[1]) == []


def test_an_altered_baseline_fails_in_each_figure() -> None:
    figures = [figure for figure in committed() if figure.name not in (INT1, SLIDE)]
    altered = {
        figure.name: figure.value * (1.03 if figure.more_is_better else 0.97) for figure in figures if figure.value
    }
    assert compare(figures, altered) == list(altered)
    assert len(altered) > len(TARGETS)


@pytest.mark.parametrize(("name", "most"), [(INT1, 200), (SLIDE, 15_000)])
def test_what_depends_on_the_moment_is_held_to_its_target(name: str, most: float) -> None:
    assert compare([Figure(name, most, "us")], {name: 1.0}) == []
    assert compare([Figure(name, most + 1, "us")], {name: 1e6}) == [name]


def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line_us: float, *options: str) -> int:
    """The command, over a line that takes so long."""
    image = tmp_path / "image.uf2"
    image.write_bytes(b"MicroPython")
    monkeypatch.setattr(bench, "BASELINE", tmp_path / "baseline.json")
    monkeypatch.setattr(bench, "steps", lambda *_: [])
    monkeypatch.setattr(bench, "sweeps", lambda *_: [Figure("line, sustained, 4 bit", line_us, "us")])
    monkeypatch.setattr(bench, "movements", lambda *_: [])
    return bench.main(["--uf2", str(image), *options])


def test_the_command_compares_with_what_it_stored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measured(monkeypatch, tmp_path, 2980.0, "--update") == 0
    assert measured(monkeypatch, tmp_path, 2990.0) == 0
    capsys.readouterr()
    assert measured(monkeypatch, tmp_path, 3050.0) == 1
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-1] == "worse than before, or than it may be: line, sustained, 4 bit"
    assert "381250" in shown.out, "cycles"
    assert "<= 3000" in shown.out


def test_a_figure_that_is_no_longer_measured_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "baseline.json", "", [Figure("boot to HELLO", 746.9, "ms")])
    assert measured(monkeypatch, tmp_path, 2980.0) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "no longer measured: boot to HELLO"
    assert measured(monkeypatch, tmp_path, 2980.0, "--depth", "8") == 0, "the baseline is of 4 bits a pixel"


def test_another_image_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "baseline.json", "another", [])
    assert measured(monkeypatch, tmp_path, 2980.0) == 0
    assert "another image" in capsys.readouterr().err


def test_short_of_a_target() -> None:
    assert missed([Figure("boot to HELLO", 1001, "ms"), Figure("heap free, lowest", 99_999, "B", True)]) == [
        "boot to HELLO",
        "heap free, lowest",
    ]
    assert missed([Figure("boot to HELLO", 1000, "ms"), Figure("heap free after", 1, "B", True)]) == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"image": "x", "figures": 3}', '{"image": "x", "figures": {"a": "b"}}']
)
def test_a_damaged_baseline_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content)
    with pytest.raises(InputError, match="--update"):
        stored(path)


@pytest.mark.parametrize("options", [["--rows", "300"], ["--rows", "6", "--update"], ["--depth", "8", "--update"]])
def test_what_would_measure_nonsense_is_refused(options: list[str]) -> None:
    with pytest.raises(InputError):
        bench.main(["--uf2", "none.uf2", *options])


def test_an_image_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STILLSCAN_UF2", raising=False)
    with pytest.raises(InputError, match="STILLSCAN_UF2"):
        bench.main([])


def test_a_knock_shakes_and_moves_nothing() -> None:
    motion = knock(0.5)
    assert np.abs(motion.accel_g[:, 2]).max() > 0.4
    assert (motion.pose_mm == [0.0, 0.5, 0.0]).all()
    assert (motion.accel_g[-1] == 0).all(), "held after the end"


def test_slips_follow_one_another_without_a_leap() -> None:
    at_mm = 0.0
    for way_mm in SLIPS_MM:
        motion = slip(at_mm, way_mm)
        assert motion.pose_mm[0, 1] == pytest.approx(at_mm)
        at_mm += way_mm
        assert motion.pose_mm[-1, 1] == pytest.approx(at_mm)
        assert np.abs(np.diff(motion.pose_mm[:, 1])).max() < 0.05


RECORD: dict[str, object] = {"outcome": "verified", "reason": "ok", "mrz": ["P<", "1"], "format": "TD3", "attempts": 2}


@pytest.mark.parametrize(
    ("key", "value"), [("outcome", "gave_up"), ("reason", "expired"), ("mrz", None), ("format", "")]
)
def test_another_verdict_on_the_chip_is_found(key: str, value: object) -> None:
    assert Pair(1, "slips", "nor-clean.png", RECORD, {**RECORD, "attempts": 3}).equal
    assert not Pair(1, "slips", "nor-clean.png", {**RECORD, key: value}, RECORD).equal


def test_a_misread_of_the_chip_is_found() -> None:
    lines = bench.parity.truth()["nor-clean.png"]
    assert Pair(1, "slips", "nor-clean.png", {**RECORD, "mrz": lines}, RECORD).right
    assert not Pair(1, "slips", "nor-clean.png", {**RECORD, "mrz": [*lines[:-1], "0"]}, RECORD).right
    assert Pair(1, "slips", "nor-clean.png", {**RECORD, "mrz": None}, RECORD).right

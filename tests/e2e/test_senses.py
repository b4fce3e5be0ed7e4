"""`stillscan simulate` with sensors that mislead: what the lines themselves show takes their place. Settings too."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from stillscan.cli import main

CLEAN = str(Path(str(files("stillscan.samples"))) / "nor-clean.png")
LINES = ["P<NOROESTENBYEN<<AASE<<<<<<<<<<<<<<<<<<<<<<<", "ZZZ0001013NOR9105171F3101012<<<<<<<<<<<<<<<6"]


def simulate(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    code = main(["simulate", "--json", "--document", CLEAN, *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_a_flow_sensor_that_counts_backwards_is_named(capsys):
    """Its slips still abort, and what is read is right; where lines lie is found out from the lines."""
    code, record = simulate(capsys, "--motion", "slips-3", "--seed", "11", "--fault", "flow-opposite")
    assert (code, record["outcome"], record["mrz"], record["sensors"]) == (0, "verified", LINES, ["flow_opposite"])


@pytest.mark.parametrize(("motion", "seed", "attempts"), [("still", "1", 2), ("slips", "3", 3)])
def test_a_document_without_texture_is_scanned_until_two_sweeps_show_the_same(capsys, motion, seed, attempts):
    code, record = simulate(capsys, "--motion", motion, "--seed", seed, "--fault", "flow-blank")
    assert (code, record["mrz"], record["sensors"], record["aborts"]) == (0, LINES, ["flow"], [])
    assert record["attempts"] >= attempts


@pytest.mark.parametrize("motion", ["tremor", "drift"])
def test_a_document_without_texture_that_does_not_lie_still_is_never_believed(capsys, motion):
    """Its lines may be those of two documents: they do not stand as one print's do."""
    code, record = simulate(capsys, "--motion", motion, "--fault", "flow-blank")
    assert (code, record["outcome"], record["mrz"]) == (1, "gave_up", None)


def test_a_document_without_texture_that_is_taken_away(capsys):
    code, record = simulate(capsys, "--motion", "removed", "--fault", "flow-blank")
    assert (code, record["outcome"], record["reason"]) == (1, "gave_up", "removed")


def test_settings_of_the_scanner(capsys):
    slow = simulate(capsys, "--set", "dwell=1000")[1]
    assert slow["t_verdict_ms"] > simulate(capsys)[1]["t_verdict_ms"] + 500


@pytest.mark.parametrize("text", ["dwell", "dwell=soon", "dwell=1", "wishes=3"])
def test_a_setting_that_there_is_not(capsys, text):
    assert main(["simulate", "--document", CLEAN, "--set", text]) == 2
    assert "dwell" in capsys.readouterr().err

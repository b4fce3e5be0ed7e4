"""`stillscan read`: its JSON, its text, its exit codes."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stillscan import samples
from stillscan.commands.read import add_parser
from stillscan.mrz import MrzError, read_image
from tests.covering import examples

pytestmark = pytest.mark.slow

SAMPLES = Path(samples.__file__).parent
CLEAN = str(SAMPLES / "nor-clean.png")


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["read", *arguments])
    code: int = parsed.run(parsed)
    return code


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", CLEAN, str(SAMPLES / "nor-id-card.png")) == 0
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert set(first) >= {"file", "format", "lines", "valid", "accepted", "checks", "confidence", "ms"}
    assert first["file"] == CLEAN
    assert first["lines"][0].startswith("P<NOROESTENBYEN<<AASE")
    assert (first["format"], second["format"]) == ("TD3", "TD1")
    assert first["ms"] > 0


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(CLEAN) == 0
    out = capsys.readouterr().out
    assert "nor-clean.png: TD3, accepted" in out
    assert "P<NOROESTENBYEN<<AASE" in out


def test_others_go_on_after_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank, bad = tmp_path / "blank.png", tmp_path / "bad.png"
    Image.fromarray(np.full((274, 1476), 220, np.uint8)).save(blank)
    bad.write_bytes(b"not a picture")
    assert run("--json", str(blank)) == 1
    assert json.loads(capsys.readouterr().out)["lines"] is None
    assert run("--json", str(bad), str(blank), CLEAN) == 2
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["lines"] is None for row in rows] == [True, True, False]
    assert all(row["reason"] for row in rows[:2])
    assert err.splitlines() == [f"stillscan read: {rows[0]['reason']}"]


def test_a_text_that_is_not_accepted_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    """Two documents that are said to be one: there are lines, and nobody may act on them."""
    assert run("--json", "--join", CLEAN, str(SAMPLES / "nor-expired.png")) == 1
    row = json.loads(capsys.readouterr().out)
    assert (row["lines"] is None, row["accepted"]) == (False, False)
    assert run(CLEAN, str(SAMPLES / "nor-expired.png")) == 0


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(st.one_of(st.binary(max_size=200), st.tuples(st.integers(0, 900), st.binary(min_size=1, max_size=8))))
def test_damaged_files_never_raise(tmp_path_factory: pytest.TempPathFactory, damage: bytes | tuple[int, bytes]) -> None:
    """Random bytes, and a good file with a few bytes exchanged: a reading or an MrzError."""
    content = Path(CLEAN).read_bytes()
    if isinstance(damage, tuple):
        content = content[: damage[0]] + damage[1] + content[damage[0] + len(damage[1]) :]
    else:
        content = damage
    path = tmp_path_factory.getbasetemp() / "damaged.png"
    path.write_bytes(content)
    try:
        reading = read_image(path)
    except MrzError:
        return
    assert reading.lines is not None or reading.reason

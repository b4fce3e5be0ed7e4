"""Two passports never become one text, however they come together: kept attacks of `bench.joined`, and honest hands.

The scanner of these tests notices nothing but the slips it is told of: only the rows tell (trials 2.9).
"""

from __future__ import annotations

import numpy as np
import pytest
from bench.joined import hands
from bench.joined.__main__ import judge, one
from bench.joined.attacks import KINDS, Attack, attack
from bench.joined.scanner import ROWS, Change, ScriptedScanner

from stillscan.scanning.check import Check
from stillscan.scanning.result import Result
from stillscan.testing.modelled_reader import ModelledReader
from tests.covering import some

from .test_agreement import KARI, passport

pytestmark = pytest.mark.slow

OLA = passport("OLSEN", "OLA", "X7654321")
BETWEEN_ROWS = 125  # after the first line, before the second


def check(played: Attack) -> tuple[Result, ScriptedScanner]:
    scanner = ScriptedScanner(played.pictures, played.changes, np.random.default_rng(5), played.counted_um)
    reader = ModelledReader(scanner.transport.now_ms)
    return Check(scanner, reader, judge).run(20_000), scanner  # type: ignore[arg-type]


def number(result: Result) -> str | None:
    return None if result.lines is None else result.lines[1][:8]


def test_one_line_of_each_is_no_text() -> None:
    """The first line of one passport, a slip, the second of another on the same track."""
    changes = [Change(0, BETWEEN_ROWS, 1, abort=True)]
    result, _ = check(Attack("", [KARI, OLA], changes, (0, 0), []))
    assert result.lines is not None
    assert result.lines[0].startswith("P<NOROLSEN<<OLA")
    assert number(result) == "X7654321"
    assert result.attempts == 3, "the second sweep tells, the third reads"


@pytest.mark.parametrize("row", [70, 90, BETWEEN_ROWS, 160])
def test_a_slip_of_an_honest_hand_costs_no_more_than_a_sweep(row: int) -> None:
    result, scanner = check(Attack("", [KARI, KARI], [Change(0, row, 1, abort=True)], (0, 0), []))
    assert number(result) == "N1234567"
    assert result.attempts == 2
    assert scanner.first_rows[1] >= min(row, BETWEEN_ROWS) - 60, "what was seen is not scanned all over again"


def test_the_next_sweep_shows_print_again_that_was_seen() -> None:
    """Where the sweep was interrupted between the lines there is nothing to compare."""
    _, scanner = check(Attack("", [KARI, KARI], [Change(0, BETWEEN_ROWS, 1, abort=True)], (0, 0), []))
    assert 74 <= scanner.first_rows[1] <= 103 - 10


def test_there_and_back_again() -> None:
    changes = [Change(0, 110, 1, abort=True), Change(1, 130, 0, abort=True), Change(2, 140, 1, abort=True)]
    result, _ = check(Attack("", [KARI, OLA], changes, (0, 0), []))
    assert number(result) == "X7654321"
    assert result.lines is not None
    assert "OLSEN" in result.lines[0]


def covered(picture: np.ndarray, first: int, last: int) -> np.ndarray:
    """Rows under a strip of paper."""
    out = picture.copy()
    out[first:last] = 225
    return out


def test_a_line_under_paper_is_not_taken_from_another_passports_capture() -> None:
    pictures = [covered(KARI, 140, 190), covered(OLA, 60, 110)]
    changes = [Change(0, ROWS, 1, abort=False), Change(1, ROWS, 0, abort=False)]
    result, _ = check(Attack("", pictures, changes, (0, 0), []))
    assert result.lines is None


@pytest.mark.process
@pytest.mark.parametrize("kind", list(hands.KINDS))
def test_hands_that_exchange_documents_under_the_sensors(kind: str) -> None:
    for seed in range(2):
        result, texts = hands.attack(kind, seed, judge)
        assert result.lines in (None, *texts)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_kept_attacks(kind: str) -> None:
    """Half of them were accepted when only the scanner kept documents apart. `bench.joined` tries hundreds of each."""
    for seed in some(range(8), 2):
        assert one((kind, seed))[1] != "mixture", seed


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "seed"), [("cut and laid together", 80010), ("exchanged in a sweep", 85003)])
def test_sheets_whose_prints_fit_differ_in_their_paper(kind: str, seed: int) -> None:
    """Accepted while only the prints were compared: they are 1.0 and 0.8 apart."""
    assert one((kind, seed))[1] != "mixture"


def test_an_attack_is_the_same_every_time() -> None:
    first, again = attack("cut and laid together", 3), attack("cut and laid together", 3)
    assert (first.pictures[0] == again.pictures[0]).all()
    assert first.texts == again.texts

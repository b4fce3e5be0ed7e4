"""What nobody should give the reader: a short run of `bench.fuzz`."""

from pathlib import Path

import numpy as np
import pytest
from bench import fuzz

from tests.covering import some

pytestmark = pytest.mark.slow  # reads dozens of pictures


@pytest.fixture(autouse=True)
def _font(ocr_b: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_font", lambda: ocr_b)


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_nothing_is_raised_or_accepted_and_effort_is_bounded(kind: str) -> None:
    own = list(fuzz.KINDS).index(kind)
    numbers = some(range(60), 20) if kind == "array" else some(range(6), 3)
    outcomes = [fuzz.run(own + len(fuzz.KINDS) * number) for number in numbers]
    assert [one for one in outcomes if one.wrong] == []


def test_a_case_is_drawn_from_its_number_alone() -> None:
    for number in range(len(fuzz.KINDS)):
        (kind, one), (same, other) = fuzz.case(number), fuzz.case(number)
        assert kind == same
        assert one == other if isinstance(one, bytes) else np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_what_goes_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(fuzz, "read_image", broken)
    outcome = fuzz.run(3)
    assert (outcome.wrong, outcome.said) == (True, "ZeroDivisionError: by nothing")
    assert any(line.startswith("WRONG: number 3") for line in fuzz.report([outcome]))

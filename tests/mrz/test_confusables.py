"""Letters and digits that look alike, against all ways to exchange them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from mrz_strips import person
from mrz_vectors import VALID
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.confusables import undecided, weighed
from stillscan.mrz.formats import format_of
from stillscan.mrz.judge import CONFUSED, SHARPNESS, judge
from stillscan.mrz.parse import parse

_TWIN = {"O": "0", "0": "O", "I": "1", "1": "I"}

UNLISTED = VALID["NOR"].replace("NOR", "SOM")
"""Of a state whose document numbers no table has: print and sums alone decide."""


def exchanged(lines: tuple[str, ...], places: tuple[tuple[int, int], ...]) -> tuple[str, ...]:
    rows = [list(line) for line in lines]
    for line, column in places:
        rows[line][column] = _TWIN[rows[line][column]]
    return tuple("".join(row) for row in rows)


def print_of(lines: tuple[str, ...], *, zeros: float) -> NDArray[np.float32]:
    """Log probabilities of TD3 `lines` in clear print; `zeros`: log odds, as judged, that a date's zeros are O."""
    chances = np.full((len(lines), len(lines[0]), len(ALPHABET)), -20.0, np.float32)
    for row, line in enumerate(lines):
        chances[row, np.arange(len(line)), [ALPHABET.index(character) for character in line]] = 0
    dates = [at for at in range(13, 27) if lines[1][at] == "0"]
    chances[1, dates, ALPHABET.index("O")] = zeros / SHARPNESS
    return chances


def free_places(lines: tuple[str, ...]) -> list[tuple[int, int]]:
    """Confusables in the document number and in the optional data, where letters and digits may stand."""
    form = format_of(lines)
    spans = (form.number, *form.optional)
    return [(span.line, at) for span in spans for at in range(span.first, span.end) if lines[span.line][at] in _TWIN]


@given(st.integers(0, 400), st.sampled_from(["TD3", "TD2", "TD1", "MRV-A", "MRV-B"]))
def test_as_enumeration_says(seed: int, form: str) -> None:
    lines = person(seed, form)
    places = free_places(lines)[:6]
    ways = (way for size in range(1, len(places) + 1) for way in itertools.combinations(places, size))
    # a number that runs on has its digit elsewhere: there the answer errs on the side of doubt
    if any(parse(exchanged(lines, way)).valid for way in ways):
        assert undecided(format_of(lines), lines, places)
    elif lines[0][14:15] != "<":
        assert not undecided(format_of(lines), lines, places)


def test_one_is_decided_and_two_may_not_be() -> None:
    lines = tuple(UNLISTED.split("|"))
    places = [(1, at) for at in range(3, 8) if lines[1][at] == "0"]
    assert not undecided(format_of(lines), lines, places[:1])
    assert undecided(format_of(lines), lines, [(1, 3), (1, 4)])  # 24 * 7 and 24 * 3 add up to 240
    assert not undecided(format_of(lines), lines, [])


@pytest.mark.parametrize(("odds", "accepted"), [((-2, -6.6), False), ((-6.6, -6.6), True), ((-2, -20), True)])
def test_a_twin_in_doubt_brings_its_fellows_into_doubt(odds: tuple[float, float], accepted: bool) -> None:
    """Two O in a number whose exchanges cancel: the print of a single place must not decide for both."""
    lines = tuple(UNLISTED.split("|"))
    form = format_of(lines)
    assert lines[1][3:5] == "00"
    assert undecided(form, lines, [(1, 3), (1, 4)])
    chances = print_of(lines, zeros=-6.9)
    chances[1, [3, 4], ALPHABET.index("O")] = np.array(odds) / SHARPNESS
    reading = judge(chances)
    assert reading is not None
    assert reading.lines == lines
    assert (reading.accepted, reading.reason == CONFUSED) == (accepted, not accepted)


@pytest.mark.parametrize(("zeros", "odds", "text"), [(-13.0, -2.0, "OO"), (-13.0, -8.0, "00"), (-6.9, -2.0, "00")])
def test_zeros_that_must_be_zeros_tell_what_an_o_is(zeros: float, odds: float, text: str) -> None:
    """Two places whose exchanges cancel: only that the dates' zeros look much more like a 0 speaks for O."""
    lines = tuple(UNLISTED.split("|"))
    chances = print_of(lines, zeros=zeros)
    chances[1, [3, 4], ALPHABET.index("O")] = odds / SHARPNESS
    reading = judge(chances)
    assert reading is not None
    assert reading.lines == (lines[0], lines[1][:3] + text + lines[1][5:])
    assert reading.corrections == ()


@pytest.mark.slow
@given(
    arrays.arrays(
        np.float32, st.sampled_from([(2, 44, 37), (2, 36, 37), (3, 30, 37)]), elements=st.floats(-30, 0, width=32)
    )
)
def test_weighing_moves_chances_between_twins_only(chances: NDArray[np.float32]) -> None:
    after, pair = weighed(chances), [ALPHABET.index("O"), ALPHABET.index("0")]
    both = np.logaddexp(*np.moveaxis(chances[..., pair], -1, 0))
    np.testing.assert_allclose(np.logaddexp(*np.moveaxis(after[..., pair], -1, 0)), both, atol=1e-3)
    np.testing.assert_array_equal(np.delete(after, pair, axis=2), np.delete(chances, pair, axis=2))


def test_too_many_are_not_decided() -> None:
    lines = person(1)
    assert undecided(format_of(lines), lines, [(1, 0)] * 11)


@pytest.mark.parametrize("name", ["MRV-A", "MRV-B"])
def test_without_a_check_digit_nothing_is_decided(name: str) -> None:
    first, second = VALID[name].split("|")
    lines = (first, second[:30] + "O" + second[31:])
    assert undecided(format_of(lines), lines, [(1, 30)])

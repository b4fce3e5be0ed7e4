"""Forms of document numbers: evidence between look-alikes, and never more than that."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from test_decode import seen

from stillscan.mrz.alphabet import ALPHABET, DIGITS, FILLER, LETTERS, check_digit
from stillscan.mrz.codes import is_known
from stillscan.mrz.compose import compose
from stillscan.mrz.formats import FORMATS, FRA_ID, TD1, TD3
from stillscan.mrz.judge import CONFUSED, SHARPNESS, judge
from stillscan.mrz.numbers import _table, forms_of


def passport(issuer: str, number: str) -> tuple[str, ...]:
    return compose(
        "TD3",
        code="P",
        issuer=issuer,
        primary="BERG",
        secondary="KARI",
        number=number,
        nationality=issuer,
        birth="900507",
        sex="F",
        expiry="300703",
    )


def alike(lines: tuple[str, ...], odds: float, pairs: str = "0O") -> NDArray[np.float32]:
    """Clear print of TD3 `lines` with so much of the second of a pair wherever the first stands in number and dates."""
    chances = np.full((len(lines), len(lines[0]), len(ALPHABET)), -30.0, np.float32)
    for row, line in enumerate(lines):
        chances[row, np.arange(len(line)), [ALPHABET.index(character) for character in line]] = 0
    places = [at for at in (*range(9), *range(13, 19), *range(21, 27)) if lines[1][at] == pairs[0]]
    chances[1, places, ALPHABET.index(pairs[1])] = odds / SHARPNESS
    return chances


@pytest.mark.slow
def test_the_table_is_of_known_states_and_its_forms_exclude_each_other() -> None:
    for (issuer, kind), forms in _table().items():
        assert issuer == "any" or is_known(issuer)
        assert kind in ("", "passport", "card", "visa", "FRA-ID")
        assert len(forms) == len(set(forms))
    for form in (*FORMATS.values(), FRA_ID):
        for issuer, _ in _table():
            for one, other in itertools.combinations(forms_of(form, issuer), 2):
                assert not (one & other).any(axis=1).all(), (form.name, issuer)


def test_a_form_says_what_may_stand_where() -> None:
    forms = forms_of(TD3, "FRA")
    fits = [form for form in forms if all(form[at, ALPHABET.index(c)] for at, c in enumerate("12AB34567"))]
    assert len(fits) == 1
    assert "".join(c for c, may in zip(ALPHABET, fits[0][2], strict=True) if may) == LETTERS
    assert len(forms_of(TD3, "FRA")) == len(forms_of(TD3, "SOM")) + 1, "and for none a number of zeros"
    assert any(all(form[at, ALPHABET.index(c)] for at, c in enumerate("CA12345BZ")) for form in forms_of(TD1, "ITA"))


@pytest.mark.parametrize(
    ("issuer", "number"),
    [("DZA", "000000000"), ("UKR", "XX000000"), ("QAT", "00000000"), ("SOM", "000000000"), ("GBR", "100200300")],
)
def test_zeros_that_look_like_o_are_zeros_where_the_form_says_so(issuer: str, number: str) -> None:
    """Several exchanges would cancel in the check digit; only the form decides."""
    reading = judge(alike(passport(issuer, number), -3.0))
    assert reading is not None
    assert (reading.lines, reading.accepted, reading.reason) == (passport(issuer, number), True, None)


def test_zeros_that_look_like_o_stay_in_doubt_where_no_form_is_known() -> None:
    reading = judge(alike(passport("SOM", "100200300"), -3.0))
    assert reading is not None
    assert (reading.accepted, reading.reason) == (False, CONFUSED)


@pytest.mark.slow
@given(st.sampled_from(sorted(issuer for issuer, kind in _table() if kind == "passport")), st.data())
def test_a_number_that_is_formed_otherwise_is_read_as_printed(issuer: str, data: st.DataObject) -> None:
    """Whatever its issuer's numbers look like, clear print counts, and is accepted."""
    number = data.draw(st.text(DIGITS + LETTERS, min_size=5, max_size=9))
    assume(not number.startswith(FILLER))
    reading = judge(seen(passport(issuer, number), 0.1, data.draw(st.integers(0, 99))))
    assert reading is not None
    assert (reading.lines, reading.accepted) == (passport(issuer, number), True)


@pytest.mark.parametrize("issuer", ["GBR", "NOR", "SOM"])
def test_letters_that_are_misread_are_as_certain_as_others_where_they_are_printed(issuer: str) -> None:
    plain, misread = (judge(seen(passport(issuer, number), 0.1, 4)) for number in ("AUB12V3TT", "AOB12O3II"))
    assert plain is not None
    assert misread is not None
    assert (plain.accepted, misread.accepted) == (True, True)
    assert misread.confidence > 0.998


@pytest.mark.parametrize(("pair", "number"), [("8S", "123456788"), ("6G", "123456766")])
def test_a_form_decides_no_other_character_for_certain(pair: str, number: str) -> None:
    """8 and S are one to every check digit: printed half and half, digits are likelier, and nothing is accepted."""
    assert check_digit(pair[0]) == check_digit(pair[1])
    reading = judge(alike(passport("GBR", number), 0.0, pair))
    assert reading is not None
    assert reading.lines == passport("GBR", number)
    assert (reading.accepted, reading.reason) == (False, "some characters are not certain")
    unlisted = judge(alike(passport("SOM", number), 0.0, pair))
    assert unlisted is not None
    assert unlisted.confidence < 0.6 < reading.confidence


def test_a_wrong_check_digit_is_not_put_right_by_a_form() -> None:
    lines = passport("GBR", "123456788")
    wrong = (lines[0], lines[1][:9] + str((int(lines[1][9]) + 1) % 10) + lines[1][10:])
    reading = judge(alike(wrong, -30.0))
    assert reading is not None
    assert (reading.lines, reading.accepted) == (wrong, False)

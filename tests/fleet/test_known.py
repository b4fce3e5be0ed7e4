"""From a series to an entry of the known-problem list that a kiosk reads, and whether it helped."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.errors import InputError
from stillscan.fleet.known import CAUSES, Entry, Side, cause_of, checked, effect, proposed, written
from stillscan.fleet.series import Key
from stillscan.mrz.parse import parse
from stillscan.verify.known import LANGUAGES, advice, read_list

KEY, TODAY = Key("UTO", "P", 2031), date(2026, 11, 29)
LINES = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F3104159ZE184226B<<<<<10")


@pytest.mark.parametrize("cause", CAUSES)
def test_what_one_press_makes_is_read_by_a_kiosk_and_told_to_its_clerk(cause: str, tmp_path: Path) -> None:
    entry = checked(proposed(KEY, cause, TODAY))
    (tmp_path / "known.toml").write_bytes(written([entry]))
    listed = read_list(tmp_path / "known.toml")
    (told,) = advice(listed, parse(LINES), TODAY)
    assert set(told) == set(LANGUAGES)
    assert all("UTO" in sentence and "2031" in sentence for sentence in told.values())
    assert len(set(told.values())) == 3
    assert advice(listed, parse(LINES), TODAY - timedelta(days=1)) == []
    other = (LINES[0], LINES[1].replace("310415", "320415"))
    assert advice(listed, parse(other), TODAY) == []


texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)
entries = st.builds(
    lambda year, text, days, source: Entry(
        Key("UTO", "P", year), dict.fromkeys(LANGUAGES, text), TODAY, days and TODAY + timedelta(days=days), source
    ),
    st.integers(1990, 2099),
    texts,
    st.none() | st.integers(0, 900),
    texts,
)


@pytest.mark.slow
@given(st.lists(entries, max_size=4))
def test_every_list_is_toml_and_says_what_it_was_made_of(made: list[Entry]) -> None:
    listed = tomllib.loads(written(made).decode()).get("passport", [])
    told = sorted((one["advice"]["en"], one["source"], str(one.get("seen_to"))) for one in listed)
    assert told == sorted((one.advice["en"], one.source, str(one.seen_to)) for one in made)
    assert sorted(one["expires_from"].year for one in listed) == sorted(one.key.expiry_year for one in made)
    assert written(made) == written(made[::-1])


def test_what_no_kiosk_would_read_is_refused() -> None:
    entry = proposed(KEY, "glare", TODAY)
    for wrong in (
        entry._replace(advice={"nb": "Prøv igjen."}),
        entry._replace(advice=dict.fromkeys(LANGUAGES, " ")),
        entry._replace(advice=dict.fromkeys(LANGUAGES, "a\nb")),
        entry._replace(advice=dict.fromkeys(LANGUAGES, "a" * 201)),
        entry._replace(seen_to=TODAY - timedelta(days=1)),
        entry._replace(key=Key("UTO", "P", 1931)),
    ):
        with pytest.raises(InputError):
            checked(wrong)


def test_the_cause_is_what_most_failures_have() -> None:
    assert cause_of(20, {"glare": 15, "smear": 4}) == "glare"
    assert cause_of(20, {"worn_ink": 6, "faint": 5}) == "worn"
    assert cause_of(20, {"glare": 4, "smear": 4}) == "other"
    assert cause_of(20, {}) == cause_of(0, {}) == "other"


def test_whether_it_helped() -> None:
    before = Side(60, 30, 6.0)
    assert effect(before, Side(19, 0, 2.0)) == "early"
    assert effect(before, Side(60, 8, 6.0)) == "helped"
    assert effect(before, Side(60, 27, 6.0)) == "same"
    assert effect(before, Side(60, 55, 6.0)) == "worse"
    assert effect(before, Side(60, 12, 2.0)) == "same", "everything got better at once: it was not the advice"
    assert effect(Side(60, 0, 0.0), Side(60, 0, 0.0)) == "early"

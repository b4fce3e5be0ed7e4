"""Names on letters against names in MRZs: the pairs that must match, must not, and must be left to a person."""

import pytest
from bench.rules import names as names_of_people
from hypothesis import given
from hypothesis import strategies as st

from stillscan.verify import NameMatch, match_name

MATCH, UNCERTAIN, MISMATCH = NameMatch.MATCH, NameMatch.UNCERTAIN, NameMatch.MISMATCH


@pytest.mark.parametrize(
    ("recipient", "primary", "secondary"),
    [
        ("Åse Østenbyen", "OESTENBYEN", "AASE"),
        ("Åse Østenbyen", "OSTENBYEN", "ASE"),
        ("A\u030ase Østenbyen", "OESTENBYEN", "AASE"),
        ("Aase Østenbyen", "OESTENBYEN", "AASE"),
        ("Kari Hansen-Dahl", "HANSEN<DAHL", "KARI"),
        ("Kari Hansen Dahl", "DAHL", "KARI<HANSEN"),
        ("Kari D'Angelo", "DANGELO", "KARI"),
        ("Bjørn Müller", "MUELLER", "BJOERN"),
        ("Bjørn Müller", "MULLER", "BJORN"),
        ("Bjørn Müller", "MUXXLLER", "BJOERN"),
        ("Anna Eriksson", "ERIKSSON", "ANNA<MARIA"),
        ("Maria Eriksson", "ERIKSSON", "ANNA<MARIA"),
        ("Eriksson, Anna", "ERIKSSON", "ANNA MARIA"),
        ("Máret Čáhppes Šuoŋŋá", "CAHPPES<SUONNA", "MARET"),
        ("Ali Ali", "ALI", "ALI"),
        ("Nogivennameperson", "NOGIVENNAMEPERSON", ""),
    ],
)
def test_the_same_name(recipient: str, primary: str, secondary: str) -> None:
    assert match_name(recipient, primary, secondary, truncated=False) is MATCH


@pytest.mark.parametrize(
    ("recipient", "primary", "secondary"),
    [
        ("Håkon Berg", "BERG", "HAKAN"),
        ("Håkon Berg", "BERG", "HAAKAN"),
        ("Kari Hansen", "OLSEN", "KARI"),
        ("Kari Hansen", "HANSEN", "OLA"),
        ("Kari Hansen", "HANSENS", "KARIN"),
        ("Kari Hansenstad", "HANSEN", "KARI"),
        ("Kari", "HANSEN", "OLA"),
    ],
)
def test_another_name(recipient: str, primary: str, secondary: str) -> None:
    assert match_name(recipient, primary, secondary, truncated=False) is MISMATCH


@pytest.mark.parametrize(
    ("recipient", "primary", "secondary"),
    [
        ("Hakon Berg", "BERG", "HAAKON"),  # an accent left out in writing
        ("Kari Dahl Hansen", "HANSEN", "KARI"),  # one word too many on the letter
        ("Kari Kari Hansen", "HANSEN", "KARI"),
        ("Hansen Kari", "HANSEN", "KARI"),  # the wrong way round
        ("Kari", "HANSEN", "KARI"),
        ("Ali", "ALI", "ALI"),
        ("Кари Hansen", "HANSEN", "KARI"),  # letters with no spelling in an MRZ
        ("", "HANSEN", "KARI"),
        ("Kari Hansen", "", ""),
    ],
)
def test_a_name_for_a_person_to_compare(recipient: str, primary: str, secondary: str) -> None:
    assert match_name(recipient, primary, secondary, truncated=False) is UNCERTAIN


@pytest.mark.parametrize(
    ("recipient", "primary", "secondary", "expected"),
    [
        ("Maximilian Verylongsurnamethatkeepsgoing", "VERYLONGSURNAMETHATKEEPSGOING", "MAXIMILI", MATCH),
        ("Maxine Verylongsurnamethatkeepsgoing", "VERYLONGSURNAMETHATKEEPSGOING", "MAXIMILI", UNCERTAIN),
        ("Maria Verylongsurnamethatkeepsgoingandon", "VERYLONGSURNAMETHATKEEPSGOINGANDON", "MAR", UNCERTAIN),
        ("Anna Sofie Verylongsurnamethatkeepsgoing", "VERYLONGSURNAMETHATKEEPSGOING", "ANNABELL", UNCERTAIN),
        ("Maximilian Othersurname", "VERYLONGSURNAMETHATKEEPSGOING", "MAXIMILI", MISMATCH),
        ("Max Maxwell", "MAX", "ANNE<MAX", UNCERTAIN),  # only the last word may be cut, not one that looks like it
        ("Kari Evenlongersurname", "EVENLONGERSURNAM", "", UNCERTAIN),
    ],
)
def test_a_name_field_that_is_full(recipient: str, primary: str, secondary: str, expected: NameMatch) -> None:
    assert match_name(recipient, primary, secondary, truncated=True) is expected
    if expected is MATCH:
        assert match_name(recipient, primary, secondary, truncated=False) is not MATCH


NORWEGIAN = {"Æ": "AE", "Ø": "OE", "Å": "AA", "É": "E"}
names = st.lists(st.text("ABDEGIKLMNRSTÆØÅÉ", min_size=1, max_size=9), min_size=1, max_size=3)


def _mrz(words: list[str]) -> str:
    return "<".join("".join(NORWEGIAN.get(letter, letter) for letter in word) for word in words)


@pytest.mark.slow
@given(names, names)
def test_every_name_matches_its_own_mrz(given_names: list[str], surnames: list[str]) -> None:
    written = " ".join([*given_names, "-".join(surnames)]).title()
    assert match_name(written, _mrz(surnames), _mrz(given_names), truncated=False) is MATCH


@pytest.mark.slow
@given(names, names, st.text("XYZ", min_size=1, max_size=9))
def test_a_word_that_the_mrz_lacks_never_matches(given_names: list[str], surnames: list[str], other: str) -> None:
    for written in (
        [other, *given_names, *surnames],
        [*given_names, other, *surnames],
        [*given_names, *surnames, other],
    ):
        assert match_name(" ".join(written), _mrz(surnames), _mrz(given_names), truncated=False) is not MATCH


@pytest.mark.slow
@given(st.text(), st.text(), st.text(), st.booleans())
def test_any_text_gets_an_answer(recipient: str, primary: str, secondary: str, truncated: bool) -> None:
    assert match_name(recipient, primary, secondary, truncated) in NameMatch


@pytest.mark.slow
@given(names, names, st.booleans())
def test_nothing_matches_without_both_kinds_of_name(some: list[str], more: list[str], truncated: bool) -> None:
    assert match_name(" ".join(more), _mrz(some), "XYZ", truncated) is not MATCH
    assert match_name("", _mrz(some), _mrz(more), truncated) is not MATCH


@pytest.mark.slow
def test_no_stranger_matches_and_hardly_anybody_is_missed() -> None:
    """A part of `make bench-rules`, with people of its own."""
    true, false = names_of_people(1500, seed=2)
    assert false[MATCH] == 0
    assert true[MISMATCH] == 0
    assert true[UNCERTAIN] <= 0.02 * true.total()

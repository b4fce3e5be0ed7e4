"""Identity numbers: the published vectors under both sets of rules, and what no number may get past.

Vectors: Skatteetaten/folkeregisteret-api-dokumentasjon (nyttfnr2032.md, sos-utvidelse-av-dnr-serien.md, its test
data), navikt/fnrvalidator (MIT), ivarref/norwegian-national-id-validator (MIT); those marked own are made for this
project. All are synthetic (month + 80, or the examples of the 2032 description), and nobody's.
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.verify import IdentityNumber, parse_identity_number
from stillscan.verify.identity_number import NEW_RULES_FROM, remainders

TODAY, LATER = date(2026, 11, 29), date(2033, 1, 1)

# number, DDMMYY of the holder, D-nummer?, sex
RIGHT = [
    ("17912099997", "171120", False, "M"),
    ("57912075186", "171120", True, "M"),
    ("29822099635", "290220", False, "F"),
    ("69822075096", "290220", True, "F"),
    ("05840399895", "050403", False, "F"),
    ("45840375084", "050403", True, "F"),
    ("12829499914", "120294", False, "M"),
    ("52829400197", "120294", True, "M"),
    ("12905299938", "121052", False, "M"),
    ("52905200100", "121052", True, "M"),
    ("21883649874", "210836", False, "F"),
    ("61883600222", "210836", True, "F"),
    ("21929774873", "211297", False, "F"),
    ("61929750062", "211297", True, "F"),
    ("41814061033", "010140", True, "F"),
    ("41814065640", "010140", True, "F"),
    ("41814075603", "010140", True, "F"),
    ("41810021827", "010100", True, "F"),
    ("41810025091", "010100", True, "F"),
    ("41810034422", "010100", True, "F"),
    ("23906398699", "231063", False, "F"),
    ("24856399504", "240563", False, "M"),
    ("13873249565", "130732", False, "M"),
    ("12824996154", "120249", False, "M"),
    ("12812199631", "120121", False, "F"),
    ("10884399853", "100843", False, "F"),
    ("13922947702", "131229", False, "M"),
    ("17859199917", "170591", False, "M"),  # own
    ("57859199900", "170591", True, "M"),  # own
    ("01923299870", "011232", False, "F"),  # own
]
FROM_2032 = [
    "17859199925", "17859199933", "17859199941", "57859199919", "57859199927", "57859199935", "01923299889",
    "01923299897", "02013299903", "30108299939",
]  # fmt: skip
NEVER = ["13932947702", "02013299987", "02013299996", "15507600333", "55507608360", "29422059278", "69422056629"]


@pytest.mark.parametrize(("number", "birth", "foreign", "sex"), RIGHT)
def test_numbers_that_are_right_under_both_rules(number: str, birth: str, foreign: bool, sex: str) -> None:
    for today in (TODAY, LATER):
        found = parse_identity_number(number, today)
        assert found is not None
        assert (found.birth, found.kind, found.sex) == (birth, "D-nummer" if foreign else "fødselsnummer", sex)
        assert found.synthetic
        assert found.surely_old == (today < NEW_RULES_FROM)


@pytest.mark.parametrize("number", FROM_2032)
def test_numbers_that_are_right_only_from_2032(number: str) -> None:
    assert parse_identity_number(number, date(2031, 12, 31)) is None
    found = parse_identity_number(number, NEW_RULES_FROM)
    assert found is not None
    assert found.sex is None


@pytest.mark.parametrize("number", ["02013299997", "02013299806", "30108299920"])
def test_the_other_examples_of_the_2032_description(number: str) -> None:
    found = parse_identity_number(number, TODAY)
    assert found is not None
    assert not found.synthetic


@pytest.mark.parametrize("number", NEVER)
def test_numbers_that_are_never_right(number: str) -> None:
    assert parse_identity_number(number, TODAY) is None
    assert parse_identity_number(number, LATER) is None


@pytest.mark.parametrize("number", ["15507600333", "29422059278"])
def test_numbers_with_month_plus_40_have_right_digits_and_are_not_taken(number: str) -> None:
    assert remainders(number) == (0, 0)
    assert parse_identity_number(number, TODAY) is None


def test_spaces_are_left_out_and_nothing_else() -> None:
    assert parse_identity_number("178591 99917", TODAY) is not None
    for text in (
        "178591-99917",
        "17859199917\n",
        "\uff1117859199917",
        "\uff11785919991",
        "٠١٢٣٤٥٦٧٨٩٠",
        "",
        "1785919991",
        "178591999170",
    ):
        assert parse_identity_number(text, TODAY) is None


def _with_digits(date_part: str, individuals: range) -> list[str]:
    """All numbers of these individual numbers that have control digits."""
    bodies = (f"{date_part}{individual:03d}" for individual in individuals)
    return [f"{body}{k:02d}" for body in bodies for k in range(100) if remainders(f"{body}{k:02d}") == (0, 0)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("date_part", "individuals"),
    [
        ("178546", range(500, 900)),  # a series that was never assigned for 1940 to 1953
        ("178591", range(750, 900)),  # nor this one for 1954 to 1999
        ("578546", range(500, 600)),  # nor to D-numbers
        ("298299", range(500)),  # 1999 is no leap year
        ("328591", range(500)),  # days after 31 and before the D-numbers'
        ("728591", range(500)),  # and after them
        ("818591", range(500)),  # numbers without a date (FH)
        ("179391", range(500)),  # months after all marked ones
        ("174591", range(500)),  # month + 40: H-numbers and others' test numbers
        ("170091", range(500)),
        ("178091", range(500)),
    ],
)
def test_a_date_or_series_that_was_never_assigned_is_refused(date_part: str, individuals: range) -> None:
    numbers = _with_digits(date_part, individuals)
    assert len(numbers) > 50
    assert [number for number in numbers if parse_identity_number(number, TODAY) is not None] == []


@pytest.mark.slow
def test_29_february_needs_a_leap_year_of_its_own_century() -> None:
    assert all(parse_identity_number(number, TODAY) for number in _with_digits("298200", range(500, 1000)))  # 2000
    assert not any(parse_identity_number(number, TODAY) for number in _with_digits("298200", range(500)))  # 1900
    assert not any(parse_identity_number(number, LATER) for number in _with_digits("298201", range(1000)))


@pytest.mark.slow
@given(st.text(max_size=14) | st.text("0123456789", min_size=11, max_size=11), st.dates(date(2026, 1, 1)))
def test_any_text_gets_an_answer(text: str, today: date) -> None:
    found = parse_identity_number(text, today)
    assert found is None or isinstance(found, IdentityNumber)
    if found is not None:
        assert text.replace(" ", "")[-5:] not in repr(found)


@given(st.sampled_from(RIGHT), st.integers(0, 10), st.integers(1, 9))
def test_no_single_wrong_digit_gets_past(right: tuple[str, str, bool, str], place: int, off: int) -> None:
    number = right[0]
    typed = number[:place] + str((int(number[place]) + off) % 10) + number[place + 1 :]
    assert parse_identity_number(typed, TODAY) is None
    assert remainders(typed)[1] != 0


@given(st.sampled_from(FROM_2032), st.integers(0, 10), st.integers(1, 9))
def test_nor_under_the_rules_of_2032(number: str, place: int, off: int) -> None:
    typed = number[:place] + str((int(number[place]) + off) % 10) + number[place + 1 :]
    assert parse_identity_number(typed, LATER) is None

"""Tracking numbers: vectors of three kinds, look-alikes, and what no input may do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.cli import main
from stillscan.records.errors import FieldError
from stillscan.records.tracking import Kind, kind, normalise, s10_check_digit, sscc_check_digit

# Check digits recomputed from UPU S10 (weights 8 6 4 2 3 5 9 7) and GS1's SSCC. The invalid ones among them are
# illustrations on Posten's own pages, whose check digits are wrong.
S10 = ["RR123456785NO", "CS111111115NO", "RA473124829NO", "RR000000080NO", "RR000000155NO", "RR473124829GB"]
SSCC = ["370438101015432114", "370733344455566670", "370000000000000011"]
WRONG = ["RR123456784NO", "CS111111111NO", "370438101015432113", "370733344455566677"]
TEST_IDS = [f"TESTPACKAGE-{name}" for name in ("AT-PICKUPPOINT", "EDI", "DELIVERED", "0001", "MOSS-17-A")]


@pytest.mark.parametrize(
    ("number", "expected"),
    [*((n, "s10") for n in S10), *((n, "sscc") for n in SSCC), ("37043810101543211", "consignment")],
)
def test_valid_numbers_of_each_kind(number: str, expected: Kind) -> None:
    assert kind(number) == expected
    assert normalise(number) == number


@pytest.mark.parametrize("number", WRONG)
def test_a_wrong_check_digit_is_said_to_be_one(number: str) -> None:
    with pytest.raises(FieldError, match="check digit is wrong") as caught:
        normalise(number)
    assert number not in str(caught.value)


@pytest.mark.parametrize(
    "typed", ["rr 1234 5678 5 no", " RR123456785NO\r\n", "RR 123 456 785\u00a0NO", "Rr123456785nO"]
)
def test_spaces_and_lower_case_are_taken(typed: str) -> None:
    assert normalise(typed) == "RR123456785NO"


@pytest.mark.parametrize("number", TEST_IDS)
def test_test_ids_are_no_real_letters(number: str) -> None:
    with pytest.raises(FieldError, match="test id"):
        normalise(number)
    assert normalise(number.lower(), test=True) == number


@pytest.mark.parametrize("rest", ["", "-", "A--B", "-A", "A-", "Å", "0" * 53])
def test_what_only_begins_as_a_test_id_is_told_their_form(rest: str) -> None:
    with pytest.raises(FieldError, match="TESTPACKAGE- and capitals or digits"):
        normalise(f"TESTPACKAGE-{rest}", test=True)


def test_the_id_that_help_names_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["consignment", "import", "--help"])
    named = re.findall(r"TESTPACKAGE-[^\s),]*", capsys.readouterr().out)
    assert named
    assert [normalise(number, test=True) for number in named] == named


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "RR123456785",
        "RRR23456785NO",
        "RR12345678NO",
        "1234567890123456",
        "1234567890123456789",
        "٣٧٠٤٣٨١٠١٠١٥٤٣٢١١٤",
        "rr123456785nı",  # noqa: RUF001 - a dotless i, whose capital is I
        "RR123456785NO\x00",
        "'; DROP TABLE consignment;--",
        "<b>RR123456785NO</b>",
        "RR123456785NO" * 1000,
    ],
)
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(FieldError, match=r"^tracking: "):
        normalise(typed)


def test_both_exceptions_of_s10() -> None:
    assert s10_check_digit("00000008") == "0"  # 11 - remainder is 10
    assert s10_check_digit("00000015") == "5"  # 11 - remainder is 11


@pytest.mark.slow
@given(st.text(), st.booleans())
def test_no_text_does_anything_but_be_refused_or_taken(typed: str, test: bool) -> None:
    try:
        number = normalise(typed, test=test)
    except FieldError:
        return
    assert normalise(number, test=test) == number
    assert number.isascii()


@pytest.mark.slow
@given(st.from_regex(r"[A-Z]{2}[0-9]{8}", fullmatch=True), st.from_regex(r"[A-Z]{2}", fullmatch=True))
def test_s10_takes_one_digit_and_sees_every_single_error(head: str, country: str) -> None:
    right = s10_check_digit(head[2:])
    taken = [digit for digit in "0123456789" if _taken(f"{head}{digit}{country}")]
    assert taken == [right]
    for place in range(2, 10):
        for digit in set("0123456789") - {head[place]}:
            other = head[:place] + digit + head[place + 1 :]
            # 10 and 0, and 11 and 5, share a digit: the rest is seen.
            assert not _taken(f"{other}{right}{country}") or right in "05"


@pytest.mark.slow
@given(st.from_regex(r"[0-9]{17}", fullmatch=True), st.integers(0, 16), st.integers(1, 9))
def test_sscc_sees_every_single_error(digits: str, place: int, by: int) -> None:
    right = sscc_check_digit(digits)
    assert _taken(digits + right)
    other = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assert not _taken(other + right)


def _taken(number: str) -> bool:
    try:
        kind(number)
    except FieldError:
        return False
    return True

"""The rules about the second document: its identity number held against the passport."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from passports import ELSEWHERE, LETTER, SWEDISH, TEST, mrz, reasons

from stillscan.verify import OK


@pytest.mark.parametrize(
    ("number", "fields", "expected"),
    [
        (None, {}, "second_document_missing"),
        ("17859199917", {}, OK),
        ("178591 99917", {}, OK),
        ("17859199917", {"birth": "910518"}, "identity_number_mismatch"),
        ("17859199917", {"sex": "F"}, "identity_number_mismatch"),
        ("17859199917", {"sex": "<"}, OK),
        ("17859199917", {"birth": "9105<<"}, "identity_number_unverifiable"),
        ("17859199917", {"birth": "<<<<<<", "sex": "<"}, "identity_number_unverifiable"),
        ("17859199917", {"birth": "9106<<"}, "identity_number_mismatch"),
        ("57859199900", {}, OK),
        ("57859199900", {"birth": "910518"}, "identity_number_unverifiable"),
        ("57859199900", {"sex": "F"}, "identity_number_unverifiable"),
        ("17859199925", {}, "identity_number_invalid"),
        ("17859199918", {}, "identity_number_invalid"),
        ("", {}, "identity_number_invalid"),
        ("15507600333", {"birth": "761015"}, "identity_number_invalid"),
    ],
)
def test_the_second_document(number: str | None, fields: dict[str, str], expected: str) -> None:
    assert reasons(SWEDISH, mrz=mrz(**ELSEWHERE, **fields), second_document=number) == expected


def test_numbers_of_the_rules_of_2032() -> None:
    later = replace(
        SWEDISH,
        mrz=mrz(**ELSEWHERE, expiry="400101"),
        now=datetime(2032, 1, 1, tzinfo=UTC),
        consignment=replace(LETTER, deadline=date(2032, 1, 2)),
    )
    assert reasons(later, second_document="17859199925") == OK
    assert reasons(later, second_document="17859199925", mrz=mrz(**ELSEWHERE, expiry="400101", sex="F")) == OK
    assert reasons(later, second_document="17859199917") == OK
    other_sex = mrz(**ELSEWHERE, expiry="400101", sex="F")
    assert reasons(later, second_document="17859199917", mrz=other_sex) == "identity_number_unverifiable"


def test_test_numbers_are_taken_in_test_mode_only() -> None:
    assert reasons(SWEDISH, test_mode=False) == "identity_number_synthetic"
    wrong = mrz(**ELSEWHERE, sex="F")
    assert reasons(SWEDISH, test_mode=False, mrz=wrong) == "identity_number_synthetic identity_number_mismatch"


def test_a_norwegian_passport_needs_no_second_document_but_a_wrong_one_counts() -> None:
    assert reasons(TEST, second_document="17859199917") == OK
    assert reasons(TEST, second_document="17859199918") == "identity_number_invalid"
    assert reasons(TEST, second_document="17859199917", mrz=mrz(sex="F")) == "identity_number_mismatch"


@pytest.mark.parametrize(
    ("optional", "expected"),
    [
        ("17859199917", OK),
        ("99917", OK),
        ("99900", "identity_number_mismatch"),
        ("57859199900", "identity_number_mismatch"),
        ("12345678901", OK),  # no identity number: something else
        ("AB12<34", OK),
        ("1", OK),
    ],
)
def test_a_number_printed_in_a_norwegian_passport_is_compared(optional: str, expected: str) -> None:
    assert reasons(TEST, second_document="17859199917", mrz=mrz(optional=optional)) == expected
    assert reasons(SWEDISH, mrz=mrz(**ELSEWHERE, optional=optional)) == OK

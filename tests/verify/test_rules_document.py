"""The rules about the document: kind, origin, dates, and what was not read."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from passports import CARD, GOOD, SWEDISH, TEST, VISA_A, broken, mrz, reasons

from stillscan.verify import OK, Case, decide_case


@pytest.mark.parametrize("code", ["P<", "PP", "PD", "PO", "PR", "PT", "PS", "PV", "PA", "PN", "PZ"])
def test_documents_that_are_taken(code: str) -> None:
    assert reasons(GOOD, mrz=mrz(code=code)) == OK


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("PE", "emergency_passport"),
        ("PL", "document_not_passport"),
        ("PM", "document_not_passport"),
        ("PU", "document_not_passport"),
        ("RP", "document_not_passport"),
        ("I<", "document_not_passport"),
        ("ID", "document_not_passport"),
        ("AC", "document_not_passport"),
    ],
)
def test_documents_that_are_not_taken(code: str, expected: str) -> None:
    assert reasons(GOOD, mrz=mrz(code=code)) == expected
    assert decide_case(replace(GOOD, mrz=mrz(code=code))).verdict == "refuse"


# Doc 9303-6 and -7, appendix B, as published MRZ libraries hold them
CARD_2 = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
VISA_B = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<")


@pytest.mark.parametrize("lines", [CARD, CARD_2, VISA_A, VISA_B])
def test_cards_and_visas_are_not_taken(lines: tuple[str, ...]) -> None:
    found = reasons(TEST, mrz=lines)
    assert "document_not_passport" in found
    assert "second_document" not in found
    assert ("document_expired" in found) == (lines is not CARD)
    assert decide_case(replace(TEST, mrz=lines)).verdict == "refuse"


@pytest.mark.parametrize(
    "lines",
    [
        mrz(issuer="UTO"),
        mrz(nationality="UTO"),
        mrz(number="000000000"),
        mrz(number="00000"),
        mrz(number=""),
    ],
)
def test_specimens_are_taken_in_test_mode_only(lines: tuple[str, str]) -> None:
    number = {"second_document": "17859199917"}
    assert "specimen_document" in reasons(GOOD, mrz=lines, **number)
    assert reasons(TEST, mrz=lines, **number) == OK


@pytest.mark.parametrize("code", ["D", "RKS", "GBD", "EUE", "UNO", "XOM", "XPO", "DEU", "ROU", "TWN"])
def test_issuers_that_there_are(code: str) -> None:
    assert reasons(SWEDISH, mrz=mrz(issuer=code, nationality="SWE")) == OK


@pytest.mark.parametrize("code", ["XAA", "ZZZ", "", "NO", "N", "XXA", "ROM", "GER"])
def test_issuers_that_there_are_not(code: str) -> None:
    assert reasons(SWEDISH, mrz=mrz(issuer=code, nationality="SWE")) == "issuer_unknown"


@pytest.mark.parametrize("code", ["D", "RKS", "XXA", "XXB", "XXC", "XXX", "GBN", "UNK"])
def test_nationalities_that_there_are(code: str) -> None:
    assert reasons(GOOD, mrz=mrz(nationality=code)) == OK


@pytest.mark.parametrize("code", ["XAA", "ZZZ", "", "NO"])
def test_nationalities_that_there_are_not(code: str) -> None:
    assert reasons(GOOD, mrz=mrz(nationality=code)) == "nationality_unknown"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"expiry": "261129"}, OK),  # valid through its last day
        ({"expiry": "261128"}, "document_expired"),
        ({"expiry": "120415"}, "document_expired"),
        ({"expiry": "940623"}, "document_expired"),  # 1994: machine readable passports began in 1980
        ({"expiry": "600101"}, "date_implausible"),
        ({"expiry": "311301"}, "date_implausible"),
        ({"expiry": "310229"}, "date_implausible"),
        ({"expiry": "<<<<<<"}, "mrz_uncertain date_implausible"),
        ({"birth": "261129"}, OK),
        ({"birth": "261130"}, OK),  # 1926
        ({"birth": "000229"}, OK),
        ({"birth": "910229"}, "date_implausible"),
        ({"birth": "911301"}, "date_implausible"),
        ({"birth": "910500"}, "date_implausible"),
        ({"birth": "9105<<"}, OK),
        ({"birth": "<<<<<<"}, OK),
        ({"birth": "9113<<"}, "date_implausible"),
        ({"birth": "91051<"}, "date_implausible"),
        ({"birth": "910229", "expiry": "260229"}, "date_implausible"),
        ({"birth": "910229", "expiry": "250101"}, "document_expired date_implausible"),
    ],
)
def test_dates(fields: dict[str, str], expected: str) -> None:
    assert reasons(GOOD, mrz=mrz(**fields)) == expected


def test_the_day_is_that_of_utc() -> None:
    last = mrz(expiry="261129")
    assert reasons(GOOD, mrz=last, now=datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC)) == OK
    assert reasons(GOOD, mrz=last, now=datetime(2026, 11, 30, tzinfo=UTC)) == "document_expired"
    assert reasons(GOOD, mrz=last, now=datetime.fromisoformat("2026-11-30T00:30:00+01:00")) == OK


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (replace(GOOD, mrz=None), "mrz_missing"),
        (replace(GOOD, certain=False), "mrz_uncertain"),
        (replace(GOOD, mrz=mrz(sex="X")), "mrz_uncertain"),
        (replace(GOOD, mrz=()), "format_unknown"),
        (replace(GOOD, mrz=("P<NOR", "")), "format_unknown"),
        (replace(GOOD, mrz=mrz()[:1]), "format_unknown"),
        (replace(GOOD, mrz=(mrz()[0].lower(), mrz()[1])), "format_unknown"),
        (replace(GOOD, mrz=(mrz()[0].replace("Z", "Ø"), mrz()[1] + "<")), "format_unknown"),
        (replace(GOOD, mrz=broken(9)), "check_digit_failed"),
        (replace(GOOD, mrz=broken(19)), "check_digit_failed"),
        (replace(GOOD, mrz=broken(27)), "check_digit_failed"),
        (replace(GOOD, mrz=broken(42, optional="1")), "check_digit_failed"),
        (replace(GOOD, mrz=broken(43)), "check_digit_failed"),
    ],
)
def test_what_was_not_read_is_scanned_again(case: Case, expected: str) -> None:
    assert reasons(case) == expected
    assert decide_case(case).verdict == "rescan"


def test_what_is_not_certain_is_not_judged() -> None:
    wrong = mrz(issuer="ZZZ", names="HANSEN<<KARI", expiry="200101", code="ID")
    assert reasons(GOOD, mrz=wrong, certain=False) == "mrz_uncertain"
    assert reasons(GOOD, mrz=broken(27, expiry="200101")) == "check_digit_failed"
    assert reasons(GOOD, mrz=broken(19, birth="911301")) == "check_digit_failed"
    assert reasons(GOOD, mrz=broken(9, number="000000000")) == "check_digit_failed"
    # a text that fools the arithmetic: L read as 1 leaves every digit right, so only the reader's doubt can tell
    blind = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "1898902C36UTO7408122F1204159ZE184226B<<<<<10")
    assert "check_digit_failed" not in reasons(TEST, mrz=blind)

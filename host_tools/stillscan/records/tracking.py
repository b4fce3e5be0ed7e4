"""Tracking numbers of letters: S10 (13 characters), SSCC (18 digits) and Posten's consignment number (17 digits).

Posten says "13 characters (4 letters + 9 digits), 17 or 18 digits" (posten.no/sporing-kundeservice). S10 is the UPU's
standard, SSCC is GS1's; both end in a check digit. For 17 digits no rule is published that its samples obey, so only
the length is checked.
"""

from __future__ import annotations

import re
from typing import Literal

from stillscan.records.barcode import numbers_in
from stillscan.records.errors import FieldError
from stillscan.verify.typed import unframed

Kind = Literal["s10", "sscc", "consignment", "test"]

_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
_DIGITS = re.compile(r"[0-9]+")
_TEST_BEGINS = "TESTPACKAGE-"
_TEST = re.compile(rf"{_TEST_BEGINS}[A-Z0-9]+(-[A-Z0-9]+)*")
"""As those of Bring's tracking service (TESTPACKAGE-EDI), or of one's own: for trying out, never on a letter."""
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)  # of the check digit (UPU S10)
_LONGEST = 64  # characters: three times the 20 of an SSCC, and the width of its column in the database
MOST_SCANNED = 320
"""Characters of what is typed or scanned for a number: a Data Matrix of GS1 with the addresses that a label may hold
(Scan4Transport) has some 300, and so many of any kind fit into a form."""


def numbers(text: str, *, test: bool = False) -> list[str]:
    """The tracking numbers in what was typed or scanned, as `normalise` spells them: the letter's own is the first.

    FieldError when there is none, which says what is wrong with the first.
    """
    found = list[str]()
    wrong: FieldError | None = None
    for number in _in(text[:MOST_SCANNED].strip()):
        number = number.upper() if number.isascii() else number
        try:
            kind(number, test=test)
        except FieldError as error:
            wrong = wrong or error
        else:
            found.append(number)
    if not found and wrong is not None:
        raise wrong
    return found


def normalise(text: str, *, test: bool = False) -> str:
    """The tracking number in the one spelling that is stored: capitals and digits, without what people type between.

    What a bar code scanner sends counts too: symbology and application identifiers are taken off (`barcode`).

    With `test`, test ids (TESTPACKAGE-0001) are numbers too. FieldError for anything that is not a tracking number.
    """
    return numbers(text, test=test)[0]


def _in(text: str) -> list[str]:
    bare = unframed(text)
    return [bare] if bare.upper().startswith(_TEST_BEGINS) else numbers_in(bare)  # a test id has hyphens of its own


def is_number(text: str) -> bool:
    """Whether somebody who typed or scanned this meant a letter."""
    try:
        normalise(text, test=True)
    except FieldError:
        return False
    return True


def kind(number: str, *, test: bool = False) -> Kind:
    """Which kind a normalised tracking number is. FieldError names what is wrong, without repeating the number."""
    if not number:
        raise _wrong("is empty")
    if _TEST.fullmatch(number) and len(number) <= _LONGEST:
        if test:
            return "test"
        raise _wrong("is a test id, not a letter's number")
    if number.startswith(_TEST_BEGINS):
        raise _wrong(f"is {_TEST_BEGINS} and capitals or digits, with single hyphens between, {_LONGEST} at most")
    if _S10.fullmatch(number):
        if number[10] != s10_check_digit(number[2:10]):
            raise _wrong("its check digit is wrong; please type it again")
        return "s10"
    if not _DIGITS.fullmatch(number) or len(number) not in (17, 18):
        raise _wrong("is 13 characters (2 letters, 9 digits, 2 letters), 17 digits or 18 digits")
    if len(number) == 17:
        return "consignment"
    if number[17] != sscc_check_digit(number[:17]):
        raise _wrong("its check digit is wrong; please type it again")
    return "sscc"


def s10_check_digit(serial: str) -> str:
    """Check digit of the 8 digits of an S10 number (UPU S10: weighted sum, 11 minus its remainder by 11)."""
    digit = 11 - sum(weight * int(character) for weight, character in zip(_S10_WEIGHTS, serial, strict=True)) % 11
    return str({10: 0, 11: 5}.get(digit, digit))


def sscc_check_digit(digits: str) -> str:
    """Check digit of the 17 digits before it (GS1: weights 3 and 1 in turn from the right, sum up to a ten)."""
    total = sum(int(character) * (3 if i % 2 == 0 else 1) for i, character in enumerate(reversed(digits)))
    return str(-total % 10)


def _wrong(problem: str) -> FieldError:
    return FieldError("tracking", problem)

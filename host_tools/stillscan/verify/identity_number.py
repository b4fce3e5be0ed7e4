"""Norwegian identity numbers: fødselsnummer and D-nummer, DDMMYY III K1 K2.

Layout, control digits and their renewal in 2032: Skatteetaten/folkeregisteret-api-dokumentasjon, nyttfnr2032.md;
centuries of D-numbers: sos-utvidelse-av-dnr-serien.md in the same place.
Other marked numbers (H-nummer, FH-nummer, month + 40) are nobody's proof of identity and are not taken.
"""

from calendar import isleap
from datetime import date
from typing import Literal, NamedTuple

NEW_RULES_FROM = date(2032, 1, 1)
"""From this day numbers are assigned that have one of three further first control digits."""
_LENGTH = 11  # six digits of the date, three of the individual number, two control digits
_ANY = [1800, 1900, 2000]  # centuries that a number without known ones may belong to
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Of each month, from 1; the 29th of February is looked up later."""
_DEFECT = 48 * (3 + 7 + 6 + 1 + 8 + 9 + 4 + 5 + 2 + 1)  # of the sums over ASCII codes instead of digits
_DEFECT_2 = 48 * (5 + 4 + 3 + 2 + 7 + 6 + 5 + 4 + 3 + 2 + 1)  # the same for the second control digit


class IdentityNumber(NamedTuple):
    """What a number says of its holder. Never prints itself: numbers do not belong in logs."""

    kind: Literal["fødselsnummer", "D-nummer"]
    birth: str
    """Date of birth as DDMMYY, markers taken off. The century is not to be had: the passport has it."""
    sex: Literal["M", "F"] | None
    """None when the number was assigned under the rules of 2032, which do not tell."""
    synthetic: bool
    """A test number (month + 80), nobody's."""
    surely_old: bool
    """Assigned before 2032, so that `sex` means something."""

    def __repr__(self) -> str:
        return f"IdentityNumber(kind={self.kind!r}, synthetic={self.synthetic})"


def remainders(number: str) -> tuple[int, int]:
    """(r1, r2): what the two weighted sums of 11 digits leave modulo 11, control digits included.

    Both 0: right today. r1 in 0..3 and r2 = 0: right for numbers assigned from 2032.
    """
    a, b, c, d, e, f, g, h, i, j, k = number.encode("ascii")
    r1 = 3 * a + 7 * b + 6 * c + d + 8 * e + 9 * f + 4 * g + 5 * h + 2 * i + j - _DEFECT
    r2 = 5 * a + 4 * b + 3 * c + 2 * d + 7 * e + 6 * f + 5 * g + 4 * h + 3 * i + 2 * j + k - _DEFECT_2
    return r1 % 11, r2 % 11


def parse_identity_number(text: str, today: date) -> IdentityNumber | None:
    """The number of 11 digits, or None when it is none that can have been assigned by `today`.

    Spaces are left out ("170591 99917"). Any text is taken; nothing is raised.
    """
    number = text.replace(" ", "")
    if len(number) != _LENGTH or not (number.isascii() and number.isdigit()):
        return None
    r1, r2 = remainders(number)
    old = today < NEW_RULES_FROM
    if r2 or r1 > 3 or (r1 and old):
        return None
    day, month, individual = int(number[:2]), int(number[2:4]), int(number[6:9])
    foreign, synthetic = day > 40, month > 80
    day -= 40 if foreign else 0
    month -= 80 if synthetic else 0
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month]):
        return None
    year = int(number[4:6])
    centuries = _ANY if not old else _d_centuries(individual, year) if foreign else _centuries(individual, year)
    if not centuries or (day == 29 and month == 2 and not any(isleap(century + year) for century in centuries)):
        return None
    sex: Literal["M", "F"] | None = None if r1 else "M" if individual % 2 else "F"
    birth = f"{day:02d}{month:02d}{number[4:6]}"
    return IdentityNumber("D-nummer" if foreign else "fødselsnummer", birth, sex, synthetic, old)


def _centuries(individual: int, year: int) -> list[int]:
    """Of a fødselsnummer's year of birth, for numbers assigned before 2032."""
    found = []
    if 500 <= individual <= 749 and year >= 54:
        found.append(1800)
    if individual <= 499 or (individual >= 900 and year >= 40):
        found.append(1900)
    if individual >= 500 and year <= 39:
        found.append(2000)
    return found


def _d_centuries(individual: int, year: int) -> list[int]:
    """Of a D-nummer's: the series of November 2021, and the fødselsnummer's, by which older ones were assigned."""
    first = individual // 100
    found = _centuries(individual, year)
    if first == 5 and year >= 58:
        found.append(1800)
    if (first != 5 and year >= 40) or first <= 1:
        found.append(1900)
    if first >= 2 and year <= 39:
        found.append(2000)
    return found

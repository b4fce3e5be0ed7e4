"""Where each field is printed, as data: the five MRZ formats of ICAO Doc 9303 parts 4 to 7, and three national ones.

Positions here are (line, first, end) counted from 0, `end` not included; the standard counts from 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.errors import MrzError


class Span(NamedTuple):
    """A run of characters in one line of the MRZ."""

    line: int
    first: int
    end: int

    def of(self, lines: Sequence[str]) -> str:
        """The characters of this run."""
        return lines[self.line][self.first : self.end]


@dataclass(frozen=True)
class CheckDigit:
    """One check digit: what it covers, in order, and where it is printed."""

    name: str
    covers: tuple[Span, ...]
    digit: Span


@dataclass(frozen=True)
class Format:
    """One MRZ format: its size, its fields and its check digits."""

    name: str
    rows: int
    columns: int
    code: Span
    issuer: Span
    names: Span
    number: Span
    nationality: Span | None
    """None where a card is for nationals alone."""
    birth: Span | None
    """None where it is not printed, as the next two."""
    sex: Span | None
    expiry: Span | None
    optional: tuple[Span, ...]
    checks: tuple[CheckDigit, ...]
    given: Span | None = None
    """Given names where they do not follow the surname."""
    first_columns: int | None = None
    """Characters of the first line where it is shorter than the others. Lines that are read end in fillers instead."""

    @property
    def long_number(self) -> bool:
        """Whether a document number of more than nine characters may run on into the optional data (TD1, TD2)."""
        return self.name in ("TD1", "TD2")

    def check(self, name: str) -> CheckDigit:
        """The check digit called `name`."""
        return next(check for check in self.checks if check.name == name)


def _two_lines(name: str, columns: int, optional_end: int, *, optional_check: bool, composite: bool) -> Format:
    """TD2, TD3 and the two visa formats share one order of fields and differ in what follows the expiry date."""
    number, birth, expiry, optional = Span(1, 0, 9), Span(1, 13, 19), Span(1, 21, 27), Span(1, 28, optional_end)
    checks = [
        CheckDigit("number", (number,), Span(1, 9, 10)),
        CheckDigit("birth", (birth,), Span(1, 19, 20)),
        CheckDigit("expiry", (expiry,), Span(1, 27, 28)),
    ]
    if optional_check:
        checks.append(CheckDigit("optional", (optional,), Span(1, optional_end, optional_end + 1)))
    if composite:
        covers = (Span(1, 0, 10), Span(1, 13, 20), Span(1, 21, columns - 1))
        checks.append(CheckDigit("composite", covers, Span(1, columns - 1, columns)))
    return Format(
        name=name,
        rows=2,
        columns=columns,
        code=Span(0, 0, 2),
        issuer=Span(0, 2, 5),
        names=Span(0, 5, columns),
        number=number,
        nationality=Span(1, 10, 13),
        birth=birth,
        sex=Span(1, 20, 21),
        expiry=expiry,
        optional=(optional,),
        checks=tuple(checks),
    )


TD3 = _two_lines("TD3", 44, 42, optional_check=True, composite=True)
TD2 = _two_lines("TD2", 36, 35, optional_check=False, composite=True)
MRV_A = _two_lines("MRV-A", 44, 44, optional_check=False, composite=False)
MRV_B = _two_lines("MRV-B", 36, 36, optional_check=False, composite=False)
TD1 = Format(
    name="TD1",
    rows=3,
    columns=30,
    code=Span(0, 0, 2),
    issuer=Span(0, 2, 5),
    names=Span(2, 0, 30),
    number=Span(0, 5, 14),
    nationality=Span(1, 15, 18),
    birth=Span(1, 0, 6),
    sex=Span(1, 7, 8),
    expiry=Span(1, 8, 14),
    optional=(Span(0, 15, 30), Span(1, 18, 29)),
    checks=(
        CheckDigit("number", (Span(0, 5, 14),), Span(0, 14, 15)),
        CheckDigit("birth", (Span(1, 0, 6),), Span(1, 6, 7)),
        CheckDigit("expiry", (Span(1, 8, 14),), Span(1, 14, 15)),
        CheckDigit("composite", (Span(0, 5, 30), Span(1, 0, 7), Span(1, 8, 15), Span(1, 18, 29)), Span(1, 29, 30)),
    ),
)
FORMATS = {form.name: form for form in (TD1, TD2, TD3, MRV_A, MRV_B)}
"""Those of Doc 9303, by name."""
SIZES = {(form.rows, form.columns) for form in FORMATS.values()}
FRA_ID = Format(
    name="FRA-ID",
    rows=2,
    columns=36,
    code=Span(0, 0, 2),
    issuer=Span(0, 2, 5),
    names=Span(0, 5, 30),
    given=Span(1, 13, 27),
    number=Span(1, 0, 12),
    nationality=None,
    birth=Span(1, 27, 33),
    sex=Span(1, 34, 35),
    expiry=None,
    optional=(Span(0, 30, 36),),
    checks=(
        CheckDigit("number", (Span(1, 0, 12),), Span(1, 12, 13)),
        CheckDigit("birth", (Span(1, 27, 33),), Span(1, 33, 34)),
        CheckDigit("composite", (Span(0, 0, 36), Span(1, 0, 35)), Span(1, 35, 36)),
    ),
)
"""The French national identity card of 1988 to 2021, with rules of its own (as public descriptions of the specimen card
agree): the number begins with year and month of issue, the office that issued it stands behind the surname, and no date
of expiry is printed. Its beginning, IDFRA, tells it from a TD2, which France did not issue."""
_IDFRA = "IDFRA"


CHE_DL = Format(
    name="CHE-DL",
    rows=3,
    columns=30,
    first_columns=9,
    code=Span(1, 0, 2),
    issuer=Span(1, 2, 5),
    names=Span(2, 0, 30),
    number=Span(1, 5, 17),
    nationality=None,
    birth=Span(1, 19, 25),
    sex=None,
    expiry=None,
    optional=(Span(0, 0, 9),),
    checks=(),
)
"""The Swiss driving licence as a card (npm mrz, swissDrivingLicenseFields.ts): the number of the blank, a letter for
its language, in a line of nine characters; then number and version, and no check digit at all."""
FRA_DL = Format(
    name="FRA-DL",
    rows=1,
    columns=30,
    code=Span(0, 0, 2),
    issuer=Span(0, 2, 5),
    names=Span(0, 21, 29),
    number=Span(0, 5, 14),
    nationality=None,
    birth=None,
    sex=None,
    expiry=Span(0, 15, 21),
    optional=(),
    checks=(
        CheckDigit("number", (Span(0, 0, 14),), Span(0, 14, 15)),
        CheckDigit("composite", (Span(0, 0, 29),), Span(0, 29, 30)),
    ),
)
"""The French driving licence as a card (npm mrz, frenchDrivingLicenceFields.ts): one line, the surname cut to eight.
Taken as text; lines that stand alone are not looked for in pictures."""
_FACHE, _D1FRA = "FACHE", "D1FRA"


def format_of(lines: Sequence[str]) -> Format:
    """The format of complete lines: by their number and length, V as first letter for the visas, IDFRA for FRA-ID,
    D1FRA for FRA-DL, FACHE in line 2 for CHE-DL (whose line 1 has nine characters, or fillers to 30).

    MrzError when the lines are not 2 x 44, 2 x 36 or 3 x 30 characters of the MRZ alphabet, nor those of these.
    """
    swiss = len(lines) == CHE_DL.rows and lines[1].startswith(_FACHE) and lines[0][9:].strip("<") == ""
    french = len(lines) == FRA_DL.rows and lines[0].startswith(_D1FRA)
    lengths = {len(line) for line in lines} - ({CHE_DL.first_columns} if swiss else set())
    sizes = SIZES | ({(FRA_DL.rows, FRA_DL.columns)} if french else set())
    if len(lengths) != 1 or (len(lines), min(lengths)) not in sizes:
        raise MrzError("an MRZ has 2 lines of 44, 2 lines of 36 or 3 lines of 30 characters")
    for row, line in enumerate(lines, start=1):
        column = next((index for index, character in enumerate(line, start=1) if character not in ALPHABET), None)
        if column is not None:
            raise MrzError(f"line {row}, position {column}: an MRZ holds only A to Z, 0 to 9 and <")
    if french:
        return FRA_DL
    if len(lines) == 3:
        return CHE_DL if swiss else TD1
    visa = lines[0].startswith("V")
    if min(lengths) == 36 and lines[0].startswith(_IDFRA):
        return FRA_ID
    if min(lengths) == 44:
        return MRV_A if visa else TD3
    return MRV_B if visa else TD2


def printed(lines: Sequence[str]) -> NDArray[np.bool_]:
    """(lines, columns): where the format of complete lines of one length prints anything, fillers too."""
    places = np.ones((len(lines), len(lines[0])), bool)
    if (first := format_of(lines).first_columns) is not None:
        places[0, first:] = False
    return places


def split_lines(text: str) -> tuple[str, ...]:
    """Lines of an MRZ given as one text: separated by CR, LF, CRLF or |, or run together (88, 72 or 90 characters;
    69 for CHE-DL)."""
    lines = tuple(part for part in text.replace("|", "\n").replace("\r", "\n").split("\n") if part)
    if len(lines) != 1:
        return lines
    if len(text) == 69 and text[9:].startswith(_FACHE):
        return text[:9], text[9:39], text[39:]
    columns = {88: 44, 72: 36, 90: 30}.get(len(text.strip("|\r\n")))
    whole = lines[0]
    return lines if columns is None else tuple(whole[at : at + columns] for at in range(0, len(whole), columns))


def parse_mrz_text(text: str) -> tuple[str, ...]:
    """Validated lines of an MRZ written as "L1|L2" or "L1|L2|L3" (also with line breaks or without separator).

    Only size and alphabet are judged, so that wrong check digits can be printed for tests. MrzError otherwise.
    """
    lines = split_lines(text)
    format_of(lines)
    return lines

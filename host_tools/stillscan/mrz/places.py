"""What may stand in each place of an MRZ: log odds of the 37 characters, and the sums that each place takes part in."""

from functools import cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET, DIGITS, FILLER, LETTERS, WEIGHTS
from stillscan.mrz.codes import ICAO_CODES, ISO_CODES, SPECIMEN_CODES
from stillscan.mrz.formats import CHE_DL, FORMATS, FRA_ID, TD3, Format, Span

_DIGIT_IN_KIND = -4.0
"""Log odds that the second place of a card's kind holds a certain digit (`C1USA`; Doc 9303-5 leaves it to the issuer).
One in 55 cards, which is assumed and not counted: issuers of two continents print letters or fillers there."""
_SEX_X = -4.0
"""Log odds that X is printed as sex, which is for the page: an MRZ has a filler there (Doc 9303-4, 4.2.2.2). One in 55
documents, assumed as above."""
_NO_DIGIT = -5.0
"""Log odds that a TD3 has optional data and a filler for their check digit, as the standard has it only without data.
One in 150 documents, assumed as above: a scan of a passport of Kazakhstan shows it."""
NEVER = -1e9  # log probability of what cannot be: less than any sum of others
INDEX = {character: index for index, character in enumerate(ALPHABET)}
CODES = tuple(sorted(code.ljust(3, FILLER) for code in (ISO_CODES | ICAO_CODES | SPECIMEN_CODES) - {"DEU"}))
CODE_CLASSES = np.array([[INDEX[character] for character in code] for code in CODES])

_NATIONAL = {
    FRA_ID.name: (*((Span(0, at, at + 1), sign) for at, sign in enumerate("IDFRA")), (FRA_ID.number, DIGITS + LETTERS)),
    CHE_DL.name: (
        *((Span(1, at, at + 1), sign) for at, sign in enumerate("FACHE")),
        (CHE_DL.number, DIGITS),
        (Span(0, 0, 3), LETTERS),
        (Span(0, 3, 6), DIGITS),
        (Span(0, 6, 7), "DFIR"),
        (Span(0, 7, 30), FILLER),
        (Span(1, 17, 19), FILLER),
        (Span(1, 25, 30), FILLER),
    ),
}
"""What may stand where in national formats, beyond what their fields say."""


class Step(NamedTuple):
    """One place that a check digit covers or stands in, in the order of the sums."""

    line: int
    column: int
    field_weight: int
    """7, 3 or 1 in the sum of its own field; 0 when it has none."""
    composite_weight: int
    closes: str
    """"field" for a field's check digit, "composite" for the last one, "" for the places that they cover."""
    pair: str
    """"month" or "day" for the first of two places that only certain pairs of digits may fill."""


@cache
def steps(form: Format, *, number_runs_on: bool = False) -> tuple[Step, ...]:
    """All places with a part in a check digit, line by line.

    A number that runs on has its digit elsewhere: its places count for the composite only (`parse` judges the rest).
    """
    field: dict[tuple[int, int], int] = {}
    composite: dict[tuple[int, int], int] = {}
    closes: dict[tuple[int, int], str] = {}
    for check in form.checks:
        places = [(span.line, column) for span in check.covers for column in range(span.first, span.end)]
        weights = composite if check.name == "composite" else field
        counts = not (number_runs_on and check.name == "number")
        weights.update({place: WEIGHTS[index % 3] * counts for index, place in enumerate(places)})
        closes[check.digit.line, check.digit.first] = "composite" if check.name == "composite" else "field"
    pairs = {
        (span.line, span.first + first): pair
        for span in (form.birth, form.expiry)
        if span is not None
        for first, pair in ((2, "month"), (4, "day"))
    }
    return tuple(
        Step(*place, field.get(place, 0), composite.get(place, 0), closes.get(place, ""), pairs.get(place, ""))
        for place in sorted(field.keys() | composite.keys() | closes.keys())
    )


@cache
def variants(form: Format) -> tuple[NDArray[np.float32], ...]:
    """Log odds (lines, columns, 37) of each character's standing in its place: 0 where it may, NEVER where it may not,
    between them where it seldom does. One for each way to print the format.

    TD3 has the empty optional field with a filler as check digit, or any with a digit, or seldom data without one. TD1
    and TD2 have the short number, or the long one that puts a filler in the place of the number's check digit.
    """
    mask = np.zeros((form.rows, form.columns, len(ALPHABET)), np.float32)
    only = partial(_only, mask)
    only(form.code, LETTERS + FILLER)
    only(Span(form.code.line, 0, 1), "V" if form.name.startswith("MRV") else LETTERS.replace("V", ""))
    if form.long_number:
        mask[form.code.line, form.code.first + 1, [INDEX[digit] for digit in DIGITS]] = _DIGIT_IN_KIND
    for span in (form.issuer, form.nationality, form.names, form.given):
        only(span, LETTERS + FILLER)
    if form.sex is not None:
        only(form.sex, "MFX" + FILLER)
        mask[form.sex.line, form.sex.first, INDEX["X"]] = _SEX_X
    _only_dates(mask, form.birth, FILLER)
    _only_dates(mask, form.expiry)
    for check in form.checks:
        only(check.digit, DIGITS)
    for span, characters in _NATIONAL.get(form.name, ()):
        only(span, characters)
    if form is TD3:
        digit = form.check("optional").digit
        empty, without = mask.copy(), mask.copy()
        empty[digit.line, digit.first] = 0
        _only(empty, Span(digit.line, form.optional[0].first, digit.end), FILLER)
        without[digit.line, digit.first] = _NO_DIGIT
        _only(without, digit, FILLER)
        without[digit.line, form.optional[0].first, INDEX[FILLER]] = NEVER
        return mask, empty, without
    if form.long_number:
        digit = form.check("number").digit
        runs_on = mask.copy()
        runs_on[digit.line, digit.first] = 0
        _only(runs_on, digit, FILLER)
        return mask, runs_on
    return (mask,)


def _only(mask: NDArray[np.float32], span: Span | None, characters: str) -> None:
    """Nothing but these characters may stand there."""
    if span is not None:
        mask[span.line, span.first : span.end, [i for i, c in enumerate(ALPHABET) if c not in characters]] = NEVER


def _only_dates(mask: NDArray[np.float32], span: Span | None, unknown: str = "") -> None:
    """Nothing but the digits of YYMMDD may stand there, or the sign for an unknown part."""
    if span is None:
        return
    _only(mask, span, DIGITS + unknown)
    _only(mask, Span(span.line, span.first + 2, span.first + 3), "01" + unknown)
    _only(mask, Span(span.line, span.first + 4, span.first + 5), "0123" + unknown)


def variant_steps(form: Format) -> tuple[tuple[Step, ...], ...]:
    """The steps that go with each mask of `variants`."""
    if form.long_number:
        return steps(form), steps(form, number_runs_on=True)
    return (steps(form),) * len(variants(form))


def candidates(lines: int, columns: int) -> tuple[Format, ...]:
    """The formats of this size, those of Doc 9303 first."""
    return tuple(form for form in (*FORMATS.values(), FRA_ID, CHE_DL) if (form.rows, form.columns) == (lines, columns))

"""Which series a document is of: who issued it, its kind, the year in which it expires. Nothing of its holder.

Told also of a document that could not be read with certainty, where these few characters could: that is how a series
that scanners cannot read is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stillscan.mrz.codes import is_known
from stillscan.mrz.errors import MrzError
from stillscan.mrz.formats import Span, format_of
from stillscan.mrz.parse import parse


class Series(NamedTuple):
    """Issuing state or organisation and kind of document as they are printed, and the year of expiry."""

    issuer: str
    kind: str
    expiry_year: int


def series_of(lines: Sequence[str], unsure: Sequence[tuple[int, int]] = ()) -> Series | None:
    """The series of a document by its MRZ, of which the characters ``unsure`` (line, position; from 1) are in doubt.

    None when one of the characters that name it is in doubt, when the date's check digit does not agree, or when the
    format prints none: a guess would accuse another state's passports.
    """
    try:
        mrz, form = parse(lines), format_of(tuple(lines))
    except MrzError:
        return None
    if form.expiry is None or not mrz.checks.get("expiry"):
        return None
    needed = (form.code, form.issuer, form.expiry, form.check("expiry").digit)
    expiry = mrz.expiry_date()
    if expiry is None or not mrz.document_code.isalpha() or not is_known(mrz.issuer):
        return None
    if any(_holds(span, line, position) for span in needed for line, position in unsure):
        return None
    return Series(mrz.issuer, mrz.document_code, expiry.year)


def _holds(span: Span, line: int, position: int) -> bool:
    return span.line == line - 1 and span.first <= position - 1 < span.end

"""Pixels to a reading: the way through flatten, find, recognise, decode and parse, and when to be sure of it."""

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import codes, find, flatten
from stillscan.mrz.alphabet import FILLER
from stillscan.mrz.decode import Decoded, decode
from stillscan.mrz.errors import MrzError
from stillscan.mrz.parse import Mrz, parse
from stillscan.mrz.recognise import read_cells

MIN_CONFIDENCE = 0.995
MIN_CHARACTER = 0.02
"""Probability that every single print has for the character it is taken for, whatever its place and the sums say."""
_FIRST_LETTERS = {"TD1": "ACI", "TD2": "ACI", "TD3": "P", "MRV-A": "V", "MRV-B": "V"}
_NO_TEXT_FIT = -2.5
"""Mean log probability of the best characters below which there is no text."""


@dataclass(frozen=True, repr=False)
class Reading:
    """What was read. `lines` is the best text even when it is not `accepted`; only an accepted one may be relied on.

    `valid`: all check digits agree and characters are of the right kind. `accepted`: valid, and so certain that it may
    decide something. `confidence`: probability 0..1 that all characters are right. `characters`: probability of each
    character by its own print, one tuple a line. `reason`: why it was not read or not accepted. `ms`: time it took.
    """

    format: str | None = None
    lines: tuple[str, ...] | None = None
    valid: bool = False
    accepted: bool = False
    checks: dict[str, bool] = field(default_factory=dict)
    confidence: float = 0.0
    characters: tuple[tuple[float, ...], ...] = ()
    reason: str | None = None
    ms: float = 0.0

    def __repr__(self) -> str:
        """Without personal data, because objects end up in logs and tracebacks."""
        return f"Reading(format={self.format!r}, accepted={self.accepted}, reason={self.reason!r})"


def read_strip(strip: NDArray[np.uint8]) -> Reading:
    """Read a strip (rows, cols), 8-bit grey at 300 dpi, row 0 uppermost, whatever it shows.

    MrzError only for an array that is no grey picture; everything else that goes wrong is the reading's `reason`.
    """
    start = time.perf_counter()
    if not isinstance(strip, np.ndarray) or strip.ndim != 2 or strip.dtype != np.uint8:
        raise MrzError("a strip is an array of rows and columns of 8-bit grey")
    reading = _read(strip)
    return _with_time(reading, (time.perf_counter() - start) * 1000)


def _with_time(reading: Reading, ms: float) -> Reading:
    return Reading(**{**reading.__dict__, "ms": round(ms, 2)})


def _read(strip: NDArray[np.uint8]) -> Reading:
    if min(strip.shape) < 2 * find.LINE_ROWS:
        return Reading(reason="the picture is too small to hold an MRZ")
    ink = flatten.ink(strip)
    best = Reading(reason="no MRZ found")
    for block in find.blocks(ink):
        lines = [find.crop(ink, centre, block.slope) for centre in block.centres_px]
        comb = find.comb(lines)
        if not comb.count:
            continue
        likelihoods = read_cells(lines, comb)
        if likelihoods.max(axis=2).mean() < _NO_TEXT_FIT:
            continue
        decoded = decode(likelihoods)
        if decoded is None:
            continue
        reading = _judge(decoded)
        if reading.valid and reading.confidence > 0.5:
            return reading
        if best.lines is None or (reading.valid, reading.confidence) > (best.valid, best.confidence):
            best = reading
    return best


def _judge(decoded: Decoded) -> Reading:
    """Accept only what is certain in every respect."""
    mrz = parse(decoded.lines)
    confidence = float(np.exp(min(0.0, decoded.log_best - decoded.log_all)))
    reason = _doubt(mrz, confidence, decoded.plainest)
    return Reading(
        format=mrz.format,
        lines=decoded.lines,
        valid=mrz.valid,
        accepted=reason is None,
        checks=mrz.checks,
        confidence=round(confidence, 6),
        characters=tuple(tuple(round(float(value), 4) for value in row) for row in decoded.characters),
        reason=reason,
    )


def _doubt(mrz: Mrz, confidence: float, plainest: float) -> str | None:
    """Why a text is not to be relied on, None when it is."""
    if not mrz.valid:
        return "a check digit does not agree"
    if plainest < MIN_CHARACTER:
        return "a character is not clear"
    if confidence < MIN_CONFIDENCE:
        return "some characters are not certain"
    if mrz.document_code[:1] not in _FIRST_LETTERS[mrz.format]:
        return "the kind of document is unknown"
    if not (codes.is_known(mrz.issuer) and codes.is_known(mrz.nationality)):
        return "the code of a state is unknown"
    if not _name_well_formed(mrz):
        return "the name is not formed as names are"
    if mrz.expiry_date() is None:
        return "the date of expiry is no date"
    return None


def _name_well_formed(mrz: Mrz) -> bool:
    """A primary and perhaps a secondary identifier, each of words with single fillers between them."""
    return mrz.primary != "" and all(FILLER * 2 not in part for part in (mrz.primary, mrz.secondary))

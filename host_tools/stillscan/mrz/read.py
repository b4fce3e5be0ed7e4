"""Pixels to a reading: each place that may hold an MRZ is decoded until one does."""

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import evidence as places
from stillscan.mrz import faint, spot
from stillscan.mrz.again import again
from stillscan.mrz.errors import MrzError
from stillscan.mrz.evidence import Evidence
from stillscan.mrz.finding import Finding
from stillscan.mrz.judge import TWINS, Reading, judge
from stillscan.mrz.pixels import to_grey
from stillscan.mrz.quality import findings

STRIP_COLUMNS = 1476
_MOST_STRIP_ROWS = 330
_LEAST_FIT = -1.6
"""Mean log probability of the likeliest characters below which there is no text in OCR-B."""
_LEAST_RHYTHM = 0.25
_SMALLEST_PX = 24
_SURE = 0.5
_BORNE_OUT = -0.7
"""Support of a text (mean log probability) above which it is the one that stands there, though not every character be
clear: the worst development strips have -0.1, print upside down or a character aside less than -1.8."""
_NOISE = -1.3
"""Support below which no text of an MRZ stands there at all: what is found in noise has -1.7 and less."""
_HOPELESS = -1.6
"""Support below which it is no use to look again."""
_OTHER_TEXT = ("mirrored", "no-mrz")
_NO_DOUBT, _NO_DOUBT_UNCLEAR = 0.995, 0.999
"""What is less certain is worth a second look, the more so where print does not stand out clearly of noise: one look
may take a Q that lost its tail for an O (development strip 890194, level 5: 0.9966 sure; 0.992 after all looks)."""
_NO_DOUBT_CHARACTER = 0.999
"""Nor may a single character be less certain, though the whole text is: dust closes a C to an O."""
_PLAIN, _PLAIN_CHARACTER = 0.999, 0.9998
"""What is less certain than this to the quick network, as a whole or in one character, is shown to the thorough one
(development strip 921117, level 3: a streak beside a C, O to 0.9994 for the quick network, C to 0.7 for the others)."""
_MOST_BARS = 5
_RIVAL = 0.5
"""Share of the best row's score that a row of another MRZ in the same picture has at least."""
_CLEARLY_TEXT = -0.35

_Found = tuple[Reading, Evidence | None]
"""What was read, and the evidence it rests on."""


def read_strip(strip: NDArray[Any]) -> Reading:
    """Read a strip (rows, cols) of the line scanner: grey, 300 dpi, row 0 uppermost, whatever it shows.

    8-bit values, or floats 0..255 in which rows with NaN were not scanned. MrzError only for an array that is no grey
    picture; everything else that goes wrong is the reading's `reason`.
    """
    start = time.perf_counter()
    if not isinstance(strip, np.ndarray) or strip.ndim != 2:
        raise MrzError("a strip is an array of rows and columns of grey values")
    reading, _ = examine(to_grey(strip), is_strip=True)
    return replace(reading, ms=round((time.perf_counter() - start) * 1000, 2))


def read_image(source: str | Path | NDArray[Any]) -> Reading:
    """Read the MRZ in any picture of a document: a strip, a flatbed page or a photograph, at any angle, 100 to 600 dpi.

    `source` is a file, or an array (rows, cols[, 3 or 4]) as `pixels.to_grey` takes it. MrzError when the file is
    missing, damaged, no picture or too large (60 megapixels), or the array is none. `ms` leaves out the loading.
    """
    grey = as_grey(source)
    start = time.perf_counter()
    reading, _ = examine(grey, is_strip=is_strip(grey))
    return replace(reading, ms=round((time.perf_counter() - start) * 1000, 2))


def as_grey(source: str | Path | NDArray[Any]) -> NDArray[np.uint8]:
    """The grey picture (rows, cols) of a file or an array; MrzError when it is none."""
    if isinstance(source, str | Path):
        from stillscan.mrz.picture import load  # with Pillow, which a scanner's lines do not need

        return load(Path(source))
    return to_grey(source)


def is_strip(grey: NDArray[np.uint8]) -> bool:
    """Whether a picture has the size of a strip of the line scanner."""
    return bool(abs(grey.shape[1] - STRIP_COLUMNS) <= 40 and grey.shape[0] <= _MOST_STRIP_ROWS)


def examine(grey: NDArray[np.uint8], *, is_strip: bool) -> _Found:
    """The reading of a grey picture (rows, cols), and the evidence it rests on if any text was found.

    A strip has level lines at 300 dpi; where none can be read it is searched like any picture.
    """
    if min(grey.shape) < _SMALLEST_PX:
        return Reading(reason="the picture is too small to hold an MRZ"), None
    if int(grey.max()) - int(grey.min()) < 4:
        return Reading(reason="the picture is blank"), None
    best, rests_on = _best(places.of_strip(grey)) if is_strip else (Reading(), None)
    bars = [] if _stands_there(best, rests_on) else spot.bars(grey)
    second = False
    for bar in bars[:_MOST_BARS]:
        found = rests_on if _stands_there(best, rests_on) else None
        here = found is not None and found.holds((bar.left + bar.right) / 2)
        # what is read without doubt is not read again, and text with much less rhythm is no second MRZ
        if found and (best.confidence > _NO_DOUBT if here else bar.score < _RIVAL * bars[0].score):
            continue
        reading, evidence = _around(grey, bar)
        if found and not here:
            second = second or (_is_read(reading) and reading.lines != best.lines)
        else:
            best, rests_on = _better((best, rests_on), (reading, evidence))
    for bar in () if _stands_there(best, rests_on) else faint.bars(grey):
        best, rests_on = _better((best, rests_on), _around(grey, bar))
        if _is_read(best):
            break
    if rests_on is None:
        return Reading(reason="no MRZ found"), None
    explained = _explained(best, rests_on, grey.shape, second=second)
    noise = not _is_read(best) and rests_on.support(best.lines or ()) < _NOISE
    if noise and not any(one.code in _OTHER_TEXT for one in explained.quality):
        return Reading(reason="no MRZ found"), None
    return explained, rests_on


def _around(grey: NDArray[np.uint8], bar: spot.Bar) -> _Found:
    """What is read around a row of text: bent and tilted as it may be, and where that is in doubt as if straight."""
    reading, evidence = _best(places.of_bar(grey, bar))
    if evidence is None or _is_read(reading) or evidence.support(reading.lines or ()) < _NOISE:
        return reading, evidence
    return _better((reading, evidence), _best(places.of_level(grey, bar)))


def _best(candidates: Iterable[Evidence]) -> _Found:
    """The first of the candidates that can be read, else the best of them; a doubtful one has been looked at again."""
    best, rests_on = Reading(), None
    for evidence in candidates:
        if evidence.fit < _LEAST_FIT or evidence.comb.score < _LEAST_RHYTHM:
            continue
        reading = judge(evidence.likelihoods, once=True)
        if evidence.quick and not _is_plain(reading):
            continue
        if reading is not None:
            best, rests_on = _better((best, rests_on), (reading, evidence))
        if _stands_there(best, rests_on):
            break
    if rests_on is None:
        return best, rests_on
    enough = _NO_DOUBT if rests_on.clear else _NO_DOUBT_UNCLEAR
    certain = best.confidence >= enough and _least(best) >= _NO_DOUBT_CHARACTER and best.reason != TWINS
    if not certain and rests_on.support(best.lines or ()) > _HOPELESS:
        rests_on = again(rests_on)
        best = judge(rests_on.likelihoods) or best
    return best, rests_on


def _is_plain(reading: Reading | None) -> bool:
    """Whether the quick network's word is enough."""
    if reading is None or not reading.accepted:
        return False
    return reading.confidence > _PLAIN and _least(reading) >= _PLAIN_CHARACTER


def _least(reading: Reading) -> float:
    """The least probability of a character."""
    return min(min(row) for row in reading.characters)


def _is_read(reading: Reading) -> bool:
    return reading.valid and reading.confidence > _SURE


def _stands_there(reading: Reading, evidence: Evidence | None) -> bool:
    """Whether the text is clearly that of an MRZ in this place, certain or not."""
    return evidence is not None and (_is_read(reading) or evidence.support(reading.lines or ()) > _BORNE_OUT)


def _better(one: _Found, other: _Found) -> _Found:
    """What is read goes first, then what the print bears out best."""
    if one[1] is None or other[1] is None:
        return other if one[1] is None else one
    return other if _rank(other[0], other[1]) > _rank(one[0], one[1]) else one


def _rank(reading: Reading, evidence: Evidence) -> tuple[bool, float]:
    """The greater, the better."""
    return _is_read(reading), evidence.support(reading.lines or ())


def _explained(reading: Reading, evidence: Evidence, size: tuple[int, ...], *, second: bool) -> Reading:
    """The reading with what is wrong with its picture, and the reason that follows from it."""
    faults = findings(evidence, reading.characters, size)
    if not _stands_there(reading, evidence):
        others = (judge(other.likelihoods) for other in places.mirrored(evidence))
        if any(other is not None and _is_read(other) for other in others):
            faults.append(Finding("mirrored", "the picture is mirrored"))
            return replace(reading, accepted=False, reason="the picture is mirrored", quality=tuple(faults))
        if evidence.fit > _CLEARLY_TEXT and sum(reading.checks.values()) == 0:
            faults.append(Finding("no-mrz", "there is text like that of an MRZ, but it is none"))
    if reading.accepted and evidence.goes_on:
        return replace(reading, accepted=False, reason="the text goes on beyond what was read", quality=tuple(faults))
    if second:
        faults.append(Finding("two-mrzs", "the picture shows two MRZs"))
        return replace(reading, accepted=False, reason="the picture shows two MRZs", quality=tuple(faults))
    return replace(reading, quality=tuple(faults))

"""Pixels to a reading: each place that may hold an MRZ is decoded until one does."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import backward, bent, effort, faint, rivals, spot, typeface, unity
from stillscan.mrz import evidence as places
from stillscan.mrz.augment import augment
from stillscan.mrz.effort import Stop
from stillscan.mrz.errors import MrzError
from stillscan.mrz.evidence import Candidate, Evidence
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.found import BORNE_OUT, Found, better, is_plain, is_read, stands_there
from stillscan.mrz.judge import CONFUSED, DOUBTS, Reading, judge
from stillscan.mrz.pixels import to_grey
from stillscan.mrz.probe import Row, promising
from stillscan.mrz.quality import findings
from stillscan.mrz.unity import Pair

STRIP_COLUMNS = 1476
"""Pixels of the line sensor: 125 mm at 300 dpi."""
_MOST_STRIP_ROWS = 330
"""A fifth more than the 274 rows of the scanner's zone: pictures of 28 mm and more are searched as pages."""
_LEAST_FIT = -1.6
"""Mean log probability of the likeliest characters below which there is no text in OCR-B. It spares the decoder what
has no chance: in the end a support of -1.0 is asked for. Nothing changes between -2.5 and -1.1, 24 strips of levels 3
to 5."""
_LEAST_SCORE = 0.25
"""Score of the character grid below which there is no text; noise has up to 0.45, what is read 0.76 and more."""
_SMALLEST_PX = 24
"""Two lines of letters 6 px high, the smallest that `spot` finds, take 6 + 6 * 75 / 29 = 22 rows."""
_SURELY = 0.75
"""Likeness above which a row runs nearly straight: rows in a bow have up to 0.76 (`devshots`), other photographs of
MRZs 0.8 and more."""
_DARK = 0.8
"""Likeness above which a row's print is dark: what lies between light strokes has up to 0.784 (negatives of 25 MRZs of
all sizes in two fonts, turned four ways)."""
_NEGATIVE_SIZES_PX = spot.LONG_SIDES_PX[0], spot.LONG_SIDES_PX[2]
"""Sizes at which is looked for light print: half as many, for it is seldom."""
_NO_TEXT = -1.0
"""Support below which no text of an MRZ stands there, and the thorough network is not asked: the quick one gives the
worst development strips -0.21, ordinary print in even distances -1.02 and less, noise -1.7 and less."""
TOO_SMALL = "the picture is too small to hold an MRZ"
BLANK = "the picture is blank"
NOT_FOUND = "no MRZ found"
MIRRORED = "the picture is mirrored"
GOES_ON = "the text goes on beyond what was read"
TWO = "the picture shows two MRZs"
OTHER_PRINT = "there is text like that of an MRZ, but it is none"
NEGATIVE = "the picture is a negative: its print is light on dark"
_OTHER_TEXT = ("mirrored", "no-mrz")
_RISK = 0.001
"""Chance of a wrong character that one pass may leave; what is less certain is seen again. With more, dust that closes
a C to an O, or a Q that lost its tail (development strips 921117 and 890194), were taken for what they look like."""
_OFTENER = 5
"""So many times oftener than it says is the quick network wrong: of characters of development strips (51000 to 51149,
levels 2 to 5) that it was sure of to 99 to 99.98 % 28 were wrong where it had said 5.3. The thorough one is not: none
was wrong in clear print, and in other 1 where it had said 0.5 (above 99.9 %)."""
_SEVERAL = 5
"""Times that risk may a whole text be at where the thorough network sees print that stands out clearly of its noise:
there doubts are of one character or two (none of 287 texts was wrong). Elsewhere a text may be at it once."""
_MOST_BARS = 5
"""Rows of text that are read as an MRZ, likeliest first. Nothing changes between 3 and 8, 14 photographs (of worn
passports, levels 3 to 5, and of three formats)."""
_STRIP_EFFORT_MS, _PICTURE_EFFORT_MS = 100.0, 360.0
"""Effort after which a search ends that has not found any text of an MRZ. It concerns print in even distances, of which
there may be a page: an MRZ is likelier than such print from the first, so that it is read in the first attempts. With
300 for pictures a strip of level 5 at the foot of an empty page (development strip 2) was given up too soon; a text
that stands in its place is looked at again whatever that costs."""
_FAINT_MS, _STRIP_FAINT_MS = 120.0, 20.0
"""Effort of looking for faint rows: it is not begun where that would be too much."""
_WEAK, _MOST_WEAK = 0.65, 2
"""Likeness below which a row is read only as one of the first so many: a page of typescript has rows with up to 0.64,
and what can be read seldom less than 0.7."""
_STRIP_SIZES_PX = spot.LONG_SIDES_PX[:3]
"""Sizes at which rows of text are looked for in a strip: in one of them its characters are 11 to 23 px apart."""
_STRIP_TURNS_DEG = np.arange(-6.0, 6.1, 3.0)
"""No strip is turned by more: it would show half of a line."""
_CLEARLY_TEXT = -0.35
"""Fit above which characters are those of OCR-B: print of other fonts has -0.5 (see `character_grid`)."""


def read_strip(strip: NDArray[Any], *, stop: Stop | None = None) -> Reading:
    """Read a strip (rows, cols) of the line scanner: grey, 300 dpi, row 0 uppermost, whatever it shows.

    8-bit values, or floats 0..255 in which rows with NaN were not scanned. MrzError only for an array that is no grey
    picture; everything else that goes wrong is the reading's `reason`. `stop` is asked between expensive steps: when it
    says True, reading ends (reason: "the time for reading is over").
    """
    start = time.perf_counter()
    if not isinstance(strip, np.ndarray) or strip.ndim != 2:
        raise MrzError("a strip is an array of rows and columns of grey values")
    reading, _ = examine(to_grey(strip), is_strip=True, stop=stop)
    return replace(reading, ms=round((time.perf_counter() - start) * 1000, 2))


def is_strip(grey: NDArray[np.uint8]) -> bool:
    """Whether a picture has the size of a strip of the line scanner."""
    return bool(abs(grey.shape[1] - STRIP_COLUMNS) <= 40 and grey.shape[0] <= _MOST_STRIP_ROWS)


def examine(grey: NDArray[np.uint8], *, is_strip: bool, stop: Stop | None = None, calm: bool = False) -> Found:
    """The reading of a grey picture (rows, cols), and the evidence it rests on if any text was found.

    A strip has level lines at 300 dpi; where none can be read it is searched like any picture.
    `stop`: see `read_strip`; `calm`: see `unity.judged`.
    """
    return examine_prints(grey, is_strip=is_strip, stop=stop, calm=calm)[0]


def examine_prints(
    grey: NDArray[np.uint8], *, is_strip: bool, stop: Stop | None = None, calm: bool = False
) -> tuple[Found, tuple[Pair, ...]]:
    """What `examine` gives, and how the lines of a strip differ if their text would be accepted otherwise."""
    pairs: tuple[Pair, ...] = ()
    with effort.counted(stop, _STRIP_EFFORT_MS if is_strip else _PICTURE_EFFORT_MS) as counted:
        try:
            reading, evidence = _examined(grey, is_strip=is_strip)
            if is_strip and reading.accepted and evidence is not None:
                pairs = unity.compared(grey, evidence, calm=calm)
                reading = unity.judged(reading, pairs, calm=calm)
        except effort.TimeIsOver:
            reading, evidence = Reading(reason=effort.TIME_IS_OVER), None
    return (replace(reading, effort_ms=round(counted.ms, 2)), evidence), pairs


def _examined(grey: NDArray[np.uint8], *, is_strip: bool) -> Found:
    """What `examine` gives, without the count."""
    effort.spend("glance", grey.size / 1e6)
    if min(grey.shape) < _SMALLEST_PX:
        return Reading(reason=TOO_SMALL), None
    if int(grey.max()) - int(grey.min()) < 4:
        return Reading(reason=BLANK), None
    best: Found = Reading(), None
    if is_strip:
        best = _best(places.of_strip(grey))
        if not stands_there(*best):
            best = better(best, _best(places.of_turned_strip(grey)))
    second = False
    if not stands_there(*best) or (is_strip and not best[0].accepted and best[1] is not None and best[1].is_tilted):
        rows = _rows(grey, is_strip=is_strip)
        if not is_strip and _looks_negative(grey, rows) and (light := _as_negative(grey, is_strip=False)):
            return light
        best, second = _searched(grey, rows, best, is_strip=is_strip)
    reading, rests_on = best
    second = second or (rests_on is not None and stands_there(*best) and rivals.any_is_mrz(grey, rests_on.beside))
    if rests_on is None:
        return Reading(reason=NOT_FOUND), None
    if not reading.accepted and rests_on.is_light and (light := _as_negative(grey, is_strip=is_strip)):
        return light
    explained = _explained(reading, rests_on, grey.shape, second=second, is_strip=is_strip)
    noise = not is_read(reading) and rests_on.support(reading.lines or ()) < _NO_TEXT
    if noise and not any(one.code in _OTHER_TEXT for one in explained.quality):
        return Reading(reason=NOT_FOUND), None
    return explained, rests_on


def _looks_negative(grey: NDArray[np.uint8], rows: Sequence[Row]) -> bool:
    """Whether rows that are clearly an MRZ's are seen when light and dark are exchanged, likelier ones than `rows`."""
    most = max((row.likeness for row in rows), default=0.0)
    if most > _DARK:
        return False
    other = promising(255 - grey, spot.bars(255 - grey, _NEGATIVE_SIZES_PX))
    return bool(other) and other[0].likeness > max(most, rivals.CLEARLY_MRZ)


def _as_negative(grey: NDArray[np.uint8], *, is_strip: bool) -> Found | None:
    """What is read when light and dark are exchanged; None if nothing is."""
    if effort.exhausted():
        return None
    grey = 255 - grey
    best = _best(places.of_strip(grey)) if is_strip else (Reading(), None)
    if not stands_there(*best):
        best, _ = _searched(grey, _rows(grey, is_strip=is_strip), best, is_strip=is_strip, negative=True)
    if not is_read(best[0]):
        return None
    fault = QualityFinding("negative", NEGATIVE)
    return replace(best[0], accepted=False, reason=NEGATIVE, quality=(fault,)), best[1]


def _rows(grey: NDArray[np.uint8], *, is_strip: bool) -> list[Row]:
    """Rows of a picture that may be an MRZ's, likeliest first."""
    return promising(grey, spot.bars(grey, _STRIP_SIZES_PX) if is_strip else spot.bars(grey))


def _searched(
    grey: NDArray[np.uint8], rows: Sequence[Row], best: Found, *, is_strip: bool, negative: bool = False
) -> tuple[Found, bool]:
    """The best of `best` and of what is read in these rows of a picture, and whether they show a second MRZ.

    A strip's scale is known, and its lines are at least nearly level. In a `negative` faint rows are not looked for.
    """
    second = False
    for number, row in enumerate(rows[:_MOST_BARS]):
        reading, rests_on = best
        found, over = rests_on if stands_there(*best) else None, effort.exhausted()
        if found is None and (over or (row.likeness < _WEAK and number >= _MOST_WEAK)):
            break
        # what is read without doubt is not read again
        doubtful = reading.confidence <= 1 - _SEVERAL * _RISK and not (is_strip and over)
        if found is None or (doubtful and not rivals.beyond(found, row.bar)):
            best = better(best, _around(grey, row) if is_strip else _read_row(grey, row))
        second = second or (stands_there(*best) and _shows_another(grey, row, *best))
    if not stands_there(*best) and not (negative or effort.exhausted(_STRIP_FAINT_MS if is_strip else _FAINT_MS)):
        for row in promising(grey, faint.bars(grey, _STRIP_TURNS_DEG) if is_strip else faint.bars(grey)):
            best = better(best, _around(grey, row))
            if is_read(best[0]) or effort.exhausted():
                break
    return best, second


def _read_row(grey: NDArray[np.uint8], row: Row) -> Found:
    """What is read around a row of a picture: along a bow where it looks likelier so, and as if it ran straight."""
    bends_first = row.likeness < _SURELY
    best = _straightened(grey, row, row.likeness) if bends_first else (Reading(), None)
    if not is_plain(*best):
        best = better(best, _around(grey, row))
    if not (bends_first or is_plain(*best) or effort.exhausted()):
        best = better(best, _straightened(grey, row, 0.0))
    return best


def _straightened(grey: NDArray[np.uint8], row: Row, least: float) -> Found:
    """What is read around a row of text when it is straightened; nothing where it is not likelier than that then."""
    found: Found = Reading(), None
    level = bent.straightened(grey, row.bar)
    if level is None:
        return found
    for own in promising(level.grey, [level.bar]):
        reading, evidence = _around(level.grey, own) if own.likeness > least else found
        if evidence is not None:
            found = reading, replace(evidence, corners=level.in_picture(evidence.corners))
    return found


def _shows_another(grey: NDArray[np.uint8], row: Row, reading: Reading, found: Evidence | None) -> bool:
    """Whether a row of text, or what of it goes on beside the lines that were read, is of another MRZ."""
    for part in rivals.beyond(found, row.bar) if found is not None else ():
        for own in [row] if part is row.bar else promising(grey, [part]):
            other, _ = _around(grey, own)
            if other.lines != reading.lines and (is_read(other) or own.likeness > rivals.CLEARLY_MRZ):
                return True
    return False


def _around(grey: NDArray[np.uint8], row: Row) -> Found:
    """What is read around a row of text: bent and tilted as it may be, and where that is in doubt as if straight."""
    reading, evidence = _best(places.of_bar(grey, row))
    hopeless = evidence is None or evidence.support(reading.lines or ()) < _NO_TEXT
    if hopeless or is_read(reading) or (effort.exhausted() and not stands_there(reading, evidence)):
        return reading, evidence
    return better((reading, evidence), _best(places.of_level(grey, row)))


def _best(candidates: Iterable[Candidate]) -> Found:
    """The first of the places that can be read, else the best of them; a doubtful one has been looked at again."""
    best: Found = Reading(), None
    for quick, thorough in candidates:
        seen = _judged(quick)
        if quick.quick and seen[0].accepted and _is_certain(seen[0], quick):
            return seen
        if seen[1] is None or quick.support(seen[0].lines or ()) < _NO_TEXT:
            best = better(best, seen)
        else:
            for evidence in thorough():
                best = better(best, _judged(evidence))
                if stands_there(*best):
                    return _augmented(best)
        if effort.exhausted():
            break
    return _augmented(best)


def _judged(evidence: Evidence) -> Found:
    """The reading of one pass; nothing where no text fits."""
    if evidence.fit < _LEAST_FIT or evidence.grid.score < _LEAST_SCORE:
        return Reading(), None
    reading = judge(evidence.likelihoods, once=True)
    return (Reading(), None) if reading is None else (reading, evidence)


def _augmented(found: Found) -> Found:
    """What is read when a doubtful text is looked at again."""
    reading, evidence = found
    if evidence is None:
        return found
    certain = _is_certain(reading, evidence) and reading.reason != CONFUSED
    if certain or evidence.support(reading.lines or ()) < BORNE_OUT or evidence.is_light:
        return found
    evidence = augment(evidence)
    return judge(evidence.likelihoods) or reading, evidence


def _is_certain(reading: Reading, evidence: Evidence) -> bool:
    """Whether one pass is enough: the risk that it leaves, in any character and as a whole, may be taken."""
    of_a_character = _RISK / (_OFTENER if evidence.quick else 1)
    of_the_text = _RISK * (_SEVERAL if evidence.clear and not evidence.quick else 1)
    least = min(min(row) for row in reading.characters)
    return bool(least >= 1 - of_a_character and reading.confidence >= 1 - of_the_text)


def _explained(reading: Reading, evidence: Evidence, size: tuple[int, ...], *, second: bool, is_strip: bool) -> Reading:
    """The reading with what is wrong with its picture, and the reason that follows from it."""
    faults = findings(evidence, reading.characters, size)
    stands = stands_there(reading, evidence)
    if not stands:
        others = (judge(other.likelihoods) for other in places.mirrored(evidence))
        if any(other is not None and is_read(other) for other in others):
            faults.append(QualityFinding("mirrored", MIRRORED))
            return replace(reading, accepted=False, reason=MIRRORED, quality=tuple(faults))
    clearly = evidence.fit > _CLEARLY_TEXT
    if not reading.accepted and (stands or clearly) and (strange := backward.doubt(evidence)):
        return replace(reading, reason=strange.text, quality=(*faults, strange))
    if not stands and clearly and sum(reading.checks.values()) == 0:
        faults.append(QualityFinding("no-mrz", OTHER_PRINT))
        return replace(reading, accepted=False, reason=OTHER_PRINT, quality=tuple(faults))
    if reading.accepted and evidence.goes_on:
        return replace(reading, accepted=False, reason=GOES_ON, quality=tuple(faults))
    if second:
        faults.append(QualityFinding("two-mrzs", TWO))
        return replace(reading, accepted=False, reason=TWO, quality=tuple(faults))
    if (reading.accepted or reading.reason in DOUBTS) and (strange := _strange(reading, evidence, is_strip)):
        return replace(reading, accepted=False, reason=strange.text, quality=(*faults, strange))
    return replace(reading, quality=tuple(faults))


def _strange(reading: Reading, evidence: Evidence, is_strip: bool) -> QualityFinding | None:
    """Why the print is not that of the text; of a text that is not accepted anyway only what is certain.

    Nor of what a camera saw: the network has learned from strips, and refused 2 of 43 specimens that are read right.
    """
    certain = not reading.accepted or not is_strip
    return typeface.doubt([evidence.printed], reading.lines or (), certain=certain)

"""Are both lines of one print? Two sheets that a hand lays together never fit as lines do that one printer made.

Compared is what a print has from its making, not what stands there: where the lines begin, their distance and
direction, the paper under them, and how dark and broad its strokes are. In a sweep under which the document lay still
the sheet is compared as well (`sheet`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort, sheet
from stillscan.mrz.clarity import CLEAR
from stillscan.mrz.evidence import Evidence
from stillscan.mrz.find import SPACING_PX
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.judge import Reading
from stillscan.mrz.lines import PITCH_PX
from stillscan.mrz.pixels import ranked

_ABOVE, _BELOW = slice(2, 7), slice(41, 46)
"""Rows of a crop (48) with paper above and below a line."""
_LETTERS, _STROKES = slice(10, 38), slice(8, 40, 2)
"""Rows of a crop with its letters, and some of them and of those beside, for letters may stand a little aside."""
_FAINT = 0.25
"""Share of full ink below which noise and security print lie."""
_BELOW_FAINT = float(np.nextafter(np.float32(_FAINT), np.float32(0)))
"""The greatest number that is less: a threshold keeps what is above it."""


class Difference(NamedTuple):
    """What the second line has more than the first."""

    shift_px: float
    """Farther right."""
    spacing_px: float
    """Farther down than the standard's distance."""
    twist_px: float
    """Farther down at the right end than at the left."""
    paper: float
    """Paper that is brighter or darker above the line or below it, all along the line, as a logarithm."""
    contrast: float
    """Darker ink, as a logarithm."""
    stroke: float
    """Broader strokes, as a logarithm."""


class Pair(NamedTuple):
    """Two lines of a capture."""

    print: Difference
    sheet: sheet.Step
    clarity: float
    """See Evidence."""


_USUAL = Difference(0.0, 0.5, 0.0, 0.0, 0.0, 0.035)
"""Of one print: line 2 has more digits, which are a little broader than letters and fillers; the lines of real
passports stand up to 78.6 px apart (flat scans of 2,400 px)."""
_SPREAD = Difference(0.8, 2.0, 0.8, 0.035, 0.10, 0.11)
"""What may be seen of one print, rms: twice what development strips of level 3 have, whose rows a hand pushes about,
and as much as real passports have. Paper, ink and strokes of one print differ by up to 0.06 and 0.17 when a hand lifts
or shakes it meanwhile (profile `mixed`): narrower bounds cost checks with movement seconds."""


_MOST_APART, _MOST_APART_UNCLEAR = 1.3, 1.8
"""Times what is usual, for print that stands out clearly of its noise and for other. Development strips of one document
are up to 0.82 apart at levels 0 to 3 and 1.07 at level 4 (150 strips), three captures of one at level 5 up to 1.57
together (14); of two strips that careful hands lay together a few fit as well (counted by `bench.joined`)."""
_MOST_IN_ONE, _MOST_IN_ONE_UNCLEAR = 2.4, 3.2
"""The same, of one of the differences alone: strips of one document up to 1.6 at levels 0 to 3, 2.4 at level 4 and 3.1
at level 5."""
_CALM_SPREAD = Difference(0.8, 2.0, 0.8, 0.035, 0.08, 0.07)
"""As `_SPREAD`, in a single sweep under which the document lay still: nothing but the print itself makes its ink and
strokes differ. Paper differs as before, by stains and laminate that has come off (third set, level 4: 0.016 rms where a
quarter of the places may differ less, 0.05 by the median of a line)."""
_MOST_APART_CALM = 1.2
"""Times what is usual then, for print that stands out clearly of its noise. Of two sheets that were exchanged in
mid-sweep without a movement that anybody noticed 2 of 60 were accepted without this bound, 1.3 and 1.4 apart.
Development strips of levels 0 to 3 are up to 0.93 apart (307 strips), strips of the third set up to 0.87 at levels 2
and 3 (48)."""
_PLAIN = 40.0
"""Clarity of print that hardly anything has worn: development strips of levels 0 and 1, and some of level 2."""
_PLAIN_SPREAD = Difference(0.4, 2.0, 0.8, 0.03, 0.05, 0.06)
"""As `_CALM_SPREAD`, of such print: beginnings differ by up to 0.3 px and ink by 0.04 at levels 0 and 1, and strokes by
up to 0.11 (120 development strips). Distances are as wide apart as real passports have them."""
_MOST_APART_PLAIN = 1.2
"""Of plain print in a calm sweep. Development strips are up to 0.9
apart (117), strips of the third set up to 1.2 (117 of levels 0 to 4). Of 70 joins that fitted within all other bounds
all but 3 to 5 are told by this or by the sheet."""
_MOST_OF_A_SHEET = sheet.Step(0.06, 0.15)
"""What paper of one sheet may change by in a calm sweep. Development strips of levels 0 to 4 change by up to 0.01 and
0.044 (98), strips of the third set by up to 0.054 and 0.05 (190)."""
TWO_PRINTS = "the lines are not of one print"


class _Line(NamedTuple):
    paper: NDArray[np.float64]  # (2, places): logarithm of how bright it is above and below
    contrast: float
    stroke: float
    middles: tuple[float, float]  # of the letters' height in the left and right half, from the middle of the crop


def compared(grey: NDArray[np.uint8], evidence: Evidence, *, calm: bool) -> tuple[Pair, ...]:
    """How the two lines that were read in a strip (rows, cols) differ, `calm`: see `judged`; nothing of a text of
    three."""
    if len(evidence.crops) != 2:
        return ()
    step = sheet.step(grey, evidence.corners, turned=evidence.turned) if calm else sheet.NO_STEP
    return (Pair(difference(evidence), step, evidence.clarity),)


def judged(reading: Reading, found: Sequence[Pair], *, calm: bool) -> Reading:
    """The reading of lines that differ so: not accepted when they are not of one print.

    `calm`: each capture is of one sweep, under which the document lay still.
    """
    if not reading.accepted or is_one_print(found, calm=calm):
        return reading
    fault = QualityFinding("two-prints", TWO_PRINTS)
    return replace(reading, accepted=False, reason=TWO_PRINTS, quality=(*reading.quality, fault))


def difference(evidence: Evidence) -> Difference:
    """How the two lines that were read differ."""
    effort.spend("unity")
    one, other = (_line(crop, own) for crop, own in zip(evidence.crops, evidence.grid.columns_px, strict=True))
    along = (evidence.corners[:, 1] - evidence.corners[:, 0]).mean(axis=0)
    along /= np.hypot(*along)
    across = np.array([-along[1], along[0]])  # down, as the text stands
    apart = (evidence.corners[1] - evidence.corners[0]) * (PITCH_PX / evidence.pitch_px)  # of the left and right ends
    right, down = apart @ along, apart @ across
    down = down[0] + (down[1] - down[0]) * np.array([0.25, 0.75]) + np.subtract(other.middles, one.middles)
    return Difference(
        shift_px=float(right.mean()),
        spacing_px=float(down.mean()) - SPACING_PX,
        twist_px=float(down[1] - down[0]),
        # a sheet may be cut, or lie, between the paper above line 2 and its letters: that below tells then
        paper=float(sheet.changed(one.paper, other.paper).max()),
        contrast=float(np.log(other.contrast / one.contrast)),
        stroke=float(np.log(other.stroke / one.stroke)),
    )


def is_one_print(found: Sequence[Pair], *, calm: bool = False) -> bool:
    """Whether lines that differ so, in one or several captures of one document, were printed together."""
    if not found:
        return True
    mean = Difference(*np.mean([pair.print for pair in found], axis=0))
    clarity = min(pair.clarity for pair in found)
    if calm and not _fits_a_calm_sweep(mean, sheet.Step(*np.mean([pair.sheet for pair in found], axis=0)), clarity):
        return False
    clear = clarity > CLEAR
    most = _MOST_APART if clear else _MOST_APART_UNCLEAR
    most_in_one = _MOST_IN_ONE if clear else _MOST_IN_ONE_UNCLEAR
    return bool(distance(mean) <= most and np.abs(_each(mean)).max() <= most_in_one)


def _fits_a_calm_sweep(mean: Difference, step: sheet.Step, clarity: float) -> bool:
    """Whether nothing but print and paper themselves makes lines of this clarity differ so."""
    if step.paper > _MOST_OF_A_SHEET.paper or step.grain > _MOST_OF_A_SHEET.grain:
        return False
    if clarity > CLEAR and distance(mean, _CALM_SPREAD) > _MOST_APART_CALM:
        return False
    return clarity <= _PLAIN or distance(mean, _PLAIN_SPREAD) <= _MOST_APART_PLAIN


def distance(found: Difference, spread: Difference = _SPREAD) -> float:
    """How far two lines are from those of one print, in what such lines are usually apart: 1 is usual."""
    return float(np.sqrt(np.mean(_each(found, spread) ** 2)))


def _each(found: Difference, spread: Difference = _SPREAD) -> NDArray[np.float64]:
    return (np.array(found) - _USUAL) / spread


def _line(crop: NDArray[np.uint8], columns_px: NDArray[np.float64]) -> _Line:
    """The print of one line (48, columns) whose characters stand at these columns."""
    half = int(PITCH_PX) // 2
    first, end = max(0, round(float(columns_px[0])) - half), round(float(columns_px[-1])) + half
    grey = cv2.blur(np.ascontiguousarray(crop[:, first:end]), (3, 3))
    thin = np.ascontiguousarray(grey[:, ::3])
    paper, dark = ranked(thin[_ABOVE], 0.5), ranked(thin[_LETTERS], 0.04)
    swing = max(paper - dark, 1.0)
    beside = _beside(thin)
    ink = _ink(_evened(grey, beside, paper, _STROKES), paper, swing)
    edges = float(cv2.absdiff(ink[:, 1:], ink[:, :-1]).sum())
    profile = _ink(_evened(thin, beside, paper, slice(None)), paper, swing)
    middle = thin.shape[1] // 2
    return _Line(
        np.log(np.maximum(beside, 1.0).astype(np.float64)),
        swing / max(paper, 1.0),
        2 * float(ink.sum()) / max(edges, 1.0),
        (_middle(profile[:, :middle]), _middle(profile[:, middle:])),
    )


def _beside(grey: NDArray[Any]) -> NDArray[np.float32]:
    """The paper above and below a line (48, columns), in places along it: (2, places)."""
    width = grey.shape[1] // sheet.PLACES
    slabs = grey[:, : width * sheet.PLACES].reshape(len(grey), sheet.PLACES, width)
    return np.stack([_medians(slabs[rows]) for rows in (_ABOVE, _BELOW)])


def _evened(grey: NDArray[Any], beside: NDArray[np.float32], paper: float, rows: slice) -> NDArray[np.float32]:
    """Rows of a line (48, columns) as if its paper were as bright everywhere.

    Otherwise the darker paper of a stain or a shadow would be ink: strokes would be broader there, and the line seem to
    run towards it.
    """
    under = cv2.resize(beside, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(grey[rows] + (np.float32(paper) - under[rows]), np.float32)


def _medians(slabs: NDArray[Any]) -> NDArray[np.float32]:
    """Medians (slabs,) of bytes (rows, slabs, columns): sorted by their value, "stable", in half of the time."""
    ordered = np.sort(slabs.transpose(1, 0, 2).reshape(slabs.shape[1], -1), axis=1, kind="stable")
    last = ordered.shape[1] - 1
    return np.asarray(ordered[:, [last // 2, last - last // 2]].mean(axis=1), np.float32)


def _ink(grey: NDArray[Any], paper: float, swing: float) -> NDArray[np.float32]:
    """Share of full ink of each pixel, none where it is faint."""
    ink = np.float32(paper / swing) - grey * np.float32(1 / swing)
    return np.asarray(cv2.threshold(ink, _BELOW_FAINT, 0, cv2.THRESH_TOZERO)[1], np.float32)


def _middle(ink: NDArray[np.float32]) -> float:
    """Middle of the rows that letters take, from the middle of the crop: halfway between their edges."""
    profile = ink.mean(axis=1)
    limit = float(np.sort(profile)[len(profile) * 7 // 10]) / 2
    inside = np.flatnonzero(profile > limit)
    if len(inside) == 0:
        return 0.0
    top, bottom = int(inside[0]), int(inside[-1])
    upper, lower = float(top), float(bottom)
    if top > 0:
        upper -= float((profile[top] - limit) / max(profile[top] - profile[top - 1], 1e-6))
    if bottom < len(profile) - 1:
        lower += float((profile[bottom] - limit) / max(profile[bottom] - profile[bottom + 1], 1e-6))
    return (upper + lower) / 2 - (len(profile) - 1) / 2

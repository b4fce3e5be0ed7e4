"""Pixels to evidence: for each place where an MRZ may be, what the network sees in each of its cells."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import find, flatten, lines, spot, window
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.clarity import clarity
from stillscan.mrz.comb import Comb, cells, combs, goes_on
from stillscan.mrz.lines import CROP_COLUMNS, Track
from stillscan.mrz.net import FIRST, QUICK, look
from stillscan.mrz.view import PITCH_PX, View

_PX_PER_MM = 300 / 25.4
_WIDE_COLUMNS = 1800
"""A first look goes so far: five characters more to each side than any MRZ."""
_STACKS = 3
_CLEAR = 14.0
_LEAST_SUPPORT = -9.0
"""A single character that the print speaks against may not count for more."""
_NEAR_PITCHES = 8
_FINE = (np.arange(-4.0, 5), np.arange(-4.0, 5), np.arange(-2.0, 2.1, 2))


@dataclass(frozen=True, eq=False)
class Evidence:
    """Two or three lines as they were cut out, and the chances of each character in each cell."""

    crops: NDArray[np.uint8]
    """(lines, 48, 1476)."""
    comb: Comb
    """Where the characters stand in the crops."""
    likelihoods: NDArray[np.float32]
    """(lines, cells, 37) log probabilities."""
    corners: NDArray[np.float64]
    """(lines, 2, 2): (x, y) in the picture of the left and the right end of each line's text."""
    left_mm: float = 0.0
    """Where column 0 of the crops lies: from the left edge of a strip, else from the first character's left edge."""
    turned: bool = False
    """Whether the text stood upside down in its picture or strip."""
    clear: bool = False
    """Whether the print of a strip stands out clearly of its noise (not known of pictures that were resampled)."""
    goes_on: bool = False
    """Whether further characters stand beside those of a line shorter than the longest there is."""
    quick: bool = False
    """Whether only the quick network has seen it: enough for what is plain, not for anything else."""
    steady: NDArray[np.float32] | None = None
    """After several looks the mean of their log probabilities (lines, cells, 37): low where they contradict each other,
    as they do where there is no text of an MRZ."""

    @property
    def pitch_px(self) -> float:
        """Distance of two characters in the picture."""
        length = float(np.hypot(*(self.corners[0, 1] - self.corners[0, 0])))
        return length / (int(self.likelihoods.shape[1]) - 1)

    def holds(self, point: NDArray[np.float64]) -> bool:
        """Whether a point (x, y) of the picture lies in this MRZ or just beside it."""
        left, right = self.corners.mean(axis=0)
        along = (right - left) / np.hypot(*(right - left))
        away = point - (left + right) / 2
        length, across = abs(float(away @ along)), abs(float(away @ [-along[1], along[0]]))
        return length < 0.6 * float(np.hypot(*(right - left))) and across < _NEAR_PITCHES * self.pitch_px

    def support(self, text: tuple[str, ...]) -> float:
        """Mean log probability of the characters of `text` by print alone: near 0 when the print bears it out."""
        classes = np.array([[ALPHABET.index(character) for character in line] for line in text])
        seen = self.likelihoods if self.steady is None else self.steady
        own = np.take_along_axis(seen, classes[..., None], axis=2)
        return float(np.maximum(own, _LEAST_SUPPORT).mean())

    @property
    def fit(self) -> float:
        """Mean log probability of the likeliest characters: near 0 for print, below about -1 for what is no text."""
        return _fit(self.likelihoods)


def of_strip(strip: NDArray[np.uint8]) -> Iterator[Evidence]:
    """Evidence in a strip (rows, cols) at 300 dpi with level lines, likeliest place first.

    Of each place what the quick network sees, then what the thorough one does.
    """
    ink = flatten.ink(strip)
    blocks = find.blocks(ink)
    if not blocks:
        return
    marked = lines.marks(ink, flatten.ACROSS)
    half = strip.shape[1] / 2
    for block in blocks:
        tracks = tuple(lines.follow(marked, Track(centre, block.slope * half), _FINE)[0] for centre in block.centres_px)
        first = 0.0
        if strip.shape[1] > CROP_COLUMNS:
            first = window.text_middle(np.repeat(ink, flatten.ACROSS, axis=1), tracks) - CROP_COLUMNS / 2
        view = View.level(strip, tracks, first, CROP_COLUMNS)
        clear = clarity(view.crops) > _CLEAR
        for net, most in ((QUICK, 1), (FIRST, None)):
            for sight in _sights(view, most, net):
                evidence = _evidence(sight, view.ends(sight.comb), first / _PX_PER_MM)
                yield replace(evidence, clear=clear, quick=net == QUICK)


def of_bar(grey: NDArray[np.uint8], bar: spot.Bar) -> Iterator[Evidence]:
    """Evidence around a row of text in any grey picture (rows, cols), likeliest lines first, both ways up.

    A first and quick look, at more than the text, tells which way up it is and where each character stands; the second
    is at crops in which they stand evenly, however the camera saw them.
    """
    part = window.around(grey, bar)
    for stack in window.stacks(part)[:_STACKS]:
        view = View.level(part.grey, stack.tracks, stack.middle_px - _WIDE_COLUMNS / 2, _WIDE_COLUMNS).upright()
        ways = [
            (sight, turned)
            for turned in (False, True)
            for sight in _sights(view.turned() if turned else view, 1, QUICK, steep=True)
        ]
        for rough, turned in sorted(ways, key=lambda way: -_fit(way[0].likelihoods)):
            even = rough.view.evened(rough.comb)
            for sight in _sights(even, steep=True):
                corners = part.in_picture(even.ends(sight.comb))
                yield _evidence(sight, corners, _from_first_mm(sight.comb), turned=turned)


def of_level(grey: NDArray[np.uint8], bar: spot.Bar) -> Iterator[Evidence]:
    """Evidence around a row of text that runs straight, both ways up, looked for as in a strip: finds the faintest."""
    part = window.around(grey, bar)
    last = np.array(part.grey.shape[::-1]) - 1
    for turned in (False, True):
        for evidence in of_strip(np.ascontiguousarray(part.grey[::-1, ::-1]) if turned else part.grey):
            corners = part.in_picture(last - evidence.corners if turned else evidence.corners)
            left_mm = _from_first_mm(evidence.comb)
            yield replace(evidence, corners=corners, left_mm=left_mm, turned=turned, clear=False)


class _Sight(NamedTuple):
    """What the network sees in a view, in the cells of one comb."""

    view: View
    comb: Comb
    likelihoods: NDArray[np.float32]
    goes_on: bool


def _sights(view: View, most: int | None = None, net: str = FIRST, *, steep: bool = False) -> Iterator[_Sight]:
    """A look at `view`, that a camera may have taken `steep` from aside, for each comb that fits, best first."""
    seen = look(view.crops, net)
    for comb in islice(combs(seen.centres, steep=steep), most):
        yield _Sight(view, comb, cells(seen, comb), goes_on(seen.centres, comb))


def _evidence(sight: _Sight, corners: NDArray[np.float64], left_mm: float, *, turned: bool = False) -> Evidence:
    return Evidence(
        sight.view.crops, sight.comb, sight.likelihoods, corners, left_mm, turned=turned, goes_on=sight.goes_on
    )


def _from_first_mm(comb: Comb) -> float:
    """Where column 0 of the crops lies from the first character's left edge."""
    return (PITCH_PX / 2 - float(comb.columns_px[:, 0].mean())) / _PX_PER_MM


def _fit(likelihoods: NDArray[np.float32]) -> float:
    return float(np.maximum(likelihoods.max(axis=2), -4).mean())


def mirrored(evidence: Evidence) -> Iterator[Evidence]:
    """The evidence that a mirrored picture would give: left and right exchanged, and above and below."""
    for crops in (evidence.crops[:, :, ::-1], evidence.crops[::-1, ::-1]):
        crops = np.ascontiguousarray(crops)
        seen = look(crops)
        for comb in islice(combs(seen.centres), 1):
            yield replace(evidence, crops=crops, comb=comb, likelihoods=cells(seen, comb), steady=None)

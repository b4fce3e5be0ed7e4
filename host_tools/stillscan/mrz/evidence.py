"""Pixels to evidence: for each place where an MRZ may be, what the network sees in each of its cells."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import find, flatten, lines, spot, window
from stillscan.mrz.comb import Comb, cells, combs
from stillscan.mrz.lines import CROP_COLUMNS, Frame, Track
from stillscan.mrz.net import look

_SAME_PITCH_PX = 0.5
"""Characters that are so much nearer or farther than 30 px are looked at again, stretched."""
_PX_PER_MM = 300 / 25.4
_OFF_CENTRE_PX = 45
_STACKS = 3
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

    @property
    def fit(self) -> float:
        """Mean log probability of the likeliest characters: near 0 for print, below about -1 for what is no text."""
        return float(np.maximum(self.likelihoods.max(axis=2), -4).mean())


def of_strip(strip: NDArray[np.uint8]) -> Iterator[Evidence]:
    """Evidence in a strip (rows, cols) at 300 dpi with level lines, likeliest place first."""
    ink = flatten.ink(strip)
    blocks = find.blocks(ink)
    if not blocks:
        return
    marked = lines.marks(ink, flatten.ACROSS)
    half = strip.shape[1] / 2
    for block in blocks:
        tracks = tuple(lines.follow(marked, Track(centre, block.slope * half), _FINE)[0] for centre in block.centres_px)
        wide = strip.shape[1] > CROP_COLUMNS
        first = window.first_column(np.repeat(ink, flatten.ACROSS, axis=1), tracks) if wide else 0.0
        yield from _of_tracks(strip, tracks, first, None)


def of_bar(grey: NDArray[np.uint8], bar: spot.Bar) -> Iterator[Evidence]:
    """Evidence around a row of text in any grey picture (rows, cols), likeliest lines first, both ways up."""
    part = window.around(grey, bar)
    for stack in window.stacks(part)[:_STACKS]:
        yield from _both_ways(part, stack)


def _both_ways(part: window.Window, stack: window.Stack) -> Iterator[Evidence]:
    """Evidence of one stack of lines, the more readable way up first."""
    rows, columns = part.grey.shape
    turned_tracks = tuple(Track(rows - 1 - track.row, track.tilt, -track.bow) for track in reversed(stack.tracks))
    turned_grey = np.asarray(cv2.rotate(part.grey, cv2.ROTATE_180), np.uint8)
    last = np.array([columns - 1.0, rows - 1.0])
    turned_matrix = np.column_stack([-part.to_picture[:, :2], part.to_picture @ np.append(last, 1)])
    ways = [
        next(_of_tracks(part.grey, stack.tracks, stack.first_px, part.to_picture), None),
        next(
            _of_tracks(turned_grey, turned_tracks, columns - stack.first_px - CROP_COLUMNS, turned_matrix, turned=True),
            None,
        ),
    ]
    found = [way for way in ways if way is not None]
    yield from sorted(found, key=lambda evidence: -evidence.fit)


def _of_tracks(
    grey: NDArray[np.uint8],
    tracks: tuple[Track, ...],
    first: float,
    to_picture: NDArray[np.float64] | None,
    *,
    turned: bool = False,
) -> Iterator[Evidence]:
    """Evidence along `tracks` for each comb that fits, best first; `first` is the column where crops begin.

    Without `to_picture` the picture is a strip, whose text is neither slanted nor far from the middle.
    """
    frame = Frame(first)
    crops = _cut(grey, tracks, frame)
    if to_picture is not None and (lean := lines.slant(crops)):
        frame = Frame(first, 1.0, lean)
        crops = _cut(grey, tracks, frame)
    seen = look(crops)
    found = combs(seen.centres)
    first_comb = next(found, None)
    if first_comb is None:
        return
    found = chain([first_comb], found)
    pitch, middle = first_comb.pitch_px, float(first_comb.columns_px.mean())
    off_centre = to_picture is not None and abs(middle - CROP_COLUMNS / 2) > _OFF_CENTRE_PX
    if abs(pitch - window.PITCH_PX) > _SAME_PITCH_PX or off_centre:
        stretch = pitch / window.PITCH_PX
        frame = Frame(first + middle - stretch * (CROP_COLUMNS - 1) / 2, stretch, frame.slant)
        crops = _cut(grey, tracks, frame)
        seen = look(crops)
        found = combs(seen.centres)
    for comb in found:
        ends = frame.first_px + frame.stretch * comb.columns_px[:, [0, -1]]
        rows = np.array([track.rows(own, grey.shape[1]) for track, own in zip(tracks, ends, strict=True)])
        corners = np.stack([ends, rows], axis=2)
        left_px = frame.first_px if to_picture is None else window.PITCH_PX / 2 - float(comb.columns_px[:, 0].mean())
        if to_picture is not None:
            corners = corners @ to_picture[:, :2].T + to_picture[:, 2]
        yield Evidence(crops, comb, cells(seen, comb), corners, left_px / _PX_PER_MM, turned)


def _cut(grey: NDArray[np.uint8], tracks: tuple[Track, ...], frame: Frame) -> NDArray[np.uint8]:
    return np.stack([lines.cut(grey, track, frame) for track in tracks])


def mirrored(evidence: Evidence) -> Iterator[Evidence]:
    """The evidence that a mirrored picture would give: left and right exchanged, and above and below."""
    for crops in (evidence.crops[:, :, ::-1], evidence.crops[::-1, ::-1]):
        crops = np.ascontiguousarray(crops)
        seen = look(crops)
        for comb in islice(combs(seen.centres), 1):
            yield replace(evidence, crops=crops, comb=comb, likelihoods=cells(seen, comb))

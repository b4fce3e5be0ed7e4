"""Pixels to evidence: for each place where an MRZ may be, what the network sees in each of its cells."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import find, flatten, lines, typeface, window
from stillscan.mrz.alphabet import ALPHABET, FILLER
from stillscan.mrz.character_grid import MOST_GRIDS, CharacterGrid, cells, fit, goes_on, grids, likeness
from stillscan.mrz.clarity import CLEAR, clarity
from stillscan.mrz.formats import printed
from stillscan.mrz.lines import CROP_COLUMNS, PITCH_PX, PX_PER_MM, Track
from stillscan.mrz.net import FIRST, QUICK, recognise
from stillscan.mrz.pixels import all_ranked
from stillscan.mrz.probe import Row
from stillscan.mrz.spot import Bar
from stillscan.mrz.view import View

_WIDE_COLUMNS = 1800
"""The first pass sees so much: five characters more to each side than any MRZ."""
_STACKS = 3
"""Likeliest sets of lines around a row that are read. Nothing changes between 2 and 5, 14 photographs (of worn
passports, levels 3 to 5, and of three formats)."""
_PROMISING = 0.35
"""Likeness of lines to the quick network below which no other is asked about them. Nothing changes between 0.25 and
0.45, 14 photographs (of worn passports, levels 3 to 5, and of three formats)."""
_LEAST_SUPPORT = -9.0
"""A single character that the print speaks against may not count for more. Nothing changes between -15 and -6, 32
strips of levels 1 and 3 to 5."""
_PROBED_CELLS = 34
"""Characters that `probe` looks at: once at the left and once at the right of a strip, which has room for 49."""
_STEEP = np.tan(np.radians(1.1))
"""Slope above which level lines are looked for anew as in any picture: `find` knows slopes of up to 1.4 degrees."""
_FINE = (np.arange(-4.0, 5), np.arange(-4.0, 5), np.arange(-2.0, 2.1, 2))
"""Offsets of row, tilt and bow in px, about a line that `find` gives to the pixel and to a fifth of a degree."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Two or three lines as they were cut out, and the chances of each character in each cell."""

    crops: NDArray[np.uint8]
    """(lines, 48, 1476)."""
    grid: CharacterGrid
    """Where the characters stand in the crops."""
    likelihoods: NDArray[np.float32]
    """(lines, cells, 37) log probabilities."""
    corners: NDArray[np.float64]
    """(lines, 2, 2): (x, y) in the picture of the left and the right end of each line's text."""
    left_mm: float = 0.0
    """Where column 0 of the crops lies: from the left edge of a strip, else from the first character's left edge."""
    turned: bool = False
    """Whether the text stood upside down in its picture or strip."""
    clarity: float = 0.0
    """How far the print of a strip stands out of its noise (not known of pictures that were resampled)."""
    goes_on: bool = False
    """Whether further characters stand beside those of a line shorter than the longest there is."""
    quick: bool = False
    """Whether only the quick network has seen it: enough for what is plain, not for anything else."""
    beside: tuple[Bar, ...] = ()
    """Rows of a strip that stand out beside these lines nearly as much: perhaps of another MRZ."""
    steady: NDArray[np.float32] | None = None
    """After several passes the mean of their log probabilities (lines, cells, 37): low where they contradict each
    other, as they do where there is no text of an MRZ."""

    @property
    def pitch_px(self) -> float:
        """Distance of two characters in the picture."""
        length = float(np.hypot(*(self.corners[0, 1] - self.corners[0, 0])))
        return length / (int(self.likelihoods.shape[1]) - 1)

    @property
    def clear(self) -> bool:
        """Whether the print of a strip stands out clearly of its noise."""
        return self.clarity > CLEAR

    def support(self, text: tuple[str, ...]) -> float:
        """Mean log probability of the characters of `text` by print alone: near 0 when the print bears it out."""
        classes = np.array([[ALPHABET.index(character) for character in line] for line in text])
        seen = self.likelihoods if self.steady is None else self.steady
        own = np.take_along_axis(seen, classes[..., None], axis=2)[..., 0]
        return float(np.maximum(own, _LEAST_SUPPORT)[printed(text)].mean())

    @cached_property
    def printed(self) -> typeface.Print:
        """What the print looks like, whatever text it is: looked at when it is first asked for."""
        return typeface.seen(self.crops, self.grid.columns_px, self.likelihoods.argmax(axis=2))

    def weighed(self, likelihoods: NDArray[np.float32], steady: NDArray[np.float32]) -> "Evidence":
        """The same print with other chances; what it looks like is not looked at again."""
        other = replace(self, likelihoods=likelihoods, steady=steady)
        if "printed" in vars(self):
            vars(other)["printed"] = self.printed
        return other

    @property
    def is_light(self) -> bool:
        """Whether the print of the lines is lighter than what it stands on, which has most of their pixels."""
        dark, paper, light = all_ranked(self.crops, 0.05, 0.5, 0.95)
        return light - paper > paper - dark

    @property
    def is_tilted(self) -> bool:
        """Whether the lines run so steeply that they may not have been followed to their ends as level lines."""
        across, down = (self.corners[:, 1] - self.corners[:, 0]).mean(axis=0)
        return bool(abs(down) > _STEEP * abs(across))

    @property
    def fit(self) -> float:
        """Mean log probability of the likeliest characters: near 0 for print, below about -1 for what is no text."""
        return fit(self.likelihoods)


class _Sight(NamedTuple):
    """What the network sees in a view, in the cells of one grid."""

    view: View
    grid: CharacterGrid
    likelihoods: NDArray[np.float32]
    goes_on: bool


class Candidate(NamedTuple):
    """Lines that may be an MRZ: what the quick network sees in them, and what the thorough one does if it is asked."""

    quick: Evidence
    thorough: Callable[[], Iterator[Evidence]]


def of_strip(strip: NDArray[np.uint8]) -> Iterator[Candidate]:
    """Places in a strip (rows, cols) at 300 dpi with level lines, likeliest first."""
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
        beside = tuple(bar for row in block.others_px for bar in _ends_of_row(row, block.slope, strip.shape[1]))
        candidates = _level_candidates(View.level(strip, tracks, first, CROP_COLUMNS), first / PX_PER_MM)
        yield from _changed(candidates, partial(replace, beside=beside))


def _ends_of_row(row: float, slope: float, columns: int) -> Iterator[Bar]:
    """The left and the right part of a level row of a strip."""
    length = _PROBED_CELLS * PITCH_PX
    for first in (0.0, max(0.0, columns - length)):
        ends = np.array([[column, row + slope * (column - columns / 2)] for column in (first, first + length)])
        yield Bar(ends[0], ends[1], lines.LETTER_ROWS, PITCH_PX)


def _level_candidates(view: View, left_mm: float) -> Iterator[Candidate]:
    """The place that the lines of `view` are, if they look like an MRZ at all."""
    for quick in _promising(view):
        stands_out = clarity(view.crops)

        def thorough(stands_out: float = stands_out) -> Iterator[Evidence]:
            for sight in _sights(view):
                yield replace(_evidence(sight, view.ends(sight.grid), left_mm), clarity=stands_out)

        own = _evidence(quick, view.ends(quick.grid), left_mm)
        yield Candidate(replace(own, clarity=stands_out, quick=True), thorough)


def of_turned_strip(strip: NDArray[np.uint8]) -> Iterator[Candidate]:
    """Places in a strip that shows its document upside down, where they lie in the strip itself."""
    last = np.array(strip.shape[::-1]) - 1

    def there(evidence: Evidence) -> Evidence:
        left_mm = _from_first_mm(evidence.grid)
        beside = tuple(replace(bar, left=last - bar.right, right=last - bar.left) for bar in evidence.beside)
        return replace(evidence, corners=last - evidence.corners, left_mm=left_mm, turned=True, beside=beside)

    return _changed(of_strip(np.ascontiguousarray(strip[::-1, ::-1])), there)


def of_bar(grey: NDArray[np.uint8], row: Row) -> Iterator[Candidate]:
    """Places around a row of text in any grey picture (rows, cols), likeliest lines first, the ways up that `row` may
    have.

    A pass of the quick network, over more than the text, tells which way up it is and where each character stands;
    the thorough one sees crops in which they stand evenly, however the camera saw them.
    """
    part = window.around(grey, row.bar)
    for stack in window.stacks(part)[:_STACKS]:
        view = View.level(part.grey, stack.tracks, stack.middle_px - _WIDE_COLUMNS / 2, _WIDE_COLUMNS).upright()
        ways = [
            (sight, turned)
            for turned in row.turned
            for sight in _promising(view.turned() if turned else view, steep=True)
        ]
        for rough, turned in sorted(ways, key=lambda way: -fit(way[0].likelihoods)):
            yield _evened_candidate(part, rough, turned=turned)


def _evened_candidate(part: window.Window, rough: _Sight, *, turned: bool) -> Candidate:
    """The place of a rough sight in a window."""

    def there(sight: _Sight) -> Evidence:
        corners = part.in_picture(sight.view.ends(sight.grid))
        return _evidence(sight, corners, _from_first_mm(sight.grid), turned=turned)

    def thorough() -> Iterator[Evidence]:
        written = rough.likelihoods.argmax(axis=2) != ALPHABET.index(FILLER)
        return map(there, _sights(rough.view.evened(rough.grid, written), steep=True))

    return Candidate(there(rough), thorough)


def of_level(grey: NDArray[np.uint8], row: Row) -> Iterator[Candidate]:
    """Places around a row of text that runs straight, looked for as in a strip: finds the faintest."""
    part = window.around(grey, row.bar)

    def there(evidence: Evidence) -> Evidence:
        left_mm = _from_first_mm(evidence.grid)
        return replace(evidence, corners=part.in_picture(evidence.corners), left_mm=left_mm, clarity=0.0, beside=())

    for turned in row.turned:
        yield from _changed((of_turned_strip if turned else of_strip)(part.grey), there)


def _changed(candidates: Iterable[Candidate], change: Callable[[Evidence], Evidence]) -> Iterator[Candidate]:
    """The candidates with all evidence as `change` makes it."""
    for candidate in candidates:

        def thorough(candidate: Candidate = candidate) -> Iterator[Evidence]:
            return map(change, candidate.thorough())

        yield Candidate(change(candidate.quick), thorough)


def _sights(view: View, most: int = MOST_GRIDS, net: str = FIRST, *, steep: bool = False) -> Iterator[_Sight]:
    """A look at `view`, that a camera may have taken `steep` from aside, for each grid that fits, best first."""
    seen = recognise(view.crops, net)
    for grid in grids(seen.centres, steep=steep, most=most):
        yield _Sight(view, grid, cells(seen, grid), goes_on(seen.centres, grid))


def _promising(view: View, *, steep: bool = False) -> Iterator[_Sight]:
    """What the quick network sees in `view`, if it looks like an MRZ: in the best grid, and in another that is as good,
    as there is where something like a character stands before or after all lines."""
    for sight in _sights(view, 2, QUICK, steep=steep):
        if likeness(sight.grid, sight.likelihoods) > _PROMISING:
            yield sight


def _evidence(sight: _Sight, corners: NDArray[np.float64], left_mm: float, *, turned: bool = False) -> Evidence:
    return Evidence(
        sight.view.crops, sight.grid, sight.likelihoods, corners, left_mm, turned=turned, goes_on=sight.goes_on
    )


def _from_first_mm(grid: CharacterGrid) -> float:
    """Where column 0 of the crops lies from the first character's left edge."""
    return (PITCH_PX / 2 - float(grid.columns_px[:, 0].mean())) / PX_PER_MM


def mirrored(evidence: Evidence) -> Iterator[Evidence]:
    """The evidence that a mirrored picture would give: left and right exchanged, and above and below."""
    for crops in (evidence.crops[:, :, ::-1], evidence.crops[::-1, ::-1]):
        crops = np.ascontiguousarray(crops)
        seen = recognise(crops, QUICK)
        for grid in grids(seen.centres, most=1):
            yield replace(evidence, crops=crops, grid=grid, likelihoods=cells(seen, grid), steady=None)

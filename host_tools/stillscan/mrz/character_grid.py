"""Finds the cells of the characters where the network sees centres: one grid for all lines, bent to each.

Lines that a camera saw from aside have each a pitch of their own, which changes along the line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort
from stillscan.mrz.net import COLUMN_PX, Seen

_PITCHES_PX = np.arange(27.0, 33.05, 0.25)
"""A tenth about the standard's, in steps that move the end of a line by 5 px."""
_CHIRPS = np.arange(-6, 7) * 0.02 + 1e-9
"""By what share of itself the pitch grows from the middle of the picture to its right end (none of them 0)."""
_STEEP_CHIRPS = np.arange(-17, 18) * 0.02 + 1e-9
"""The same for what a camera may have seen steeply from aside: short lines in a wide picture. In photographs of cards
the pitch grows by a quarter across the view: with 0.12 three of 60 of TD1 were read a character aside, with
0.34 none."""
_FLAT = 0.05
"""It grows by less in what lies flat."""
_OWN_GAIN = 3.0
"""Grids of their own must meet so many centres a line more than the common one. Nothing changes between 1.5 and 6, 24
strips of levels 3 to 5 and 14 photographs (of worn passports, levels 3 to 5, and of three formats)."""
_EMPTY = 0.3
"""A tick with less chance of a centre speaks against the grid; that decides between 44, 36 and 30 ticks. Nothing
changes between 0.1 and 0.5, 24 strips of levels 3 to 5."""
_CLOSE = 1.6
"""Grids that are worse by no more than this many ticks are worth a second thought. Nothing changes between 0.8 and 3.2,
14 photographs (of worn passports, levels 3 to 5, and of three formats)."""
MOST_GRIDS = 3
"""Each further one costs a reading of the text; nothing changes between 1 and 5, 24 strips of levels 3 to 5."""
_LEAST_FIT = -4.0
"""A character that the network cannot make out at all may not count for more. Nothing changes between -8 and -2, 32
strips of levels 1 and 3 to 5."""
_FIT_SHARE = 0.4
"""What a doubtful character takes from the likeness, against what a missing one does: print of other fonts has fits of
-0.5, cloth of -1, and both may have grids as good as those of the worst strips."""
_GOES_ON = 0.5
"""Chance of a centre that a further character has at least. More likely than not."""
_ASIDE = 0.1
"""What it costs that a line begins a pitch beside the first, in characters. Less than a character that is not met
costs (0.3 and more), for lines seen from above do not begin one below the other: a third of it."""
_COUNTS = {1: (44, 36, 30), 2: (44, 36), 3: (30,)}
"""Cells a line may have when so many lines are looked at together."""
_BENDS, _STEEP_BENDS = (1, 2), (1, 2, 3, 3)
"""Degrees of the polynomials that ticks are moved by, one after the other. On a sheet that bulges the pitch shrinks to
both sides."""
_REACH_PX = np.arange(-9.0, 9.1, 3)
"""Columns about a tick in which a peak is its own: three tenths of a pitch to each side, in steps of half an answer of
the network. Nothing changes between 6 and 12 to each side, 24 strips of levels 3 to 5."""
_STIFF = 1.5
"""Weight of the common grid against what the peaks of one line say, in peaks. Nothing changes between 0.75 and 3, 24
strips of levels 3 to 5."""


@dataclass(frozen=True, eq=False)
class CharacterGrid:
    """Where the characters stand."""

    columns_px: NDArray[np.float64]
    """(lines, count): column of each character's centre."""
    pitch_px: float
    score: float
    """Mean chance of a centre under the ticks, 0..1: below about 0.3 there is no MRZ."""

    @property
    def count(self) -> int:
        """Characters a line."""
        return int(self.columns_px.shape[1])


def grids(centres: NDArray[np.float32], *, steep: bool = False, most: int = MOST_GRIDS) -> Iterator[CharacterGrid]:
    """The grids that fit the chances of a centre (lines, m) well, best first, at most `most` (three).

    One to three lines are looked at together; none may fit when they are narrower than the text of an MRZ. `steep`:
    a camera may have seen them steeply from aside.
    """
    effort.spend("grid-steep" if steep else "grid")
    ticks = _rulers(centres, steep=steep)
    places = _windows(_met(centres, ticks).mean(axis=0) - _EMPTY, len(centres))
    for gain, start, count in places[:most]:
        if gain < places[0][0] - _CLOSE:
            break
        columns = ticks[:, start : start + count]
        for bends in _STEEP_BENDS if steep else _BENDS:
            columns = _settle(centres, columns, bends)
        score = float(_met(centres, columns).mean())
        yield CharacterGrid(columns, float(np.diff(columns, axis=1).mean()), score)


def _rulers(centres: NDArray[np.float32], *, steep: bool) -> NDArray[np.float64]:
    """Ticks (lines, n) over the whole width: alike in all lines, unless grids of their own meet far more centres."""
    width = centres.shape[1]
    chirps = _STEEP_CHIRPS if steep else _CHIRPS
    flat = np.flatnonzero(np.abs(chirps) < _FLAT)
    common_to = slice(flat[0], flat[-1] + 1)
    strength = _strength(centres, common_to if len(centres) == 1 else slice(None), steep=steep)
    if len(centres) == 1:
        return _ruler(strength[0], width, chirps[common_to])[None]
    common = np.tile(_ruler(strength.mean(axis=0)[:, common_to], width, chirps[common_to]), (len(centres), 1))
    own = _beside(centres, [_ruler(line, width, chirps) for line in strength])
    gain = float(_met(centres, own).sum() - _met(centres, common).sum()) / len(centres)
    return own if gain > _OWN_GAIN else common


def _beside(centres: NDArray[np.float32], rulers: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Rulers of their own (lines, n), cut so that the text of all lines begins and ends at the same ticks.

    They meet about the middle of the picture, or a tick aside where lines as long as those of an MRZ meet more
    characters there. Where a line has one character more than it should, the lines begin one below the other.
    """
    middle = centres.shape[1] * COLUMN_PX / 2
    middle = float(rulers[0][np.abs(rulers[0] - middle).argmin()])
    nearest = [int(np.abs(own - middle).argmin()) for own in rulers]
    for line in range(1, len(rulers)):

        def met(step: int, line: int = line) -> float:
            pair = _cut([rulers[0], rulers[line]], [nearest[0], nearest[line] + step])
            found = _windows(_met(centres[[0, line]], pair).sum(axis=0) - 2 * _EMPTY, len(centres))
            if not found:
                return 0.0
            gain, start, _ = found[0]
            return gain - _ASIDE * abs(float(pair[0, start] - pair[1, start])) / float(_PITCHES_PX.mean())

        nearest[line] += max((0, -1, 1), key=met)
    return _cut(rulers, nearest)


def _cut(rulers: list[NDArray[np.float64]], nearest: list[int]) -> NDArray[np.float64]:
    """The ticks that all rulers have, counted from those at `nearest`."""
    before = min(nearest)
    after = min(len(own) - at for own, at in zip(rulers, nearest, strict=True))
    return np.stack([own[at - before : at + after] for own, at in zip(rulers, nearest, strict=True)])


def _windows(gains: NDArray[np.float64], lines: int) -> list[tuple[float, int, int]]:
    """(sum, start, count) of the ticks with these gains for each place of text as long as an MRZ's, greatest first."""
    sums = np.concatenate([[0.0], np.cumsum(gains)])
    return sorted(
        (
            (float(sums[start + count] - sums[start]), start, count)
            for count in _COUNTS[lines]
            for start in range(len(gains) - count + 1)
        ),
        reverse=True,
    )


@cache
def _waves(columns: int, *, steep: bool) -> NDArray[np.float32]:
    """(2, pitches, chirps, columns): waves whose crests lie where the ticks of a grid may stand, real and imaginary."""
    t = np.arange(columns) * COLUMN_PX / (columns * COLUMN_PX / 2) - 1
    chirps = (_STEEP_CHIRPS if steep else _CHIRPS)[:, None]
    periods = (columns * COLUMN_PX / 2) * np.log1p(chirps * t) / chirps / _PITCHES_PX[:, None, None]
    return np.stack([np.cos(2 * np.pi * periods), -np.sin(2 * np.pi * periods)]).astype(np.float32)


def _strength(centres: NDArray[np.float32], chirps: slice, *, steep: bool) -> NDArray[np.complex64]:
    """How far each wave of these chirps meets the chances of a centre (lines, m), and in which phase: (lines, pitches,
    chirps)."""
    even = centres - centres.mean(axis=1, keepdims=True)
    # not a matrix product: for one so small the library would wake its threads, which costs a hundred times the product
    real, imaginary = np.einsum("ipcm,lm->ilpc", _waves(centres.shape[1], steep=steep)[:, :, chirps], even)
    return np.asarray(real + 1j * imaginary, np.complex64)


def _ruler(strength: NDArray[np.complex64], columns: int, chirps: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ticks over the whole width: those of the strongest wave (pitches, chirps)."""
    half = columns * COLUMN_PX / 2
    pitch_at, chirp_at = np.unravel_index(int(np.abs(strength).argmax()), strength.shape)
    pitch, chirp = _PITCHES_PX[pitch_at], float(chirps[chirp_at])
    phase = -np.angle(strength[pitch_at, chirp_at]) / (2 * np.pi)
    first, last = half * np.log1p(np.array([-chirp, chirp])) / chirp / pitch
    periods = np.arange(np.ceil(first - phase), last - phase) + phase
    return np.asarray(half * (1 + np.expm1(periods * chirp * pitch / half) / chirp), np.float64)


def _met(centres: NDArray[np.float32], ticks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chances of a centre (lines, n) at the ticks (lines, n) of each line."""
    return np.stack([_at(line, own) for line, own in zip(centres, ticks, strict=True)])


def _at(values: NDArray[np.floating], pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values` (m,) at columns in px, in between by straight lines, 0 outside."""
    return np.asarray(np.interp(pixels, np.arange(len(values)) * COLUMN_PX, values, 0.0, 0.0), np.float64)


def _settle(each: NDArray[np.float32], columns: NDArray[np.float64], bends: int) -> NDArray[np.float64]:
    """Ticks moved towards the peaks near them: by one polynomial for all lines, then a stiff one for each line."""
    near = np.stack([_at(line, own[:, None] + _REACH_PX) for line, own in zip(each, columns, strict=True)]) ** 2
    weight = near.sum(axis=2)
    shift = (near * _REACH_PX).sum(axis=2) / np.maximum(weight, 1e-6)
    weight = weight / max(float(weight.max()), 1e-6)
    powers = _powers(columns.shape[1], bends)
    common = _least_squares(powers, weight.sum(axis=0), (weight * shift).sum(axis=0), 1e-3)
    moved = columns + powers @ common
    rest = shift - powers @ common
    own = _least_squares(powers, weight, weight * rest, _STIFF)
    return np.asarray(moved + own @ powers.T, np.float64)


@cache
def _powers(count: int, bends: int) -> NDArray[np.float64]:
    """(count, bends + 1): powers of the places of ticks, -1 to 1."""
    return np.vander(np.linspace(-1, 1, count), bends + 1)


def _least_squares(
    powers: NDArray[np.float64], weight: NDArray[np.float64], weighted: NDArray[np.float64], stiff: float
) -> NDArray[np.float64]:
    """Coefficients (..., bends + 1) of the polynomials through values (..., count), pulled to 0 by `stiff`.

    `weighted` is weight times value.
    """
    normal = powers.T @ (powers * weight[..., None]) + stiff * np.eye(powers.shape[1])
    return np.asarray(np.linalg.solve(normal, (weighted @ powers)[..., None])[..., 0], np.float64)


def fit(likelihoods: NDArray[np.float32]) -> float:
    """Mean log probability of the likeliest characters: near 0 for print, below about -1 for what is no text."""
    return float(np.maximum(likelihoods.max(axis=2), _LEAST_FIT).mean())


def likeness(grid: CharacterGrid, likelihoods: NDArray[np.float32]) -> float:
    """How much lines look like those of an MRZ: characters of its print at even distances.

    0.8 to 0.9 for clear lines, 0.7 and more for the worst development strips that were ever read; 0.3 to 0.4 for
    ordinary print and cloth, below 0 for noise.
    """
    return grid.score + _FIT_SHARE * fit(likelihoods)


def goes_on(centres: NDArray[np.float32], grid: CharacterGrid) -> bool:
    """Whether all lines have further characters right beside the ends of a grid that is not the longest there is."""
    if grid.count == max(_COUNTS[2]):
        return False
    columns = np.arange(centres.shape[1]) * COLUMN_PX
    beside = (
        [line[np.abs(columns - end - way * grid.pitch_px) < grid.pitch_px / 2].max(initial=0) for line, end in ends]
        for way, ends in (
            (-1, zip(centres, grid.columns_px[:, 0], strict=True)),
            (1, zip(centres, grid.columns_px[:, -1], strict=True)),
        )
    )
    return any(min(side) > _GOES_ON for side in beside)


def cells(seen: Seen, grid: CharacterGrid) -> NDArray[np.float32]:
    """Log probabilities (lines, cells, 37) of the characters at the ticks of `grid`, between the nearest answers."""
    at = np.clip(grid.columns_px / COLUMN_PX, 0, seen.centres.shape[1] - 1.001)
    left = at.astype(np.intp)
    part = (at - left)[..., None].astype(np.float32)
    row = np.arange(len(at))[:, None]
    mixed = seen.log_probabilities[row, left] * (1 - part) + seen.log_probabilities[row, left + 1] * part
    return np.asarray(mixed - np.log(np.exp(mixed).sum(axis=2, keepdims=True)), np.float32)

"""Finds the cells of the characters where the network sees centres: one comb for all lines, bent to each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.net import COLUMN_PX, Seen

_PITCHES_PX = np.arange(27.5, 32.55, 0.25)
_EMPTY = 0.3
"""A tooth with less chance of a centre speaks against the comb; that decides between 44, 36 and 30 teeth."""
_CLOSE = 1.6
"""Combs that are worse by no more than this many teeth are worth a second thought."""
_MOST_COMBS = 3
_COUNTS = {1: (44, 36, 30), 2: (44, 36), 3: (30,)}
"""Cells a line may have when so many lines are looked at together."""
_BENDS_PX = np.arange(-8.0, 8.1, 4)
_REACH_PX = np.arange(-9.0, 9.1, 3)
_STIFF = 1.5
"""Weight of the common comb against what the peaks of one line say, in peaks."""


@dataclass(frozen=True, eq=False)
class Comb:
    """Where the characters stand."""

    columns_px: NDArray[np.float64]
    """(lines, count): column of each character's centre."""
    pitch_px: float
    score: float
    """Mean chance of a centre under the teeth, 0..1: below about 0.3 there is no MRZ."""

    @property
    def count(self) -> int:
        """Characters a line."""
        return int(self.columns_px.shape[1])


def combs(centres: NDArray[np.float32]) -> Iterator[Comb]:
    """The combs that fit the chances of a centre (lines, m) well, best first, at most three.

    One to three lines are looked at together; none may fit when they are narrower than the text of an MRZ.
    """
    together = centres.mean(axis=0).astype(np.float64)
    teeth = _ruler(together)
    values = _at(together, teeth)
    surplus = np.concatenate([[0.0], np.cumsum(values - _EMPTY)])
    places = sorted(
        (
            (float(surplus[start + count] - surplus[start]), start, count)
            for count in _COUNTS[len(centres)]
            for start in range(len(teeth) - count + 1)
        ),
        reverse=True,
    )
    for gain, start, count in places[:_MOST_COMBS]:
        if gain < places[0][0] - _CLOSE:
            break
        columns = np.broadcast_to(teeth[start : start + count], (len(centres), count))
        for bends in (1, 2):
            columns = _settle(centres, columns, bends)
        score = float(np.mean([_at(line, own) for line, own in zip(centres, columns, strict=True)]))
        yield Comb(columns, float(np.diff(columns, axis=1).mean()), score)


def _ruler(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Teeth over the whole width whose pitch, phase and bend meet the most of `centres` (m,)."""
    known = np.arange(len(centres)) * COLUMN_PX
    waves = np.exp(-2j * np.pi * known / _PITCHES_PX[:, None])
    strength = waves @ (centres - centres.mean())
    best = int(np.argmax(np.abs(strength)))
    pitch = float(_PITCHES_PX[best])
    phase = float(-np.angle(strength[best]) / (2 * np.pi) * pitch) % pitch
    base = np.arange(phase, known[-1] + 0.5, pitch)
    k = np.linspace(0, 1, len(base))
    left, right, bend = (grid.ravel()[:, None] for grid in np.meshgrid(_BENDS_PX, _BENDS_PX, _BENDS_PX, indexing="ij"))
    teeth = base + left * (1 - k) + right * k + 4 * bend * k * (k - 1)
    sums = _at(centres, teeth).sum(axis=1) - 1e-3 * np.abs(bend[:, 0])
    return np.asarray(teeth[int(sums.argmax())], np.float64)


def _at(values: NDArray[np.floating], pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values` (m,) at columns in px, in between by straight lines, 0 outside."""
    return np.asarray(np.interp(pixels, np.arange(len(values)) * COLUMN_PX, values, 0.0, 0.0), np.float64)


def _settle(each: NDArray[np.float32], columns: NDArray[np.float64], bends: int) -> NDArray[np.float64]:
    """Teeth moved towards the peaks near them: by one polynomial for all lines, then a stiff one for each line."""
    near = np.stack([_at(line, own[:, None] + _REACH_PX) for line, own in zip(each, columns, strict=True)]) ** 2
    weight = near.sum(axis=2)
    shift = (near * _REACH_PX).sum(axis=2) / np.maximum(weight, 1e-6)
    weight = weight / max(float(weight.max()), 1e-6)
    powers = np.vander(np.linspace(-1, 1, columns.shape[1]), bends + 1)
    common = _least_squares(powers, weight.sum(axis=0), (weight * shift).sum(axis=0), 1e-3)
    moved = columns + powers @ common
    rest = shift - powers @ common
    own = [_least_squares(powers, line, line * left, _STIFF) for line, left in zip(weight, rest, strict=True)]
    return np.asarray(moved + np.stack(own) @ powers.T, np.float64)


def _least_squares(
    powers: NDArray[np.float64], weight: NDArray[np.float64], weighted: NDArray[np.float64], stiff: float
) -> NDArray[np.float64]:
    """Coefficients of the polynomial through values (given as weight times value), pulled to 0 by `stiff`."""
    normal = powers.T @ (powers * weight[:, None]) + stiff * np.eye(powers.shape[1])
    return np.asarray(np.linalg.solve(normal, powers.T @ weighted), np.float64)


def cells(seen: Seen, comb: Comb) -> NDArray[np.float32]:
    """Log probabilities (lines, cells, 37) of the characters at the teeth of `comb`, between the nearest answers."""
    at = np.clip(comb.columns_px / COLUMN_PX, 0, seen.centres.shape[1] - 1.001)
    left = at.astype(np.intp)
    part = (at - left)[..., None].astype(np.float32)
    row = np.arange(len(at))[:, None]
    mixed = seen.log_probabilities[row, left] * (1 - part) + seen.log_probabilities[row, left + 1] * part
    return np.asarray(mixed - np.log(np.exp(mixed).sum(axis=2, keepdims=True)), np.float32)

"""Pieces of dirt from a look at the white strip and the empty glass: where each is, of which kind, whether it hurts.

What is dark in a column at every height, strip and glass, is on the sensor. What is dark there over the strip alone is
on the strip, over the glass alone on the glass. So each column's clean light is the better of what it has at the strip
and over the glass (scaled), and what a row lacks against that belongs to the row's place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.errors import DeviceError
from stillscan.technician.looking import Floats, Look

GLASS, STRIP, SENSOR = "glass", "strip", "sensor"
KINDS = ("spot", "streak", "scratch", "haze")
_STROKE_MM = 0.35  # of OCR-B size 1 (ISO 1073-2): a piece that takes as much light as a stroke can be one
_CHARACTER_MM = 1.7  # its width: what is wider hides a character, and no more of it
_ZONE_X_MM, _ZONE_Y_MM = (3.0, 122.0), (2.5, 21.5)  # Doc 9303's two and three lines, laid down askew by up to 2 mm
HURTS = 0.5  # likelihood from which a piece counts: as much light lost as a stroke takes

_LEAST_LOSS = 0.15  # half of what simulated haze takes; seven times the assumed spread of a bar's pixels
_DARK_LOSS = 0.5  # between what is opaque and what one sees through
_OPAQUE_LOSS = 0.75  # on the sensor, where nothing has a length: between a grain and a smeared streak; simulated
_SCRATCH_MM = 1.0  # what is wider and seen through is haze; chosen on seeds below 1000
_NOISES = 5.0  # times the noise of a pixel: one false pixel in a few looks, and a piece has three
_OFFSET_LSB = 0.3  # by which a dark level may be off: a third of the converter's step
_ONE_PX = 7  # gaps in what is seen through that do not part it: half a millimetre
_LEAST_PX = 3.0  # pixels of the smallest piece: a speck of 0.2 mm has four
_LEAST_COLUMNS = 1.5  # of one on the sensor: a single pixel is a dead one, which `scanner test` names
_ALL_ALONG = 0.10  # the share of rows that a streak may leave out
_STRIP_BEST, _GLASS_BEST = 0.9, 0.8  # quantiles over the rows that stand for a clean column: most may be dirty
_ASIDE = 1  # rows beside the strip's lower edge that are left out: the lens sees both
_STRAIGHT = 0.93  # narrowest over widest row of a streak; a round piece as high as the strip has 0.9 at 2.5 times that
_LONG = 4.0  # height over width from which a piece is a streak
_PAPER = 0.3  # of the strip's light: a lid gives a tenth, grey paper a half
_COVERED = 0.05  # of the glass: more is no dirt but a thing
_LEAST_LIGHT_LSB = 2.0  # over the lid: below that nothing can be seen on the glass
_NO_LIGHT_LSB = 1.5  # over the lid: four times the noise of a row
_BLIND = 0.03  # of the light of the other columns: less is a dead pixel, in which nothing is seen; simulated
_LEVEL_DEGREE, _LEVEL_ROUNDS, _LEVEL_BELOW = 4, 12, 0.04  # of the lamp's light along x; chosen on seeds below 1000


class Piece(NamedTuple):
    """One piece of dirt in mm; ``y_mm`` of the strip counts from its lower edge, of the sensor it is 0.

    ``hurts``: 0..1, how likely it hurts reading.
    """

    x_mm: float
    y_mm: float
    size_mm: float
    kind: str
    where: str
    hurts: float


class DirtMap(NamedTuple):
    """``glass`` (rows, width): the share of light that is lost there; ``y_mm`` (rows,); ``pieces``, worst first."""

    glass: Floats
    y_mm: Floats
    pitch_mm: float
    pieces: list[Piece]


class _Region(NamedTuple):
    """In pixels: centre, extents, and ``loss`` at its middle; ``whole``: from the first to the last row."""

    x: float
    y: float
    width: float
    height: float
    diameter: float
    loss: float
    straight: bool
    whole: bool
    cut: bool  # it goes on beyond the first or the last row


def dirt_map(look: Look) -> DirtMap:
    """What is dirty. DeviceError: something lies on the glass, or there is too little light to tell."""
    light = np.maximum(look.light, 0.0)
    strip, glass, edge_mm = _places(look, light)
    strip_light, glass_light = light[strip], light[glass]
    at_strip = np.quantile(strip_light, _STRIP_BEST, axis=0)
    at_glass = np.quantile(glass_light, _GLASS_BEST, axis=0)
    lid = float(np.median(at_glass / np.maximum(at_strip, 1.0)))
    if lid > _PAPER or (glass_light > _PAPER * np.median(at_strip)).mean() > _COVERED:
        raise DeviceError("something lies on the glass: take it away, close the lid, and begin again")
    if float(np.median(at_glass)) < _LEAST_LIGHT_LSB:
        raise DeviceError("too little light comes back from the lid: 'stillscan scanner test' measures the lamp")
    clean = np.maximum(at_strip, np.where(at_glass > _NO_LIGHT_LSB, at_glass, 0.0) / lid)
    clean[clean < _BLIND * np.median(clean)] = 0.0
    pieces = [
        *_on_sensor(clean, look.pitch_mm),
        *_on_strip(strip_light, clean, look.y_mm[strip] - edge_mm, look.pitch_mm),
    ]
    lost, found = _on_glass(glass_light, clean * lid, look.y_mm[glass], look.pitch_mm)
    pieces += found
    return DirtMap(lost, look.y_mm[glass], look.pitch_mm, sorted(pieces, key=lambda piece: -piece.hurts))


def _places(look: Look, light: Floats) -> tuple[slice, slice, float]:
    """Rows of the strip, rows of the glass, and the height of the edge between them."""
    level = np.median(light, axis=1)
    bright = level > level.max() / 2
    rows = int(np.argmin(bright)) if not bright.all() else len(bright)
    if rows == len(bright) and level.max() >= _LEAST_LIGHT_LSB:
        raise DeviceError("something lies on the glass: take it away, close the lid, and begin again")
    if rows <= _ASIDE + 1 or level.max() < _LEAST_LIGHT_LSB:
        raise DeviceError("the white strip is not seen: 'stillscan scanner test' measures lamp and line sensor")
    edge_mm = float(look.y_mm[rows - 1] + look.y_mm[rows]) / 2
    return slice(0, rows - _ASIDE), slice(rows + _ASIDE, None), edge_mm


def _noise_lsb(light: Floats) -> Floats:
    """(width,) rms of a pixel of one row, from rows beside each other."""
    noise: Floats = 1.4826 * np.median(np.abs(np.diff(light, axis=0)), axis=0) / np.sqrt(2.0)
    return np.maximum(noise, np.median(noise))


def _threshold(light: Floats, expected: Floats) -> Floats:
    """(width,) loss from which a pixel is dirty."""
    sure = (_NOISES * _noise_lsb(light) + _OFFSET_LSB) / np.maximum(expected, 1e-3)
    return np.maximum(_LEAST_LOSS, sure)


def _on_sensor(clean: Floats, pitch_mm: float) -> Iterator[Piece]:
    """Columns that are dark against the lamp's smooth light."""
    loss = np.maximum(1.0 - clean / _level(clean), 0.0)[None, :]
    for region in _regions(loss, np.full(loss.shape[1], _LEAST_LOSS), (_OPAQUE_LOSS, _DARK_LOSS)):
        if region.width >= _LEAST_COLUMNS:
            size = region.width * pitch_mm
            kind = "spot" if region.loss > _OPAQUE_LOSS else _along(region.loss, size)
            yield _piece(region.x * pitch_mm, 0.0, size, kind, SENSOR, region.loss)


def _level(clean: Floats) -> Floats:
    """The lamp's light along x as if the sensor were clean."""
    x = np.linspace(-1.0, 1.0, len(clean))
    kept = clean >= np.quantile(clean, 0.25) / 2
    level = np.full_like(clean, np.median(clean))
    for _ in range(_LEVEL_ROUNDS):
        level = np.maximum(np.polynomial.Polynomial.fit(x[kept], clean[kept], _LEVEL_DEGREE)(x), 1.0)
        kept = clean > (1.0 - _LEVEL_BELOW) * level
    return level


def _on_strip(light: Floats, clean: Floats, above_mm: Floats, pitch_mm: float) -> Iterator[Piece]:
    loss = np.maximum(1.0 - light / np.maximum(clean, 1e-3), 0.0)
    for region in _regions(loss, _threshold(light, clean)):
        streak = region.whole and region.straight
        size = region.width if streak or region.cut else region.diameter
        kind = _along(region.loss, size * pitch_mm) if streak else _round_or_long(region)
        y_mm = float(np.interp(region.y, np.arange(len(above_mm)), above_mm))
        yield _piece(region.x * pitch_mm, y_mm, size * pitch_mm, kind, STRIP, region.loss)


def _on_glass(light: Floats, clean: Floats, y_mm: Floats, pitch_mm: float) -> tuple[Floats, list[Piece]]:
    """What is lost at every pixel, and the pieces: streaks along all rows first, then what else there is."""
    passed = light / np.maximum(clean, 1e-3)
    threshold = _threshold(light, clean)
    lost = np.minimum(np.abs(1.0 - passed), 1.0)
    everywhere = np.quantile(lost, _ALL_ALONG, axis=0) > threshold / 2
    along = np.where(everywhere, np.median(lost, axis=0), 0.0)
    pieces = []
    for region in _regions(along[None, :], np.full(len(along), _LEAST_LOSS)):
        if region.width >= _LEAST_COLUMNS:
            size = region.width * pitch_mm
            kind = _along(region.loss, size)
            pieces.append(_piece(region.x * pitch_mm, float(y_mm.mean()), size, kind, GLASS, region.loss))
    middle_passed = np.where(everywhere, np.median(passed, axis=0), 1.0)
    beside = np.abs(1.0 - passed / np.maximum(middle_passed, 0.05))
    for region in _regions(np.minimum(beside, 1.0), _threshold(light, clean * np.minimum(middle_passed, 1.0))):
        kind = _round_or_long(region)
        size = region.width if kind in ("streak", "scratch") or region.cut else region.diameter
        at_mm = float(np.interp(region.y, np.arange(len(y_mm)), y_mm))
        pieces.append(_piece(region.x * pitch_mm, at_mm, size * pitch_mm, kind, GLASS, region.loss))
    return lost, pieces


def _along(loss: float, size_mm: float) -> str:
    """The kind of what lies at every height of its place, or has none."""
    if loss > _DARK_LOSS:
        return "streak"
    return "scratch" if size_mm < _SCRATCH_MM else "haze"


def _round_or_long(region: _Region) -> str:
    if region.height > _LONG * region.width:
        return "streak" if region.loss > _DARK_LOSS else "scratch"
    return "spot" if region.loss > _DARK_LOSS else "haze"


def _regions(loss: Floats, threshold: Floats, levels: tuple[float, ...] = (_DARK_LOSS,)) -> Iterator[_Region]:
    """What hangs together: by the ``levels`` of its loss, the darkest first, then what is seen through. What is less
    dark is told beside it, where it is no rim of it: where two pieces lie across each other both are seen."""
    loss = np.where(threshold < 1.0, loss, 0.0)  # nothing is known of columns without light
    around = np.zeros(loss.shape, np.bool_)
    for level in levels:
        dark = (loss > np.maximum(threshold, level)) & ~around
        yield from _connected(dark, loss)
        around |= cv2.dilate(dark.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    faint = loss > threshold
    if len(loss) > 1:  # else the edge of a smear falls apart into noise
        beyond = np.pad((cv2.blur(loss, (3, 3)) > threshold).astype(np.uint8), _ONE_PX)  # nothing closes on the border
        closed = cv2.morphologyEx(beyond, cv2.MORPH_CLOSE, np.ones((_ONE_PX, _ONE_PX), np.uint8))
        faint = closed[_ONE_PX:-_ONE_PX, _ONE_PX:-_ONE_PX] > 0
    yield from _connected(faint & ~around, loss)


def _connected(mask: NDArray[np.bool_], loss: Floats) -> Iterator[_Region]:
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    least = _LEAST_PX if len(loss) > 1 else _LEAST_COLUMNS
    for label in range(1, count):
        x, y, width, height, area = (int(value) for value in boxes[label])
        if area < least:
            continue
        rows, columns = slice(max(y - 1, 0), y + height + 1), slice(max(x - 1, 0), x + width + 1)
        mine = (labels[rows, columns] == label).astype(np.uint8)
        depth = float(np.quantile(loss[rows, columns][mine > 0], 0.8))
        share = np.minimum(loss[rows, columns] / depth, 1.0) * cv2.dilate(mine, np.ones((3, 3), np.uint8))
        by_row, by_column = share.sum(axis=1), share.sum(axis=0)
        inner = mine.sum(axis=1)[mine.any(axis=1)]
        total = float(share.sum())
        yield _Region(
            float((by_column * (np.arange(len(by_column)) + columns.start)).sum() / total) + 0.5,
            float((by_row * (np.arange(len(by_row)) + rows.start)).sum() / total),
            float(by_row.max()),
            float(by_column.max()),
            2.0 * (total / np.pi) ** 0.5,
            depth,
            bool(inner.min() >= _STRAIGHT * inner.max()) or int(inner.max() - inner.min()) <= 1,
            height == len(loss),
            y == 0 or y + height == len(loss),
        )


def _piece(x_mm: float, y_mm: float, size_mm: float, kind: str, where: str, loss: float) -> Piece:
    hurts = likelihood(x_mm, y_mm, size_mm, where, loss, along=kind in ("streak", "scratch"))
    return Piece(round(x_mm, 1), round(y_mm, 1), round(size_mm, 2), kind, where, round(hurts, 2))


def likelihood(x_mm: float, y_mm: float, size_mm: float, where: str, loss: float, *, along: bool) -> float:
    """How likely a piece hurts reading: the light that it takes across a character, against what a stroke takes.

    0 up to half a stroke and beside the text zone, 0.5 at one stroke, 1 from one and a half on. ``along``: it
    lies at every height.
    """
    half = size_mm / 2
    if not _ZONE_X_MM[0] - half <= x_mm <= _ZONE_X_MM[1] + half:
        return 0.0
    if where == GLASS and not along and not _ZONE_Y_MM[0] - half <= y_mm <= _ZONE_Y_MM[1] + half:
        return 0.0
    strokes = loss * min(size_mm, _CHARACTER_MM) / _STROKE_MM
    return float(min(max(strokes - 0.5, 0.0), 1.0))


def verdict(pieces: list[Piece]) -> str:
    """One of VERDICTS' keys: what to wipe first."""
    hurting = {piece.where for piece in pieces if piece.hurts >= HURTS}
    if not hurting:
        return "clean"
    return next(word for where, word in _WORDS if where in hurting)


_WORDS = ((GLASS, "wipe the glass"), (STRIP, "wipe the white strip"), (SENSOR, "sensor: call a technician"))
VERDICTS = {
    "clean": "nothing is there that hurts reading",
    "wipe the glass": "wipe the glass with a soft, lint-free cloth and look again: what stays is a scratch",
    "wipe the white strip": "wipe the white strip above the glass, look again, then 'stillscan scanner calibrate'",
    "sensor: call a technician": "the sensor's own window has to be wiped; then 'stillscan scanner calibrate'",
}

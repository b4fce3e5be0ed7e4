"""A known page that moves under the scanner, and the lines that come of it, for the tests of the strip store."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stillscan.link.messages import Band, BandHeader, SweepBegin
from stillscan.scanning.strips import StripStore
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page, row_y_mm
from stillscan.simulator.hand import FloatArray, Motion

PITCH_UM = 84.667
LINE_US = 2950
FRAME_US = 8264
EXPOSED_US = 1900  # from the middle of an exposure to its line's time stamp
COUNT_UM = 50
INNER = slice(40, 234)  # what no movement of these tests carries over the zone's edges
COLUMNS = slice(60, LINE_PX - 60)


def texture() -> NDArray[np.uint8]:
    """A page without two places alike, as fine as print."""
    rng = np.random.default_rng(5)
    grey = rng.normal(size=(ZONE_ROWS + 60, LINE_PX))
    kernel = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    for axis in (0, 1):
        grey = np.apply_along_axis(np.convolve, axis, grey, kernel, "same")
    return np.clip(150 + 35 * grey / grey.std(), 100, 250).astype(np.uint8)


PICTURE = texture()
PAGE = Page.from_array(PICTURE)
ZONE = PICTURE[-ZONE_ROWS:].astype(np.float64)


def along(*knots: tuple[float, float, float]) -> Motion:
    """Through (t_ms, dx_mm, dy_mm)."""
    table = np.array(knots, dtype=np.float64)
    pose = np.column_stack((table[:, 1:], np.zeros(len(table))))
    return Motion(table[:, 0] * 1000, pose, np.zeros_like(pose))


def sweep(
    store: StripStore,
    motion: Motion,
    began_us: int,
    first_row: int = 0,
    last_row: int = ZONE_ROWS - 1,
    track: int = 1,
    scale: float = 1.0,
    dead: Mapping[int, int] | None = None,
) -> None:
    """Lines as the scanner sends them: counts of whole 50 um, of the latest frame of the flow sensor.

    ``scale``: what the sensor says of the way that there was, negative for one that counts backwards; ``dead``: what
    pixels say that see nothing.
    """
    store.begin(SweepBegin(len(store.sweeps) + 1, 1, first_row, last_row, 0, track))
    for number, row in enumerate(range(first_row, last_row + 1)):
        t_us = began_us + (number + 1) * LINE_US
        dx_mm, dy_mm, lift_mm = motion.pose(t_us - EXPOSED_US)
        line = PAGE.line(row_y_mm(row), dx_mm, dy_mm, lift_mm)
        seen = motion.pose(t_us // FRAME_US * FRAME_US)
        dx_um, dy_um = (round(scale * mm * 1000 / COUNT_UM) * COUNT_UM for mm in seen[:2])
        header = BandHeader(1, number, row, 1, 8, t_us % (1 << 30), dx_um, dy_um, 100, 1, LINE_PX)
        pixels = np.rint(line * 255).astype(np.uint8)
        for column, value in (dead or {}).items():
            pixels[column] = value
        store.add(Band(header, pixels[None]))


def empty() -> StripStore:
    return StripStore(ZONE_ROWS, LINE_PX, PITCH_UM)


def offset_px(found: FloatArray, wanted: FloatArray, reach: int = 4) -> tuple[float, float]:
    """By how much (rows, columns) ``found`` lies off ``wanted``: the peak of their correlation, between pixels."""
    inner = wanted[reach:-reach, reach:-reach]
    scores = np.zeros((2 * reach + 1, 2 * reach + 1))
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            part = found[reach + dy : len(found) - reach + dy, reach + dx : found.shape[1] - reach + dx]
            scores[reach + dy, reach + dx] = np.corrcoef(part.ravel(), inner.ravel())[0, 1]
    y, x = np.unravel_index(scores.argmax(), scores.shape)
    assert 0 < y < 2 * reach, "off by more than can be measured"
    assert 0 < x < 2 * reach, "off by more than can be measured"

    def between(before: float, at: float, after: float) -> float:
        return 0.5 * (before - after) / (before - 2 * at + after)

    return (
        float(y - reach + between(scores[y - 1, x], scores[y, x], scores[y + 1, x])),
        float(x - reach + between(scores[y, x - 1], scores[y, x], scores[y, x + 1])),
    )


def assert_straight(store: StripStore, within_px: float = 1.0) -> None:
    """Every stretch of 24 rows lies where it does on the page, in both directions."""
    picture, seen = store.joined()
    assert seen[INNER].all()
    assert not len(store.missing(INNER.start, INNER.stop - 1))
    for first in range(INNER.start, INNER.stop - 24, 24):
        rows = slice(first, first + 24)
        off = offset_px(picture[rows, COLUMNS].astype(np.float64), ZONE[rows, COLUMNS])
        assert max(map(abs, off)) < within_px, (first, off)
    whole = np.corrcoef(picture[INNER, COLUMNS].ravel(), ZONE[INNER, COLUMNS].ravel())[0, 1]
    assert whole > 0.8

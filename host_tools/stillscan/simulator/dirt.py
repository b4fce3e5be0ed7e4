"""Dirt in the optical path: on the sensor (dark columns in every line), on the glass, and on the white strip.

A named profile, or spots one by one, separated by blanks: ``WHERE:KIND:X,Y:SIZE``, in mm. WHERE is ``glass``, ``strip``
or ``sensor``; KIND one of KINDS; X and Y are glass coordinates (see glass.py; of a strip Y counts from its lower edge,
of the sensor there is none: ``sensor:spot:40:0.5``). A streak or a scratch is SIZE wide and runs along Y over all of
its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.errors import InputError
from stillscan.simulator.glass import LINE_PX, PX_PER_MM, ZONE_HEIGHT_MM

Line = NDArray[np.float32]
_CLEAR = np.float32(1.0)

PROFILES: dict[str, str] = {
    "clean": "nothing",
    "dust": "a few specks on the sensor: columns of 2-5 px that pass 40-80 %",
    "streak": "one or two columns of 3-6 px on the sensor that pass 5-20 %",
    "smear": "a translucent blot on the glass that passes 40-70 % at its middle",
    "dirty": "all of these",
}


KINDS = {"spot": 0.15, "streak": 0.35, "haze": 0.7, "scratch": 0.6}
"""Kinds of dirt and how much of the light passes them."""
PLACES = ("glass", "strip", "sensor")  # where it may be
_MOST_MM = 130.0  # of a place or a size: the zone is 125 mm wide


class Spot(NamedTuple):
    """One piece of dirt; ``y_mm`` is 0 where it has none."""

    where: str
    kind: str
    x_mm: float
    y_mm: float
    size_mm: float

    @classmethod
    def parse(cls, text: str) -> Spot:
        """From WHERE:KIND:X,Y:SIZE. InputError."""
        where, _, rest = text.partition(":")
        kind, _, rest = rest.partition(":")
        place, _, size = rest.partition(":")
        x, _, y = place.partition(",")
        try:
            spot = cls(where, kind, float(x), float(y) if y or where != "sensor" else 0.0, float(size))
        except ValueError:
            raise InputError(f"--dirt: '{text}' is not WHERE:KIND:X,Y:SIZE with numbers in mm") from None
        if where not in PLACES or kind not in KINDS:
            raise InputError(f"--dirt: '{text}': WHERE is {', '.join(PLACES)}; KIND is {', '.join(KINDS)}")
        if not (0 <= spot.x_mm <= _MOST_MM and 0 <= spot.y_mm <= _MOST_MM and 0 < spot.size_mm <= _MOST_MM):
            raise InputError(f"--dirt: '{text}': places from 0, sizes above 0, up to {_MOST_MM:g} mm")
        return spot

    def transmission(self, y_mm: float) -> Line | None:
        """(1476,) 0..1 at a height of its place; None where it is not."""
        half = self.size_mm / 2
        if self.where != "sensor" and self.kind in ("spot", "haze"):
            inside = half**2 - (y_mm - self.y_mm) ** 2
            if inside <= 0:
                return None
            half = inside**0.5
        x_mm = (np.arange(LINE_PX, dtype=np.float32) + 0.5) / np.float32(PX_PER_MM)
        covered = np.clip((half - np.abs(x_mm - self.x_mm)) * PX_PER_MM + 0.5, 0.0, 1.0)
        passed: Line = (1.0 - (1.0 - KINDS[self.kind]) * covered).astype(np.float32)
        return passed


@dataclass(frozen=True)
class Dirt:
    """``column_transmission``: (1476,) of the sensor's window, 0..1; ``blot_x``: (1476,) loss along x at the blot's
    middle, whose height is ``blot_y_mm`` and half-height ``blot_sigma_mm`` (1/e at sqrt 2 of it)."""

    column_transmission: Line
    blot_x: Line
    blot_y_mm: float = 0.0
    blot_sigma_mm: float = 1.0
    spots: tuple[Spot, ...] = ()
    _blotted: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_blotted", bool(self.blot_x.any()))

    @property
    def covers(self) -> bool:
        """Is something on the glass or on the strip?"""
        return self._blotted or bool(self.spots)

    @classmethod
    def of(cls, spots: Sequence[Spot]) -> Dirt:
        """Single pieces of dirt."""
        columns = np.ones(LINE_PX, dtype=np.float32)
        for spot in spots:
            if spot.where == "sensor" and (passed := spot.transmission(0.0)) is not None:
                columns *= passed
        return cls(columns, np.zeros(LINE_PX, dtype=np.float32), spots=tuple(spots))

    @classmethod
    def profile(cls, name: str, seed: int) -> Dirt:
        """The named dirt, or single pieces; InputError if there is no such name."""
        if ":" in name:
            return cls.of([Spot.parse(text) for text in name.split()])
        if name not in PROFILES:
            raise InputError(f"no dirt '{name}'; there are: {', '.join(PROFILES)}")
        if seed < 0:
            raise InputError("a dirt profile needs a seed of at least 0")
        rng = np.random.default_rng([seed, 100 + list(PROFILES).index(name)])
        columns = np.ones(LINE_PX, dtype=np.float32)
        blot = np.zeros(LINE_PX, dtype=np.float32)
        y_mm, sigma_mm = 0.0, 1.0
        if name in ("dust", "dirty"):
            for _ in range(rng.integers(3, 7)):
                _darken(rng, columns, (2, 5), (0.4, 0.8))
        if name in ("streak", "dirty"):
            for _ in range(rng.integers(1, 3)):
                _darken(rng, columns, (3, 6), (0.05, 0.2))
        if name in ("smear", "dirty"):
            x_mm = (np.arange(LINE_PX) + 0.5) / PX_PER_MM
            across = (x_mm - rng.uniform(15.0, 110.0)) / rng.uniform(3.0, 8.0)
            blot = (rng.uniform(0.3, 0.6) * np.exp(-0.5 * across**2)).astype(np.float32)
            y_mm, sigma_mm = float(rng.uniform(4.0, ZONE_HEIGHT_MM - 4.0)), float(rng.uniform(2.0, 4.0))
        return cls(columns, blot, y_mm, sigma_mm)

    def glass_transmission(self, y_mm: float) -> Line | np.float32:
        """(1476,) or a plain 1, 0..1: what the glass passes at this height, however the document lies."""
        if not self._blotted:
            return self._through("glass", y_mm, _CLEAR) if self.spots else _CLEAR
        passed: Line = np.float32(1.0) - self.blot_x * np.float32(
            np.exp(-0.5 * ((y_mm - self.blot_y_mm) / self.blot_sigma_mm) ** 2)
        )
        return self._through("glass", y_mm, passed)

    def strip_transmission(self, y_mm: float) -> Line | np.float32:
        """(1476,) or a plain 1, 0..1: what is left of the white strip's light at a height above its lower edge."""
        return self._through("strip", y_mm, _CLEAR)

    def _through(self, where: str, y_mm: float, passed: Line | np.float32) -> Line | np.float32:
        for spot in self.spots:
            if spot.where == where and (lets := spot.transmission(y_mm)) is not None:
                passed = passed * lets
        return passed


def _darken(
    rng: np.random.Generator, columns: Line, width_px: tuple[int, int], transmission: tuple[float, float]
) -> None:
    width = int(rng.integers(width_px[0], width_px[1] + 1))
    first = int(rng.integers(0, LINE_PX - width + 1))
    columns[first : first + width] *= np.float32(rng.uniform(*transmission))

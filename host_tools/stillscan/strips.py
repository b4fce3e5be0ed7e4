"""Strip store: the lines of one document, attempt by attempt. Lines from before an abort are good lines and stay."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillscan.link.messages import Band, SweepBegin

PAPER = 255  # rows that no sweep has seen


@dataclass
class Sweep:
    """One attempt. ``pixels`` (rows, width_px) uint8; ``seen`` (rows,) bool; ``shift_um`` (rows, 2) of the flow."""

    attempt: int
    pixels: NDArray[np.uint8]
    seen: NDArray[np.bool_]
    shift_um: NDArray[np.int32]
    missing_bands: int = 0
    _next_band: int = 0

    def add(self, band: Band) -> None:
        """Put a band's lines where they belong; counts bands that never came. Rows beyond the zone are left out."""
        header = band.header
        self.missing_bands += max(0, header.band - self._next_band)
        self._next_band = header.band + 1
        last = min(header.row + header.lines, len(self.seen))
        count = last - header.row
        if count <= 0 or header.width_px != self.pixels.shape[1]:
            return
        self.pixels[header.row : last] = band.pixels[:count]
        self.seen[header.row : last] = True
        self.shift_um[header.row : last] = (header.dx_um, header.dy_um)


@dataclass
class StripStore:
    """The sweeps over one document; ``rows`` x ``width_px`` as the scanner's HELLO says."""

    rows: int
    width_px: int
    sweeps: list[Sweep] = field(default_factory=list)

    def begin(self, message: SweepBegin) -> None:
        """A new attempt."""
        shape = (self.rows, self.width_px)
        self.sweeps.append(
            Sweep(
                message.attempt,
                np.full(shape, PAPER, np.uint8),
                np.zeros(self.rows, np.bool_),
                np.zeros((self.rows, 2), np.int32),
            )
        )

    def add(self, band: Band) -> None:
        """Lines of the newest attempt; without one (the host came in the middle) they are left out."""
        if self.sweeps:
            self.sweeps[-1].add(band)

    def joined(self) -> NDArray[np.uint8]:
        """(rows, width_px): the newest attempt that saw a row gives it; rows that none saw are paper."""
        out = np.full((self.rows, self.width_px), PAPER, np.uint8)
        for sweep in self.sweeps:
            out[sweep.seen] = sweep.pixels[sweep.seen]
        return out

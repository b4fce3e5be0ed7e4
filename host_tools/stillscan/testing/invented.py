"""A document of an invented person that leads to the verdict that was recorded: nothing of the real one is known.

Its print is as dark on its paper, and the streaks lie where they lay, as far as the recording tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stillscan.simulator.dirt import Dirt, Spot
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page
from stillscan.simulator.picture import read_page
from stillscan.testing.seen import Seen

_SAMPLES = Path(__file__).parents[1] / "samples"
_OF_REASON = {
    "specimen_document": "uto-clean.png", "document_expired": "nor-expired.png",
    "document_not_passport": "nor-id-card.png",
}  # fmt: skip
_OF_FORMAT = {"TD1": "nor-id-card.png", "TD2": "uto-id-td2.png", "MRV-A": "uto-visa.png"}
_OTHER_NAME = "Knut Olav Fjellvang"  # of no sample that is taken
_PAPER, _INK, _NOISE = 227.0, 29.0, 2.1  # what a recording says of a new sample on a sound scanner (bench.replay)
_OWN_NOISE = (
    1.68  # of that the line sensor's; the rest is what lines are rounded to (it says 5.2 of a sensor of 3 times)
)
_MOST_NOISE = 20.0  # times a new sensor's: beyond that nothing can be read anyway
_LEAST_CONTRAST = 60.0  # grey values: below that there is no print but in the paper's own pattern
_BAR_ROWS, _BAR_PX = 6, 30  # of what stands for print that is no MRZ: a stroke's height, a letter's pitch


@dataclass(frozen=True)
class Invented:
    """``noise`` is the line sensor's against a new one's; ``recipient`` the name on the letter, where one is needed."""

    page: Page
    dirt: Dirt
    noise: float
    recipient: str | None


def invented(recorded: Seen) -> Invented:
    """Document, dirt and noise of a visit."""
    rows = sorted(recorded.light, key=lambda row: float(row[2]))
    paper, ink, noise = (float(value) for value in rows[-1][3:6]) if rows else (_PAPER, _INK, _NOISE)
    streaks = np.array(rows[-1][6:] if rows else [], dtype=np.float64)
    spots = [
        Spot("glass", "streak", x, 0.0, width)
        for x, width, _ in streaks[: len(streaks) // 3 * 3].reshape(-1, 3).tolist()
    ]
    result = recorded.result or ["gave_up", "removed", None]
    grey = _picture(str(result[1]), result[2], paper - ink > _LEAST_CONTRAST)
    printed = ink + (grey.astype(np.float32) - _INK) * ((paper - ink) / (_PAPER - _INK))
    return Invented(
        Page.from_array(np.clip(np.rint(printed), 0, 255).astype(np.uint8)),
        Dirt.of(spots) if spots else Dirt.profile("clean", 1),
        min(max(noise**2 - _NOISE**2 + _OWN_NOISE**2, _OWN_NOISE**2) ** 0.5 / _OWN_NOISE, _MOST_NOISE),
        _OTHER_NAME if result[1] == "name_mismatch" else None,
    )


def _picture(reason: str, form: str | None, print_: bool) -> NDArray[np.uint8]:
    """The zone, (274, 1476) grey, with the sample's paper and ink."""
    if reason == "mrz_missing":
        return _no_mrz(print_)
    codes = reason.split(",")
    name = next((_OF_REASON[code] for code in codes if code in _OF_REASON), "nor-clean.png")
    if "document_not_passport" in codes:
        name = _OF_FORMAT.get(form or "", name)
    return read_page(_SAMPLES / name, LINE_PX, ZONE_ROWS)


def _no_mrz(print_: bool) -> NDArray[np.uint8]:
    """Paper, with bars in place of letters where something was printed on it."""
    grey = np.full((ZONE_ROWS, LINE_PX), _PAPER, np.float32)
    if print_:
        chance = np.random.default_rng(ZONE_ROWS)  # always the same
        for row in range(0, ZONE_ROWS - _BAR_ROWS, 4 * _BAR_ROWS):
            bars = np.repeat(chance.random(LINE_PX // _BAR_PX + 1) < 0.5, _BAR_PX)[:LINE_PX]
            grey[row : row + _BAR_ROWS, bars] = _INK
    return grey.astype(np.uint8)

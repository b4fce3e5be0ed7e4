"""Rows of text beside an MRZ that was read: do they belong to another one? Of two, nobody knows which was meant."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import probe
from stillscan.mrz.evidence import Evidence
from stillscan.mrz.spot import Bar

_ASIDE_PITCHES = 1.25
"""Half the distance of two lines (75 of 30 px): what lies nearer to a line that was read is that line."""
_SHORTEST_PITCHES = 10
"""What is left of a row beyond the ends of the text is looked at from this length on, as `spot` does."""
_MARGIN_PITCHES = 1.5
"""From the middle of the last character to where something else begins: half a character, and its shadow in `spot`."""
CLEARLY_MRZ = 0.7
"""Likeness of a row that is an MRZ's whether it can be read or not: typescript has up to 0.64, what can be read 0.7 and
more."""
_STEEP = np.cos(np.radians(20))  # between a row and the lines that were read, above which it is none of them


def beyond(found: Evidence, bar: Bar) -> list[Bar]:
    """What of a row in the picture does not belong to the lines that were read: nothing, all, or what goes on at the
    sides."""
    middle, pitch = found.corners.mean(axis=(0, 1)), found.pitch_px
    left, right = found.corners.mean(axis=0)
    along = (right - left) / np.hypot(*(right - left))
    across = np.array([-along[1], along[0]])
    way = (bar.right - bar.left) / bar.length_px
    rows = (found.corners.mean(axis=1) - middle) @ across
    aside = float(((bar.left + bar.right) / 2 - middle) @ across)
    reach = _ASIDE_PITCHES * pitch
    if abs(float(way @ along)) < _STEEP or not rows.min() - reach < aside < rows.max() + reach:
        return [bar]
    ends = sorted((bar.left, bar.right), key=lambda end: float(end @ along))
    half = float(np.hypot(*(right - left))) / 2 + _MARGIN_PITCHES * pitch
    inner = [middle + across * aside + side * half * along for side in (-1, 1)]
    parts = [(ends[0], inner[0]), (inner[1], ends[1])]
    return [
        Bar(one, other, bar.height_px, pitch, bar.rhythm)
        for one, other in parts
        if float((other - one) @ along) > _SHORTEST_PITCHES * pitch
    ]


def any_is_mrz(grey: NDArray[np.uint8], rows: Sequence[Bar]) -> bool:
    """Whether one of these rows of a grey picture is clearly that of an MRZ."""
    return any(max(probe.likeness(grey, row)) > CLEARLY_MRZ for row in rows)

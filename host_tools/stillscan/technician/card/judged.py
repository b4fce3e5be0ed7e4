"""What a scan of the test card tells: pitch and squareness of the carriage, scale and sharpness of the sensor.

A ladder is looked for first, at both margins, with the card's pitch and with that of its upper edge: so a card that
lies upside down, and whatever is no card, is told before anything is measured.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.read import read_strip
from stillscan.technician.card import marks
from stillscan.technician.measuring import Measured

Floats = NDArray[np.float64]
Line = tuple[float, float]
_ASKEW = "the test card lies askew or too far aside: push it into the corner of the stops, and begin again"

_PX = marks.PX_PER_MM
_FOUND = 0.6  # likeness to a ladder: sound scans of the card have 0.85 and more, 30 sample strips at most 0.35
_SEEN_MM = 3.5  # up or down that the card may lie off: then two ticks of the ladder are beyond the zone
_ASIDE_MM = 2.0  # left or right
_FEW = 7  # of nine ticks of a ladder: over so many a pitch is known to a thousandth
_NEAR_PX = 8.0  # to either side of a tick, which is 5 wide and 24 from the next
_ASKEW_ROWS = 14.0  # in 125 mm, half a degree: beyond it a field's rows are those of its neighbours
_BLANK = 0.25  # contrast of the picture below which nothing is printed there


class CardScan(NamedTuple):
    """``wrong``: in one line why it is no scan of the card; then ``measured`` is empty."""

    measured: list[Measured]
    wrong: str | None
    px_per_mm: float = _PX


class _Ladder(NamedTuple):
    """``rows`` of the ticks' middles, and the heights ``y_mm`` on the card that they have."""

    rows: Floats
    y_mm: Floats


def card_scan(scan: Floats) -> CardScan:
    """Of a scan (rows, width) 0..255, row 0 uppermost, NaN where none came."""
    rows = ~np.isnan(scan).any(axis=1)
    if np.count_nonzero(rows) < 0.9 * len(scan):
        return CardScan([], "too few rows of it were scanned: let it lie still, and begin again")
    filled = np.where(np.isnan(scan), np.nanmedian(scan), scan)
    ink = _ink(filled)
    if ink is None:
        return CardScan([], "nothing printed is seen: the card lies face down, or is printed too pale")
    left, right = _ladder(ink, marks.LEFT_MM), _ladder(ink, marks.RIGHT_MM)
    if left is None or right is None:
        return CardScan([], _what_else(filled, ink))
    return _measured(filled, ink, left, right)


def _ink(scan: Floats) -> Floats | None:
    """(rows, width) 0..1, None without contrast."""
    paper, dark = np.quantile(scan, 0.9), np.quantile(scan, 0.005)
    if paper - dark < _BLANK * max(paper, 1.0):
        return None
    return np.asarray(np.clip((paper - scan) / (paper - dark), 0.0, 1.0))


def _likeness(ink: Floats, at_mm: tuple[float, float], ticks_mm: tuple[float, ...]) -> tuple[float, float]:
    """How like a margin's rows are to a ladder, at most 1, and by how many rows it then lies lower than it should."""
    left, right = (round(x * _PX) for x in (at_mm[0] + 0.4, at_mm[1] - 0.4))
    reach = round(_SEEN_MM * _PX)
    best = (-1.0, 0.0)
    for aside in range(-round(_ASIDE_MM * _PX), round(_ASIDE_MM * _PX) + 1, 6):  # 6 px: a fifth of a tick's length
        columns = ink[:, max(left + aside, 0) : max(right + aside, 0)]
        if columns.shape[1] < 6:  # of 22: less says nothing
            continue
        profile = columns.mean(axis=1)
        for off in range(-reach, reach + 1):
            ladder = _profile(len(profile), ticks_mm, off)
            best = max(best, (_correlation(profile, ladder), float(off)))
    return best


def _profile(rows: int, ticks_mm: tuple[float, ...], off: int) -> Floats:
    y = marks.ZONE_MM - (np.arange(rows) + 0.5 - off) / _PX
    return np.asarray(np.abs(y[:, None] - np.array(ticks_mm)).min(axis=1) < marks.TICK_MM / 2, np.float64)


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-9))


def _ladder(ink: Floats, at_mm: tuple[float, float]) -> _Ladder | None:
    """Its ticks to a fraction of a row; None where there is none."""
    likeness, off = _likeness(ink, at_mm, marks.LADDER_MM)
    if likeness < _FOUND:
        return None
    left, right = (round(x * _PX) for x in (at_mm[0] + 0.6, at_mm[1] - 0.6))
    profile = ink[:, left:right].mean(axis=1)
    found = []
    for y_mm in marks.LADDER_MM:
        row = _middle(profile, (marks.ZONE_MM - y_mm) * _PX + off)
        if row is not None:
            found.append((row, y_mm))
    if len(found) < _FEW:
        return None
    rows, heights = np.array(found).T
    return _Ladder(rows, heights)


def _middle(profile: Floats, near: float) -> float | None:
    """Middle of the dark around ``near``, in pixels from the edge of the first; None beyond the ends."""
    low, high = round(near - _NEAR_PX), round(near + _NEAR_PX)
    if low < 0 or high > len(profile):
        return None
    window = profile[low:high] - np.quantile(profile[low:high], 0.2)
    weight = np.where(window > 0.2 * window.max(), window, 0.0)  # paper's own grey is no tick
    total = float(weight.sum())
    return float((weight * (np.arange(low, high) + 0.5)).sum() / total) if total > 0.5 else None  # a pixel, half dark


def _what_else(scan: Floats, ink: Floats) -> str:
    """What lies there instead of the card."""
    turned = min(_likeness(ink, at, marks.TURNED_MM)[0] for at in (marks.LEFT_MM, marks.RIGHT_MM))
    upright = max(_likeness(ink, at, marks.LADDER_MM)[0] for at in (marks.LEFT_MM, marks.RIGHT_MM))
    if turned >= _FOUND:
        return "the test card lies upside down: turn it, the side with the MRZ at the stop"
    if upright >= _FOUND:
        return _ASKEW
    if read_strip(scan).lines:
        return "this is a passport or another document, not the test card: 'stillscan service card' prints one"
    return "this is not the test card: 'stillscan service card' prints one"


def _measured(scan: Floats, ink: Floats, left: _Ladder, right: _Ladder) -> CardScan:
    fits = [_line(one.y_mm, one.rows) for one in (left, right)]
    middle = float(np.mean(marks.LADDER_MM))
    at_left, at_right = (where + slope * middle for where, slope in fits)
    apart = (sum(marks.RIGHT_MM) - sum(marks.LEFT_MM)) / 2
    tilt = float(at_right - at_left) / apart * marks.WIDTH_MM
    if abs(tilt) > _ASKEW_ROWS:
        return CardScan([], _ASKEW)
    pitch = -float(np.mean([slope for _, slope in fits])) * 20.0
    corner = _row(fits, marks.ZONE_MM)
    scale, edge_mm = _ruler(ink, fits, tilt)
    leaning = _leaning(ink, pitch / 20.0, edge_mm)
    shear = None if leaning is None else round(leaning * marks.WIDTH_MM * _PX + tilt, 2)
    reading = read_strip(_text_alone(scan, fits))
    found = [
        Measured("carriage", "row pitch", round(pitch, 2)),
        Measured("carriage", "squareness to the stop", round(tilt, 2)),
        Measured("carriage", "squareness of the rail", shear, "" if leaning is not None else "a spine is not seen"),
        Measured("carriage", "row 0", round(marks.ZONE_MM + corner / _PX, 2)),
        Measured("line_sensor", "left edge", round(edge_mm, 2)),
        Measured("line_sensor", "scale", scale and round(scale, 3), "" if scale else "the ruler is not seen"),
        *_fields(ink, fits, edge_mm),
        Measured("line_sensor", "MRZ read", float(reading.accepted and reading.lines == marks.mrz_lines())),
    ]
    return CardScan(found, None, scale or _PX)


def _line(x: Floats, y: Floats) -> Line:
    """Where the straight line through points is at 0, and its slope."""
    slope, where = np.polyfit(x, y, 1)
    return float(where), float(slope)


def _row(fits: list[Line], y_mm: float) -> float:
    """The row of a height, in the middle of the card."""
    return float(np.mean([where + slope * y_mm for where, slope in fits]))


def _leaning(ink: Floats, rows_per_mm: float, edge_mm: float) -> float | None:
    """Pixels to the right per row downwards of the spines, which stand upright on the card."""
    slopes = []
    step = round(rows_per_mm)
    for x_mm in marks.SPINES_MM:
        points = []
        for top in range(2 * step, len(ink) - 2 * step, step):
            x = _middle(ink[top : top + step].mean(axis=0), (x_mm + edge_mm) * _PX)
            if x is not None:
                points.append((top, x))
        if len(points) < _FEW:
            return None
        tops, xs = np.array(points).T
        slopes.append(_line(tops, xs)[1])
    return float(np.mean(slopes))


def _ruler(ink: Floats, fits: list[Line], tilt: float) -> tuple[float | None, float]:
    """Pixels per mm along the sensor, None when too few ticks are seen; and where the card's left edge is, in mm."""
    top, bottom = (round(_row(fits, y)) for y in (marks.RULER_Y_MM[1] - 0.5, marks.RULER_Y_MM[0] + 0.5))
    bands = []
    for x_mm in marks.RULER_MM:
        down = round(tilt * (x_mm / marks.WIDTH_MM - 0.5))
        bands.append(ink[max(top + down, 0) : max(bottom + down, 1)].mean(axis=0))
    reach = round(_ASIDE_MM * _PX)  # less than half of the way to the next tick
    aside = max(
        range(-reach, reach + 1),
        key=lambda off: sum(
            float(band[round(x * _PX) + off - 1 : round(x * _PX) + off + 2].sum())
            for x, band in zip(marks.RULER_MM, bands, strict=True)
        ),
    )
    middles = [(x_mm, _middle(band, x_mm * _PX + aside)) for x_mm, band in zip(marks.RULER_MM, bands, strict=True)]
    found = [(x_mm, x) for x_mm, x in middles if x is not None]
    if len(found) < _FEW:
        return None, 0.0
    at_mm, xs = np.array(found).T
    edge, scale = _line(at_mm, xs)
    return scale, edge / _PX


def _fields(ink: Floats, fits: list[Line], edge_mm: float) -> list[Measured]:
    """How far the grey fields are apart, and how much of the fine line pairs' contrast is left."""
    top, bottom = (round(_row(fits, y)) for y in (marks.FIELDS_Y_MM[1] - 1.2, marks.FIELDS_Y_MM[0] + 1.2))
    if bottom > len(ink) or bottom - top < 6:  # of 28 rows
        return [Measured("line_sensor", "sharpness", None, "the card lies too low")]
    band = ink[top:bottom].mean(axis=0)

    def columns(left_mm: float, width_mm: float) -> Floats:
        begin = round((edge_mm + left_mm + 1.0) * _PX)
        return np.asarray(band[begin : begin + round((width_mm - 2.0) * _PX)])

    greys = [
        float(np.median(columns(marks.GREY_X_MM + n * marks.GREY_WIDTH_MM, marks.GREY_WIDTH_MM)))
        for n in range(len(marks.GREYS))
    ]
    steps = 100 * float(np.min(np.diff(greys)))
    begin, pair = marks.PAIRS[0]
    wave = columns(begin, marks.PAIRS_WIDTH_MM)
    x = np.arange(len(wave)) / _PX
    window = np.hanning(len(wave))
    turned = np.exp(-2j * np.pi * x / pair)
    swing = 4.0 * float(np.abs(((wave - wave.mean()) * window * turned).sum())) / float(window.sum())
    contrast = 100 * swing * np.pi / 4.0 / max(greys[-1] - greys[0], 1e-3)  # a sharp one has 4/pi of its height
    return [
        Measured("line_sensor", "least step of grey", round(steps, 1)),
        Measured("line_sensor", "sharpness", round(float(contrast), 0)),
    ]


def _text_alone(scan: Floats, fits: list[Line]) -> Floats:
    """The scan with nothing but the MRZ on it: ladders and ruler are no text of a document."""
    alone = scan.copy()
    paper = float(np.quantile(scan, 0.9))
    top, bottom = round(_row(fits, marks.RULER_Y_MM[0] - 0.4)), round(_row(fits, marks.FIELDS_Y_MM[1] + 0.5))
    alone[: max(top, 0)] = paper
    alone[bottom:] = paper
    for x_mm in marks.SPINES_MM:
        middle = round(x_mm * _PX)
        alone[:, : middle + 6] = alone[:, : middle + 6] if x_mm > 60 else paper
        alone[:, middle - 6 :] = alone[:, middle - 6 :] if x_mm < 60 else paper
    return alone

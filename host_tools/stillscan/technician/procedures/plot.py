"""Plots of a report: curves over the line, and where each value lies between its limits. As data, drawn as SVG."""

from __future__ import annotations

from typing import NamedTuple

from stillscan.technician.schematic.svg import FAINT, INK, Svg

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 640.0, 260.0, 52.0, 40.0, 30.0, 14.0  # px
COLOURS = ("#1d4ed8", "#b45309", "#0f766e", "#be123c")
DASHES = (False, True, False, True)
"""With the colour: lines are told apart in a black and white print too, for each has its name at its end."""


class Curve(NamedTuple):
    """A name and its points."""

    name: str
    points: tuple[tuple[float, float], ...]


class Plot(NamedTuple):
    """Curves over one axis; ``top``: what the upward axis ends at, if it is not what the highest point needs."""

    title: str
    x: str
    y: str
    curves: tuple[Curve, ...]
    top: float | None = None

    def span(self) -> tuple[float, float, float]:
        """Least and greatest x, and what the upward axis goes up to; it begins at 0."""
        xs = [x for curve in self.curves for x, _ in curve.points]
        ys = [y for curve in self.curves for _, y in curve.points]
        return min(xs), max(xs), self.top or max(1.0, max(ys)) * 1.1

    def label(self, number: int) -> tuple[float, float]:
        """Where the name of a curve stands: each at another part of its length, for they may lie on each other."""
        points = self.curves[number].points
        return points[len(points) * (number + 1) // (len(self.curves) + 1)]


def svg(plot: Plot) -> str:
    """As inline SVG."""
    drawn = Svg(_WIDTH, _HEIGHT, plot.title)
    drawn.write(_LEFT, 14, plot.title, size=14, bold=True)
    low, high, top = plot.span()

    def at(x: float, y: float) -> tuple[float, float]:
        across = (x - low) / max(high - low, 1e-9)
        return _LEFT + across * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - y / top * (_HEIGHT - _BOTTOM - _TOP)

    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        height = at(low, share * top)[1]
        drawn.line((_LEFT, height), (_WIDTH - _RIGHT, height), colour=FAINT, width=0.4)
        drawn.write(_LEFT - 6, height, f"{share * top:.0f}", "end", 11, FAINT)
        across = low + share * (high - low)
        drawn.write(at(across, 0)[0], _HEIGHT - _BOTTOM + 14, f"{across:.0f}", "middle", 11, FAINT)
    drawn.write((_LEFT + _WIDTH) / 2, _HEIGHT - 8, plot.x, "middle", 12, FAINT)
    drawn.write(8, _TOP - 4, plot.y, size=12, colour=FAINT)
    for n, curve in enumerate(plot.curves):
        colour = COLOURS[n % len(COLOURS)]
        drawn.line(*(at(x, y) for x, y in curve.points), colour=colour, dashed=DASHES[n % len(DASHES)])
        x, y = at(*plot.label(n))
        drawn.write(x, y - 9, curve.name, "middle", 11, colour or INK)
    return drawn.text()

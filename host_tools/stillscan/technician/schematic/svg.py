"""A few shapes as SVG text, in pixels, y downwards; numbers rounded so that the same picture is the same text."""

from __future__ import annotations

from html import escape

INK = "#1f2937"
FAINT = "#64748b"
PAPER = "#ffffff"
_FONT = "DejaVu Sans, Verdana, Geneva, sans-serif"


class Svg:
    """Collects shapes; ``text()`` is the picture."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height = width, height
        self._title = title
        self._shapes: list[str] = []

    def line(self, *points: tuple[float, float], colour: str = INK, width: float = 1.6, dashed: bool = False) -> None:
        """A line through points, not filled."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self._shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{_n(width)}"{dash}/>'
        )

    def shape(self, *points: tuple[float, float], colour: str = INK, fill: str = PAPER, width: float = 1.6) -> None:
        """A closed shape."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._shapes.append(f'<polygon points="{path}" fill="{fill}" stroke="{colour}" stroke-width="{_n(width)}"/>')

    def box(
        self, x: float, y: float, width: float, height: float, colour: str = INK, fill: str = PAPER, round_: float = 4
    ) -> None:
        """A rectangle with its upper left corner at x, y."""
        self._shapes.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(round_)}" '
            f'fill="{fill}" stroke="{colour}" stroke-width="1.6"/>'
        )

    def dot(self, x: float, y: float, colour: str = INK) -> None:
        """Where wires are joined."""
        self._shapes.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3.2" fill="{colour}"/>')

    def write(
        self,
        x: float,
        y: float,
        text: str,
        anchor: str = "start",
        size: float = 13,
        colour: str = INK,
        bold: bool = False,
    ) -> None:
        """Text whose middle is at height y; ``anchor`` is start, middle or end."""
        weight = ' font-weight="bold"' if bold else ""
        self._shapes.append(
            f'<text x="{_n(x)}" y="{_n(y + 0.36 * size)}" text-anchor="{anchor}" font-size="{_n(size)}" '
            f'fill="{colour}"{weight}>{escape(text)}</text>'
        )

    def text(self) -> str:
        """The whole picture."""
        width, height = _n(self.width), _n(self.height)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="{_FONT}" stroke-linejoin="round" stroke-linecap="round">'
        )
        paper = f'<rect width="{width}" height="{height}" fill="{PAPER}"/>'
        return "\n".join((head, f"<title>{escape(self._title)}</title>", paper, *self._shapes, "</svg>\n"))


def width_of(text: str, size: float = 13) -> float:
    """About how wide a text is drawn."""
    return 0.6 * size * len(text)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")

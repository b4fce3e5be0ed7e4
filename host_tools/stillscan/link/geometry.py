"""What a scanner may claim about itself in HELLO: whatever lies outside is no scanner that can be worked with."""

from __future__ import annotations

from kiosk import wire
from stillscan.link.messages import Hello

WIDTH_PX = range(900, 4001)
"""Pixels of a line. The least that holds a line of text at 200 dpi; the most is an A4 bar at 480 dpi."""
ROWS = range(100, 2001)
"""Rows of the zone: two lines of text at 150 dpi, or the whole data page at 400 dpi. The store keeps 8 MB of it."""
PITCH_NM = range(50_000, 170_001)
"""From 500 dpi down to 150 dpi, where a stroke of OCR-B is two pixels wide."""
BAND_LINES = range(1, 65)
"""64 lines take a fifth of a second to scan: in larger bands they would come too late to be read meanwhile."""
MAX_FRAME = range(wire.OVERHEAD, wire.MAX_FRAME + 1)


def insane(hello: Hello) -> str | None:
    """The first claim that cannot be, in words; None when all can."""
    for name, value, possible in (
        ("pixels in a line", hello.width_px, WIDTH_PX),
        ("rows", hello.rows, ROWS),
        ("nm from row to row", hello.pitch_nm, PITCH_NM),
        ("lines in a band", hello.band_lines, BAND_LINES),
        ("bytes in a frame", hello.max_frame, MAX_FRAME),
    ):
        if value not in possible:
            return f"{value} {name} (possible are {possible[0]} to {possible[-1]})"
    return None

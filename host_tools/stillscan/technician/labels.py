"""Labels for boards, to print: serial number, board, firmware and build, on sheets of 21."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from stillscan.errors import InputError
from stillscan.files import write_whole

_PAGE_MM = (210.0, 297.0)  # A4 (ISO 216)
_ACROSS, _DOWN = 3, 7  # sheets of 21 labels of 63.5 x 38.1 mm
_LABEL_MM = (63.5, 38.1)  # as those sheets have them
_EDGE_MM = (7.2, 15.1)  # of the sheet, to the first label
_GAP_MM = 2.5  # between two columns; rows touch
_INSET_MM = 4.0  # what a printer may be off
_SERIAL_MM = 5.0  # height of its letters: read at arm's length, and 16 digits with their gaps fit
_SMALL_MM = 3.2  # height of the other letters: 9 points
_LINE_MM = 6.0  # from line to line
_GROUP = 4  # digits that are read at a glance
_DPI = 300  # of the PDF: what office printers do
_MM_PER_INCH = 25.4  # by definition


class Label(NamedTuple):
    """What stands on it."""

    serial: str
    board: str
    firmware: str
    build: str

    @classmethod
    def of(cls, serial: str | None, record: Mapping[str, Any]) -> Label:
        """Of a board that was flashed; ``serial`` as USB tells it."""
        return cls(serial or "no serial number", record["board"], record["firmware"], record["build"])


class _Text(NamedTuple):
    """A line at its place on the page, in mm from the upper left; ``height_mm`` of its letters."""

    x_mm: float
    y_mm: float
    height_mm: float
    text: str


def write_labels(name: str | PathLike[str], labels: Sequence[Label]) -> None:
    """SVG of one sheet after another downwards, or PDF. InputError: another kind of file; it cannot be written."""
    ending = Path(name).suffix.lower()
    pages = [labels[at : at + _ACROSS * _DOWN] for at in range(0, len(labels), _ACROSS * _DOWN)] or [[]]
    if ending == ".svg":
        write_whole(name, _svg(pages).encode())
    elif ending == ".pdf":
        write_whole(name, _pdf(pages))
    else:
        raise InputError(f"{fspath(name)}: labels are written as .svg or .pdf")


def _texts(labels: Sequence[Label]) -> Iterator[_Text]:
    for number, label in enumerate(labels):
        row, column = divmod(number, _ACROSS)
        x = _EDGE_MM[0] + column * (_LABEL_MM[0] + _GAP_MM) + _INSET_MM
        y = _EDGE_MM[1] + row * _LABEL_MM[1] + _INSET_MM + _SERIAL_MM
        serial = " ".join(label.serial[at : at + _GROUP] for at in range(0, len(label.serial), _GROUP))
        serial = serial if label.serial.isalnum() else label.serial
        yield _Text(x, y, _SMALL_MM, "stillscan scanner")
        yield _Text(x, y + _LINE_MM, _SERIAL_MM * min(1.0, 19 / max(len(serial), 1)), serial)
        yield _Text(x, y + 2 * _LINE_MM, _SMALL_MM, f"board {label.board}, firmware {label.firmware}")
        yield _Text(x, y + 3 * _LINE_MM, _SMALL_MM, f"build {label.build}")


def _svg(pages: Sequence[Sequence[Label]]) -> str:
    width, height = _PAGE_MM[0], _PAGE_MM[1] * len(pages)
    lines = [
        f'<text x="{text.x_mm:.1f}" y="{text.y_mm + number * _PAGE_MM[1]:.1f}" font-size="{text.height_mm:.2f}">'
        f"{escape(text.text)}</text>"
        for number, page in enumerate(pages)
        for text in _texts(page)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="monospace">\n' + "\n".join(lines) + "\n</svg>\n"
    )


def _pdf(pages: Sequence[Sequence[Label]]) -> bytes:
    px_per_mm = _DPI / _MM_PER_INCH
    drawn = []
    for page in pages:
        image = Image.new("L", (round(_PAGE_MM[0] * px_per_mm), round(_PAGE_MM[1] * px_per_mm)), 255)
        pen = ImageDraw.Draw(image)
        for text in _texts(page):
            font = ImageFont.load_default(text.height_mm * px_per_mm)
            pen.text((text.x_mm * px_per_mm, text.y_mm * px_per_mm), text.text, fill=0, font=font, anchor="ls")
        drawn.append(image.convert("1"))
    out = io.BytesIO()
    drawn[0].save(out, "PDF", resolution=_DPI, save_all=True, append_images=drawn[1:])
    return out.getvalue()

"""A few shapes and lines of text as a PDF of A4 pages, in mm, y upwards; the same calls give the same bytes.

A page of lines, rectangles and Helvetica is all that card and report need: some hundred lines here, where the libraries
that could do it weigh megabytes and write times and random numbers into their files.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

WIDTH_MM, HEIGHT_MM = 210.0, 297.0  # A4 (ISO 216)
_PT = 72 / 25.4  # points in a mm
_CODING = "cp1252"  # WinAnsiEncoding: all letters of Norwegian and English
# Of Helvetica, in thousandths of the size, from the blank to the tilde: Adobe's font metrics (Core 14).
_WIDTHS = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556,) * 10,
    *(278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556),
    *(278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334),
    *(260, 334, 584),
)
# What Norwegian texts and units have beyond ASCII, from the same metrics.
_BEYOND = {
    "Å": 667, "Æ": 1000, "Ø": 778, "å": 556, "æ": 889, "ø": 611, "é": 556, "É": 667, "ò": 556, "ô": 556,
    "«": 556, "»": 556, "\u2013": 556, "…": 1000, "°": 400, "µ": 556, "·": 278,
}  # fmt: skip
_WIDEST = 1000  # thousandths, of any other letter: then nothing reaches beyond what was reckoned


class Pdf:
    """Collects pages; ``content()`` is the file."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._pages: list[list[str]] = []
        self._images: list[NDArray[np.uint8]] = []

    def page(self) -> None:
        """What follows stands on a new page."""
        self._pages.append([])

    @property
    def pages(self) -> int:
        """How many there are."""
        return len(self._pages)

    def box(self, x: float, y: float, width: float, height: float, grey: float = 0.0) -> None:
        """A filled rectangle, its lower left corner at x, y; ``grey`` 0 is black."""
        self._add(f"{grey:.3f} g {_mm(x)} {_mm(y)} {_mm(width)} {_mm(height)} re f")

    def line(self, *points: tuple[float, float], grey: float = 0.0, width: float = 0.2, dashed: bool = False) -> None:
        """A line through points."""
        path = " ".join(f"{_mm(x)} {_mm(y)} {'l' if n else 'm'}" for n, (x, y) in enumerate(points))
        self._add(f"{'[3 2]' if dashed else '[]'} 0 d {grey:.3f} G {_mm(width)} w {path} S")

    def write(self, x: float, y: float, text: str, size: float = 10, *, bold: bool = False, grey: float = 0.0) -> None:
        """A line of text from x on, its baseline at y; ``size`` in points."""
        escaped = "".join(_escaped(byte) for byte in text.encode(_CODING, "replace"))
        self._add(f"BT {grey:.3f} g /F{2 if bold else 1} {size:g} Tf {_mm(x)} {_mm(y)} Td ({escaped}) Tj ET")

    def image(self, ink: NDArray[np.uint8], x: float, y: float, width: float, height: float) -> None:
        """A picture (rows, columns) of ink 0..255, row 0 uppermost."""
        self._images.append(ink)
        self._add(f"q {_mm(width)} 0 0 {_mm(height)} {_mm(x)} {_mm(y)} cm /I{len(self._images)} Do Q")

    def _add(self, operators: str) -> None:
        self._pages[-1].append(operators)

    def content(self) -> bytes:
        """The whole file."""
        first_image = 5
        first_page = first_image + len(self._images)
        kids = " ".join(f"{first_page + 2 * n} 0 R" for n in range(len(self._pages)))
        fonts = [f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>" for name in _FONTS]
        pictures = " ".join(f"/I{n + 1} {first_image + n} 0 R" for n in range(len(self._images)))
        resources = f"<< /Font << /F1 3 0 R /F2 4 0 R >> /XObject << {pictures} >> >>"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            f"<< /Type /Pages /Kids [{kids}] /Count {len(self._pages)} >>".encode(),
            *(font.encode() for font in fonts),
            *(_image(ink) for ink in self._images),
        ]
        for n, operators in enumerate(self._pages):
            box = f"[0 0 {_mm(WIDTH_MM)} {_mm(HEIGHT_MM)}]"
            drawn = "\n".join(operators).encode("ascii")
            objects.append(
                f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Resources {resources} "
                f"/Contents {first_page + 2 * n + 1} 0 R >>".encode()
            )
            objects.append(_stream(b"", drawn))
        title = "".join(_escaped(byte) for byte in self._title.encode(_CODING, "replace"))
        objects.append(f"<< /Title ({title}) /Producer (stillscan) >>".encode())
        return _file(objects)


_FONTS = ("Helvetica", "Helvetica-Bold")


def width_mm(text: str, size: float = 10) -> float:
    """How wide a line of text is drawn, if it is not bold; no letter is wider than is reckoned."""
    thousandths = sum(_WIDTHS[ord(c) - 32] if 32 <= ord(c) < 127 else _BEYOND.get(c, _WIDEST) for c in text)
    return thousandths / 1000 * size / _PT


def wrapped(text: str, most_mm: float, size: float = 10) -> list[str]:
    """The text in lines that are no wider; a word that is too long by itself is broken."""
    lines = [""]
    for word in text.split():
        while width_mm(word, size) > most_mm:
            fits = next(n for n in range(len(word), 0, -1) if n == 1 or width_mm(word[:n], size) <= most_mm)
            lines += [word[:fits]]
            word = word[fits:]
        longer = f"{lines[-1]} {word}".strip()
        if width_mm(longer, size) <= most_mm:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line] or [""]


def _mm(length: float) -> str:
    return f"{length * _PT:.3f}".rstrip("0").rstrip(".")


def _escaped(byte: int) -> str:
    if byte in b"()\\":
        return f"\\{chr(byte)}"
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _image(ink: NDArray[np.uint8]) -> bytes:
    rows, columns = ink.shape
    head = (
        f"/Type /XObject /Subtype /Image /Width {columns} /Height {rows} /ColorSpace /DeviceGray /BitsPerComponent 8 "
        "/Decode [1 0] /Filter /FlateDecode"
    )
    return _stream(head.encode(), zlib.compress(ink.tobytes(), 9))


def _stream(head: bytes, data: bytes) -> bytes:
    return b"<< " + head + b" /Length %d >>\nstream\n" % len(data) + data + b"\nendstream"


def _file(objects: list[bytes]) -> bytes:
    """Objects by their numbers from 1 on; the first is the root, the last tells of the file."""
    content = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return (
        content
        + b"xref\n0 %d\n0000000000 65535 f \n" % count
        + table
        + b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (count, len(objects), len(content))
    )

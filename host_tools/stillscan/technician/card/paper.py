"""The test card as a PDF to print: the card in its true size, where to cut, and how it is used."""

from __future__ import annotations

from stillscan.technician.card import marks
from stillscan.technician.pdf import HEIGHT_MM, WIDTH_MM, Pdf, wrapped

_LEFT_MM = (WIDTH_MM - marks.WIDTH_MM) / 2
_BOTTOM_MM = HEIGHT_MM - 40.0 - marks.HEIGHT_MM  # below the title
_CUT_MM = 6.0  # how far lines to cut along go on beyond the card
_LINE_MM = 5.5  # from line to line of 10 points
_USE = (
    "Print it with a laser printer on white paper of 80 to 120 g, at 100 % ('actual size', not 'fit to page'): near "
    "infrared sees toner, and no ink of an inkjet printer.",
    "Hold a ruler along the card: it is 125.0 mm wide and 88.0 mm high. If not, the printer has scaled it.",
    "Cut along the lines, or fold the paper down along them: nothing white may show beside the card.",
    "Lay it face down into the corner of the stops, the side with the two lines of text where that of a passport lies.",
    "'stillscan service run acceptance' asks for it at its end; 'stillscan scanner calibrate --card' reads it alone.",
    "Keep it flat and clean. A new one costs a sheet of paper.",
)
_ON_CARD = (
    ("stillscan test card", 14.0, True),
    ("for scanners: an invented person of Utopia, no document of anybody", 9.0, False),
    ("this side up for whoever reads; face down on the glass, text at the stop", 9.0, False),
)


def card_pdf() -> bytes:
    """The whole file; the same bytes each time."""
    pdf = Pdf("stillscan test card")
    pdf.page()
    pdf.write(_LEFT_MM, HEIGHT_MM - 22.0, "Test card for a stillscan scanner", 16, bold=True)
    text = marks.mrz_picture()  # first: a picture covers what is below it
    pdf.image(text, _LEFT_MM, _BOTTOM_MM, text.shape[1] / marks.PX_PER_MM, text.shape[0] / marks.PX_PER_MM)
    for block in marks.blocks():
        pdf.box(
            _LEFT_MM + block.left, _BOTTOM_MM + block.bottom, block.right - block.left, block.top - block.bottom,
            1.0 - block.ink,
        )  # fmt: skip
    for x in marks.RULER_MM[::2]:
        pdf.write(_LEFT_MM + x - 1.5, _BOTTOM_MM + marks.RULER_Y_MM[1] + 0.6, f"{x:g}", 6)
    y = _BOTTOM_MM + 52.0
    for words, size, bold in _ON_CARD:
        pdf.write(_LEFT_MM + 20.0, y, words, size, bold=bold)
        y -= 7.0
    _cuts(pdf)
    y = _BOTTOM_MM - 20.0
    for words in _USE:
        for line in wrapped(words, marks.WIDTH_MM):
            pdf.write(_LEFT_MM, y, line)
            y -= _LINE_MM
    return pdf.content()


def _cuts(pdf: Pdf) -> None:
    """Hair lines outside of the card's corners: none on it."""
    for x in (_LEFT_MM, _LEFT_MM + marks.WIDTH_MM):
        for y, way in ((_BOTTOM_MM, -1), (_BOTTOM_MM + marks.HEIGHT_MM, 1)):
            pdf.line((x, y + way), (x, y + way * _CUT_MM), width=0.1)
    for y in (_BOTTOM_MM, _BOTTOM_MM + marks.HEIGHT_MM):
        for x, way in ((_LEFT_MM, -1), (_LEFT_MM + marks.WIDTH_MM, 1)):
            pdf.line((x + way, y), (x + way * _CUT_MM, y), width=0.1)

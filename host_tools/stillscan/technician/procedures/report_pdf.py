"""A report as a PDF of A4 pages."""

from __future__ import annotations

from stillscan.guidance.technicians import ENGLISH, Words
from stillscan.technician.pdf import HEIGHT_MM, WIDTH_MM, Pdf, width_mm, wrapped
from stillscan.technician.procedures.plot import Plot
from stillscan.technician.procedures.report import OUTCOMES, Report, Row

_EDGE_MM = 18.0  # free at every side: printers reach within 5 mm, binders take 15
_LINE_MM, _SMALL_MM = 5.0, 4.2  # from line to line of 10 and of 8.5 points
_SIZE, _SMALL = 10.0, 8.5  # points
_FACT_MM, _STEP_MM, _OUTCOME_MM = 30.0, 10.0, 23.0  # columns: names of facts, numbers of steps, outcomes in bold
_PLOT_MM = 62.0  # height of a plot
_PALE = 0.88  # grey behind a step that failed: it is seen, and its text is read
_GREYS = (0.0, 0.45, 0.6, 0.3)  # of curves


def pdf(report: Report, say: Words = ENGLISH) -> bytes:
    """The whole file; ``say`` as for the report."""
    return _Pages(report, say).content()


class _Pages:
    def __init__(self, report: Report, say: Words) -> None:
        self._pdf = Pdf(report.title)
        self._report, self._say = report, say
        self._y = 0.0
        self._new()
        self._text(report.title, 16, bold=True)
        self._text(say(OUTCOMES[report.outcome]), 12, bold=True)
        self._y -= 2.0
        for name, value in report.facts:
            self._pdf.write(_EDGE_MM, self._y, name, grey=0.4)
            self._lines(value, _EDGE_MM + _FACT_MM, _SIZE)
        if report.to_do:
            self._heading(say("What is to be done"))
            for text in report.to_do:
                self._pdf.write(_EDGE_MM, self._y, "-")
                self._lines(text, _EDGE_MM + 4.0, _SIZE)
        for plot in report.plots:
            self._plot(plot)
        for section in report.sections:
            self._heading(section.title)
            for row in section.rows:
                self._row(row)

    def content(self) -> bytes:
        """The file."""
        return self._pdf.content()

    def _new(self) -> None:
        self._pdf.page()
        self._y = HEIGHT_MM - _EDGE_MM
        number = f"{self._report.id}   {self._say('page {number}').format(number=self._pdf.pages)}"
        self._pdf.write(WIDTH_MM - _EDGE_MM - width_mm(number, 8), 10.0, number, 8, grey=0.4)

    def _room(self, height_mm: float) -> None:
        if self._y - height_mm < _EDGE_MM:
            self._new()

    def _text(self, text: str, size: float, *, bold: bool = False) -> None:
        self._pdf.write(_EDGE_MM, self._y, text, size, bold=bold)
        self._y -= 0.55 * size

    def _heading(self, text: str) -> None:
        self._room(25.0)
        self._y -= 4.0
        self._text(text, 12, bold=True)

    def _lines(self, text: str, x: float, size: float, grey: float = 0.0) -> None:
        step = _LINE_MM if size == _SIZE else _SMALL_MM
        for line in wrapped(text, WIDTH_MM - _EDGE_MM - x, size):
            self._room(step)
            self._pdf.write(x, self._y, line, size, grey=grey)
            self._y -= step

    def _row(self, row: Row) -> None:
        self._room(_LINE_MM + _SMALL_MM * min(len(row.values) + len(row.remarks), 6))
        if row.outcome == "failed":
            self._pdf.box(_EDGE_MM - 1, self._y - 1.4, WIDTH_MM - 2 * _EDGE_MM + 2, _LINE_MM, _PALE)
        self._pdf.write(_EDGE_MM, self._y, row.number)
        self._pdf.write(
            WIDTH_MM - _EDGE_MM - _OUTCOME_MM, self._y, self._say(row.outcome), bold=row.outcome == "failed"
        )
        self._pdf.write(_EDGE_MM + _STEP_MM, self._y, row.what)
        self._y -= _LINE_MM
        for text in (*row.values, *row.remarks):
            self._lines(text, _EDGE_MM + _STEP_MM, _SMALL, 0.25 if text in row.values else 0.45)
        self._y -= 1.0

    def _plot(self, plot: Plot) -> None:
        self._room(_PLOT_MM + 8.0)
        low, high, top = plot.span()
        left, right = _EDGE_MM + 12.0, WIDTH_MM - _EDGE_MM
        self._y -= 6.0
        self._pdf.write(_EDGE_MM, self._y, plot.title, bold=True)
        bottom = self._y - _PLOT_MM + 10.0
        height = _PLOT_MM - 16.0

        def at(x: float, y: float) -> tuple[float, float]:
            return left + (x - low) / max(high - low, 1e-9) * (right - left), bottom + y / top * height

        for share in (0.0, 0.5, 1.0):
            self._pdf.line(at(low, share * top), at(high, share * top), grey=0.7, width=0.1)
            self._pdf.write(_EDGE_MM, at(low, share * top)[1] - 1.0, f"{share * top:.0f}", 8, grey=0.4)
            across = low + share * (high - low)
            self._pdf.write(at(across, 0)[0] - 2.0, bottom - 4.0, f"{across:.0f}", 8, grey=0.4)
        axes = self._say("{across}; upwards: {up}").format(across=plot.x, up=plot.y)
        self._pdf.write(left, bottom - 8.0, axes, 8, grey=0.4)
        for n, curve in enumerate(plot.curves):
            self._pdf.line(*(at(x, y) for x, y in curve.points), grey=_GREYS[n % len(_GREYS)], dashed=n % 2 == 1)
            x, y = at(*plot.label(n))
            self._pdf.write(x, y + 1.5, curve.name, 8)
        self._y = bottom - 12.0

"""The printed text lies where the standard puts it."""

from pathlib import Path

import numpy as np
import pytest
from mrz_vectors import VALID

from stillscan.errors import InputError
from stillscan.mrz import MrzError
from stillscan.simulator import printing


@pytest.mark.parametrize(("name", "columns", "lines_mm"), [("NOR", 44, (15.75, 9.40)), ("TD1", 30, (18.3, 11.95, 5.6))])
def test_geometry(name: str, columns: int, lines_mm: tuple[float, ...], ocr_b: Path) -> None:
    strip = printing.strip(VALID[name].split("|"), ocr_b)
    assert strip.shape == (274, 1476)
    assert strip.dtype == np.uint8
    dark = strip < 128
    inked = np.flatnonzero(dark.any(axis=0))
    assert abs(inked[0] - 6.0 * printing.PX_PER_MM) <= 4
    assert abs(inked[-1] - (6.0 * printing.PX_PER_MM + 30 * columns - 6)) <= 6
    rows = dark.any(axis=1)
    for height in lines_mm:
        centre = 274 - height * printing.PX_PER_MM
        assert rows[round(centre)]
        assert not rows[round(centre - 20)]
    assert (strip.min(), strip.max()) == (printing.INK, printing.PAPER)


def test_page_ends_with_the_strip(ocr_b: Path) -> None:
    lines = VALID["NOR"].split("|")
    page = printing.page(lines, ocr_b)
    assert page.shape == (1039, 1476)
    assert (page[-274:] == printing.strip(lines, ocr_b)).all()


def test_wrong_text_is_refused(ocr_b: Path) -> None:
    with pytest.raises(MrzError):
        printing.strip(["P<NOR"], ocr_b)


def test_font_that_is_named_but_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLSCAN_OCRB", "/nowhere/OCRB.otf")
    with pytest.raises(InputError, match="STILLSCAN_OCRB"):
        printing.find_font()


def test_no_font_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STILLSCAN_OCRB", raising=False)
    monkeypatch.setattr(printing, "_FONT_FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="fonts-ocr-b"):
        printing.find_font()

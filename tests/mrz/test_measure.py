"""What `make bench-reader` measures: that its figures are of what it says, and that bad input ends in one line."""

from pathlib import Path

import numpy as np
import pytest
from mrz_vectors import VALID
from PIL import Image

from stillscan.mrz import measure
from stillscan.simulator import printing

NOR = tuple(VALID["NOR"].split("|"))
HEADER = "file\ttype\tline1\tline2\tline3\n"


def test_pictures_with_known_text_are_counted(ocr_b: Path, tmp_path: Path) -> None:
    Image.fromarray(printing.strip(NOR, ocr_b)).save(tmp_path / "good.png")
    Image.new("L", (1476, 274), 210).save(tmp_path / "empty.png")
    rows = [f"{name}\tTD3\t{NOR[0]}\t{NOR[1]}\t\n" for name in ("good.png", "empty.png")]
    (tmp_path / "truth.tsv").write_text(HEADER + "".join(rows))
    *_, whole = measure.reliability(tmp_path, tmp_path / "truth.tsv")
    assert whole.startswith("all: 2 pictures, 50.0% exact, 50.0% right and accepted, 0 wrong and accepted, ")


def test_a_reader_that_streams_needs_no_more_memory_for_more_rows(ocr_b: Path) -> None:
    strip = printing.strip(NOR, ocr_b).astype(np.uint8)
    (ms, one), (_, other) = (measure.streaming(rows, strip) for rows in (320, 640))
    assert ms > 0
    assert other < 1.1 * one


def test_a_fresh_process_tells_its_times_and_its_memory() -> None:
    imported, loaded, memory = measure.start_up(1)
    assert imported > 0
    assert loaded > 0
    assert 20 < memory < 2000


@pytest.mark.parametrize("arguments", [["--each", "0"], ["--truth", "a.tsv"], ["--images", "nowhere"]])
def test_bad_arguments_are_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        measure.main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err

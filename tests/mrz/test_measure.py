"""What `make bench-reader` measures: that its figures are of what it says, and that bad input ends in one line."""

from pathlib import Path

import numpy as np
import pytest
from bench import reader as measure
from mrz_vectors import VALID

from stillscan.mrz import effort
from stillscan.simulator import printing

pytestmark = pytest.mark.slow

NOR = tuple(VALID["NOR"].split("|"))


@pytest.mark.slow
def test_a_reader_that_streams_needs_no_more_memory_for_more_rows(ocr_b: Path) -> None:
    strip = printing.strip(NOR, ocr_b).astype(np.uint8)
    (ms, one), (_, other) = (measure.streaming(rows, strip) for rows in (320, 640))
    assert ms > 0
    assert other < 1.1 * one


@pytest.mark.process
def test_a_fresh_process_tells_its_times_and_its_memory() -> None:
    imported, loaded, memory = measure.start_up(1)
    assert imported > 0
    assert loaded > 0
    assert 20 < memory < 2000


@pytest.mark.parametrize("arguments", [["--each", "0"], ["--each", "many"]])
def test_bad_arguments_are_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        measure.main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_the_costs_of_each_step_are_measured(ocr_b: Path) -> None:
    each, ratio = measure.step_costs([printing.strip(NOR, ocr_b).astype(np.uint8)])
    assert {"ink", "quick", "decode", "quality"} <= set(each) <= set(effort.COSTS_MS)
    assert all(cost.measured > 0 for cost in each.values())
    assert ratio > 0

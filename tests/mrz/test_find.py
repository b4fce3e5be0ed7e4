"""Lines of development strips are found where they were drawn, at every level of damage."""

from pathlib import Path

import numpy as np
import pytest
from training import devset

from stillscan.mrz import evidence
from tests.covering import some

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("level", range(devset.LEVELS))
def test_lines_are_found_where_they_are(level: int, ocr_b: Path) -> None:
    off = []
    for seed in some(range(8), 4):
        drawn = devset.strip(ocr_b, level, seed)
        ends = next(evidence.of_strip(drawn.pixels)).quick.corners
        assert len(ends) == 2
        rows = np.array(drawn.rows_px)[:, None] + drawn.slope * (ends[:, :, 0] - drawn.pixels.shape[1] / 2)
        off.append(float(np.abs(ends[:, :, 1] - rows).max()))
    assert np.median(off) < 3.5
    assert np.max(off) < 7

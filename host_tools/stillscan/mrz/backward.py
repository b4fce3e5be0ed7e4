"""Where > is printed for <: no character of an MRZ, and to the networks a D, a 5 or an I.

What stands there is a filler to whoever looks from behind the sheet.
"""

from dataclasses import replace

import numpy as np

from stillscan.mrz.alphabet import ALPHABET, FILLER
from stillscan.mrz.character_grid import cells
from stillscan.mrz.evidence import Evidence
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.net import QUICK, recognise

_SURELY = float(np.log(0.9))
"""Log probability of a filler from behind: nine in ten. None of 75 strips and 50 photographs without a > has it."""
_HARDLY = float(np.log(0.5))
"""Log probability of a filler from the front below which it is none."""
BACKWARD = "> is printed where an MRZ has <, line {line}, position {cell}"


def doubt(evidence: Evidence) -> QualityFinding | None:
    """Where > is printed, the first place of several; None where it is not."""
    filler = ALPHABET.index(FILLER)
    width = evidence.crops.shape[2]
    seen = recognise(np.ascontiguousarray(evidence.crops[:, :, ::-1]), QUICK)
    behind = replace(evidence.grid, columns_px=width - 1 - evidence.grid.columns_px[:, ::-1])
    backward = cells(seen, behind)[:, ::-1, filler] > _SURELY
    places = np.argwhere(backward & (evidence.likelihoods[..., filler] < _HARDLY))
    if not len(places):
        return None
    line, cell = (int(at) + 1 for at in places[0])
    return QualityFinding("no-mrz-character", BACKWARD.format(line=line, cell=cell), line=line, characters=(cell, cell))

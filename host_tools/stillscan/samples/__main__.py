"""Draws the sample images again: ``python -m stillscan.samples OUTDIR``."""

import sys
from pathlib import Path

from stillscan.samples import write_samples

if len(sys.argv) != 2:
    sys.exit("usage: python -m stillscan.samples OUTDIR")
write_samples(Path(sys.argv[1]))

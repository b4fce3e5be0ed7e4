"""``make bench-tags``: what it takes to verify the tags of a sweep (274 bands of 4 bits), at once and by batches."""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable

from kiosk import wire
from stillscan.link.chaskey import KEY, tag, tags
from stillscan.link.verified import BATCH

SWEEP_MS = 20.0  # issue 16: of 274 bands, before the verdict
_BANDS = 274
_BYTES = 4 + 3 + wire.BAND_HEADER + 1476 // 2  # of what a tag covers
_SHORT = 16  # bytes, as of a STATE


def main() -> int:
    """Command line; 1 when a sweep takes too long."""
    parser = argparse.ArgumentParser(prog="make bench-tags", description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="how many sweeps (50)")
    args = parser.parse_args()
    rng = random.Random(1)
    key = rng.randbytes(KEY)
    bands = [rng.randbytes(_BYTES) for _ in range(_BANDS)]
    short = rng.randbytes(_SHORT)
    sweep = _median(args.runs, lambda: tags(key, bands))
    print(f"a sweep of {_BANDS} bands at once: median {sweep:.1f} ms of a core (to reach {SWEEP_MS:g})")
    print(f"a batch of {BATCH}: median {_median(args.runs, lambda: tags(key, bands[:BATCH])):.1f} ms")
    print(f"one band alone: median {_median(args.runs, lambda: tag(key, bands[0])):.2f} ms")
    print(f"a short message: median {_median(args.runs, lambda: tag(key, short)) * 1000:.0f} us")
    return int(sweep > SWEEP_MS)


def _median(runs: int, work: Callable[[], object]) -> float:
    """Milliseconds of a core: what else the computer does is not counted."""
    took = []
    for _ in range(runs):
        began_s = time.process_time()
        work()
        took.append((time.process_time() - began_s) * 1000)
    return statistics.median(took)


if __name__ == "__main__":
    sys.exit(main())

"""``make bench-plugin``: checks by the pytest plugin, side by side with xdist: what they take by the wall clock, and of
the processors, which other programs of the computer change little.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

from bench.simulate import cost

WALL_S, CHECKS = 60.0, 1000  # to reach on two cores (issue 19)
_TEST = """
import pytest


@pytest.mark.stillscan(seeds=range({checks}))
def test_check(scanner, passport):
    scanner.lay(passport())
    assert scanner.result(within_ms=6000).outcome == "verified"
"""


def main() -> int:
    """Command line; 1 when a check fails, or a thousand would take longer."""
    parser = argparse.ArgumentParser(prog="make bench-plugin", description=__doc__)
    parser.add_argument("--checks", type=int, default=CHECKS, help=f"how many ({CHECKS})")
    parser.add_argument("--jobs", type=int, default=2, help="side by side (2)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_checks.py").write_text(_TEST.format(checks=args.checks))
        (Path(folder) / "pytest.ini").write_text("[pytest]\n")
        took = cost(sys.executable, "-m", "pytest", "-q", "-n", str(args.jobs), "-p", "no:cacheprovider", folder)
    passed = int((re.search(r"(\d+) passed", took.said) or [0, 0])[1])
    wall_s, cpu_s = took.wall_ms / 1000, took.cpu_ms / 1000
    record = {
        "checks": args.checks, "jobs": args.jobs, "passed": passed, "wall_s": round(wall_s, 1),
        "cpu_s": round(cpu_s, 1), "wall_s_of_1000": round(wall_s * CHECKS / args.checks, 1),
        "cpu_ms_a_check": round(cpu_s * 1000 / args.checks, 1), "to_reach_s": WALL_S,
    }  # fmt: skip
    print(json.dumps(record))
    return int(passed != args.checks or wall_s * CHECKS / args.checks > WALL_S)


if __name__ == "__main__":
    sys.exit(main())

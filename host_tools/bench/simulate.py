"""``make bench-simulate``: how many times real time a simulated check is, and where its time goes.

Virtual over real milliseconds of the shortest check: of a whole ``stillscan simulate --json``, from the start of its
process to its end, and of one check after another inside one process. Each by the wall clock and by the processors
(all processes together, so that what else the computer does counts little); medians over the runs.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from stillscan.commands.world import SAMPLE, scene
from stillscan.scanning.document_reader import DocumentReader
from stillscan.simulator.bus import Bus
from stillscan.testing.simulate import Options, simulate

WHOLE, INSIDE = 12.0, 25.0  # to reach (issue 15): times real time
_LIBRARIES = "numpy, cv2, onnxruntime"
_KINDS = ("wall_ms", "cpu_ms")
# As after an installation: Python keeps what it has compiled.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
_ENVIRONMENT["OPENBLAS_NUM_THREADS"] = "1"  # as the command sets it before it loads numpy
_CLI = (sys.executable, "-m", "stillscan")


@dataclass(frozen=True)
class Cost:
    """What a program took, in ms: by the wall clock, and of all processors."""

    wall_ms: float
    cpu_ms: float
    said: str


def cost(*command: str) -> Cost:
    """Run it to its end."""
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = subprocess.run(command, env=_ENVIRONMENT, check=True, capture_output=True, text=True).stdout
    wall_s, after = time.perf_counter() - began_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall_s * 1000, cpu_s * 1000, said)


def main() -> int:
    """Command line; 1 when one of the two is not reached."""
    parser = argparse.ArgumentParser(prog="make bench-simulate", description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="how often each is measured (11)")
    parser.add_argument("--checks", type=int, default=20, help="in one process (20)")
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside is not None:
        print(json.dumps(_inside(args.inside)))
        return 0
    programs: dict[str, tuple[str, ...]] = {
        "Python": (sys.executable, "-c", ""),
        "libraries": (sys.executable, "-c", f"import {_LIBRARIES}"),
        "imports": (sys.executable, "-c", "import stillscan.commands.simulate"),
        "whole": (*_CLI, "simulate", "--document", str(SAMPLE), "--json"),
        "one": (sys.executable, "-m", "bench.simulate", "--inside", "1"),
        "many": (sys.executable, "-m", "bench.simulate", "--inside", str(args.checks + 1)),
    }
    cost(*programs["whole"])  # what is compiled once is there
    runs = [{name: cost(*command) for name, command in programs.items()} for _ in range(args.runs)]

    virtual_ms = float(json.loads(runs[0]["whole"].said)["virtual_ms"])
    print(f"virtual: {virtual_ms:.0f} ms; real time, wall and processors:")
    whole = [statistics.median(getattr(run["whole"], kind) for run in runs) for kind in _KINDS]
    inside = [
        statistics.median((getattr(run["many"], kind) - getattr(run["one"], kind)) / args.checks for run in runs)
        for kind in _KINDS
    ]
    for label, (wall, cpu), target in (("a whole simulate", whole, WHOLE), ("a check inside", inside, INSIDE)):
        times = f"{virtual_ms / wall:.1f} and {virtual_ms / cpu:.1f} times real time"
        print(f"  {label:17} {wall:6.0f} {cpu:6.0f} ms   {times} (to reach {target:g})")
    python, libraries, imports = (
        statistics.median(run[name].cpu_ms for run in runs) for name in ("Python", "libraries", "imports")
    )
    print("of a whole one's processors, ms:")
    print(f"  start of Python {python:.0f}, {_LIBRARIES} {libraries - python:.0f},", end=" ")
    print(f"other imports {imports - libraries:.0f}, the first check {whole[1] - imports:.0f}")
    said = [json.loads(run["many"].said) for run in runs]
    reading, models, own = (statistics.median(parts[name] for parts in said) for name in ("read", "models", "own"))
    print("of a check inside, ms:")
    print(f"  reading {reading:.0f}, models of the chips {models:.0f},", end=" ")
    print(f"the rest of this process {own - reading - models:.0f}, firmware {inside[1] - own:.0f}")
    return int(virtual_ms / whole[0] < WHOLE or virtual_ms / inside[0] < INSIDE)


def _inside(checks: int) -> dict[str, float]:
    """So many checks in this process; of each after the first: ms of a processor that reading, models and all took."""
    spent = {"read": 0.0, "models": 0.0}

    def counted(owner: type, method: str, part: str) -> None:
        work = getattr(owner, method)

        @functools.wraps(work)
        def timed(*arguments: Any, **named: Any) -> Any:
            began_s = time.process_time()
            try:
                return work(*arguments, **named)
            finally:
                spent[part] += time.process_time() - began_s

        setattr(owner, method, timed)

    counted(DocumentReader, "feed", "read")
    counted(DocumentReader, "read", "read")
    counted(Bus, "handle", "models")
    began_s = 0.0
    for number in range(checks):
        if number == 1:
            spent = dict.fromkeys(spent, 0.0)
            began_s = time.process_time()
        simulate(scene(SAMPLE, None, "still", "clean", 1, 30.0), Options())
    spent["own"] = time.process_time() - began_s
    return {name: s * 1000 / max(1, checks - 1) for name, s in spent.items()}


if __name__ == "__main__":
    sys.exit(main())

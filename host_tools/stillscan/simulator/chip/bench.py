"""Performance of the firmware on the emulated RP2040, beside a committed baseline: ``make bench-chip``.

Everything is in the chip's own time (125 MHz, 8 ns a cycle). Cycles are the same on every computer, so a figure that is
worse than the baseline by 2 % is a change of the firmware: exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from stillscan.errors import InputError, StillscanError
from stillscan.simulator.chip.measure import Figure, abort_latency, steps, sweeps

BASELINE = Path(__file__).with_name("baseline.json")
_WORSE = 1.02


def compare(figures: list[Figure], baseline: dict[str, float]) -> list[str]:
    """Names of the figures that are worse than the baseline by more than 2 %."""
    worse = []
    for figure in figures:
        known = baseline.get(figure.name)
        if known is not None:
            now, then = (known, figure.value) if figure.more_is_better else (figure.value, known)
            if now > then * _WORSE:
                worse.append(figure.name)
    return worse


def _table(figures: list[Figure], baseline: dict[str, float], out: Console) -> None:
    for figure in figures:
        known = baseline.get(figure.name)
        before = "" if known is None else f"  (baseline {known:g})"
        cycles = f", {figure.value * 125:.0f} cycles" if figure.unit == "us" else ""
        out.print(f"{figure.name:<44} {figure.value:>10g} {figure.unit}{cycles}{before}", highlight=False)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(prog="bench-chip", description=__doc__)
    parser.add_argument("--uf2", default=os.environ.get("STILLSCAN_UF2"), help="image (default: STILLSCAN_UF2)")
    parser.add_argument("--board", default="rpi_pico")
    parser.add_argument("--sweeps", type=int, default=1, metavar="N", help="undisturbed sweeps in one go (1)")
    parser.add_argument("--depth", type=int, choices=(4, 8), default=4, help="bits a pixel (4)")
    parser.add_argument("--update", action="store_true", help="make what is measured the baseline")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    args = parser.parse_args(arguments)
    if not args.uf2:
        raise InputError("name an official MicroPython image by --uf2 or STILLSCAN_UF2")
    jobs: dict[str, Callable[[], list[Figure]]] = {
        "steps of a line": lambda: steps(args.uf2, args.board),
        "sweeps": lambda: sweeps(args.uf2, args.board, args.depth, args.sweeps),
        "abort after a slip": lambda: abort_latency(args.uf2, args.board, "one-slip", False),
        "abort after INT1": lambda: abort_latency(args.uf2, args.board, "bump", True),
    }
    figures: list[Figure] = []
    with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        for name, job in jobs.items():
            task = progress.add_task(name)
            figures += job()
            progress.update(task, completed=100)
    baseline = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.is_file() else {}
    found = {figure.name: figure.value for figure in figures}
    if args.json:
        print(json.dumps(found))
    else:
        _table(figures, baseline, Console(width=120))
    if args.update:
        BASELINE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return 0
    worse = compare(figures, baseline)
    for name in worse:
        print(f"worse than the baseline: {name}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StillscanError as error:
        print(f"bench-chip: {error}", file=sys.stderr)
        sys.exit(error.exit_code)

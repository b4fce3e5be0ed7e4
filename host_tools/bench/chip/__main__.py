"""Performance of the firmware on the emulated RP2040, beside a committed baseline: ``make bench-chip``.

Everything is in the chip's own time (125 MHz, 8 ns a cycle). Cycles are the same on every computer, so a figure that is
worse than the baseline by 2 % is a change of the firmware, or of MicroPython: exit code 1. How soon a movement stops
the carriage depends on its moment in a line's time, which any change shifts: that is held to its target.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench.chip import parity
from bench.chip.judgement import BASELINE, absent, compare, store, stored, table
from bench.chip.measure import Figure, steps, sweeps
from bench.chip.movements import movements
from stillscan.errors import InputError, StillscanError
from stillscan.simulator.glass import ZONE_ROWS

_PLACES = 12  # of the digest of MicroPython's image


def measure(args: argparse.Namespace) -> int:
    """All figures; the exit code."""
    known_image, baseline = stored(BASELINE)
    with _progress() as progress:
        sweep_task = progress.add_task("sweeps", total=args.sweeps, start=False)

        def swept() -> None:
            progress.advance(sweep_task)

        jobs: dict[str, Callable[[], list[Figure]]] = {
            "steps of a line": lambda: steps(args.uf2, args.board),
            "start-up and sweeps": lambda: sweeps(args.uf2, args.board, args.depth, args.sweeps, args.rows, swept),
            "knocks and slips": lambda: movements(args.uf2, args.board),
        }
        figures: list[Figure] = []
        job_task = progress.add_task("figures", total=len(jobs))
        for name, job in jobs.items():
            progress.update(job_task, description=name)
            figures += job()
            progress.advance(job_task)
    if args.rows != ZONE_ROWS:
        what = f", {args.sweeps} sweeps of {args.rows} lines"
        figures = [figure._replace(name=figure.name + what * figure.name.startswith("heap")) for figure in figures]
    image = hashlib.sha256(Path(args.uf2).read_bytes()).hexdigest()[:_PLACES]
    if args.json:
        print(json.dumps({figure.name: figure.value for figure in figures}))
    else:
        Console(width=120).print(table(figures, baseline))
    if known_image not in ("", image):
        print("bench-chip: the baseline was measured with another image of MicroPython", file=sys.stderr)
    if args.update:
        store(BASELINE, image, figures)
        return 0
    worse = compare(figures, baseline)
    for name in worse:
        print(f"worse than before, or than it may be: {name}", file=sys.stderr)
    lost = absent(figures, baseline) if _as_baseline(args) else []
    for name in lost:
        print(f"no longer measured: {name}", file=sys.stderr)
    return 1 if worse or lost else 0


def checks(args: argparse.Namespace) -> int:
    """The same checks on the chip and here; the exit code."""
    pairs = []
    with _progress() as progress:
        task = progress.add_task("checks", total=args.checks)
        for pair in parity.checks(args.uf2, args.board, args.checks):
            pairs.append(pair)
            progress.advance(task)
    if args.json:
        print(json.dumps([pair._asdict() for pair in pairs]))
    else:
        Console(width=120).print(parity.table(pairs))
    return 0 if all(pair.equal and pair.right for pair in pairs) else 1


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}")
    return Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(prog="bench-chip", description=__doc__)
    parser.add_argument("--uf2", default=os.environ.get("STILLSCAN_UF2"), help="image (default: STILLSCAN_UF2)")
    parser.add_argument("--board", default="rpi_pico")
    parser.add_argument("--sweeps", type=_positive, default=2, metavar="N", help="undisturbed sweeps in one go (2)")
    parser.add_argument(
        "--rows",
        type=_positive,
        default=ZONE_ROWS,
        metavar="N",
        help=f"of all sweeps but the first of a document, to try the heap with many short ones ({ZONE_ROWS})",
    )
    parser.add_argument("--depth", type=int, choices=(4, 8), default=4, help="bits a pixel (4)")
    parser.add_argument(
        "--checks", type=_positive, metavar="N", help="no figures: N checks with movement, here and on the chip"
    )
    parser.add_argument("--update", action="store_true", help="make what is measured the baseline")
    parser.add_argument("--json", action="store_true", help="print what was measured as JSON")
    args = parser.parse_args(arguments)
    if not args.uf2:
        raise InputError("name an official MicroPython image by --uf2 or STILLSCAN_UF2")
    if args.rows > ZONE_ROWS:
        raise InputError(f"--rows: at most {ZONE_ROWS}")
    if args.update and not _as_baseline(args):
        raise InputError("--update: the baseline is of whole sweeps at 4 bits a pixel")
    return checks(args) if args.checks else measure(args)


def _as_baseline(args: argparse.Namespace) -> bool:
    """Whether what is measured is what the baseline holds."""
    return bool(args.rows == ZONE_ROWS and args.depth == 4)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return value


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StillscanError as error:
        print(f"bench-chip: {error}", file=sys.stderr)
        sys.exit(error.exit_code)

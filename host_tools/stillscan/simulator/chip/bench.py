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
from rich.table import Table

from stillscan.errors import InputError, StillscanError
from stillscan.simulator.chip import parity
from stillscan.simulator.chip.measure import Figure, steps, sweeps
from stillscan.simulator.chip.movements import INT1, SLIDE, movements
from stillscan.simulator.glass import ZONE_ROWS

BASELINE = Path(__file__).with_name("baseline.json")
TARGETS = {
    "line, sustained, 4 bit": 3000.0,
    "sweep of 274 lines, 4 bit": 900.0,
    INT1: 200.0,
    SLIDE: 15_000.0,
    "heap free, lowest": 100_000.0,
    "line loop of a sweep: allocated": 0.0,
    "boot to HELLO": 1000.0,
}
_MOMENTARY = (INT1, SLIDE)
_WORSE = 1.02
_CYCLES_PER_US = 125
_PLACES = 12  # of the digest of MicroPython's image


def compare(figures: list[Figure], baseline: dict[str, float]) -> list[str]:
    """Names of the figures that are worse than the baseline by more than 2 %, or than a target that takes its place."""
    worse = []
    for figure in figures:
        known = baseline.get(figure.name)
        if figure.name in _MOMENTARY:
            worse += missed([figure])
        elif known is not None:
            now, then = (known, figure.value) if figure.more_is_better else (figure.value, known)
            if now > then * _WORSE:
                worse.append(figure.name)
    return worse


def missed(figures: list[Figure]) -> list[str]:
    """Names of the figures that do not reach what they should."""
    found = []
    for figure in figures:
        target = TARGETS.get(figure.name)
        if target is not None and (figure.value < target if figure.more_is_better else figure.value > target):
            found.append(figure.name)
    return found


def stored(path: Path) -> tuple[str, dict[str, float]]:
    """Digest of the image of the baseline, and its figures. InputError when the file is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return str(content["image"]), {str(name): float(value) for name, value in content["figures"].items()}
    except FileNotFoundError:
        return "", {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path.name}: no baseline: {error!r}; make it anew with --update") from None


def store(path: Path, image: str, figures: list[Figure]) -> None:
    """Make these figures the baseline."""
    content = {"image": image, "figures": {figure.name: figure.value for figure in figures}}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def table(figures: list[Figure], baseline: dict[str, float]) -> Table:
    """Measured, in microseconds and cycles where it is a time of the chip, beside baseline and target."""
    shown = Table()
    for column in ("figure", "measured", "", "cycles", "baseline", "target", ""):
        shown.add_column(column, justify="left" if column in ("figure", "") else "right")
    worse, short = compare(figures, baseline), missed(figures)
    for figure in figures:
        target, known = TARGETS.get(figure.name), baseline.get(figure.name)
        sign = ">=" if figure.more_is_better else "<="
        shown.add_row(
            figure.name,
            f"{figure.value:.10g}",
            figure.unit,
            f"{figure.value * _CYCLES_PER_US:.0f}" if figure.unit == "us" else "",
            "" if known is None else f"{known:.10g}",
            "" if target is None else f"{sign} {target:.10g}",
            "worse" if figure.name in worse else "short of the target" if figure.name in short else "",
        )
    return shown


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
    return 1 if worse else 0


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
    if args.update and (args.rows, args.depth) != (ZONE_ROWS, 4):
        raise InputError("--update: the baseline is of whole sweeps at 4 bits a pixel")
    return checks(args) if args.checks else measure(args)


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

"""``make bench-soak``: a simulated day at the counter, with real processes and everything that goes wrong on one.

`stillscan run` with its page and its records, connected by a pseudo-terminal to a simulated scanner (the firmware on
MicroPython, as `stillscan device`). A clerk's window plays whole visits; every few checks a misfortune is drawn by
seed.

A word is a change of what the page shows, or a line on the terminal or in the log. A wait is silent when for 10 s after
the end of a misfortune nothing is said. A visit that has not come to its verdict 45 s after the end of the last
misfortune is a hang: the program is started anew, so that the day goes on. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

from bench.soak.day import Counter, spend
from bench.soak.plan import KINDS
from bench.soak.report import show
from bench.working_folder import working_folder
from stillscan.errors import InputError, StillscanError

_CHECKS = 2000
_WIDTH = 110  # the table's, also where the output goes into a file


def main() -> int:
    """The day of a seed; the exit code."""
    parser = argparse.ArgumentParser(prog="make bench-soak", description=__doc__.splitlines()[0])
    parser.add_argument("--checks", type=int, default=_CHECKS, help=f"customers ({_CHECKS})")
    parser.add_argument("--seed", type=int, default=1, help="of customers and misfortunes (1)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end sooner, after so long")
    parser.add_argument("--only", default="", metavar="KINDS", help=f"of misfortunes, by commas: {', '.join(KINDS)}")
    parser.add_argument("--journal", type=Path, help="keep every word and its moment, as lines of JSON")
    args = parser.parse_args()
    kinds = tuple(kind.strip() for kind in args.only.split(",")) if args.only else tuple(KINDS)
    if unknown := set(kinds) - KINDS.keys():
        raise InputError(f"--only: there is no {', '.join(sorted(unknown))}")
    console = Console()
    console.width = max(console.width, _WIDTH)
    progress = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty())
    with working_folder("soak") as folder, progress:
        task = progress.add_task("checks", total=args.checks)
        with Counter(folder, args.seed, args.checks, kinds, args.journal) as counter:
            day = spend(counter, args.minutes * 60, lambda done, line: _tell(progress, task, done, line))
    show(day, console)
    return 1 if day.missed else 0


def _tell(progress: Progress, task: TaskID, done: int, line: str) -> None:
    """A bar on a terminal, a line a hundred checks elsewhere."""
    progress.update(task, completed=done, description=line)
    if progress.disable and done % 100 == 0:
        print(line, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StillscanError as error:
        print(f"bench-soak: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)

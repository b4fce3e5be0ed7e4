"""``make bench-liveness``: does every check come to its end, whatever happens to the computer?

Each run is a pair of fresh processes, `stillscan device` and `stillscan run --once`, while both cores are busy with
other work. Counted are hangs (no verdict in 60 s), how long people waited until they were told - a verdict, that a
capture could not be read, or why no scanner can be used; since the scanner was connected, or since the end of the
disturbance - and whether a good passport is verified, at once or laid down once more. Exit code 1 when a target is
missed: no hang, everybody told within 10 s, every good passport verified (at once, where nothing but load disturbs).
"""

from __future__ import annotations

import argparse
import contextlib
import queue
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.soak import pictures
from bench.soak.misfortunes import busy
from bench.soak.rig import COMMAND, Scanner, environment, stop
from bench.working_folder import working_folder
from stillscan.commands.world import SAMPLE

HANG_S = 60.0
TOLD_S = 10.0
_SLOW_MS = 3000
_OUTCOMES = ("verified", "refused", "gave_up", "fault")
_TOLD = (*_OUTCOMES, "not", "trouble")  # "not read": another capture is on its way
_MOST_OFFSET_S = 0.9  # from "connected" to the stop: any moment of a check
_RUNS = 200
_WIDTH = 120  # the table's, also where the output goes into a file


@dataclass(frozen=True)
class Scenario:
    """What happens in each run. ``stop_s``: the host is stopped for so long, at a random moment of the check."""

    name: str
    runs: int
    document: str = ""
    options: tuple[str, ...] = ()
    stop_s: float = 0.0
    good: bool = True
    """Whether the document can be verified."""

    @property
    def at_once(self) -> bool:
        """Whether it has to be verified at once; otherwise a good one is laid down afterwards, and that is."""
        return self.good and not self.stop_s


@dataclass
class Found:
    """Of one scenario: how the first documents ended, seconds until people were told, good ones that were verified."""

    outcomes: Counter[str] = field(default_factory=Counter)
    told_s: list[float] = field(default_factory=list)
    verified: int = 0
    hangs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Once:
    """One ``run --once``: outcome ("hang", or "exit N" without one), seconds until told, the last line."""

    outcome: str
    told_s: float
    last: str


def scenarios(runs: int, known: str) -> list[Scenario]:
    """Those of the issue; ``known`` is the help of ``stillscan run``. Stops of a minute are a tenth of the others."""
    few = max(runs // 10, 1)
    found = [
        Scenario("busy", runs),
        Scenario("busy, ordinary print", few, "text.png", good=False),
        Scenario("busy, blank paper", few, "blank.png", good=False),
        *(Scenario(f"busy, host stopped {seconds:g} s", few, stop_s=seconds) for seconds in (1, 4)),
        Scenario("busy, host stopped 60 s", max(few // 4, 1), stop_s=60),
    ]
    if "--read-ms" in known:
        found.insert(3, Scenario("busy, a reading takes 3 s", few, options=("--read-ms", str(_SLOW_MS)), good=False))
    return found


def once(scanner: Scanner, folder: Path, options: tuple[str, ...], stop_s: float, chance: random.Random) -> Once:
    """Run one check to its verdict, or until it hangs."""
    process = subprocess.Popen(
        [*COMMAND, "run", "--port", str(scanner.link), "--once", "--test-mode", "--language", "en", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(folder),
    )
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_follow, args=(process, lines), daemon=True).start()
    since_s, last, outcome, told_s, begun = time.monotonic(), "nothing", "", HANG_S, False
    try:
        while (left_s := since_s + HANG_S - time.monotonic()) > 0:
            try:
                line = lines.get(timeout=left_s)
            except queue.Empty:
                break
            if line is None:
                return Once(outcome or f"exit {process.wait()}", told_s, last)
            last = line
            kind = (line.split(maxsplit=3) + [""] * 3)[2]
            if kind == "connected" and not begun:
                begun = True
                if stop_s:
                    time.sleep(chance.uniform(0, _MOST_OFFSET_S))
                    _stop_for(process, stop_s)
                since_s = time.monotonic()
            elif kind in _TOLD:
                told_s = min(told_s, time.monotonic() - since_s)
                outcome = outcome or (kind if kind in _OUTCOMES else "")
        return Once("hang", HANG_S, last)
    finally:
        stop(process)


def _stop_for(process: subprocess.Popen[str], seconds: float) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)


def _follow(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ValueError):  # closed by whoever gave the process up
        for line in process.stdout:
            lines.put(line.rstrip())
    lines.put(None)


def scanners(folder: Path, document: str, runs: int) -> Iterator[Scanner]:
    """A fresh scanner for each run; the next one starts while the last is in use."""

    def start(n: int) -> Scanner:
        own = folder / f"{n}"
        own.mkdir()
        scanner = Scanner(own, n + 1)
        if document:
            scanner.tell(f"customer {folder / document}")
        return scanner

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(start, 0)
        for n in range(runs):
            scanner = coming.result()
            if n + 1 < runs:
                coming = ahead.submit(start, n + 1)
            try:
                yield scanner
            finally:
                scanner.close()


def measure(scenario: Scenario, seed: int, console: Console) -> Found:
    """All runs of a scenario."""
    found, chance = Found(), random.Random(f"{scenario.name} {seed}")
    with working_folder("liveness") as folder:
        pictures.draw_all(folder)
        fresh = scanners(folder, scenario.document, scenario.runs)
        for scanner in track(fresh, scenario.name, scenario.runs, console=console):
            first = once(scanner, folder, scenario.options, scenario.stop_s, chance)
            found.outcomes[first.outcome] += 1
            found.told_s.append(first.told_s)
            if first.outcome == "hang":
                found.hangs.append(first.last)
            then = first
            if not scenario.at_once and first.outcome != "verified":
                scanner.tell(f"customer {SAMPLE}")
                then = once(scanner, folder, (), 0.0, chance)
                if then.outcome == "hang":
                    found.hangs.append(f"the good one afterwards: {then.last}")
            found.verified += then.outcome == "verified"
    return found


def main() -> int:
    """Every scenario, as a table; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="make bench-liveness", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=_RUNS, help=f"of the plain scenario; the others a tenth ({_RUNS})")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the stops (1)")
    parser.add_argument("--idle", action="store_true", help="without other work on the cores")
    parser.add_argument("--only", default="", metavar="WORDS", help="scenarios whose name holds this")
    args = parser.parse_args()
    known = subprocess.run([*COMMAND, "run", "--help"], capture_output=True, text=True, check=True).stdout
    table = Table(title="liveness")
    for column in ("scenario", "runs", "hangs", "told, median s", "slowest s", "good ones verified", "outcomes"):
        table.add_column(column, justify="left" if column in ("scenario", "outcomes") else "right")
    missed, hangs = False, []
    progress = Console(stderr=True)
    with contextlib.nullcontext() if args.idle else busy():
        for scenario in scenarios(args.runs, known):
            if args.only not in scenario.name:
                continue
            found = measure(scenario, args.seed, progress)
            slowest = max(found.told_s)
            outcomes = ", ".join(f"{name} {count}" for name, count in found.outcomes.most_common())
            figures = (f"{statistics.median(found.told_s):.2f}", f"{slowest:.2f}", f"{found.verified}")
            table.add_row(scenario.name, str(scenario.runs), str(len(found.hangs)), *figures, outcomes)
            progress.print(f"{scenario.name}: {len(found.hangs)} hangs; told {', '.join(figures[:2])} s; {outcomes}")
            missed |= bool(found.hangs) or slowest > TOLD_S or found.verified < scenario.runs
            hangs += [f"{scenario.name}: {last}" for last in found.hangs]
    console = Console()
    console.width = max(console.width, _WIDTH)
    console.print(table)
    for line in hangs[:20]:
        console.print(f"hang, {line}", highlight=False, markup=False, soft_wrap=True)
    if "--read-ms" not in known:
        console.print("not measured: a reading that takes 3 s (stillscan run has no --read-ms)")
    console.print("a target is missed" if missed else "every target is reached")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

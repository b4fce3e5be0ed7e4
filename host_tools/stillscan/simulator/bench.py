"""``make bench``: many seeds of every motion profile, and a long row of checks in one firmware process.

Virtual times and latencies are exact for a seed; "speed" (virtual through wall time) is this machine's, today.
"""

from __future__ import annotations

import argparse
import csv
import statistics
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from itertools import product

from rich.console import Console
from rich.progress import track
from rich.table import Table

from kiosk import wire
from stillscan.check import Check
from stillscan.commands.world import SAMPLE, movement, scene
from stillscan.link.messages import State
from stillscan.link.session import Session
from stillscan.mrz import read_strip
from stillscan.simulator.hand import PROFILES
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.simulate import TODAY, Options, boot, decider, simulate

_DOCUMENTS = ("nor-clean.png", "uto-clean.png", "nor-page.png", "nor-worn.png")
_MOST_S = 30.0
_COLUMNS = (
    "profile", "verified", "refused", "gave up", "fault", "wrong", "attempts", "verdict ms: median", "p95",
    "latency ms: median", "most", "aborts", "speed",
)  # fmt: skip


def truth() -> dict[str, list[str]]:
    """Sample file -> its MRZ lines."""
    with (files("stillscan.samples") / "truth.tsv").open(encoding="utf-8") as file:
        return {row["file"]: row["lines"].split("|") for row in csv.DictReader(file, delimiter="\t")}


def one(case: tuple[str, int]) -> dict[str, object]:
    """One check of a profile; the document changes with the seed. Adds "wrong": an accepted misread."""
    motion, seed = case
    name = _DOCUMENTS[seed % len(_DOCUMENTS)]
    world = scene(SAMPLE.with_name(name), None, motion, "clean", seed, _MOST_S)
    record = simulate(world, Options(most_s=_MOST_S))
    record["wrong"] = record["mrz"] is not None and record["mrz"] != truth()[name]
    return record


def profiles(seeds: int, jobs: int, console: Console) -> None:
    """Table of outcomes, attempts, times and latencies for each profile."""
    cases = list(product(PROFILES, range(1, seeds + 1)))
    found: dict[str, list[dict[str, object]]] = {name: [] for name in PROFILES}
    with ProcessPoolExecutor(jobs) as pool:
        records = track(pool.map(one, cases, chunksize=8), "checks", len(cases), console=Console(stderr=True))
        for (motion, _), record in zip(cases, records, strict=True):
            found[motion].append(record)
    table = Table(title=f"{seeds} seeds a profile, virtual time")
    for i, column in enumerate(_COLUMNS):
        table.add_column(column, justify="right" if i else "left")
    for name, records in found.items():
        table.add_row(name, *_row(records))
    console.print(table)


def _row(records: list[dict[str, object]]) -> list[str]:
    outcomes = Counter(str(record["outcome"]) for record in records)
    attempts = Counter(int(str(record["attempts"])) for record in records if record["outcome"] == "verified")
    times = sorted(float(str(record["t_verdict_ms"])) for record in records)
    aborts = [abort for record in records for abort in record["aborts"]]  # type: ignore[attr-defined]
    latencies = [abort["latency_ms"] for abort in aborts if abort["latency_ms"] is not None]
    virtual = sum(float(str(record["virtual_ms"])) for record in records)
    wall = sum(float(str(record["wall_ms"])) for record in records)
    return [
        *(f"{100 * outcomes[outcome] / len(records):.1f} %" for outcome in ("verified", "refused", "gave_up", "fault")),
        str(sum(bool(record["wrong"]) for record in records)),
        " ".join(f"{number}:{count}" for number, count in sorted(attempts.items())) or "-",
        f"{statistics.median(times):.0f}",
        f"{times[int(0.95 * (len(times) - 1))]:.0f}",
        f"{statistics.median(latencies):.2f}" if latencies else "-",
        f"{max(latencies):.2f}" if latencies else "-",
        str(len(aborts)),
        f"{virtual / wall:.1f}x",
    ]


def long_run(checks: int, console: Console) -> None:
    """Many checks in one firmware process: what is left of the heap after collection."""
    world = scene(SAMPLE, None, "still", "clean", 1, _MOST_S)
    free: list[int] = []
    outcomes: Counter[str] = Counter()
    with SimulatedKiosk(world) as kiosk:
        session = Session(kiosk)
        session.open()
        boot(session)
        for number in track(range(checks), "one process", console=Console(stderr=True)):
            motion = "one-slip" if number % 4 == 3 else "still"
            world.replace(world.page, movement(motion, number, _MOST_S), kiosk.bus.now_us)
            outcomes[Check(session, read_strip, decider(None, TODAY)).run(_MOST_S * 1000).outcome] += 1
            world.clear(kiosk.bus.now_us)
            _until_empty(session)
            health = session.health()
            free.append(health.heap_free if health else 0)
    tenth = max(1, checks // 10)
    console.print(
        f"{checks} checks in one firmware process: {dict(outcomes)}; free heap after collection: first {tenth} checks "
        f"{min(free[:tenth])}-{max(free[:tenth])} B, last {tenth} {min(free[-tenth:])}-{max(free[-tenth:])} B, "
        f"least {min(free)} B"
    )


def _until_empty(session: Session) -> None:
    while True:
        message = session.poll(10_000)
        if message is None or (isinstance(message, State) and message.state == wire.EMPTY):
            return


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="checks a profile (200)")
    parser.add_argument("--checks", type=int, default=1000, help="checks in one firmware process (1000)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    args = parser.parse_args()
    console = Console(width=170)
    if args.seeds:
        profiles(args.seeds, args.jobs, console)
    if args.checks:
        long_run(args.checks, console)


if __name__ == "__main__":
    main()

"""``make bench``: many seeds of every motion profile, and a long row of checks in one firmware process.

Virtual times and latencies are exact for a seed; "speed" (virtual through wall time) is this machine's, today.
"""

from __future__ import annotations

import argparse
import csv
import statistics
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from itertools import product

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.ablation import WITHOUT
from kiosk import wire
from stillscan.commands.world import SAMPLE, movement, scene
from stillscan.link.messages import State
from stillscan.link.session import Session
from stillscan.scanning.check import FIRST_TEXT_ROW, LAST_TEXT_ROW, Check
from stillscan.scanning.policy import RESTART_ONLY, Policy
from stillscan.simulator.hand import PROFILES
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.truth import slept_through
from stillscan.testing.modelled_reader import ModelledReader
from stillscan.testing.plot import Recorder
from stillscan.testing.simulate import TODAY, Options, boot, decider, simulate

_RESTART_ONLY = "restart-only"
_DOCUMENTS = ("nor-clean.png", "uto-clean.png", "nor-page.png", "nor-worn.png")
_MOST_S = 30.0
_COLUMNS = (
    "profile", "in time", "verified %", "gave up", "refused", "fault", "wrong", "missed", "attempts: checks",
    "verdict ms", "p95", "rows in vain", "aborts", "latency ms", "p95", "most", "speed",
)  # fmt: skip


_LIMIT_MS = {
    "still": 1_500, "tremor": 3_000, "one-slip": 6_000, "slips": 6_000, "drift": 8_000, "lift": 8_000,
    "lift-slips": 8_000,
}  # fmt: skip
_TEXT_ROWS = LAST_TEXT_ROW - FIRST_TEXT_ROW + 1


def truth() -> dict[str, list[str]]:
    """Sample file -> its MRZ lines."""
    with (files("stillscan.samples") / "truth.tsv").open(encoding="utf-8") as file:
        return {row["file"]: row["lines"].split("|") for row in csv.DictReader(file, delimiter="\t")}


def one(case: tuple[str, int, str]) -> dict[str, object]:
    """One check of a profile; the document changes with the seed.

    The mode is "" (all ideas), "restart-only", or "without" and an idea of `ablation`. Adds "wrong" (an accepted
    misread), "rows" (scanned) and "missed" (sweeps called good through which the document slipped).
    """
    motion, seed, mode = case
    name = _DOCUMENTS[seed % len(_DOCUMENTS)]
    world = scene(SAMPLE.with_name(name), None, motion, "clean", seed, _MOST_S)
    recorder = Recorder()
    policy, device = WITHOUT.get(mode.removeprefix("without "), (Policy(), {}))
    policy = RESTART_ONLY if mode == _RESTART_ONLY else policy
    options = Options(policy, most_s=_MOST_S, test_mode=True, settings=device)
    record = simulate(world, options, recorder)
    record["wrong"] = record["mrz"] is not None and record["mrz"] != truth()[name]
    record["rows"] = len(recorder.bands)
    good = [span for sweep, span in recorder.spans_us.items() if sweep not in recorder.aborted]
    record["missed"] = sum(slept_through(world, *span) for span in good)
    return record


def profiles(names: Sequence[str], modes: Sequence[str], seeds: int, jobs: int, console: Console) -> None:
    """Table of outcomes, attempts, times and latencies of each profile, for each mode a row."""
    cases = list(product(names, range(1, seeds + 1), modes))
    found: dict[tuple[str, str], list[dict[str, object]]] = {(name, mode): [] for name in names for mode in modes}
    with ProcessPoolExecutor(jobs) as pool:
        records = track(pool.map(one, cases, chunksize=4), "checks", len(cases), console=Console(stderr=True))
        for (motion, _, mode), record in zip(cases, records, strict=True):
            found[motion, mode].append(record)
    table = Table(title=f"{seeds} seeds a profile, virtual time")
    for i, column in enumerate(_COLUMNS):
        table.add_column(column, justify="right" if i else "left")
    for (name, mode), group in found.items():
        table.add_row(f"{name}, {mode}" if mode else name, *_row(group, _LIMIT_MS.get(name, 10_000)))
    console.print(table)


def _row(records: list[dict[str, object]], limit_ms: float) -> list[str]:
    outcomes = Counter(str(record["outcome"]) for record in records)
    verified = [record for record in records if record["outcome"] == "verified"]
    attempts = Counter(int(str(record["attempts"])) for record in verified)
    times = sorted(float(str(record["t_verdict_ms"])) for record in verified)
    aborts = [abort for record in records for abort in record["aborts"]]  # type: ignore[attr-defined]
    latencies = sorted(abort["latency_ms"] for abort in aborts if abort["latency_ms"] is not None)
    vain = [max(0, int(str(record["rows"])) - _TEXT_ROWS) for record in verified]
    virtual = sum(float(str(record["virtual_ms"])) for record in records)
    wall = sum(float(str(record["wall_ms"])) for record in records)
    common = " ".join(f"{number}:{count}" for number, count in attempts.most_common(3))
    return [
        f"{100 * sum(time <= limit_ms for time in times) / len(records):.1f} % / {limit_ms / 1000:g} s",
        *(f"{100 * outcomes[outcome] / len(records):.1f}" for outcome in ("verified", "gave_up", "refused", "fault")),
        str(sum(bool(record["wrong"]) for record in records)),
        str(sum(int(str(record["missed"])) for record in records)),
        common + (" ..." if len(attempts) > 3 else ""),
        f"{statistics.median(times):.0f}" if times else "-",
        f"{times[int(0.95 * (len(times) - 1))]:.0f}" if times else "-",
        f"{statistics.median(vain):.0f}" if vain else "-",
        str(len(aborts)),
        f"{statistics.median(latencies):.1f}" if latencies else "-",
        f"{latencies[int(0.95 * (len(latencies) - 1))]:.1f}" if latencies else "-",
        f"{latencies[-1]:.1f}" if latencies else "-",
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
        reader = ModelledReader(kiosk.now_ms)
        for number in track(range(checks), "one process", console=Console(stderr=True)):
            motion = "one-slip" if number % 4 == 3 else "still"
            world.replace(world.page, movement(motion, number, _MOST_S), kiosk.bus.now_us)
            outcomes[Check(session, reader, decider(None, TODAY)).run(_MOST_S * 1000).outcome] += 1
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
    parser.add_argument("--beside", action="store_true", help="every profile with restart-only too")
    parser.add_argument("--without", action="store_true", help="every profile without each idea too")
    parser.add_argument("--motion", nargs="+", choices=list(PROFILES), default=list(PROFILES), help="profiles (all)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    args = parser.parse_args()
    console = Console(width=200)
    if args.seeds:
        modes = ["", *([_RESTART_ONLY] if args.beside else [])]
        modes += [f"without {idea}" for idea in WITHOUT] if args.without else []
        profiles(args.motion, modes, args.seeds, args.jobs, console)
    if args.checks:
        long_run(args.checks, console)


if __name__ == "__main__":
    main()

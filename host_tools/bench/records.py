"""``make bench-records``: how long a verdict with its durable record takes, and what 200 kills leave."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track

from bench import crash, records_bulk
from stillscan.records.release import Desk
from stillscan.records.verification import verify

_PAGES = 3 * 4096  # bytes that one check makes SQLite write
_GOAL_MS = 5.0
_ONE_DATABASE = 20  # kills of one after another
_LETTERS = 400


def main() -> int:
    """Run the benches; 1 when a figure is not reached."""
    parser = argparse.ArgumentParser(prog="make bench-records", description=__doc__)
    parser.add_argument("--checks", type=int, default=1000, metavar="N", help="checks to time (1000)")
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="kills at random moments (200)")
    parser.add_argument("--entries", type=int, default=0, metavar="N", help="measure a chain of so many entries (none)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the moments (1)")
    parser.add_argument("--folder", default="build", metavar="FOLDER", help="on the disk to measure (build)")
    args = parser.parse_args()
    Path(args.folder).mkdir(parents=True, exist_ok=True)
    code = 0
    if args.checks:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            code = _speed(Path(folder), args.checks)
    if args.entries:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            code = max(code, 0 if records_bulk.measure(Path(folder), args.entries) else 1)
    if args.kills:
        code = max(code, _kills(Path(args.folder), args.kills, random.Random(args.seed)))
    return code


def _speed(folder: Path, checks: int) -> int:
    begin = time.perf_counter()
    crash.letters(folder, checks)
    print(f"import: {checks} letters in {time.perf_counter() - begin:.2f} s")
    database, keyring = crash.open_place(folder)
    desk = Desk(database, keyring, "1473 Oppsal")
    desk.tidy()
    walls, busy, verdicts = [], [], set()
    for n in range(checks):
        wall, cpu = time.perf_counter(), time.process_time()
        verdicts.add(desk.finish(crash.number(n), crash.PASSED, crash.CLERK).verdict)
        walls.append((time.perf_counter() - wall) * 1000)
        busy.append((time.process_time() - cpu) * 1000)
    begin = time.perf_counter()
    found = verify(database, keyring)
    took = time.perf_counter() - begin
    database.close()
    print(f"verdict with durable record: {_spread(walls)}; of it the processor {statistics.median(busy):.2f} ms")
    print(f"for comparison, {_PAGES} bytes written durably to a file: {_spread(_raw(folder, checks))}")
    print(f"machine: {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print(f"verify: {found.entries} entries in {took:.2f} s, {len(found.findings)} findings")
    good = verdicts == {"release"} and not found.findings and statistics.median(walls) <= _GOAL_MS
    return 0 if good else 1


def _raw(folder: Path, times: int) -> list[float]:
    taken = []
    with open(folder / "raw", "wb", buffering=0) as file:
        file.write(bytes(_PAGES * times))
        os.fsync(file.fileno())
        for n in range(times):
            begin = time.perf_counter()
            os.lseek(file.fileno(), n * _PAGES, os.SEEK_SET)
            file.write(os.urandom(_PAGES))
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - begin) * 1000)
    return taken


def _spread(values: list[float]) -> str:
    ordered = sorted(values)
    return f"median {statistics.median(ordered):.2f} ms, 99 % within {ordered[len(ordered) * 99 // 100]:.2f} ms"


def _kills(parent: Path, kills: int, moment: random.Random) -> int:
    results: list[crash.Killed] = []
    for n in track(range(kills), "killing", console=Console(stderr=True), transient=True):
        if n % _ONE_DATABASE == 0:
            folder, first = Path(tempfile.mkdtemp(dir=parent)), 0
            crash.letters(folder, _LETTERS)
        results.append(crash.kill(folder, first, moment, events=False))
        first += results[-1].told + results[-1].untold
        if (n + 1) % _ONE_DATABASE == 0 or n + 1 == kills:
            shutil.rmtree(folder)
    told, untold = sum(one.told for one in results), sum(one.untold for one in results)
    wrong = [problem for one in results for problem in one.wrong]
    print(f"kill -9: {kills} kills, {told} checks told, all of them recorded; {untold} recorded and not yet told")
    print(f"lost, torn or altered records: {len(wrong)}", *wrong[:10], sep="\n  ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""``make bench-joined``: is a text ever accepted whose lines are not those of one document?

Every attack goes through the check of the product with the real reader, in virtual time; the same seeds give the same.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from itertools import product

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.joined import hands
from bench.joined.attacks import KINDS, attack
from bench.joined.scanner import ScriptedScanner
from stillscan.mrz import Reading
from stillscan.scanning.check import Check
from stillscan.scanning.result import Judgement, Result
from stillscan.testing.modelled_reader import ModelledReader

_ALL = [*KINDS, *hands.KINDS]
_MOST_MS = 20_000.0
"""Of a check: the scanner gives a document up after 15 s (the setting `time_limit`)."""


def judge(reading: Reading) -> tuple[Judgement, str]:
    """Whatever is read with certainty counts."""
    return "verified", "ok"


def one(case: tuple[str, int]) -> tuple[str, str]:
    """(kind, what became of it): "mixture" is what must not be."""
    kind, seed = case
    cv2.setNumThreads(1)
    if kind in hands.KINDS:
        result, texts = hands.attack(kind, seed, judge)
    else:
        result, texts = _scripted(kind, seed)
    if result.lines is None:
        return kind, "not read"
    return kind, ("one document" if result.lines in texts else "mixture")


def _scripted(kind: str, seed: int) -> tuple[Result, list[tuple[str, ...]]]:
    played = attack(kind, seed)
    scanner = ScriptedScanner(played.pictures, played.changes, np.random.default_rng([seed, 7]), played.counted_um)
    reader = ModelledReader(scanner.transport.now_ms)
    return Check(scanner, reader, judge).run(_MOST_MS), played.texts  # type: ignore[arg-type]


def main() -> int:
    """Command line; the exit code is 1 when a mixture was accepted."""
    parser = argparse.ArgumentParser(prog="make bench-joined", description=__doc__)
    parser.add_argument("--each", type=int, default=210, help="attacks of each kind (210)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first (0)")
    parser.add_argument("--kinds", nargs="+", choices=_ALL, default=_ALL, help="kinds (all)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--seeds", action="store_true", help="name the seeds of the mixtures")
    args = parser.parse_args()
    cases = list(product(args.kinds, range(args.first, args.first + args.each)))
    found: dict[str, Counter[str]] = defaultdict(Counter)
    mixtures = []
    with ProcessPoolExecutor(args.jobs) as pool:
        done = track(pool.map(one, cases, chunksize=4), "attacks", len(cases), console=Console(stderr=True))
        for (kind, seed), (_, became) in zip(cases, done, strict=True):
            found[kind][became] += 1
            if became == "mixture":
                mixtures.append(f"{kind}: {seed}")
    table = Table("attack", "attacks", "mixtures accepted", "one document read", "not read")
    for kind, counts in found.items():
        table.add_row(
            kind, str(counts.total()), str(counts["mixture"]), str(counts["one document"]), str(counts["not read"])
        )
    Console(width=120).print(table)
    print(f"{len(mixtures)} mixtures accepted of {len(cases)} attacks")
    if args.seeds:
        print("\n".join(mixtures))
    return 1 if mixtures else 0


if __name__ == "__main__":
    raise SystemExit(main())

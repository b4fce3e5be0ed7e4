"""``make bench-attacks``: attempts at a release without a passed check, all that are kept: does one get through?"""

from __future__ import annotations

import argparse
import collections
import functools
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.attacks import clocks, documents, races, records, requests, scanners, visits
from bench.attacks.tried import BAD, GOOD, Tried

_JOINED = "joined"
_KINDS: dict[str, Callable[..., Iterator[Tried]]] = {
    "scanners": scanners.tried,
    "visits": visits.tried,
    "requests": requests.tried,
    "clocks": clocks.tried,
    "races": races.tried,
    "records": records.tried,
    _JOINED: documents.tried,
}
_EACH = 5
"""Joined documents of each kind: a minute or two. `make bench-joined` tries 210."""


class _Found(NamedTuple):
    """Outcomes by kind, each attack that got through, and how long each module took."""

    counted: dict[str, collections.Counter[str]]
    through: list[str]
    seconds: dict[str, float]


def main(arguments: list[str] | None = None) -> int:
    """Carry them out; 1 when one gets through, and each that does is named with its seed."""
    parser = argparse.ArgumentParser(prog="make bench-attacks", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of so many one (1)")
    parser.add_argument("--kinds", nargs="+", choices=_KINDS, default=list(_KINDS), help="which (all)")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn by chance (0)")
    parser.add_argument("--joined", type=int, default=_EACH, metavar="N", help=f"joins of each kind ({_EACH})")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    args = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)  # what the product says to each attack
    try:
        found = _carry_out(args)
    finally:
        logging.disable(logging.NOTSET)
    (_as_json if args.json else _as_table)(found)
    return 1 if found.through else 0


def _carry_out(args: argparse.Namespace) -> _Found:
    found = _Found({}, [], {})
    for name in args.kinds:
        began = time.monotonic()
        attacks = functools.partial(_KINDS[name], each=args.joined) if name == _JOINED else _KINDS[name]
        with tempfile.TemporaryDirectory() as folder:
            trying = attacks(Path(folder), args.every, seed=args.seed)
            for one in track(trying, name, transient=True, console=Console(stderr=True)):
                kind = f"{name}: {one.kind}"
                found.counted.setdefault(kind, collections.Counter())[one.outcome] += 1
                if one.outcome in BAD:
                    found.through.append(f"{kind}: {one.description}: {one.outcome}")
        found.seconds[name] = round(time.monotonic() - began, 1)
    return found


def _as_json(found: _Found) -> None:
    kinds = {kind: dict(counts) for kind, counts in found.counted.items()}
    told = {"tried": _tried(found), "through": found.through, "kinds": kinds, "seconds": found.seconds}
    print(json.dumps(told, indent=2))


def _as_table(found: _Found) -> None:
    table = Table("attack", "tried", *GOOD, "got through")
    total = sum(found.counted.values(), collections.Counter[str]())
    for kind, counts in [*found.counted.items(), ("all", total)]:
        bad = sum(counts[outcome] for outcome in BAD)
        table.add_row(kind, str(counts.total()), *(str(counts[outcome]) for outcome in GOOD), str(bad))
    Console(width=120).print(table)
    print(", ".join(f"{name} {took:.0f} s" for name, took in found.seconds.items()))
    print(f"{len(found.through)} of {_tried(found)} attacks got through", *found.through, sep="\n  ")


def _tried(found: _Found) -> int:
    return sum(counts.total() for counts in found.counted.values())


if __name__ == "__main__":
    sys.exit(main())

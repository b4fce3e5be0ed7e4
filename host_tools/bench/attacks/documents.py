"""Two passports that are to become one text (`bench.joined`), a few of each kind."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

from bench.attacks.tried import Attack, Tried, carried_out
from bench.joined import hands
from bench.joined.__main__ import one
from bench.joined.attacks import KINDS


def tried(folder: Path, every: int = 1, first: int = 0, seed: int = 0, each: int = 1) -> Iterator[Tried]:
    """``each`` so many of each kind, from the seed on; nothing is kept in the folder."""
    cases = itertools.product(range(seed, seed + each), [*KINDS, *hands.KINDS])
    attacks = (Attack(kind, f"seed {n}", functools.partial(_outcome, (kind, n))) for n, kind in cases)
    return carried_out(attacks, every, first)


def _outcome(case: tuple[str, int]) -> str:
    _, became = one(case)
    return {"mixture": "accepted", "one document": "harmless", "not read": "held"}[became]

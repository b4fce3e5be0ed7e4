"""How much of the same thing a test tries: a fixed share in `make test`, and all of it with STILLSCAN_WHOLE=1.

The share is the same every time, so that a test that fails fails for everybody. `make test-whole` tries the rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import product
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
WHOLE = os.environ.get("STILLSCAN_WHOLE") == "1"
_FEWEST = 10


def covering(many: Iterable[A], others: Iterable[B], each: int) -> Sequence[tuple[A, B]]:
    """Each of ``many`` with ``each`` of the ``others``, which come in turn and are as far from each other as can be."""
    firsts, seconds = list(many), list(others)
    if WHOLE:
        return list(product(firsts, seconds))
    stride = max(1, len(seconds) // each)
    return [
        (one, seconds[(number + turn * stride) % len(seconds)])
        for number, one in enumerate(firsts)
        for turn in range(min(each, len(seconds)))
    ]


def some(many: Iterable[A], count: int) -> Sequence[A]:
    """So many of ``many``, from the first to the last and as far from each other as can be: seeds, or steps of a scale.

    For what differs in amount alone; where each is a case of its own, all of them are tried.
    """
    all_of_them = list(many)
    if WHOLE or count >= len(all_of_them):
        return all_of_them
    last = len(all_of_them) - 1
    return [all_of_them[round(turn * last / max(count - 1, 1))] for turn in range(count)]


def examples(whole: int) -> int:
    """How many examples hypothesis makes up where all of it would be ``whole``: a third, the same ones every time."""
    return whole if WHOLE else max(min(whole, _FEWEST), whole // 3)

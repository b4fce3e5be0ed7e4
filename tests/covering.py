"""Which pairs of two lists a test walks: each of the first with a few of the second, which come in turn.

With STILLSCAN_WHOLE=1 in the environment it is every pair with every other, which takes some minutes more.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import product
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def covering(many: Iterable[A], others: Iterable[B], each: int) -> Sequence[tuple[A, B]]:
    """Each of ``many`` with ``each`` of the ``others``, which are as far from each other as can be."""
    firsts, seconds = list(many), list(others)
    if os.environ.get("STILLSCAN_WHOLE") == "1":
        return list(product(firsts, seconds))
    stride = max(1, len(seconds) // each)
    return [
        (one, seconds[(number + turn * stride) % len(seconds)])
        for number, one in enumerate(firsts)
        for turn in range(min(each, len(seconds)))
    ]

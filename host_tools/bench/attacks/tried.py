"""An attack, and how it ended: what all modules of attacks have in common."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

GOOD, BAD = ("held", "harmless"), ("missed", "released", "accepted")
"""Held: refused, told or found. Harmless: nothing is other than it should be. What must not be: an edit that nobody is
told of, a letter handed out, and anything else that counts though it must not."""


class Tried(NamedTuple):
    """One attack: its kind, what was done, and how it ended."""

    kind: str
    description: str
    outcome: str


class Attack(NamedTuple):
    """One that can be carried out, once: ``carry_out`` gives the outcome. The description holds the seed, if any."""

    kind: str
    description: str
    carry_out: Callable[[], str]


def carried_out(attacks: Iterable[Attack], every: int, first: int) -> Iterator[Tried]:
    """Carry out one of ``every`` so many, from ``first`` on."""
    for attack in itertools.islice(attacks, first, None, every):
        yield Tried(attack.kind, attack.description, attack.carry_out())


def see_that_it_was_tried(outcomes: Iterable[str], honest: Callable[[], bool]) -> None:
    """RuntimeError where what nobody attacks does not succeed either and nothing got through: nothing was tried."""
    if not any(outcome in BAD for outcome in outcomes) and not honest():
        raise RuntimeError("what is as it should be is refused as well: nothing was tried")

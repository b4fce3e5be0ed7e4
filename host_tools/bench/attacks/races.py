"""Three kiosks on one database that want the same letter at one moment: who gets it, and how often?"""

from __future__ import annotations

import functools
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.attacks.office import BOSS, OFFICE, letters, opened, staffed
from bench.attacks.tried import Attack, Tried, carried_out
from bench.crash import CLERK, PASSED, number
from stillscan.errors import StillscanError
from stillscan.records import changes
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify

COUNT = 120
_KIOSKS = ("kiosk-1", "kiosk-2", "kiosk-3")
_START_S = 60.0  # a machine that is so slow runs nothing else either
_CHANGES = (changes.withdrawal("asked for"), changes.return_to_sender(), changes.correction("Kari Hansen"))
_Act = Callable[[int], bool]


def tried(folder: Path, every: int = 1, first: int = 0, seed: int = 0) -> Iterator[Tried]:
    """``COUNT`` letters, of ``every`` so many one, at all three kiosks at once; at the end the chain is verified."""
    kiosks = [opened(folder, name, name) for name in _KIOSKS]
    for _, keyring in kiosks:
        for _, other in kiosks:
            if other is not keyring:
                keyring.trust(other.kiosk, other.public_pem())
    staffed(*kiosks[0])
    letters(*kiosks[0], range(COUNT), (datetime.now(UTC) + timedelta(days=14)).date())
    desks = [Desk(database, keyring, OFFICE) for database, keyring in kiosks]
    with ThreadPoolExecutor(len(_KIOSKS)) as threads:
        race = _Race(threads, [_hand_out(desk) for desk in desks], _decide(*kiosks[0]))
        yield from carried_out(race.attacks(random.Random(seed), seed), every, first)
    found = verify(*kiosks[1]).findings
    yield Tried("chain of three", "what all of them wrote", "missed" if found else "held")
    for database, _ in kiosks:
        database.close()


def _hand_out(desk: Desk) -> _Act:
    return lambda letter: desk.finish(number(letter), PASSED, CLERK).verdict == "release"


def _decide(database: Database, keyring: Keyring) -> _Act:
    """A supervisor's decision on the same letter; whether it was taken."""

    def decide(letter: int) -> bool:
        changes.record(_CHANGES[letter % len(_CHANGES)], number(letter), BOSS, database, keyring)
        return True

    return decide


class _Race:
    """The same letter everywhere at once, or a decision on it at one of the kiosks."""

    def __init__(self, threads: ThreadPoolExecutor, hand_out: list[_Act], decide: _Act) -> None:
        self._threads = threads
        self._hand_out = hand_out
        self._decide = decide

    def attacks(self, rng: random.Random, seed: int) -> Iterator[Attack]:
        for letter in range(COUNT):
            decided = rng.random() < 0.3
            acts = [self._decide, *self._hand_out[1:]] if decided else self._hand_out
            kind = "race with a decision" if decided else "race of three"
            yield Attack(kind, f"seed {seed}, letter {letter}", functools.partial(self._run, letter, acts))

    def _run(self, letter: int, acts: list[_Act]) -> str:
        """At most one of them may have its way."""
        together = threading.Barrier(len(acts), timeout=_START_S)

        def act(one: _Act) -> bool:
            together.wait()
            try:
                return one(letter)
            except StillscanError:  # the database was busy for too long, or the letter is gone
                return False

        won = sum(self._threads.map(act, acts))
        return "released" if won > 1 else "held"

"""Clocks that anybody sets at any moment, at two kiosks with one chain: is a passport good again that had expired?

A passport that has expired by a time that was seen, by either kiosk in a record or by the kiosk itself when it looked
at its clock, gets no letter any more, and no letter is handed out whose deadline was over by then. A supervisor's word,
which may bring a time back, is not given here. Whoever switches a kiosk off brings back the minute since its last note.
"""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from bench.attacks.office import OFFICE, Computer, computer, letters, opened, passport
from bench.attacks.tried import Attack, Tried, carried_out, see_that_it_was_tried
from bench.crash import CLERK, PASSED, UNREAD, number
from stillscan.errors import StillscanError
from stillscan.records import clock, retention
from stillscan.records.computer import Boot
from stillscan.records.release import Desk

COUNT = 300
_MOST_ACTS = 40
_HONEST = 0.02
"""How often the passport is shown while it is still good: so that some letters are handed out."""
_KIOSKS = ("kiosk-1", "kiosk-2")
_NOTED = timedelta(minutes=1)
_TARGET, _OTHER, _LATER = 0, 1, 100
_SET_DAYS = (-400.0, -40.0, -12.0, -3.0, -1.0, -0.002, 0.002, 1.0, 3.0, 12.0, 29.0, 31.0, 400.0)
_PASSES_DAYS = (0.01, 1.0, 5.0, 12.0, 25.0)


def tried(folder: Path, every: int = 1, first: int = 0, seed: int = 0) -> Iterator[Tried]:
    """``COUNT`` sequences, of ``every`` so many one, each with an office of its own."""
    made, began = folder / "made", Computer()
    made.mkdir()
    deadlines = [began.time + timedelta(days=days) for days in (9, 30, 60)]
    with computer(began):
        _make(made, deadlines)
    sequences = (_Sequence(made, folder / "tried", began.time, seed, n, deadlines) for n in range(COUNT))
    outcomes = []
    for one in carried_out((Attack("clocks", one.name, one.outcome) for one in sequences), every, first):
        outcomes.append(one.outcome)
        yield one
    see_that_it_was_tried(outcomes, lambda: every > 1 or "harmless" in outcomes)


def _make(folder: Path, deadlines: list[datetime]) -> None:
    """Two kiosks that trust each other; letters of several deadlines (0, 10, 20), and others."""
    kiosks = [opened(folder, name, name, clock.AHEAD_DAYS) for name in _KIOSKS]
    for (_, keyring), (_, other) in (kiosks, kiosks[::-1]):
        keyring.trust(other.kiosk, other.public_pem())
    for n, deadline in enumerate(deadlines):
        letters(*kiosks[0], [10 * n + _TARGET, 10 * n + _OTHER], deadline.date())
    for database, _ in kiosks:
        database.close()


class _Kiosk:
    """A computer, the program that runs there, and what it has seen by itself."""

    def __init__(self, folder: Path, name: str, time: datetime) -> None:
        self.name, self.computer, self.seen = name, Computer(time), time
        self._folder, self._starts = folder, 0
        self._start_computer()
        self.start()

    def _start_computer(self) -> None:
        self._starts += 1
        self.computer.started = Boot(f"{self.name[-1] * 8}-0000-0000-0000-{self._starts:012x}", 1.0)

    def start(self) -> None:
        """The program is started anew."""
        self.database, self.keyring = opened(self._folder, self.name, self.name, clock.AHEAD_DAYS)
        self.desk = Desk(self.database, self.keyring, OFFICE, retention_days=20)

    def stop(self, *, computer_too: bool) -> None:
        """The program ends, and perhaps the computer is started anew."""
        self.database.close()
        if computer_too:
            self._start_computer()


class _Sequence:
    """What is done is drawn from a seed."""

    def __init__(self, made: Path, folder: Path, began: datetime, seed: int, n: int, deadlines: list[datetime]) -> None:
        self.name = f"seed {seed}, sequence {n}"
        self._rng = random.Random(f"{seed} {n}")
        self._made, self._folder, self._began = made, folder, began
        which = self._rng.randrange(len(deadlines))
        self._first, self._deadline = 10 * which, deadlines[which].date()
        self._expiry = (began + timedelta(days=self._rng.randrange(1, 40))).date()
        self._shown = replace(PASSED, mrz=passport(expiry=self._expiry))
        self._written = began
        self._later = _LATER

    def outcome(self) -> str:
        """Play it; "released" when the letter was handed out after the passport or its deadline was seen to be over."""
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._made, self._folder)
        with computer(Computer(self._began)):
            self._kiosks = [_Kiosk(self._folder, name, self._began) for name in _KIOSKS]
            try:
                return self._played()
            finally:
                for kiosk in self._kiosks:
                    kiosk.database.close()

    def _played(self) -> str:
        """Time goes by until the passport or the deadline is over and one kiosk has seen it; then they are tried."""
        for _ in range(_MOST_ACTS):
            self._one_act([self._pass, self._pass, self._check, self._look, self._purge, self._import, self._set])
            if self._rng.random() < _HONEST and (ended := self._shows(self._rng.choice(self._kiosks))):
                return ended
            if any(self._over(kiosk) for kiosk in self._kiosks):
                break
        for _ in range(self._rng.randrange(2, 9)):
            self._one_act(
                [self._set, self._set_switched_off, self._set_switched_off, self._restart, self._check, self._purge]
            )
            for kiosk in self._kiosks:
                if self._over(kiosk) and (ended := self._shows(kiosk)):
                    return ended
        return "held"

    def _one_act(self, acts: list[Callable[[_Kiosk], object]]) -> None:
        kiosk, act = self._rng.choice(self._kiosks), self._rng.choice(acts)
        clock._system = kiosk.computer
        with contextlib.suppress(StillscanError):
            act(kiosk)

    def _over(self, kiosk: _Kiosk) -> bool:
        """Whether the passport or the deadline is over by what this kiosk has seen."""
        return max(self._written, kiosk.seen - _NOTED).date() > min(self._expiry, self._deadline)

    def _shows(self, kiosk: _Kiosk) -> str | None:
        """The passport is shown for the letter; None when it is not handed out."""
        clock._system = kiosk.computer
        over = self._over(kiosk)
        self._sees(kiosk, lambda: kiosk.desk.finish(number(self._first + _TARGET), UNREAD, CLERK))
        try:
            if kiosk.desk.finish(number(self._first + _TARGET), self._shown, CLERK).verdict != "release":
                return None
        except StillscanError:
            return None
        return "released" if over else "harmless"

    def _sees(self, kiosk: _Kiosk, act: Callable[[], object]) -> None:
        """What is written is seen everywhere."""
        with contextlib.suppress(StillscanError):
            act()
            self._written = max(self._written, kiosk.computer.time)

    def _set(self, kiosk: _Kiosk) -> None:
        kiosk.computer.time += timedelta(days=self._rng.choice(_SET_DAYS))

    def _set_switched_off(self, kiosk: _Kiosk) -> None:
        kiosk.stop(computer_too=self._rng.random() < 0.5)
        self._set(kiosk)
        kiosk.start()

    def _restart(self, kiosk: _Kiosk) -> None:
        kiosk.stop(computer_too=self._rng.random() < 0.5)
        kiosk.start()

    def _pass(self, kiosk: _Kiosk) -> None:
        days = timedelta(days=self._rng.choice(_PASSES_DAYS))
        for one in self._kiosks:
            one.computer.goes(days)

    def _check(self, kiosk: _Kiosk) -> None:
        self._sees(kiosk, lambda: kiosk.desk.finish(number(self._first + _OTHER), UNREAD, CLERK))

    def _look(self, kiosk: _Kiosk) -> None:
        kiosk.seen = max(kiosk.seen, kiosk.desk.look_at_clock())

    def _purge(self, kiosk: _Kiosk) -> None:
        retention.purge(kiosk.database, kiosk.keyring, 20)

    def _import(self, kiosk: _Kiosk) -> None:
        self._later += 1
        deadline: date = self._began.date() + timedelta(days=300)
        self._sees(kiosk, lambda: letters(kiosk.database, kiosk.keyring, [self._later], deadline))

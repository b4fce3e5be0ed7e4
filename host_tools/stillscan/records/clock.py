"""By which time records are written and documents judged: the computer's clock, when nothing speaks against it.

A clock is not believed that is behind what the installation has seen (the chain of all kiosks, the kiosks' own notes,
the last time that a time service set it, the day of this program's release), or far ahead of it, that was stepped while
this program runs, or of which the computer's time service says that it is not set. Then nothing is written, erased or
released, until the clock is right again, or a supervisor vouches for it (`vouch`, an entry of kind "clock").
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from stillscan import RELEASED
from stillscan.guidance import counted
from stillscan.records.canonical import instant
from stillscan.records.chain_time import ChainTime
from stillscan.records.clock_notes import SUFFIX, ClockNote, clock_notes, write_note
from stillscan.records.computer import Boot, Computer, System
from stillscan.records.errors import NOTHING, RecordsError

WINDOW = timedelta(minutes=5)
"""By so much clocks of several kiosks may differ: quartz that nobody sets loses that in two months or more."""
AHEAD_DAYS = 30
"""A month: offices are closed for holidays, seldom for longer, and nothing is erased more than a month too early."""
MOST_AHEAD_DAYS = 3650  # ten years, as for retention: what is longer is taken for a slip in typing
_SERVICE_YEARS = 10  # of one release of a program: by then the first entry of an installation has been written
_LONGEST_SERVICE_YEARS = 50  # as the rules have it: later, two digits of a year would mean another century
_ANCHORED = timedelta(days=1)
"""So long steps are summed up: a clock that is nudged every minute is noticed, one that a month has worn is not."""
_NOTE_EVERY = timedelta(minutes=1)  # a small file: no disk minds, and a restart loses no more than that
_VOUCH = "if it is right, a supervisor vouches for it: 'stillscan clock accept'"
_DO = f"set it right, or, {_VOUCH}"
_log = logging.getLogger(__name__)
_system: Computer = System()


def utc_now() -> datetime:
    """What the computer's clock says, in UTC; whether it can be believed, `Clock.judge` tells."""
    return _system.now()


class ClockError(RecordsError):
    """The clock cannot be believed; ``key`` is a sentence of the page's texts."""

    def __init__(self, key: str, text: str, remedy: str = _DO) -> None:
        super().__init__(f"the clock of this computer {text}; {remedy}. {NOTHING}", "clock")
        self.key = key


class ClockRules(NamedTuple):
    """What an office may set."""

    ahead_days: int = AHEAD_DAYS
    """Days after the newest known time from which on a clock is taken for wrong."""
    unsynchronised: bool = False
    """Whether to work with a clock of which the computer's time service says that it has not been set."""


class _Anchor(NamedTuple):
    """A moment at which the clock was believed."""

    wall: datetime
    boot: Boot
    entries: int


class Clock:
    """The clock of one kiosk, with its note in the folder of keys."""

    def __init__(self, folder: Path, kiosk: str, rules: ClockRules | None = None) -> None:
        self.rules = rules or ClockRules()
        self._folder = folder
        self._path = folder / f"{kiosk}{SUFFIX}"
        self._anchor: _Anchor | None = None
        self._noted: datetime | None = None
        self._known = ""

    def newest(self, chain: ChainTime) -> str:
        """The newest time that counts, as an entry has it; "" when nothing is known but this program's release."""
        boot = _system.boot()
        notes = (note for note in clock_notes(self._folder) if not chain.disowned(note.entries, note.time))
        vouched = chain.words.get(boot.id, 0) if boot else 0  # since then the computer runs by another clock
        newest = max([chain.newest, *(note.by_now(boot if note.entries >= vouched else None) for note in notes)])
        trace = _system.last_set()
        if trace is None or not newest:
            return newest
        set_at = instant(trace)
        credible = trace <= self._limit(newest) and not any(c.right < set_at <= c.wrong for c in chain.corrections)
        return max(newest, set_at) if credible else newest

    def judge(self, wall: datetime, chain: ChainTime) -> datetime:
        """The moment to write and judge by: what the clock says, and never less than what is known.

        ClockError when the clock cannot be believed.
        """
        self.not_before_release(wall)
        newest = self._known = self.newest(chain)
        if newest and wall < datetime.fromisoformat(newest) - WINDOW:
            raise ClockError("clock_behind", f"says {_said(wall)}, and it has been {newest[:16]} UTC")
        limit = self._limit(newest)
        if wall > limit:
            since = (
                f"more than {counted(self.rules.ahead_days, 'day')} after anything that is known here" if newest else ""
            )
            raise ClockError("clock_ahead", f"says {_said(wall)}, {since or 'years after this program was made'}")
        boot = _system.boot()
        synchronised = _system.synchronised()
        if synchronised is False and not self.rules.unsynchronised and not (boot and boot.id in chain.words):
            raise ClockError(
                "clock_unsynchronised",
                "has not been set by its time service yet",
                f"wait for it and look at the network, or, {_VOUCH}",
            )
        if synchronised:
            self._anchor = None
        self._not_stepped(wall, boot, chain)
        moment = max(wall, datetime.fromisoformat(newest)) if newest else wall
        self._note(moment, boot, chain)
        return moment

    def best(self, wall: datetime, chain: ChainTime) -> datetime:
        """The likeliest time, to be shown whatever the clock says: never less than when it was looked at last."""
        newest = max(self._known, chain.newest)
        return max(wall, datetime.fromisoformat(newest)) if newest else wall

    def vouched_for(self, moment: datetime, entry: int) -> None:
        """A supervisor's word is recorded: the note that was made before counts no longer."""
        self._anchor = None
        self._known = instant(moment)
        write_note(self._path, ClockNote(instant(moment), entry, _system.boot()))

    def not_before_release(self, wall: datetime) -> None:
        """ClockError for a clock that is before the day on which this program was released: nobody can vouch for it."""
        if wall.astimezone(UTC).date().isoformat() < RELEASED:
            text = f"says {_said(wall)}, and this program was made later ({RELEASED})"
            raise ClockError("clock_behind", text, "set it right")

    def vouched(self, wall: datetime) -> datetime:
        """The same moment, when a supervisor may vouch for it. ClockError for one at which this program cannot run."""
        self.not_before_release(wall)
        if wall > _released() + timedelta(days=366 * _LONGEST_SERVICE_YEARS):
            raise ClockError("clock_ahead", f"says {_said(wall)}, and this program will not run then", "set it right")
        return wall

    def start_of_computer(self) -> str | None:
        """Its id; None where the system does not tell."""
        boot = _system.boot()
        return boot.id if boot else None

    def _limit(self, newest: str) -> datetime:
        if not newest:
            return _released() + timedelta(days=366 * _SERVICE_YEARS)
        return datetime.fromisoformat(newest) + timedelta(days=self.rules.ahead_days)

    def _not_stepped(self, wall: datetime, boot: Boot | None, chain: ChainTime) -> None:
        """Has the clock gone with the computer since it was believed? Sleep counts as time, a step does not."""
        known, here = self._anchor, None if boot is None else _Anchor(wall, boot, chain.seq)
        if known is None or boot is None or boot.id != known.boot.id or chain.words.get(boot.id, 0) > known.entries:
            self._anchor = here
            return
        passed = timedelta(seconds=boot.seconds - known.boot.seconds)
        step = (wall - known.wall) - passed
        if abs(step) > WINDOW:
            way = "forward" if step > timedelta(0) else "back"
            raise ClockError("clock_stepped", f"was set {way} by {_length(abs(step))} while this program runs")
        if passed > _ANCHORED:
            self._anchor = here

    def _note(self, moment: datetime, boot: Boot | None, chain: ChainTime) -> None:
        if self._noted is None or not timedelta(0) <= moment - self._noted < _NOTE_EVERY:
            write_note(self._path, ClockNote(instant(moment), chain.seq, boot))
            self._noted = moment


def _released() -> datetime:
    return datetime.fromisoformat(f"{RELEASED}T00:00Z")


def _said(wall: datetime) -> str:
    return f"{instant(wall)[:16]} UTC"


def _length(step: timedelta) -> str:
    hours = step.total_seconds() / 3600
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.0f} days"  # 48: two days read better than hours

"""A supervisor vouches for the clock: an entry that says from which time to which, and what it makes of entries.

The way back, whatever went wrong: a kiosk that was off for months, a clock that was mended, entries that a wrong clock
wrote far in the future. Nothing is removed; times that were known after the moment that is vouched for are disowned.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from stillscan.records.audit import appending
from stillscan.records.canonical import instant
from stillscan.records.chain_time import CLOCK
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring


class Vouched(NamedTuple):
    """From which newest known time ("" for none) to which moment, and the entry that says so."""

    was: str
    now: datetime
    entry: int

    @property
    def disowned(self) -> bool:
        """Whether times were known that lie after the moment: those count no longer."""
        return self.was > instant(self.now)


def vouch(database: Database, keyring: Keyring, who: dict[str, Any]) -> Vouched:
    """Record that this computer's clock is right now; ``who`` (staff, role) stands in the entry.

    ClockError for a clock that nobody can vouch for: before this program was made, or when it will not run any more.
    """
    with appending(database, keyring) as appender:
        now = keyring.clock.vouched(utc_now())
        was = keyring.clock.newest(appender.chain.time)
        details = {**who, "was": was, "boot": keyring.clock.start_of_computer()}
        entry = appender.append(CLOCK, now, details)
    keyring.clock.vouched_for(now, entry.seq)
    return Vouched(was, now, entry.seq)

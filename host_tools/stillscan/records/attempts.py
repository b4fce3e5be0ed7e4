"""How often a PIN was mistyped: counted beside the keys, so that it outlives the program, and no entry of the chain.

Whoever may write to the folder of keys can sign whatever they like, so the counts are as safe there as anything is.
They are of this computer: each computer of an office counts for itself, and the lock that ends the counting is an entry
that all of them follow. A count belongs to the last entry about somebody: any newer one, such as a new PIN, ends it.
"""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from stillscan.records.errors import RecordsError, of_file
from stillscan.records.files import make_folder
from stillscan.records.keyring import Keyring
from stillscan.records.trouble import plainly

FREE = 3
"""Wrong PINs without a wait: what fingers do."""
MOST = 10
"""Wrong PINs before somebody is locked: ten tries find a PIN of four digits once in a thousand."""
_LONGEST_WAIT_S = 900.0
"""Between tries at the last supervisor, who is never locked by tries: 96 a day, while someone may well look."""
_STRANGERS = 1000  # ids that nobody has and that are counted too; 100 kB, and more than anybody types
_WAIT_S = 5.0  # for another program that counts: as for the database
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR")
_TABLE = (
    "CREATE TABLE IF NOT EXISTS attempt (who TEXT PRIMARY KEY, entry INTEGER NOT NULL, count INTEGER NOT NULL, "
    "at REAL NOT NULL)"
)


class Attempts:
    """Counts by id. What was typed as an id is kept as a keyed hash: people type their PINs there."""

    def __init__(self, keyring: Keyring) -> None:
        self.file = keyring.folder / "attempts.db"
        self._keyring = keyring

    def begin(self, staff: str, entry: int, now: datetime, *, spared: bool) -> tuple[int, float]:
        """(how often it was tried, this time included, or 0; seconds to wait). With a wait the try does not take place.

        ``entry``: the last about this id, 0 for nobody's. A try counts before it is made: one that is cut off has
        failed, and many at once do not get past. ``spared``: waits for ever longer, and is not locked: more than `MOST`
        are taken. Otherwise the number is above `MOST` when it has been reached, and nothing may be tried.
        """
        who, moment = self._keyring.keyed("staff attempts 1", staff.lower().encode()), now.timestamp()
        with self._open() as connection:
            row = connection.execute("SELECT entry, count, at FROM attempt WHERE who = ?", (who,)).fetchone()
            count, at = (row[1], row[2]) if row is not None and row[0] == entry else (0, -math.inf)
            if count >= MOST and not spared:
                return count + 1, 0.0
            if at > moment:  # the clock was put back: the wait begins anew, and has an end
                at = moment
                connection.execute("UPDATE attempt SET at = ? WHERE who = ?", (at, who))
            left = at + wait_s(count) - moment
            if left > 0:
                return 0, left
            connection.execute("INSERT OR REPLACE INTO attempt VALUES (?, ?, ?, ?)", (who, entry, count + 1, moment))
            if not entry:
                connection.execute(
                    "DELETE FROM attempt WHERE entry = 0 AND who NOT IN "
                    f"(SELECT who FROM attempt WHERE entry = 0 ORDER BY at DESC LIMIT {_STRANGERS})"
                )
            return count + 1, 0.0

    def succeeded(self, staff: str) -> None:
        """The PIN was right: nothing is counted any more."""
        who = self._keyring.keyed("staff attempts 1", staff.lower().encode())
        with self._open() as connection:
            connection.execute("DELETE FROM attempt WHERE who = ?", (who,))

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone. RecordsError."""
        _make(self.file)
        with plainly(str(self.file)):
            try:
                with contextlib.closing(sqlite3.connect(self.file, timeout=_WAIT_S, isolation_level=None)) as counts:
                    counts.execute("PRAGMA synchronous=FULL")
                    counts.execute("BEGIN IMMEDIATE")
                    counts.execute(_TABLE)
                    yield counts
                    counts.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorname", "") not in _DAMAGED:
                    raise
                raise RecordsError(
                    f"{self.file}: is damaged; remove it, and wrong PINs are counted anew",
                    "notes",
                ) from None


def wait_s(count: int) -> float:
    """Seconds from one wrong PIN to the next try, after so many wrong ones."""
    return 0.0 if count < FREE else min(_LONGEST_WAIT_S, 2.0 ** min(count - FREE + 1, MOST))


def _make(file: Path) -> None:
    """The file, for this user only."""
    make_folder(file.parent)
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise of_file(file, error) from None

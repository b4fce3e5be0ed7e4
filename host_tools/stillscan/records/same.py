"""Whether what a process has open is still what its name leads to: the file and its log, or the server's database.

A file that was moved away, removed or replaced goes on taking writes from whoever has it open, and nobody else ever
sees them. So the name is followed anew before each read and each write, and again before a commit.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from stillscan.records.errors import NOTHING, RecordsError

_FILES = ("", "-wal", "-shm")  # the database, and what SQLite keeps beside it while it is open
_KEPT = "files"  # in what SQLAlchemy keeps of a connection
_Identity = tuple[int, int] | None  # volume and number of a file there; None for one that is not there
_DATABASE = "SELECT oid FROM pg_database WHERE datname = current_database()"
_MAY_ASK = "SELECT has_function_privilege('pg_control_system()', 'execute')"
_SYSTEM = "SELECT system_identifier FROM pg_control_system()"


class SameFile:
    """An SQLite file under its name, from the first connection until all are given back.

    SQLite makes the log and its index anew when nobody has the file open, so those are each connection's own.
    """

    def __init__(self, file: Path, named: Path) -> None:
        """``named`` is what somebody called it by, which may be a link to ``file``: that has to lead there still."""
        self._paths = [str(named), *(f"{file}{suffix}" for suffix in _FILES[1:])]
        self._opened: _Identity = None

    def connected(self, connection: Any, record: Any) -> None:
        """A connection was made: the first says which file this is. RecordsError when it is to another."""
        record.info[_KEPT] = self._now()
        if self._opened is None:
            self._opened = record.info[_KEPT][0]
        try:
            self.check(record.info)
        except RecordsError:
            connection.close()
            raise

    def check(self, info: dict[Any, Any]) -> None:
        """RecordsError when a name leads elsewhere than when the connection with this ``info`` was made."""
        _, log, index = info[_KEPT]
        for path, opened, now in zip(self._paths, (self._opened, log, index), self._now(), strict=True):
            if now != opened:
                how = "is gone" if now is None else "is another file than the one that was opened"
                raise RecordsError(
                    f"{path}: {how}; stop this program, put the right one back, and start it. {NOTHING}",
                    "moved",
                )

    def forget(self) -> None:
        """All connections were given back: whatever is there is opened next."""
        self._opened = None

    def _now(self) -> list[_Identity]:
        return [_identity(path) for path in self._paths]


class SameServer:
    """A database of a PostgreSQL server: one that was made anew under its name is another."""

    def __init__(self) -> None:
        self._opened: tuple[Any, ...] | None = None

    def connected(self, connection: Any, _record: Any) -> None:
        """A connection was made: the first says which database this is. RecordsError when it is to another."""
        try:
            found = [_asked(connection, _DATABASE)]
            if _asked(connection, _MAY_ASK):
                found.append(_asked(connection, _SYSTEM))
            connection.rollback()
            if self._opened is None:
                self._opened = tuple(found)
            if tuple(found) != self._opened:
                raise RecordsError(f"the server's database is another than the one that was opened. {NOTHING}", "moved")
        except BaseException:  # nobody else has it yet: a server that says nothing now, or hangs up
            connection.close()
            raise

    def check(self, info: dict[Any, Any]) -> None:
        """A connection that is open leads where it led."""

    def forget(self) -> None:
        """As for a file."""
        self._opened = None


def _identity(path: str) -> _Identity:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _asked(connection: Any, question: str) -> Any:
    with connection.cursor() as cursor:
        return cursor.execute(question).fetchone()[0]

"""Database trouble in plain words: locked, damaged, read-only, full, away. One error type, the cause in one line."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from stillscan.records.errors import RecordsError

_SQLITE = {
    "BUSY": "another program is writing to it and does not finish; nothing was written",
    "LOCKED": "another program is writing to it and does not finish; nothing was written",
    "READONLY": "it cannot be written to; nothing was written",
    "FULL": "the disk is full; nothing was written",
    "CORRUPT": "the file is damaged; keep a copy and put the last backup back",
    "NOTADB": "this is no database file",
    "CANTOPEN": "it cannot be opened",
    "IOERR": "the disk reports an error; whether the last record was kept shows 'stillscan audit show'",
    "PERM": "it may not be opened by this user",
    "AUTH": "it may not be opened by this user",
}


@contextlib.contextmanager
def plainly(place: str) -> Iterator[None]:
    """Turn what SQLAlchemy or SQLite raise inside into a RecordsError. Values never enter the message."""
    try:
        yield
    except SQLAlchemyError as error:
        raise RecordsError(f"{place}: {_cause(error)}") from None
    except sqlite3.Error as error:
        raise RecordsError(f"{place}: {_sqlite(error)}") from None


def _cause(error: SQLAlchemyError) -> str:
    if not isinstance(error, DBAPIError):
        return f"the database layer failed ({type(error).__name__})"
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite(error.orig)
    if error.connection_invalidated or getattr(error.orig, "sqlstate", None) is None:
        return "the server cannot be reached"
    return f"the server refused (SQLSTATE {getattr(error.orig, 'sqlstate', '?')}); nothing was written"


def _sqlite(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_")
    for code, words in _SQLITE.items():
        if name == code or name.startswith(f"{code}_"):
            return words
    return f"the database refused ({name or type(error).__name__}); nothing was written"

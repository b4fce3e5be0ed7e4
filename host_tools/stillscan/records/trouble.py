"""Database trouble in plain words: locked, damaged, read-only, full, away. One error type, the cause in one line."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator

from sqlalchemy import exc

from stillscan.records.errors import OutcomeUnknownError, RecordsError

_log = logging.getLogger(__name__)
_LATER = "'stillscan audit show' tells when it answers again"
_NOTHING = "; nothing was written"
_BUSY = f"another program is writing to it and does not finish{_NOTHING}"
_SILENT = f"the server does not answer{_NOTHING}"
_SQLITE = {
    "BUSY": _BUSY,
    "LOCKED": _BUSY,
    "READONLY": f"it cannot be written to{_NOTHING}",
    "FULL": f"the disk is full{_NOTHING}",
    "CORRUPT": "the file is damaged; keep a copy and put the last backup back",
    "NOTADB": "this is no database file",
    "CANTOPEN": "it cannot be opened",
    "IOERR": "the disk reports an error",
    "PERM": "it may not be opened by this user",
    "AUTH": "it may not be opened by this user",
}
_SQLSTATES = {
    "55P03": _BUSY,  # lock_timeout
    "57014": f"the server did not carry it out in time{_NOTHING}",  # statement_timeout
    "53100": f"the server's disk is full{_NOTHING}",
    "25006": f"it cannot be written to{_NOTHING}",
    "42501": "this user has no right to it on the server",
    "28P01": "the server does not take this user or password",
    "28000": "the server does not take this user or password",
    "3D000": "there is no such database on the server",
}
# While connecting, libpq gives no SQLSTATE; these are parts of what servers that speak English say.
_CONNECTING = {
    "root certificate file": "the server's certificate cannot be checked: the URL names the file of the authority that "
    "signed it, sslrootcert=FILE (sslrootcert=system: the authorities of this computer)",
    "certificate verify failed": "the server's certificate is not of the authority that is trusted here (sslrootcert)",
    "SSL error": "the server's certificate cannot be checked against the authority that is trusted here (sslrootcert)",
    "does not match host name": "the server's certificate is of another name than the URL's",
    "server does not support SSL": "the server has no TLS, and a server on another computer is spoken to by TLS only",
    "authentication failed": _SQLSTATES["28P01"],
    "no password supplied": _SQLSTATES["28P01"],
    "no pg_hba.conf entry": _SQLSTATES["28P01"],
    "does not exist": "there is no such user or database on the server",
    "invalid connection option": "the URL has an option that PostgreSQL does not know",
}
_BEFORE_COMMIT = ("BUSY", "LOCKED", "READONLY", "FULL")  # SQLite refuses before anything of the commit is kept
_UNCERTAIN = ("08", "57P", "40003")  # SQLSTATEs of a server that goes away: what it did before is not said


@contextlib.contextmanager
def plainly(place: str) -> Iterator[None]:
    """Turn what SQLAlchemy or SQLite raise inside into a RecordsError. Values never enter the message."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise RecordsError(f"{place}: {_cause(error)}") from None
    except sqlite3.Error as error:
        raise RecordsError(f"{place}: {_sqlite(error)}") from None


@contextlib.contextmanager
def committing(place: str) -> Iterator[None]:
    """Around a commit: OutcomeUnknownError for a failure that leaves open whether the commit took place."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        if _refused(error):
            raise
        cause = _cause(error).removesuffix(_NOTHING)
        raise OutcomeUnknownError(
            f"{place}: {cause}; it is not known whether the record was kept, which {_LATER}"
        ) from None


def _refused(error: exc.SQLAlchemyError) -> bool:
    """Whether the database itself said that it did not commit."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        return _sqlite_name(cause).startswith(_BEFORE_COMMIT)
    state = getattr(cause, "sqlstate", None)
    return state is not None and not state.startswith(_UNCERTAIN)


def _cause(error: exc.SQLAlchemyError) -> str:
    if isinstance(error, exc.TimeoutError):  # all connections are taken by others that wait
        return _SILENT
    if not isinstance(error, exc.DBAPIError):
        _log.error("an unexpected failure of the database layer: %s", type(error).__name__)
        return f"the database cannot be used{_NOTHING}"
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause)
    if type(cause).__name__ in ("NoAnswerError", "ConnectionTimeout"):
        return _SILENT
    state = getattr(cause, "sqlstate", None)
    if state is None or state.startswith("08"):
        said = str(cause)
        return next((words for part, words in _CONNECTING.items() if part in said), "the server cannot be reached")
    return _SQLSTATES.get(state, f"the server refused (SQLSTATE {state}){_NOTHING}")


def _sqlite(error: sqlite3.Error) -> str:
    name = _sqlite_name(error)
    for code, words in _SQLITE.items():
        if name == code or name.startswith(f"{code}_"):
            return words
    return f"the database refused{f' (SQLite: {name})' if name else ''}{_NOTHING}"


def _sqlite_name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_")

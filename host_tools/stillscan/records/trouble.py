"""Database trouble in plain words: locked, damaged, read-only, full, away. One error type, the cause in one line."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import exc

from stillscan.records.errors import OutcomeUnknownError, RecordsError, RecordsTrouble

_log = logging.getLogger(__name__)
_LATER = "'stillscan audit show' tells when it answers again"
_NOTHING = "; nothing was written"


class _Cause(NamedTuple):
    """What the database said: in one line, and of which kind."""

    words: str
    kind: RecordsTrouble = "refused"


_BUSY = _Cause(f"another program is writing to it and does not finish{_NOTHING}", "busy")
_SILENT = _Cause(f"the server does not answer{_NOTHING}", "silent")
_FULL = _Cause(f"the disk is full{_NOTHING}", "full")
_READ_ONLY = _Cause(f"it cannot be written to{_NOTHING}", "closed")
_NO_RIGHT = _Cause("this user has no right to it on the server", "closed")
_NOT_LET_IN = _Cause("the server does not take this user or password", "closed")
_SQLITE = {
    "BUSY": _BUSY,
    "LOCKED": _BUSY,
    "READONLY": _READ_ONLY,
    "FULL": _FULL,
    "CORRUPT": _Cause("the file is damaged; keep a copy and put the last backup back", "damaged"),
    "NOTADB": _Cause("this is no database file", "damaged"),
    "CANTOPEN": _Cause("it cannot be opened: its folder is not there, or may not be written to here", "closed"),
    "IOERR_SHMSIZE": _FULL,  # no room for the index of its log: sqlite.org/rescode.html
    "IOERR": _Cause("the disk reports an error"),
    "PERM": _Cause("it may not be opened by this user", "closed"),
    "AUTH": _Cause("it may not be opened by this user", "closed"),
}
_SQLSTATES = {
    "55P03": _BUSY,  # lock_timeout
    "57014": _Cause(f"the server did not carry it out in time{_NOTHING}", "silent"),  # statement_timeout
    "53100": _Cause(f"the server's disk is full{_NOTHING}", "full"),
    "25006": _READ_ONLY,
    "42501": _NO_RIGHT,
    "28P01": _NOT_LET_IN,
    "28000": _NOT_LET_IN,
    "3D000": _Cause("there is no such database on the server"),
}
# While connecting, libpq gives no SQLSTATE; these are parts of what servers that speak English say.
_CONNECTING = {
    "root certificate file": _Cause(
        "the server's certificate cannot be checked: the URL names the file of the authority that "
        "signed it, sslrootcert=FILE (sslrootcert=system: the authorities of this computer)"
    ),
    "certificate verify failed": _Cause(
        "the server's certificate is not of the authority that is trusted here (sslrootcert)"
    ),
    "SSL error": _Cause(
        "the server's certificate cannot be checked against the authority that is trusted here (sslrootcert)"
    ),
    "does not match host name": _Cause("the server's certificate is of another name than the URL's"),
    "server does not support SSL": _Cause(
        "the server has no TLS, and a server on another computer is spoken to by TLS only"
    ),
    "authentication failed": _NOT_LET_IN,
    "no password supplied": _NOT_LET_IN,
    "no pg_hba.conf entry": _NOT_LET_IN,
    "not permitted to log in": _NOT_LET_IN,
    "permission denied for database": _NO_RIGHT,
    "does not exist": _Cause("there is no such user or database on the server"),
    "invalid connection option": _Cause("the URL has an option that PostgreSQL does not know"),
}
_AWAY = _Cause("the server cannot be reached", "silent")
_BEFORE_COMMIT = ("BUSY", "LOCKED", "READONLY", "FULL")  # SQLite refuses before anything of the commit is kept
_UNCERTAIN = ("08", "57P", "40003")  # SQLSTATEs of a server that goes away: what it did before is not said


@contextlib.contextmanager
def plainly(place: str) -> Iterator[None]:
    """Turn what SQLAlchemy or SQLite raise inside into a RecordsError. Values never enter the message."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise _error(place, _cause(error)) from None
    except sqlite3.Error as error:
        raise _error(place, _sqlite(error)) from None


@contextlib.contextmanager
def committing(place: str) -> Iterator[None]:
    """Around a commit: OutcomeUnknownError for a failure that leaves open whether the commit took place."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        if _refused(error):
            raise
        cause = _cause(error).words.removesuffix(_NOTHING)
        raise OutcomeUnknownError(
            f"{place}: {cause}; it is not known whether the record was kept, which {_LATER}"
        ) from None


def read_only(cause: BaseException | None) -> bool:
    """Whether a driver's error says that the database, or its disk, takes nothing."""
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause) is _READ_ONLY
    return _SQLSTATES.get(getattr(cause, "sqlstate", None) or "") is _READ_ONLY


def _refused(error: exc.SQLAlchemyError) -> bool:
    """Whether the database itself said that it did not commit."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        return _sqlite_name(cause).startswith(_BEFORE_COMMIT)
    state = getattr(cause, "sqlstate", None)
    return state is not None and not state.startswith(_UNCERTAIN)


def _error(place: str, cause: _Cause) -> RecordsError:
    return RecordsError(f"{place}: {cause.words}", cause.kind)


def _cause(error: exc.SQLAlchemyError) -> _Cause:
    if isinstance(error, exc.TimeoutError):  # all connections are taken by others that wait
        return _SILENT
    if not isinstance(error, exc.DBAPIError):
        _log.error("an unexpected failure of the database layer: %s", type(error).__name__)
        return _Cause(f"the database cannot be used{_NOTHING}")
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause)
    if type(cause).__name__ in ("NoAnswerError", "ConnectionTimeout"):
        return _SILENT
    state = getattr(cause, "sqlstate", None)
    if state is None or state.startswith("08"):
        said = str(cause)
        return next((cause for part, cause in _CONNECTING.items() if part in said), _AWAY)
    return _SQLSTATES.get(state) or _Cause(f"the server refused (SQLSTATE {state}){_NOTHING}")


def _sqlite(error: sqlite3.Error) -> _Cause:
    name = _sqlite_name(error)
    for code, cause in _SQLITE.items():
        if name == code or name.startswith(f"{code}_"):
            return cause
    return _Cause(f"the database refused{f' (SQLite: {name})' if name else ''}{_NOTHING}")


def _sqlite_name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_")

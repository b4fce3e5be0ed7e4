"""The database: one SQLite file, or a PostgreSQL server by its URL. A commit is durable before it returns."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from stillscan.errors import InputError, MissingPackagesError
from stillscan.records import schema
from stillscan.records.errors import RecordsError, of_file
from stillscan.records.files import beside, is_there, make_folder
from stillscan.records.ownership import look_at_file
from stillscan.records.same import SameFile, SameServer
from stillscan.records.server_url import secured, shown
from stillscan.records.trouble import committing, plainly, read_only

WAIT_S = 5.0  # for another program that is writing, and for a server: longer than any write, short for a clerk
_AGAIN_S = 0.002  # between two tries: a write of another program takes a few ms, of which this wastes little
_POSTGRESQL = "postgresql+psycopg"  # the one driver whose waits have an end (see postgresql)
_SMALLEST = 512  # bytes of an SQLite file
# A commit returns when it is on the disk; what is erased is overwritten.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "fullfsync=ON", "foreign_keys=ON", "secure_delete=ON")


class Database:
    """An open database. Every failure is a RecordsError with a plain message, and leaves nothing half-written."""

    def __init__(
        self, place: str | Path, *, create: bool = True, wait_s: float = WAIT_S, examine: bool = False
    ) -> None:
        """Open a file or a URL; with `create`, a missing file or empty server gets its tables.

        `examine` opens what was tampered with as well, and changes nothing: for `verify`, which is to tell of it.
        InputError for a URL that cannot be used, and without `create` for a database that is not there or is empty.
        """
        self.url = parse_place(place)
        self.file = database_file(self.url)
        named = Path(self.url.database or "")
        if self.file is not None:
            self.url = self.url.set(database=str(self.file))
        self.made = False
        """Whether it was not there before."""
        if self.file is not None:
            self._look(self.file, create)
        self._engine, self._getting = open_engine(self.url, wait_s)
        self._same: SameFile | SameServer = SameServer() if self.file is None else SameFile(self.file, named)
        event.listen(self._engine, "connect", self._same.connected)
        weakref.finalize(self, self._engine.dispose).atexit = False  # who is gone holds no connection
        self._reader = self._engine.execution_options(**({} if self.file else {"isolation_level": "REPEATABLE READ"}))
        self._writer = self._engine.execution_options(writing=True)
        try:
            if examine:
                self._look_for_ours()
            else:
                self._bring_up_to_date(create)
        except BaseException:
            self.close()
            raise

    def __str__(self) -> str:
        """What messages call it: the file, or the URL without its password."""
        return str(self.file) if self.file is not None else shown(self.url)

    def _look(self, file: Path, create: bool) -> None:
        """Before SQLite does: it would make a file that is not there, and take a few bytes for an empty database."""
        if not is_there(file):
            if not create:
                raise self._none()
            self.made = True
            _make(file)
            return
        if file.is_dir():
            raise InputError(f"{file}: is a folder, not a database")
        look_at_file(file, secret=False, owned=False)
        size = file.stat().st_size
        if not size and not create:
            raise self._none()
        if 0 < size < _SMALLEST:
            raise RecordsError(f"{file}: this is no database file", "damaged")
        if not os.access(file, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
            raise RecordsError(f"{file}: it may not be read by this user", "closed")

    def _bring_up_to_date(self, create: bool) -> None:
        with plainly(str(self)):
            with self._connected(self._engine) as connection:
                empty = schema.is_empty(connection)
                ready = not empty and schema.is_current(connection, str(self))
            if empty and not create:
                raise self._none()
            if not ready:
                self.made = self.made or empty
                with self._connected(self._writer) as connection, connection.begin():
                    schema.prepare(connection, str(self))

    def _look_for_ours(self) -> None:
        with plainly(str(self)), self._connected(self._engine) as connection:
            if not schema.is_ours(connection, str(self)):
                raise self._none()

    def _none(self) -> InputError:
        named = f"'stillscan consignment import FILE --database {self}'"
        return InputError(f"{self}: there is no such database, or nothing in it; {named} makes one")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database, and writes nothing."""
        with plainly(str(self)), self._connected(self._reader) as connection:
            self._same.check(connection.info)
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits durably at its end; an exception leaves nothing. SQLite has one at a time.

        OutcomeUnknownError when the commit was asked for and no answer came: it may be durable, now or in a while. What
        is certain is that whoever writes later waits for it, and then sees it or never will.
        """
        with plainly(str(self)), self._connected(self._writer) as connection:
            self._same.check(connection.info)
            transaction = connection.begin()
            try:
                self._same.check(connection.info)  # others may have had the file while we waited for it
                yield connection
                self._same.check(connection.info)
            except BaseException:
                transaction.rollback()
                raise
            try:
                with committing(str(self)):
                    transaction.commit()
            except BaseException:
                connection.invalidate()  # what it still holds is let go; the next one gets another
                raise

    @contextlib.contextmanager
    def _connected(self, engine: Engine) -> Iterator[Connection]:
        with self._getting():
            connection = engine.connect()
        with connection:
            yield connection

    def forget(self) -> None:
        """Let what was erased leave the file too, not only the tables (SQLite keeps old pages in its log)."""
        if self.file is not None:
            with plainly(str(self)), self._connected(self._engine) as connection:
                self._same.check(connection.info)
                _raw(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def intact(self) -> str | None:
        """What SQLite finds wrong with its own file; None for a sound one (a server looks after itself)."""
        if self.file is None:
            return None
        with plainly(str(self)), self._connected(self._engine) as connection:
            self._same.check(connection.info)
            found: str = _raw(connection).execute("PRAGMA integrity_check(1)").fetchone()[0]
        return None if found == "ok" else found.replace("\n", " ")

    def close(self) -> None:
        """Give the connections back; the database can be used again all the same."""
        self._engine.dispose()
        self._same.forget()


def parse_place(place: str | Path) -> URL:
    """A file or a URL, as a URL. InputError for one that cannot be served."""
    if not str(place).strip():
        raise InputError("--database: is empty; leave it out for the default place")
    if isinstance(place, Path) or "://" not in place:
        return _in_a_file(URL.create("sqlite", database=str(place)))
    try:
        url = make_url(place)
        if url.drivername == "postgresql":
            url = url.set(drivername=_POSTGRESQL)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        raise InputError("--database: a file, or a URL such as postgresql+psycopg://user@host/name") from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise InputError(f"--database: {url.get_backend_name()} is not served; a file (SQLite) or PostgreSQL is")
    if url.get_backend_name() == "postgresql" and url.drivername != _POSTGRESQL:
        raise InputError(f"--database: PostgreSQL is spoken to as {_POSTGRESQL}://user@host/name")
    return _in_a_file(url) if url.get_backend_name() == "sqlite" else secured(url)


def _in_a_file(url: URL) -> URL:
    if not url.database or url.database.startswith((":memory:", "file:")) or url.query:
        raise InputError("--database: records are kept in a file, not in memory; give its path alone")
    return url


def database_file(url: URL) -> Path | None:
    """The file of an SQLite database; None for a server.

    A link is followed here, once, for all: SQLite's log, the keys and whatever else lies beside the file lie beside
    the file itself, whichever name it is called by.
    """
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(os.path.realpath(url.database) if os.path.islink(url.database) else url.database)


def _make(file: Path) -> None:
    """A new database, for this user only: it appears with its tables, or not at all."""
    make_folder(file.parent)
    try:
        with beside(file, 0o600) as made, plainly(str(file)):
            engine = create_engine(URL.create("sqlite", database=str(made)))
            try:
                with engine.begin() as connection:
                    schema.prepare(connection, str(file))
            finally:
                engine.dispose()
                Path(f"{made}-journal").unlink(missing_ok=True)
    except OSError as error:
        raise of_file(file, error) from None


def open_engine(url: URL, wait_s: float) -> tuple[Engine, Callable[[], contextlib.AbstractContextManager[None]]]:
    """The engine, and what a connection is to be gotten in."""
    if url.get_backend_name() == "postgresql":
        try:
            from stillscan.records.postgresql import bounded_engine
        except ImportError:
            raise MissingPackagesError("--database: PostgreSQL needs more", "postgresql") from None
        engine, getting = bounded_engine(url, wait_s)
        event.listen(engine, "handle_error", _let_go)
        return engine, getting
    engine = create_engine(url, connect_args={"timeout": wait_s}, pool_timeout=wait_s)
    event.listen(engine, "connect", lambda connection, _: _settings(connection, wait_s))
    event.listen(engine, "begin", lambda connection: _begin(connection, wait_s))
    event.listen(engine, "handle_error", _let_go)
    return engine, contextlib.nullcontext


def _let_go(context: ExceptionContext) -> None:
    """A connection that found its database read-only may stay so for ever: the next try gets another one."""
    if read_only(context.original_exception):
        context.is_disconnect = True


def _settings(connection: sqlite3.Connection, wait_s: float) -> None:
    connection.text_factory = _text
    connection.isolation_level = None  # transactions begin where we say (below), not at the first change
    for pragma in _PRAGMAS:
        _patiently(connection, f"PRAGMA {pragma}", wait_s)
    _patiently(connection, "SELECT count(*) FROM sqlite_master", wait_s)  # from now on its log is there (see same)


def _patiently(connection: sqlite3.Connection, statement: str, wait_s: float) -> None:
    """Execute it, waiting for others where SQLite does not: two that turn a new file's log on are BUSY at once."""
    until = time.monotonic() + wait_s
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= until:
                raise
        time.sleep(_AGAIN_S)


def _text(value: bytes) -> str:
    """What is stored as text, also when it was damaged: `audit verify` shall name the entry."""
    return value.decode("utf-8", "replace")


def _begin(connection: Connection, wait_s: float) -> None:
    """Whoever writes waits for others by looks in equal steps: SQLite's own grow to 0.1 s, and one that has waited long
    loses to those that come and go meanwhile (of four writers one in a hundred waited for 0.1 to 0.4 s)."""
    if not connection.get_execution_options().get("writing"):
        connection.exec_driver_sql("BEGIN")
        return
    raw, until = _raw(connection), time.monotonic() + wait_s
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= until:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")  # says the same, as an error of SQLAlchemy's
                    return
            time.sleep(_AGAIN_S)
    finally:
        with contextlib.suppress(sqlite3.Error):  # where it was let go of, nobody waits by it any more
            raw.execute(f"PRAGMA busy_timeout = {int(wait_s * 1000)}")


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorname.startswith("SQLITE_BUSY")


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection

"""The tables' version, and how an older database becomes a newer one.

The rule: a migration has a number, is never changed once it was released, runs in one transaction, adds or moves what
stands around the audit chain and never touches an entry's body, digest or signature. A newer database is left alone.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, insert, inspect, select, text, update

from stillscan.records.errors import RecordsError
from stillscan.records.models import OUTBOX, OUTBOX_END, AuditHeadRow, Base, SchemaVersionRow


def _outbox(connection: Connection) -> None:
    OUTBOX.create(connection)
    OUTBOX_END.create(connection)


MIGRATIONS: dict[int, Callable[[Connection], None]] = {2: _outbox}
"""What leads to version N from the one before; the first version is made whole."""
START = "0" * 64
"""The digest that the first entry follows."""


def current() -> int:
    """The version that this stillscan writes."""
    return 1 + len(MIGRATIONS)


def is_empty(connection: Connection) -> bool:
    """Whether there is nothing in the database yet."""
    return not inspect(connection).get_table_names()


def is_current(connection: Connection, place: str) -> bool:
    """Whether the database needs nothing done. RecordsError for a foreign or newer one."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return False
    if not {"schema_version", "audit_head", "audit_entry"} <= tables:
        raise RecordsError(f"{place}: is a database of another program", "damaged")
    version = _version(connection, place)
    if version > current():
        raise RecordsError(f"{place}: was made by a newer stillscan; update this one", "newer")
    return version == current()


def is_ours(connection: Connection, place: str) -> bool:
    """Whether any of our tables is there, whatever was done to them. RecordsError for another program's database."""
    tables = set(inspect(connection).get_table_names())
    if tables and not tables & set(Base.metadata.tables):
        raise RecordsError(f"{place}: is a database of another program", "damaged")
    return bool(tables)


def _version(connection: Connection, place: str) -> int:
    found = connection.scalars(select(SchemaVersionRow.version)).all()
    if len(found) != 1 or type(found[0]) is not int or found[0] < 1:
        raise RecordsError(f"{place}: its version was altered; run 'stillscan audit verify'", "damaged")
    return found[0]


def prepare(connection: Connection, place: str) -> None:
    """Make the tables in an empty database, or bring older ones up to date; for one that `is_current` denied."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7363)"))  # two kiosks that start at once
    if is_current(connection, place):  # the other one was first
        return
    if is_empty(connection):
        Base.metadata.create_all(connection)
        connection.execute(insert(SchemaVersionRow).values(version=current()))
        connection.execute(insert(AuditHeadRow).values(id=1, entries=0, digest=START, kiosk="", signature=""))
        return
    version = _version(connection, place)
    for number in range(version + 1, current() + 1):
        MIGRATIONS[number](connection)
        connection.execute(update(SchemaVersionRow).values(version=number))

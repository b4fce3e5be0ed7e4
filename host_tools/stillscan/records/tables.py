"""Are the tables ours, and only ours? What somebody added to a database can change or hide what is written there.

A trigger undoes an update, a view takes a table's place, a row policy hides rows, a type takes any value.
Entries and rows are looked at elsewhere; this is about what they stand in.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from stillscan.records import schema
from stillscan.records.models import Base, SchemaVersionRow

_LONGEST = 60  # characters of a foreign name that are told
_MASTER = "SELECT type, name, coalesce(sql, '') FROM sqlite_master"
# What a schema holds beside its tables and their indexes, without what extensions brought.
_ADDED = """
SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index'
       ELSE 'table' END, c.relname
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'i')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
_ACTS = """
SELECT 'trigger', t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND (NOT t.tgisinternal OR t.tgenabled <> 'O')
UNION ALL SELECT 'rule', r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
WHERE c.relnamespace = current_schema()::regnamespace AND r.rulename <> '_RETURN'
UNION ALL SELECT 'row policy', c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND (c.relrowsecurity OR c.relforcerowsecurity)
UNION ALL SELECT 'inheritance', c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent
WHERE c.relnamespace = current_schema()::regnamespace
"""


# A view or another server's table in the place of one of ours, beside what acts.
_PLACES = """
SELECT 'view', c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind NOT IN ('r', 'i') AND c.relname = ANY(:ours)
"""


def added(connection: Connection) -> str | None:
    """What in the tables could change, hide or swallow a write, in one sentence; None for tables as they were made.

    Asked in each transaction that writes, so it is one question: of a file all that it holds, of a server what acts.
    """
    if connection.dialect.name == "sqlite":
        return next(_sqlite(connection), None)
    found = connection.execute(text(f"{_ACTS} UNION ALL {_PLACES}"), {"ours": list(Base.metadata.tables)}).first()
    return None if found is None else f"there is something that is not ours: {found[0]} {_named(found[1])}"


def strange(connection: Connection) -> Iterator[str]:
    """Everything about the tables that is not as stillscan makes them, one sentence each."""
    yield from (_sqlite if connection.dialect.name == "sqlite" else _postgresql)(connection)
    yield from _version(connection)


def _version(connection: Connection) -> Iterator[str]:
    try:
        with connection.begin_nested():
            found = connection.scalars(select(SchemaVersionRow.version)).all()
    except SQLAlchemyError:
        return  # the table is not there, which was told
    if found != [schema.current()] or type(found[0]) is not int:
        yield (
            f"the tables' version is {_named(', '.join(map(str, found)))}, and this stillscan's is {schema.current()}: "
            "it was altered, or a newer stillscan made them"
        )


def _sqlite(connection: Connection) -> Iterator[str]:
    """The statements that made everything in the file, beside those that make it anew."""
    there = {(kind, name): _statement(sql) for kind, name, sql in connection.exec_driver_sql(_MASTER)}
    ours = _made_anew()
    for kind, name in sorted(ours.keys() - there.keys()):
        yield f"the {kind} {name} is gone"
    for kind, name in sorted(there.keys() - ours.keys(), key=str):
        yield f"there is something that is not ours: {_shown(kind)} {_named(name)}"
    for kind, name in sorted(key for key in ours if there.get(key, ours[key]) != ours[key]):
        yield f"the {kind} {name} is not as it was made"


@functools.cache
def _made_anew() -> dict[tuple[str, str], str]:
    engine = create_engine("sqlite://")
    with engine.begin() as new:
        schema.prepare(new, "")
        ours = {(kind, name): _statement(sql) for kind, name, sql in new.exec_driver_sql(_MASTER)}
    engine.dispose()
    return ours


def _postgresql(connection: Connection) -> Iterator[str]:
    looks = inspect(connection)
    there = {(kind, name) for kind, name in connection.execute(text(_ADDED))}
    ours: set[tuple[str, str]] = set()
    for name, table in Base.metadata.tables.items():
        ours.add(("table", name))
        if ("table", name) not in there:
            yield f"the table {name} is gone"
            continue
        keys = looks.get_pk_constraint(name), *looks.get_unique_constraints(name), *looks.get_indexes(name)
        ours |= {("index", str(key["name"])) for key in keys if _is_ours(key, table)}
        expected = [(one.name, one.type.compile(connection.dialect), bool(one.nullable), None) for one in table.columns]
        found = [
            (one["name"], one["type"].compile(connection.dialect), one["nullable"], _made_up(one))
            for one in looks.get_columns(name)
        ]
        if found != expected or not _has_its_keys(looks, name, table):
            yield f"the table {name} is not as it was made"
    for kind, name in sorted(there - ours):
        yield f"there is something that is not ours: {kind} {_named(name)}"
    for kind, name in connection.execute(text(_ACTS)):
        yield f"there is something that is not ours: {kind} {_named(name)}"


def _made_up(column: Any) -> Any:
    """What gives a column a value that nobody wrote."""
    return column["default"] or column.get("computed") or column.get("identity")


def _columns(key: Any) -> tuple[str, ...]:
    return tuple(key.get("constrained_columns") or key.get("column_names") or ())


def _is_ours(key: Any, table: Any) -> bool:
    """Whether an index or a key stands over columns that one of ours has."""
    own = {(one.name,) for one in table.columns if one.unique or one.index}
    own.add(tuple(one.name for one in table.primary_key.columns))
    partial = (key.get("dialect_options") or {}).get("postgresql_where")
    return _columns(key) in own and not partial and not key.get("expressions")


def _has_its_keys(looks: Any, name: str, table: Any) -> bool:
    unique = {_columns(key) for key in looks.get_unique_constraints(name)}
    foreign = {(_columns(key), key["referred_table"]) for key in looks.get_foreign_keys(name)}
    return (
        _columns(looks.get_pk_constraint(name)) == tuple(one.name for one in table.primary_key.columns)
        and unique == {(one.name,) for one in table.columns if one.unique}
        and foreign == {((key.parent.name,), key.column.table.name) for key in table.foreign_keys}
        and not looks.get_check_constraints(name)
    )


def _statement(sql: str) -> str:
    return " ".join(str(sql).split())


def _shown(kind: Any) -> str:
    return str(kind) if kind in ("table", "view", "index", "trigger") else _named(kind)


def _named(name: Any) -> str:
    """A foreign name as it may be shown."""
    return repr(str(name)[:_LONGEST])

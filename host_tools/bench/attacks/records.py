"""Attacks on an office's database, one at a time: cells, rows, older copies, what can be added to it, laundering.

Each is tried on a copy of an office with letters of every kind. It is "held" when `audit verify` tells of it or the
database is refused, "harmless" when SQLite stores the same as before; "missed" and "released" are what must not be.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from bench.attacks.office import BOSS, OFFICE, RECIPIENT, Computer, computer, staffed
from bench.attacks.tried import Tried
from bench.crash import CLERK, PASSED, UNREAD, number
from stillscan.errors import StillscanError
from stillscan.records import changes, clock, retention
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.staff import StaffList
from stillscan.records.verification import verify

# long-ok: one list of attacks, and the office that they are carried out on
_WAITS, _RELEASED, _WITHDRAWN, _RETURNED, _CORRECTED, _EXTENDED, _ERASED, _OTHERS, _LATE = range(9)
_NEVER = (_RELEASED, _WITHDRAWN, _RETURNED, _CORRECTED, _ERASED, _OTHERS, _LATE)
"""Letters that nobody with that passport may get."""
_TABLES = ("audit_entry", "audit_head", "consignment", "release", "schema_version")
_ADDED = (
    "CREATE TRIGGER t AFTER UPDATE ON consignment BEGIN UPDATE consignment SET released = 0; END",
    "CREATE TRIGGER t BEFORE INSERT ON release BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER t AFTER INSERT ON audit_entry BEGIN DELETE FROM audit_entry WHERE seq = NEW.seq; END",
    "CREATE VIEW v AS SELECT * FROM consignment",
    "CREATE TABLE more (x)",
    "CREATE TABLE sqlite_more_ (x)",
    "CREATE INDEX i ON audit_entry (digest)",
    "CREATE UNIQUE INDEX i ON consignment (tracking, released)",
    "DROP INDEX ix_audit_entry_time",
    *(f"ALTER TABLE {table} ADD COLUMN more TEXT" for table in _TABLES),
    *(f"ALTER TABLE {table} RENAME TO other" for table in _TABLES),
    *(f"DROP TABLE {table}" for table in _TABLES),
)


class _Attack(NamedTuple):
    kind: str
    description: str
    carry_out: Callable[[Path], None]


def tried(folder: Path, every: int = 1, first: int = 0, seed: int = 0) -> Iterator[Tried]:
    """Carry out all (of ``every`` so many one, from ``first`` on) in an empty folder; none is drawn by chance."""
    with computer(Computer()) as set_clock:
        office = _Office(folder, set_clock)
        for attack in itertools.islice(office.attacks(), first, None, every):
            yield Tried(attack.kind, attack.description, office.outcome(attack))


class _Office:
    """An office as it was made, and a copy of it that is attacked."""

    def __init__(self, folder: Path, computer: Computer) -> None:
        self._made, self._tried = folder / "made", folder / "tried"
        self._computer = computer
        self._copies: list[bytes] = []
        self._made.mkdir()
        self._make()
        self._whole = self._dump(self._made / "records.db")
        self._now = computer.time

    def attacks(self) -> Iterator[_Attack]:
        """All attacks, in an order that never changes."""
        yield from self._cells()
        yield from self._rows()
        for statement in _ADDED:
            yield _Attack("tables", statement, _statement(statement))
        for n, copy in enumerate(self._copies[:-1]):
            yield _Attack("rolled back", f"to copy {n}", lambda path, copy=copy: _put(path, copy))  # type: ignore[misc]
        for letter in _NEVER:
            for how in ("released = 1", "released = 0", "released = 2", "released = 'x'"):
                yield _Attack("laundered", f"{how} of letter {letter}", self._laundering(letter, how))

    def outcome(self, attack: _Attack) -> str:
        """Carry it out on a fresh copy, and see what verify and a desk make of it."""
        self._computer.time = self._now
        shutil.rmtree(self._tried, ignore_errors=True)
        shutil.copytree(self._made, self._tried)
        path = self._tried / "records.db"
        try:
            attack.carry_out(path)
        except sqlite3.Error:
            return "harmless"  # SQLite itself does not take it
        same = attack.kind == "laundered" or self._dump(path) == self._whole  # who launders leaves no edit behind
        found = self._verified(path)
        if self._released(path):
            return "released"
        return "held" if found else "harmless" if same else "missed"

    def _make(self) -> None:
        """Letters of every kind; a copy is kept after each step."""
        database, keyring = self._open(self._made)
        staffed(database, keyring)
        self._import(database, keyring, {_ERASED: RECIPIENT}, days=1)
        self._copy(database)
        self._computer.time += timedelta(days=20)
        retention.purge(database, keyring, 10)
        self._copy(database)
        ours = dict.fromkeys((_WAITS, _RELEASED, _WITHDRAWN, _RETURNED, _CORRECTED, _EXTENDED), RECIPIENT)
        self._import(database, keyring, {**ours, _OTHERS: "Kari Hansen"}, days=14)
        self._import(database, keyring, {_LATE: RECIPIENT}, days=-1)
        desk = Desk(database, keyring, OFFICE)
        steps: list[Callable[[], object]] = [
            lambda: desk.finish(number(_RELEASED), UNREAD, CLERK),
            lambda: desk.finish(number(_RELEASED), PASSED, CLERK),
            *(
                lambda change=change, letter=letter: changes.record(change, number(letter), BOSS, database, keyring)
                for letter, change in (
                    (_WITHDRAWN, changes.withdrawal("asked for")),
                    (_RETURNED, changes.return_to_sender()),
                    (_CORRECTED, changes.correction("Kari Hansen")),
                    (_EXTENDED, changes.extension((self._computer.time + timedelta(days=30)).date().isoformat())),
                )
            ),
            lambda: StaffList(database, keyring).lock(BOSS.staff, force=True),
        ]
        for step in steps:
            self._copy(database)
            step()
        self._copy(database)
        if desk.finish(number(_RELEASED), PASSED, CLERK).reasons != ("already_released",):
            raise RuntimeError("the letter that was to be released is not: nothing would be tried")
        self._copy(database)
        if verify(database, keyring).findings:
            raise RuntimeError("the office was not whole before anybody attacked it")
        database.close()
        (self._made / "records.db-wal").unlink(missing_ok=True)

    def _import(self, database: Database, keyring: Keyring, names: dict[int, str], days: int) -> None:
        deadline = (self._computer.time + timedelta(days=days)).date()
        rows = [f"{number(n)},B-{n},{name},{deadline}" for n, name in names.items()]
        load("\n".join(["tracking,order,recipient,deadline", *rows]).encode(), database, keyring, "letters")

    def _copy(self, database: Database) -> None:
        database.forget()
        self._copies.append((self._made / "records.db").read_bytes())

    def _cells(self) -> Iterator[_Attack]:
        """Every cell of every row, by values of every type."""
        with contextlib.closing(sqlite3.connect(self._made / "records.db")) as connection:
            for table in _TABLES:
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                rows = connection.execute(f"SELECT rowid, * FROM {table}").fetchall()
                for n, (rowid, *row) in enumerate(rows):
                    neighbour = rows[(n + 1) % len(rows)][1:]
                    for column, value, other in zip(columns, row, neighbour, strict=True):
                        for new in _others(value, other):
                            change = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
                            told = f"{table}.{column} of row {rowid}: {type(new).__name__} {str(new)[:20]!r}"
                            yield _Attack("cells", told, _statement(change, new, rowid))

    def _rows(self) -> Iterator[_Attack]:
        """Every row deleted, repeated, and exchanged with every other."""
        with contextlib.closing(sqlite3.connect(self._made / "records.db")) as connection:
            for table in _TABLES:
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                rowids = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")]
                keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
                for one in rowids:
                    delete = f"DELETE FROM {table} WHERE rowid = ?"
                    yield _Attack("deleted", f"{table} row {one}", _statement(delete, one))
                    for key in ("'x' || {0}", "{0} + 100", "-{0}", "{0} || ' '"):
                        chosen = ", ".join(key.format(c) if c in ("digest", "entry", *keys) else c for c in columns)
                        repeat = f"INSERT INTO {table} SELECT {chosen} FROM {table} WHERE rowid = ?"
                        yield _Attack("repeated", f"{table} row {one} as {chosen[:40]}", _statement(repeat, one))
                for one, other in itertools.combinations(rowids, 2):
                    yield _Attack("swapped", f"{table} rows {one}, {other}", _swap(table, columns[0], one, other))
                    for column in columns[1:]:
                        yield _Attack(
                            "swapped", f"{table}.{column} of {one}, {other}", _swap(table, column, one, other)
                        )

    def _laundering(self, letter: int, how: str) -> Callable[[Path], None]:
        """Mark a letter, let a purge erase what it takes for over, mark it as before, take it in for somebody else."""

        def carry_out(path: Path) -> None:
            with contextlib.closing(sqlite3.connect(path)) as connection:
                before = connection.execute("SELECT rowid, released FROM consignment").fetchall()
            _statement(f"UPDATE consignment SET {how} WHERE tracking = ?", number(letter))(path)
            database, keyring = self._open(path.parent)
            self._computer.time += timedelta(days=12)
            with contextlib.suppress(StillscanError):
                retention.purge(database, keyring, 1)
            database.close()
            for rowid, released in before:
                _statement("UPDATE consignment SET released = ? WHERE rowid = ?", released, rowid)(path)
            database, keyring = self._open(path.parent)
            with contextlib.suppress(StillscanError):
                self._import(database, keyring, {letter: RECIPIENT}, days=20)
            database.close()

        return carry_out

    def _open(self, folder: Path, *, examine: bool = False) -> tuple[Database, Keyring]:
        rules = clock.ClockRules(clock.MOST_AHEAD_DAYS)
        return Database(folder / "records.db", examine=examine), Keyring(folder / "keys", "kiosk-1", rules)

    def _verified(self, path: Path) -> bool:
        """Whether `audit verify` finds something, or the database is refused."""
        try:
            database, keyring = self._open(path.parent, examine=True)
            with contextlib.closing(database):
                return bool(verify(database, keyring).findings)
        except StillscanError:
            return True

    def _released(self, path: Path) -> bool:
        """Whether a letter is handed out to somebody who must not have it."""
        try:
            database, keyring = self._open(path.parent)
        except StillscanError:
            return False
        with contextlib.closing(database):
            desk = Desk(database, keyring, OFFICE)
            for letter in _NEVER:
                with contextlib.suppress(StillscanError):
                    if desk.finish(number(letter), PASSED, CLERK).verdict == "release":
                        return True
        return False

    def _dump(self, path: Path) -> list[str]:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.text_factory = bytes
            found = [f"{row}" for row in connection.execute("SELECT type, name, sql FROM sqlite_master")]
            for table in _TABLES:
                with contextlib.suppress(sqlite3.Error):
                    found += [f"{table} {row}" for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]
        return found


def _others(value: Any, neighbour: Any) -> list[Any]:
    """Values of every type that are not this one."""
    found: list[Any] = [None, 0, 1, 2, -1, 1.5, 2**62, "", "x", "true", "{}", "[]", b"", b"\x00\xff", neighbour]
    if isinstance(value, int):
        found += [value + 1, value - 1, value + 100, float(value), str(value), f"{value} ", f"{value}x"]
    if isinstance(value, str):
        found += [value.encode(), value.upper(), f"{value} ", f" {value}", f"{value}\x00", value[:-1], value[::-1]]
    return [new for new in found if type(new) is not type(value) or new != value]


def _statement(statement: str, *values: object) -> Callable[[Path], None]:
    def carry_out(path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement, values)

    return carry_out


def _swap(table: str, column: str, one: int, other: int) -> Callable[[Path], None]:
    """Exchange a column of two rows, by way of a value that no row has."""

    def carry_out(path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            ask = f"SELECT {column} FROM {table} WHERE rowid = ?"
            first, second = (connection.execute(ask, (row,)).fetchone()[0] for row in (one, other))
            change = f"UPDATE {table} SET {column} = ? WHERE {column} IS ? AND rowid = ?"
            if isinstance(first, int) and connection.execute(f"PRAGMA table_info({table})").fetchone()[1] == column:
                change = f"UPDATE {table} SET {column} = ? WHERE {column} = ? AND ? > 0"  # it is the row's own number
            for new, old, row in ((-5, first, one), (first, second, other), (second, -5, one)):
                connection.execute(change, (new, old, row))

    return carry_out


def _put(path: Path, content: bytes) -> None:
    for beside in path.parent.glob("records.db-*"):
        beside.unlink()
    path.write_bytes(content)

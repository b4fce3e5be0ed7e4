"""The centre's state: PostgreSQL, or SQLite for trying. What is taken twice counts once, whoever hands it in.

Copies of a centre share one database. Each batch is one transaction that locks its kiosks, so that two copies with
events of one kiosk wait for each other; a number that was taken is known by `highest` and AHEAD, for ever.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, inspect, select, text, update

from stillscan.errors import InputError
from stillscan.fleet import refusals
from stillscan.fleet.batch import Arrived, Batch
from stillscan.fleet.events import MOST_OFFICE, EventError, parse
from stillscan.fleet.refusals import LOST, Refusal
from stillscan.fleet.tables import ABOUT, AHEAD, CHECK, HEAD, KIOSK, METADATA, NOTE, UNREAD
from stillscan.records.database import database_file, open_engine, parse_place
from stillscan.records.errors import RecordsError
from stillscan.records.public_keys import PublicKeys
from stillscan.records.server_url import shown
from stillscan.records.text import identifier, line
from stillscan.records.trouble import plainly

_WAIT_S = 20.0  # for a lock or a server: a batch takes some 0.2 s, and a backup may hold SQLite for a while
_VERSION = "1"
_RECORDS = "audit_entry"  # a table of records: tables of ours beside it would count as tampering there
_LOCK = text("SELECT pg_advisory_xact_lock(7364)")  # copies that start at once; 7363 is the kiosks' own
_AT_ONCE = 500  # kiosks of a question: SQLite takes 32,766 values, and plans stay small
_STREAM = update(ABOUT).where(ABOUT.c.name == "stream", ABOUT.c.value < bindparam("at")).values(value=bindparam("at"))
_COLUMNS = ("highest", "newest", "checks", "failed", "last_hour", "heard", "clock_hours")
_TEXTS = ("office", "firmware", "host", "board", "head", "head_n", "head_digest", "head_back")
_KEPT = (
    select(UNREAD)
    .where(
        (UNREAD.c.kiosk > bindparam("kiosk")) | ((UNREAD.c.kiosk == bindparam("kiosk")) & (UNREAD.c.n > bindparam("n")))
    )
    .order_by(UNREAD.c.kiosk, UNREAD.c.n)
    .limit(_AT_ONCE)
)
_log = logging.getLogger(__name__)
_KIOSK = update(KIOSK).where(KIOSK.c.kiosk == bindparam("name"))
_KIOSK = _KIOSK.values(**{name: bindparam(f"new_{name}") for name in (*_COLUMNS, *_TEXTS)})


class Taken(NamedTuple):
    """What became of a batch: how many were new or here before, and by kiosk up to which number everything is here."""

    new: int
    repeated: int
    refused: list[tuple[Arrived, str]]
    highest: dict[str, int]


class Store:
    """An open state. Failures are RecordsError with a plain message, and leave nothing half-written."""

    def __init__(self, place: str | Path, *, create: bool = True) -> None:
        """Open a file or a URL (as `Database` does); missing tables are made. InputError, RecordsError.

        Without ``create`` InputError where there is nothing.
        """
        self.url = parse_place(place)
        file = database_file(self.url)
        if file is not None and file.exists() and not file.is_file():
            raise InputError(f"{file}: is no file; name one for the state, or one that is to be made")
        if file is not None and not create and not file.is_file():
            raise InputError(f"{file}: there is no state of a centre; 'stillscan fleet serve' makes it")
        self._engine, self._getting = open_engine(self.url, _WAIT_S)
        self._writer = self._engine.execution_options(writing=True)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def __str__(self) -> str:
        """What messages call it."""
        return str(self.url.database) if self.url.get_backend_name() == "sqlite" else shown(self.url)

    def _prepare(self) -> None:
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_LOCK)
            there = inspect(connection)
            if there.has_table(_RECORDS) and not there.has_table(ABOUT.name):
                raise InputError(f"{self}: holds the records of a kiosk or a centre; name another one for the state")
            METADATA.create_all(connection)
            about = {name: value for name, value in connection.execute(select(ABOUT.c.name, ABOUT.c.value))}
            if about.get("schema", _VERSION) != _VERSION:
                raise RecordsError(f"{self}: was made by a newer stillscan; update this one", "newer")
            first = {"schema": _VERSION, "identity": secrets.token_hex(16), "place": "", "made": ""}
            first |= dict.fromkeys(("stream", "floor"), spelt(0))
            if rows := [{"name": name, "value": value} for name, value in first.items() if name not in about]:
                connection.execute(insert(ABOUT), rows)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees what is there. RecordsError."""
        with plainly(str(self)), self._connected(self._engine) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits durably at its end; an exception leaves nothing. RecordsError."""
        with plainly(str(self)), self._connected(self._writer) as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def _connected(self, engine: Any) -> Iterator[Connection]:
        with self._getting():
            connection = engine.connect()
        with connection:
            yield connection

    def enrol(self, kiosk: str, office: str, public_key: bytes, board: str = "", nkey: str = "") -> None:
        """Let a kiosk in by its NAME.pub, or bring its keys up to date. FieldError, RecordsError.

        RecordsError for another first key than the one that is known: another kiosk must not take a name over.
        """
        keys = PublicKeys.parse(Path(f"{identifier('kiosk', kiosk)}.pub"), public_key)
        row = {
            "office": line("office", office, MOST_OFFICE),
            "board": board,
            "nkey": nkey,
            "public_key": keys.file().decode(),
        }
        with self.writing() as connection:
            known = connection.scalar(select(KIOSK.c.public_key).where(KIOSK.c.kiosk == kiosk))
            if known is None:
                connection.execute(insert(KIOSK).values(kiosk=kiosk, **row))
                return
            if PublicKeys.parse(Path(f"{kiosk}.pub"), known.encode()).first != keys.first:
                raise RecordsError(f"{kiosk}: is enrolled with another key; enrol it under another name", "keys")
            connection.execute(update(KIOSK).where(KIOSK.c.kiosk == kiosk).values(**row))

    def revoke(self, kiosk: str, revoked: bool = True) -> bool:
        """Take nothing from this kiosk any more (or again); whether it is known."""
        with self.writing() as connection:
            done = connection.execute(update(KIOSK).where(KIOSK.c.kiosk == kiosk).values(revoked=revoked))
        return bool(done.rowcount)

    def users(self) -> list[tuple[str, str]]:
        """(kiosk, NKey) of all that are enrolled and not revoked."""
        let_in = select(KIOSK.c.kiosk, KIOSK.c.nkey).where(KIOSK.c.revoked.is_(False), KIOSK.c.nkey != "")
        with self.reading() as connection:
            return [(kiosk, nkey) for kiosk, nkey in connection.execute(let_in.order_by(KIOSK.c.kiosk))]

    def keys(self, kiosks: Iterable[str]) -> dict[str, PublicKeys]:
        """The public keys of those kiosks that are enrolled."""
        found: dict[str, PublicKeys] = {}
        with self.reading() as connection:
            for some in _parts(sorted(set(kiosks))):
                rows = connection.execute(select(KIOSK.c.kiosk, KIOSK.c.public_key).where(KIOSK.c.kiosk.in_(some)))
                found |= {kiosk: PublicKeys.parse(Path(f"{kiosk}.pub"), key.encode()) for kiosk, key in rows}
        return found

    def take(self, arrived: Sequence[Arrived], now: datetime) -> Taken:
        """Take verified events, in one transaction. Repeats change nothing; revoked and unknown kiosks are refused."""
        batch, sorted_ = Batch(now), sorted(arrived, key=lambda one: (one.event.kiosk, one.event.n))
        with self.writing() as connection:
            names = sorted({one.event.kiosk for one in sorted_})
            for some in _parts(names):  # in one order everywhere: no two copies wait for each other in a circle
                rows = select(KIOSK).where(KIOSK.c.kiosk.in_(some)).order_by(KIOSK.c.kiosk).with_for_update()
                batch.known |= {row.kiosk: dict(row._mapping) for row in connection.execute(rows)}
                ahead = select(AHEAD.c.kiosk, AHEAD.c.n).where(AHEAD.c.kiosk.in_(some))
                for kiosk, n in connection.execute(ahead):
                    batch.ahead.setdefault(kiosk, set()).add(n)
            batch.had = {kiosk: set(numbers) for kiosk, numbers in batch.ahead.items()}
            for kiosk, events in groupby(sorted_, key=lambda one: one.event.kiosk):
                batch.take(kiosk, list(events))
            self._write(connection, batch)
            if arrived:
                connection.execute(_STREAM, {"at": spelt(max(one.stream for one in arrived))})
        return Taken(
            batch.new, batch.repeated, batch.refused, {name: row["highest"] for name, row in batch.known.items()}
        )

    def understand(self, now: datetime) -> int:
        """Read again what was kept of newer schemas, as far as this program knows them; how many it understood.

        For the start of a centre that was brought up to date. RecordsError.
        """
        found, after = 0, ("", 0)
        while True:
            with self.writing() as connection:
                kept = connection.execute(_KEPT, {"kiosk": after[0], "n": after[1]}).all()
                if not kept:
                    return found
                after = kept[-1].kiosk, kept[-1].n
                found += self._understand(connection, kept, now)

    def _understand(self, connection: Connection, kept: Sequence[Any], now: datetime) -> int:
        batch = Batch(now)
        names = sorted({one.kiosk for one in kept})
        rows = select(KIOSK).where(KIOSK.c.kiosk.in_(names)).order_by(KIOSK.c.kiosk).with_for_update()
        batch.known = {row.kiosk: dict(row._mapping) for row in connection.execute(rows)}
        done = 0
        for kiosk, some in groupby(kept, key=lambda one: one.kiosk):
            understood = []
            for one in some:
                try:
                    event = parse(one.body.encode())
                except EventError as error:
                    _log.error("fleet: event %d of %s stays as it came: %s", one.n, kiosk, error)
                    continue
                mine = (UNREAD.c.kiosk == kiosk, UNREAD.c.n == one.n)
                if event.data is not None and connection.execute(delete(UNREAD).where(*mine)).rowcount:
                    understood.append(Arrived(event, one.body.encode(), one.signature))
            if understood:
                batch.understand(kiosk, understood)
                done += len(understood)
        self._write(connection, batch)
        return done

    def _write(self, connection: Connection, batch: Batch) -> None:
        for table in (CHECK, NOTE, HEAD, UNREAD):
            if rows := batch.rows[table.name]:
                connection.execute(insert(table), rows)
        if batch.changed:
            connection.execute(
                _KIOSK,
                [
                    {"name": name, **{f"new_{key}": batch.known[name][key] for key in (*_COLUMNS, *_TEXTS)}}
                    for name in sorted(batch.changed)
                ],
            )
        for kiosk in sorted(batch.ahead.keys() | batch.had.keys()):
            now, before = batch.ahead.get(kiosk, set()), batch.had.get(kiosk, set())
            if gone := before - now:
                connection.execute(delete(AHEAD).where(AHEAD.c.kiosk == kiosk, AHEAD.c.n.in_(sorted(gone))))
            if more := now - before:
                connection.execute(insert(AHEAD), [{"kiosk": kiosk, "n": n} for n in sorted(more)])

    def refused(self, given: Iterable[Refusal], now: datetime) -> int:
        """Count messages that were not taken, each once however often it is read; how many were not counted before."""
        given = list(given)
        with self.writing() as connection:
            if given:
                connection.execute(_STREAM, {"at": spelt(max(one.stream for one in given))})
            return refusals.count(connection, given, now)

    def gone(self, before: int) -> None:
        """Messages of the stream below this number are on the server no more: nobody reads them again."""
        with self.writing() as connection:
            refusals.forget(connection, before)

    def highest(self, kiosk: str) -> int | None:
        """Up to which number all events of a kiosk are here; None for one that is not enrolled or was revoked."""
        known = select(KIOSK.c.highest).where(KIOSK.c.kiosk == kiosk, KIOSK.c.revoked.is_(False))
        with self.reading() as connection:
            return connection.scalar(known)

    def go_past(self, kiosk: str, upto: int, now: datetime) -> int:
        """Wait no longer for a kiosk's events up to this number, which it has not any more; how many are lost."""
        with self.writing() as connection:
            row = select(KIOSK.c.highest).where(KIOSK.c.kiosk == kiosk, KIOSK.c.revoked.is_(False)).with_for_update()
            highest: int | None = connection.scalar(row)
            if highest is None or highest >= upto:
                return 0
            mine = AHEAD.c.kiosk == kiosk
            ahead: set[int] = {n for (n,) in connection.execute(select(AHEAD.c.n).where(mine))}
            lost: int = upto - highest - sum(n <= upto for n in ahead)
            while upto + 1 in ahead:
                upto += 1
            connection.execute(delete(AHEAD).where(mine, AHEAD.c.n <= upto))
            connection.execute(update(KIOSK).where(KIOSK.c.kiosk == kiosk).values(highest=upto))
            if lost:
                refusals.add(connection, {(kiosk, LOST): lost}, now)
        return lost

    def counted(self) -> int:
        """How many checks are here, by their rows."""
        with self.reading() as connection:
            return int(connection.scalar(select(func.count()).select_from(CHECK)) or 0)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def spelt(stream: int) -> str:
    """A number of the stream as ABOUT has it: texts that compare as the numbers do."""
    return f"{stream:020d}"


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]

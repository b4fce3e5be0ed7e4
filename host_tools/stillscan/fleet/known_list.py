"""The fleet's known-problem list as the centre keeps it, each entry with how its series did before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from stillscan.errors import InputError
from stillscan.fleet.known import Entry, Side, checked, written
from stillscan.fleet.page_tables import KNOWN, prepare
from stillscan.fleet.series import Key
from stillscan.fleet.store import Store

_MOST = 1000  # entries: a clerk is told one sentence, and a kiosk reads the list at every start


class Kept(NamedTuple):
    """An entry that is kept: ``staff`` made it; ``before`` is the series in the weeks before."""

    number: int
    entry: Entry
    staff: str
    before: Side


def entries(connection: Connection) -> list[Kept]:
    """All of them, the newest first."""
    return [_kept(row) for row in connection.execute(select(KNOWN).order_by(KNOWN.c.number.desc()))]


def document(store: Store) -> bytes:
    """The list as a file for kiosks, of all entries; what is over says so itself. RecordsError."""
    prepare(store)  # a centre whose page was never served has none
    with store.reading() as connection:
        return written(kept.entry for kept in entries(connection))


def add(store: Store, entry: Entry, before: Side, staff: str) -> int:
    """Keep an entry; its number. InputError when a kiosk would not read it, or the list is full. RecordsError."""
    row = {**_row(checked(entry)), "staff": staff, "before": json.dumps(before)}
    with store.writing() as connection:
        known = entries(connection)
        if len(known) >= _MOST:
            raise InputError("the list is full; remove entries that are over")
        for kept in known:  # the same press twice is one entry
            if kept.entry.key == entry.key and kept.entry.seen_to is None:
                return kept.number
        return int(connection.execute(insert(KNOWN).values(**row).returning(KNOWN.c.number)).scalar_one())


def change(store: Store, number: int, advice: Mapping[str, str], seen_from: date, seen_to: date | None) -> bool:
    """Other words or days; whether the entry is there. InputError, RecordsError."""
    with store.writing() as connection:
        row = connection.execute(select(KNOWN).where(KNOWN.c.number == number)).first()
        if row is None:
            return False
        changed = checked(_kept(row).entry._replace(advice=advice, seen_from=seen_from, seen_to=seen_to))
        connection.execute(update(KNOWN).where(KNOWN.c.number == number).values(**_row(changed)))
    return True


def remove(store: Store, number: int) -> bool:
    """Take an entry off the list; whether it was there. RecordsError."""
    with store.writing() as connection:
        return bool(connection.execute(delete(KNOWN).where(KNOWN.c.number == number)).rowcount)


def _row(entry: Entry) -> dict[str, Any]:
    days = {"seen_from": entry.seen_from, "seen_to": entry.seen_to}
    return {**entry.key._asdict(), **days, "advice": json.dumps(dict(entry.advice)), "source": entry.source}


def _kept(row: Any) -> Kept:
    key = Key(row.issuer, row.kind, row.expiry_year)
    entry = Entry(key, json.loads(row.advice), row.seen_from, row.seen_to, row.source)
    return Kept(row.number, entry, row.staff, Side(*json.loads(row.before)))

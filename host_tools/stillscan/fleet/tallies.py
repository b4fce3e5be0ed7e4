"""Counts out of the centre's checks: what the statistics and the pages are made of. Reads, and decides nothing.

Checks for trying out (``test``) are counted by themselves: a centre of invented kiosks has no others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, literal_column, select

from stillscan.fleet.compare import Cell
from stillscan.fleet.series import Count, Key
from stillscan.fleet.tables import CHECK

_MOST_LOOKED_AT = 5_000  # failures of a series whose causes are looked at: enough for any share, read in 0.1 s
_DAY_LETTERS = 10  # of an hour: 2026-11-29T10
_failed = func.sum(case((CHECK.c.ok, 0), else_=1))
_day = func.substr(CHECK.c.hour, literal_column("1"), literal_column(str(_DAY_LETTERS))).label("day")


class Day(NamedTuple):
    """Documents of one day and one version, and how many of them failed."""

    day: date
    firmware: str
    host: str
    documents: int
    failed: int


class Causes(NamedTuple):
    """Why documents failed: how many of ``failures`` had each code, and where characters were in doubt."""

    failures: int
    reasons: Counter[str]
    quality: Counter[str]
    aborts: Counter[str]
    places: Counter[tuple[int, int]]


def counts(connection: Connection, since: date, until: date, test: bool = False) -> Iterator[Count]:
    """Documents with a series by kiosk, day and series, from ``since`` to the day before ``until`` (UTC)."""
    columns = (CHECK.c.kiosk, _day, CHECK.c.issuer, CHECK.c.kind, CHECK.c.expiry_year)
    asked = select(*columns, func.count(), _failed).where(*_within(since, until, test), CHECK.c.issuer.is_not(None))
    for kiosk, day, issuer, kind, year, documents, failed in connection.execute(asked.group_by(*columns)):
        number = _ordinal(day)
        if number is not None:
            yield Count(kiosk, number, Key(issuer, kind, year), documents, int(failed))


def by_version(connection: Connection, since: date, until: date, test: bool = False) -> list[Cell]:
    """Documents with a series by firmware and series."""
    columns = (CHECK.c.firmware, CHECK.c.issuer, CHECK.c.kind, CHECK.c.expiry_year)
    asked = select(*columns, func.count(), _failed).where(*_within(since, until, test), CHECK.c.issuer.is_not(None))
    rows = connection.execute(asked.group_by(*columns))
    return [Cell(row[0], Key(*row[1:4]), row[4], int(row[5])) for row in rows]


def days(
    connection: Connection, since: date, until: date, test: bool = False, *where: ColumnElement[bool]
) -> list[Day]:
    """Checks by day and version, of those that ``where`` names (`of_kiosk`, `of_office` and the others)."""
    columns = (_day, CHECK.c.firmware, CHECK.c.host)
    asked = select(*columns, func.count(), _failed).where(*_within(since, until, test), *where).group_by(*columns)
    return [
        Day(date.fromordinal(number), firmware, host, documents, int(failed))
        for day, firmware, host, documents, failed in connection.execute(asked.order_by(_day))
        if (number := _ordinal(day)) is not None
    ]


def causes(connection: Connection, since: date, until: date, test: bool = False, *where: ColumnElement[bool]) -> Causes:
    """Why documents failed, of the newest failures."""
    asked = select(CHECK.c.what).where(*_within(since, until, test), CHECK.c.ok.is_(False), *where)
    rows = connection.scalars(asked.order_by(CHECK.c.hour.desc()).limit(_MOST_LOOKED_AT))
    found = Causes(0, Counter(), Counter(), Counter(), Counter())
    for what in map(json.loads, rows):
        found.reasons.update(set(what.get("reasons", ())))
        found.quality.update(set(what.get("quality", ())))
        found.aborts.update(what.get("aborts", {}).keys())
        found.places.update((line, place) for line, place in what.get("failed_at", ()))
        found = found._replace(failures=found.failures + 1)
    return found


def of_kiosk(kiosk: str) -> ColumnElement[bool]:
    """Checks at this kiosk."""
    return CHECK.c.kiosk == kiosk


def of_kiosks(kiosks: Iterable[str]) -> ColumnElement[bool]:
    """Checks at any of these kiosks."""
    return CHECK.c.kiosk.in_(list(kiosks))


def of_series(key: Key) -> ColumnElement[bool]:
    """Checks of a series."""
    return (CHECK.c.issuer == key.issuer) & (CHECK.c.kind == key.kind) & (CHECK.c.expiry_year == key.expiry_year)


def of_version(firmware: str) -> ColumnElement[bool]:
    """Checks with this firmware."""
    return CHECK.c.firmware == firmware


def only_tests(connection: Connection) -> bool:
    """Whether there are checks for trying out and no others: the demonstration, and a centre that is being set up."""
    real = connection.scalar(select(CHECK.c.n).where(CHECK.c.test.is_(False)).limit(1))
    return real is None and connection.scalar(select(CHECK.c.n).limit(1)) is not None


def _within(since: date, until: date, test: bool) -> tuple[ColumnElement[bool], ...]:
    return CHECK.c.hour >= since.isoformat(), CHECK.c.hour < until.isoformat(), CHECK.c.test.is_(test)


def _ordinal(day: str) -> int | None:
    """The number of a day; None for one that does not exist."""
    try:
        return date.fromisoformat(day).toordinal()
    except ValueError:
        return None


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())

"""What the statistics say now, counted anew beside the pages when checks have come: a page never waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from stillscan.fleet.alerts import Failing, failing
from stillscan.fleet.compare import Cell, Table
from stillscan.fleet.known import Side, effect
from stillscan.fleet.known_list import Kept, entries
from stillscan.fleet.series import FEWEST, Count, Counts, Key, Part, Series, judged, part_of, spans
from stillscan.fleet.store import Store
from stillscan.fleet.tallies import by_version, counts, only_tests, week_of

WINDOW_DAYS = 28
"""What series are judged by: four weeks have the same weekdays, and 20 documents of a rare series."""
_WEEK_DAYS = 7  # a week has so many; what changed is told beside the state of a week ago
_KIOSK_DAYS = 2  # what tells that a kiosk fails now: today's documents are few in the morning
_AHEAD_DAYS = 2  # a clock may be a day ahead


class Version(NamedTuple):
    """How a firmware does: ``expected`` is the failure rate of the others with the same series."""

    firmware: str
    part: Part
    expected: float | None
    chance: float


class Findings(NamedTuple):
    """What was found at ``at`` of the days from ``since``. ``test``: all checks are ones for trying out.

    ``effects``: by the number of an entry of the known-problem list, its series since then and whether it helped.
    """

    at: datetime
    test: bool
    since: date
    until: date
    series: list[Series]
    a_week_ago: list[Series]
    weeks: list[Part]
    versions: list[Version]
    failing: dict[str, Failing]
    effects: dict[int, tuple[Side, str]]

    def of(self, key: Key) -> Series | None:
        """What is found about a series; None for one of too few documents."""
        return next((one for one in self.series if one.key == key), None)

    @property
    def began(self) -> list[Series]:
        """Series that are flagged and were not a week ago."""
        before = {one.key for one in self.a_week_ago if one.flagged}
        return [one for one in self.series if one.flagged and one.key not in before]

    @property
    def ended(self) -> list[Series]:
        """Series that were flagged a week ago and are not any more."""
        now = {one.key for one in self.series if one.flagged}
        return [one for one in self.a_week_ago if one.flagged and one.key not in now]


def found(store: Store, now: datetime) -> Findings:
    """Count everything anew. RecordsError."""
    today = now.astimezone(UTC).date()
    until, since = today + timedelta(days=_AHEAD_DAYS), today - timedelta(days=WINDOW_DAYS - 1)
    with store.reading() as connection:
        test = only_tests(connection)
        all_ = Counts(counts(connection, since - timedelta(days=_WEEK_DAYS), until, test))
        versions = Table(by_version(connection, since, until, test))
        known = entries(connection)
    latest = today - timedelta(days=_KIOSK_DAYS - 1)
    kiosks = Table(Cell(one.kiosk, one.key, one.documents, one.failed) for one in _days(all_, latest, until))
    return Findings(
        at=now,
        test=test,
        since=since,
        until=until,
        series=judged(_days(all_, since, until)),
        a_week_ago=judged(_days(all_, date.min, until - timedelta(days=_WEEK_DAYS))),
        weeks=_weeks(all_),
        versions=_versions(versions),
        failing=failing(kiosks),
        effects={kept.number: _effect(kept, all_, until) for kept in known},
    )


def _days(all_: Counts, since: date, until: date) -> Iterator[Count]:
    return all_.between(since.toordinal(), until.toordinal())


def _weeks(all_: Counts) -> list[Part]:
    found: dict[int, list[int]] = {}
    for one in _days(all_, date.min, date.max):
        both = found.setdefault(one.day, [0, 0])
        both[0] += one.documents
        both[1] += one.failed
    cells = ((week_of(date.fromordinal(day)).toordinal(), both[0], both[1]) for day, both in found.items())
    return spans(cells, lambda number: date.fromordinal(number).isoformat())


def _versions(table: Table) -> list[Version]:
    found = []
    for firmware, rows in table.rows.items():
        documents, failed = int(table.documents[rows].sum()), int(table.failed[rows].sum())
        if documents >= FEWEST:
            part = part_of(str(firmware), documents, failed)
            found.append(Version(str(firmware), part, table.expected(rows), table.chance(rows)))
    return sorted(found, key=lambda one: -one.part.documents)


def _effect(kept: Kept, all_: Counts, until: date) -> tuple[Side, str]:
    """The series since the advice, and whether it helped."""
    after = _days(all_, kept.entry.seen_from, until)
    table = Table(Cell(one.key, (one.kiosk, one.day), one.documents, one.failed) for one in after)
    rows = table.rows.get(kept.entry.key)
    if rows is None:
        return Side(0, 0, 0.0), "early"
    documents, failed = int(table.documents[rows].sum()), int(table.failed[rows].sum())
    side = Side(documents, failed, documents * (table.expected(rows) or 0.0))
    return side, effect(kept.before, side)


class Watch:
    """The findings that were counted last. Safe between threads."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self._lock = threading.Lock()
        self._found: Findings | None = None

    def latest(self) -> Findings:
        """The findings as they were counted last; the first time they are counted here. RecordsError."""
        with self._lock:
            if self._found is None:
                self._found = found(self._store, self._now())
            return self._found

    def count(self) -> Findings:
        """Count anew, and let pages have it when it is done. RecordsError."""
        counted = found(self._store, self._now())
        with self._lock:
            self._found = counted
        return counted

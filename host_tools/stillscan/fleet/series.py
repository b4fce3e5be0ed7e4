"""Which passports fail: each series against all others at the same kiosks on the same days. Counts in, findings out.

A series is an issuing state, a kind of document and a year of expiry. Its failures are compared with those of
everything else that lay on the same glass on the same day, so that a dirty kiosk makes no bad passport; the false
discovery rate over all series is held below 5 %; and nothing is said about fewer than 20 documents, so that nobody is
found by what failed.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from stillscan.fleet.compare import Cell, Ints, Table
from stillscan.fleet.counts import discovery_rates, rate_bounds, weights

FEWEST = 20
"""Documents: of fewer nothing is shown, in any table (shared rules of the fleet's statistics: nobody is found)."""
DISCOVERY_RATE = 0.035
"""Of the series that are flagged so many are false in the mean. One in twenty is promised, which costs support an hour.
Held at 0.04 it was 4.1 % in 461 runs of the bench with dirty kiosks, and 5.7 % in 100 in which glasses got dirty during
the day and passports of a series came together; and what 200 runs count scatters by 1 % about what is held."""
_TIMES = 3.0
"""A bad series fails so many times as often as the others: what is to be found first, as the figures of the fleet say.
It shares the false discovery rate out to series by how far such a one would stand out (`counts.weights`): 60 documents
of 300 series get 1.4 times as much, for what comes in hundreds is found in any case, and of twenty nothing is."""
_ALONE = 0.05
"""A flagged series is still worse than the others without the kiosk that speaks most against it, at this level: what
one kiosk alone has seen may be that kiosk's (a stain where this state prints), and never flags a series."""


class Key(NamedTuple):
    """A series: issuing state as printed (ISO 3166 with ICAO's additions), document code, year of expiry."""

    issuer: str
    kind: str
    expiry_year: int


class Count(NamedTuple):
    """Documents of one series at one kiosk on one day (a number of days, UTC), and how many of them failed."""

    kiosk: str
    day: int
    key: Key
    documents: int
    failed: int


class Counts:
    """Counts as columns of numbers, 20 bytes each: a month of 3,000 kiosks has five million."""

    def __init__(self, counts: Iterable[Count]) -> None:
        kiosks: dict[str, int] = {}
        keys: dict[Key, int] = {}
        self._columns = [array("i") for _ in range(5)]
        for kiosk, day, key, documents, failed in counts:
            names = (kiosks.setdefault(kiosk, len(kiosks)), keys.setdefault(key, len(keys)))
            for column, number in zip(self._columns, (*names, day, documents, failed), strict=True):
                column.append(number)
        self._kiosks, self._keys = list(kiosks), list(keys)

    def between(self, since: int, until: int) -> Iterator[Count]:
        """Those of the days from ``since`` to the one before ``until``, by their numbers."""
        for kiosk, key, day, documents, failed in zip(*self._columns, strict=True):
            if since <= day < until:
                yield Count(self._kiosks[kiosk], day, self._keys[key], documents, failed)


class Series(NamedTuple):
    """A series and how it does. ``expected``: the failure rate of the others where it was, None where there were none.

    ``low``, ``high``: 95 % bounds of ``rate``. ``p``: chance of so many failures if it were like the others; ``q``: the
    false discovery rate at which it counts. ``flagged``: it fails more than the others.
    """

    issuer: str
    kind: str
    expiry_year: int
    documents: int
    failed: int
    rate: float
    low: float
    high: float
    expected: float | None
    p: float
    q: float
    flagged: bool

    @property
    def key(self) -> Key:
        """Which series it is."""
        return Key(self.issuer, self.kind, self.expiry_year)


class Part(NamedTuple):
    """A part of a series' documents, by week or by version: never fewer than FEWEST."""

    name: str
    documents: int
    failed: int
    rate: float
    low: float
    high: float


def judged(counts: Iterable[Count]) -> list[Series]:
    """Every series of at least FEWEST documents: those that are flagged first, then by p.

    ValueError when more failed than there were.
    """
    table = Table(Cell(one.key, (one.kiosk, one.day), one.documents, one.failed) for one in counts)
    rows = {key: at for key, at in table.rows.items() if table.documents[at].sum() >= FEWEST}
    chances = {key: table.chance(at) for key, at in rows.items()}
    parts = weights([table.shift(at, _TIMES) for at in rows.values()], DISCOVERY_RATE)
    weighted = [min(1.0, p / share) if share else 1.0 for p, share in zip(chances.values(), parts, strict=True)]
    rates = dict(zip(chances, discovery_rates(weighted), strict=True))
    shown = [_series(key, at, table, chances[key], rates[key]) for key, at in rows.items() if isinstance(key, Key)]
    return sorted(shown, key=lambda one: (not one.flagged, one.p, one.key))


def _series(key: Key, rows: Ints, table: Table, p: float, q: float) -> Series:
    documents, failed = int(table.documents[rows].sum()), int(table.failed[rows].sum())
    flagged = q <= DISCOVERY_RATE and _without_the_worst(rows, table) <= _ALONE
    bounds = rate_bounds(failed, documents)
    return Series(*key, documents, failed, failed / documents, *bounds, table.expected(rows), p, q, flagged)


def _without_the_worst(rows: Ints, table: Table) -> float:
    """The p-value without the kiosk at which the series failed most beyond what was expected."""
    kiosks = [table.strata[number][0] for number in table.stratum[rows]]
    excess: dict[str, float] = {}
    for kiosk, more in zip(kiosks, table.excess(rows), strict=True):
        excess[kiosk] = excess.get(kiosk, 0.0) + more
    worst = max(excess, key=excess.__getitem__)
    return table.chance(rows[[kiosk != worst for kiosk in kiosks]])


def spans(cells: Iterable[tuple[int, int, int]], named: Callable[[int], str] = str) -> list[Part]:
    """(time, documents, failed) in the order of time, neighbours put together until each part has FEWEST documents.

    Times are numbers of weeks or days; ``named`` writes one, and a part has its first and, if there are more, its last.
    What is left at the end goes to the part before it: no part can be found out by taking others from the whole.
    """
    parts: list[list[int]] = []
    for time, documents, failed in sorted(cells):
        if parts and (parts[-1][0] == time or parts[-1][2] < FEWEST):
            parts[-1] = [parts[-1][0], time, parts[-1][2] + documents, parts[-1][3] + failed]
        else:
            parts.append([time, time, documents, failed])
    if len(parts) > 1 and parts[-1][2] < FEWEST:
        last = parts.pop()
        parts[-1] = [parts[-1][0], last[1], parts[-1][2] + last[2], parts[-1][3] + last[3]]
    return [
        part_of(named(first) if first == last else f"{named(first)} - {named(last)}", documents, failed)
        for first, last, documents, failed in parts
        if documents >= FEWEST
    ]


def shares(cells: Iterable[tuple[str, int, int]], rest: str) -> list[Part]:
    """(name, documents, failed) of each part with FEWEST documents, the largest first; all others together as ``rest``.

    When the rest is of fewer, the smallest part goes to it: the whole is known, and the rest would be found out by it.
    """
    by_size = sorted(cells, key=lambda one: (-one[1], one[0]))
    kept = [one for one in by_size if one[1] >= FEWEST]
    small = [one for one in by_size if 0 < one[1] < FEWEST]
    if small and sum(one[1] for one in small) < FEWEST and kept:
        small.append(kept.pop())
    if sum(one[1] for one in small) >= FEWEST:
        kept.append((rest, sum(one[1] for one in small), sum(one[2] for one in small)))
    return [part_of(*one) for one in kept]


def part_of(name: str, documents: int, failed: int) -> Part:
    """A part with its rate; there are documents."""
    return Part(name, documents, failed, failed / documents, *rate_bounds(failed, documents))


def places(failed_at: Mapping[tuple[int, int], int], lines: tuple[int, ...]) -> list[list[int]]:
    """How often reading failed where, by (line, position) from 1: counts a line, for a picture.

    ``lines``: the length of each line of the format. What lies outside is no character and left out.
    """
    counts = [[0] * length for length in lines]
    for (line, position), count in failed_at.items():
        if 1 <= line <= len(lines) and 1 <= position <= lines[line - 1]:
            counts[line - 1][position - 1] += count
    return counts

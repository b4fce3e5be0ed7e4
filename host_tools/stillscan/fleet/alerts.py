"""What is wrong with which kiosk, told once when it begins and once when it is over. Pure: looks in, news out.

Each kind of alert has a level at which it begins and another at which it may end, and it ends only when it was well for
a while (hysteresis): a value that swings about a limit makes one alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from stillscan.fleet.compare import Table
from stillscan.fleet.series import FEWEST

SILENT, FAILING, DIRTY, AGEING, CLOCK, CHAIN = KINDS = ("silent", "failing", "dirty", "ageing", "clock", "chain")
"""Nothing was heard; documents fail that do not elsewhere; dirt that hurts reading; a part that gets weak; a clock that
is wrong; an audit chain whose end went back."""
_SILENT_HOURS = 8  # of those in which offices are open: a working day without a word
_HEARD_HOURS = 2  # and it has to speak within so many again
_OPEN_FROM, _OPEN_TO = 8, 16  # UTC, Monday to Friday: within them every office of the country is open, all year
_FAILING_CHANCE = 1e-4  # of 3,000 kiosks that are well one in three looks at new documents; with the next line, none
_FAILING_TIMES = 2.0  # and twice the failures of the others: kiosks differ by half without anything being wrong
_WELL_TIMES = 1.5  # below it a kiosk is like the others again
_CLOCK_HOURS = 2  # one hour is what lies between making an event and its arrival
_CALM = {
    SILENT: timedelta(0),  # heard is heard
    FAILING: timedelta(hours=24),  # the customers of a day
    DIRTY: timedelta(hours=2),  # cleaned, and a look or two that find nothing
    AGEING: timedelta(hours=24),  # parts do not get younger: a warm and a cold look
    CLOCK: timedelta(hours=2),
    CHAIN: timedelta(0),
}
"""So long a kiosk is well before an alert is over."""


class Level(Enum):
    """Of one kind at one look; BETWEEN changes nothing."""

    WELL = "well"
    BETWEEN = "between"
    BAD = "bad"


class Look(NamedTuple):
    """What is known of a kiosk now. ``heard``: when the centre last took something of it, None: never.

    ``failing``: its documents of the last days beside the same series elsewhere; None: too few. ``hurts``: pieces of
    dirt that hurt reading, as its last look found; ``ageing``: parts, by their codes, that are getting weak.
    """

    kiosk: str
    office: str
    heard: datetime | None
    clock_hours: int = 0
    head_back: bool = False
    failing: Failing | None = None
    hurts: int = 0
    ageing: tuple[str, ...] = ()


class Failing(NamedTuple):
    """How a kiosk fails beside the others with the same series: ``chance`` of so many failures if it were like them."""

    documents: int
    failed: int
    expected: float
    chance: float


class Alert(NamedTuple):
    """An alert that is not over. ``well_since``: since when nothing was wrong, None: something is."""

    kiosk: str
    kind: str
    since: datetime
    why: Mapping[str, str | int | float]
    well_since: datetime | None = None


class News(NamedTuple):
    """An alert that begins (``over`` False) or is over."""

    alert: Alert
    office: str
    over: bool


def failing(table: Table) -> dict[str, Failing]:
    """Of cells kiosk by series: how each kiosk of at least FEWEST documents does beside the others."""
    found = {}
    for kiosk, rows in table.rows.items():
        documents, failed = int(table.documents[rows].sum()), int(table.failed[rows].sum())
        expected = table.expected(rows)
        if documents >= FEWEST and expected is not None:
            found[str(kiosk)] = Failing(documents, failed, expected, table.chance(rows))
    return found


def step(open_: Iterable[Alert], looks: Iterable[Look], now: datetime) -> tuple[list[Alert], list[News]]:
    """Alerts as they are after a look at all kiosks, and what is new. An alert of a kiosk that is gone is over."""
    before = {(alert.kiosk, alert.kind): alert for alert in open_}
    after, news = [], []
    for look in looks:
        for kind in KINDS:
            known = before.pop((look.kiosk, kind), None)
            level, why = _LEVELS[kind](look, now)
            alert = _stepped(known, level, Alert(look.kiosk, kind, now, why))
            if alert is not None:
                after.append(alert)
            if known is None and alert is not None:
                news.append(News(alert, look.office, over=False))
            elif known is not None and alert is None:
                news.append(News(known, look.office, over=True))
    news += [News(alert, "", over=True) for alert in before.values()]
    return after, news


def _stepped(known: Alert | None, level: Level, seen: Alert) -> Alert | None:
    now = seen.since
    if known is None:
        return seen if level is Level.BAD else None
    if level is Level.BAD:
        return known._replace(why=seen.why, well_since=None)
    if level is Level.BETWEEN:
        return known._replace(well_since=None)
    well_since = known.well_since or now
    return None if now - well_since >= _CALM[known.kind] else known._replace(well_since=well_since)


def open_hours(since: datetime, until: datetime) -> int:
    """Whole hours between two moments in which offices are open, no more than are needed to tell that one is silent."""
    moment = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    counted = 0
    for _ in range(24 * 14):  # two weeks hold any holidays, and more than enough open hours
        if counted > _SILENT_HOURS or moment + timedelta(hours=1) > until:
            break
        counted += moment.weekday() < 5 and _OPEN_FROM <= moment.hour < _OPEN_TO  # Monday is 0
        moment += timedelta(hours=1)
    return counted


_Why = dict[str, str | int | float]


def _silent(look: Look, now: datetime) -> tuple[Level, _Why]:
    if look.heard is None:
        return Level.WELL, {}  # enrolled and not yet there
    hours = open_hours(look.heard, now)
    level = Level.BAD if hours >= _SILENT_HOURS else Level.WELL if hours < _HEARD_HOURS else Level.BETWEEN
    return level, {"heard": look.heard.astimezone(UTC).strftime("%Y-%m-%d %H:%M")}


def _failing(look: Look, _: datetime) -> tuple[Level, _Why]:
    found = look.failing
    if found is None:
        return Level.BETWEEN, {}  # too few documents to say that it is over, either
    rate = found.failed / found.documents
    why: _Why = {"documents": found.documents, "failed": found.failed, "percent": round(100 * rate)}
    why["elsewhere"] = round(100 * found.expected)
    if found.chance <= _FAILING_CHANCE and rate >= _FAILING_TIMES * found.expected:
        return Level.BAD, why
    return (Level.WELL if rate < _WELL_TIMES * found.expected or not found.failed else Level.BETWEEN), why


def _dirty(look: Look, _: datetime) -> tuple[Level, _Why]:
    return (Level.BAD if look.hurts else Level.WELL), {"pieces": look.hurts}


def _ageing(look: Look, _: datetime) -> tuple[Level, _Why]:
    return (Level.BAD if look.ageing else Level.WELL), {"parts": ", ".join(look.ageing)}


def _clock(look: Look, _: datetime) -> tuple[Level, _Why]:
    return (Level.BAD if abs(look.clock_hours) >= _CLOCK_HOURS else Level.WELL), {"hours": look.clock_hours}


def _chain(look: Look, _: datetime) -> tuple[Level, _Why]:
    return (Level.BAD if look.head_back else Level.WELL), {}


_LEVELS: dict[str, Callable[[Look, datetime], tuple[Level, _Why]]] = {
    SILENT: _silent,
    FAILING: _failing,
    DIRTY: _dirty,
    AGEING: _ageing,
    CLOCK: _clock,
    CHAIN: _chain,
}

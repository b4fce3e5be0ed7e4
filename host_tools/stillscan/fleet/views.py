"""What each page of the centre shows, as values for its template: read from the state, written in a language.

Nothing here is of fewer than 20 documents; parts that would be are put together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection

from stillscan.fleet.alerts import Alert
from stillscan.fleet.findings import Findings
from stillscan.fleet.known import Side, cause_of
from stillscan.fleet.now import All, Standing, recently
from stillscan.fleet.series import FEWEST, Key, Part, places, shares, spans
from stillscan.fleet.tallies import Causes, Day, causes, days, of_series, week_of
from stillscan.fleet.telling import sentence
from stillscan.fleet.watching import news_since
from stillscan.guidance.catalogue import sections

A_PAGE = 100
"""Kiosks in the list of a page: more than fit on a screen, and quickly shown on any computer."""
_WIDE = 3  # the picture of all kiosks is three times as wide as high
_CELL, _SIDE = 10, 8  # of the picture: a kiosk's square and its place, in its own units
_MOST_CAUSES = 8  # of a kind: the rest are seldom
_LINES = {"P": (44, 44), "V": (44, 44)}
"""Characters of each line, by the kind's first letter; cards have three lines of thirty (Doc 9303, parts 4 to 7)."""
_CARD = (30, 30, 30)  # TD1
_WEEK = timedelta(days=7)  # what "this week" is


class Reading(NamedTuple):
    """What a page is made of: the state as it is read, what the statistics found, now, and the reader's language."""

    connection: Connection
    all: All
    found: Findings
    now: datetime
    language: str

    @property
    def texts(self) -> dict[str, str]:
        """The page's texts."""
        return sections(self.language)["fleet"]

    def days(self, *where: ColumnElement[bool]) -> list[Day]:
        """Checks by day of the statistics' window."""
        return days(self.connection, self.found.since, self.found.until, self.found.test, *where)


def overview(reading: Reading, sought: str, page: int) -> dict[str, Any]:
    """All kiosks at a glance; ``page`` from 1, of those that have the text ``sought``."""
    all_ = reading.all
    listed = all_.sought(sought)
    pages = max(1, math.ceil(len(listed) / A_PAGE))
    page = min(max(1, page), pages)
    checks, failed = sum(one.checks for one in all_.kiosks), sum(one.failed for one in all_.kiosks)
    states = {state: all_.of_state(state) for state in ("well", "alert", "new", "revoked")}
    return {
        "kiosks": len(all_.kiosks),
        "states": states,
        "heard": all_.heard_since(recently(reading.now)),
        "checks": checks,
        "read": None if checks < FEWEST else percent(1 - failed / checks),
        "refused": sum(count for of_kiosk in all_.refused.values() for count in of_kiosk.values()),
        "alerts": [shown_alert(one, reading) for one in all_.alerts[:A_PAGE]],
        "rows": listed[(page - 1) * A_PAGE : page * A_PAGE],
        "page": page,
        "pages": pages,
        "sought": sought,
        "picture": picture(all_.kiosks),
    }


def of_kiosks(reading: Reading, kiosks: list[Standing], where: ColumnElement[bool]) -> dict[str, Any]:
    """Some kiosks together, or one: alerts, days, what fails, versions."""
    by_day = reading.days(where)
    parts = spans(((one.day.toordinal(), one.documents, one.failed) for one in by_day), _day)
    whole = sum(one.documents for one in by_day)
    return {
        "rows": kiosks,
        "alerts": [shown_alert(alert, reading) for one in kiosks for alert in one.alerts],
        "days": parts,
        "versions": _versions(by_day, reading),
        "causes": _causes(_of(reading, where), reading) if whole >= FEWEST else None,
    }


def series(reading: Reading, key: Key) -> dict[str, Any] | None:
    """One series; None for one that is unknown or of fewer than 20 documents."""
    found = reading.found.of(key)
    if found is None:
        return None
    by_day = reading.days(of_series(key))
    why = _of(reading, of_series(key))
    weekly = ((week_of(one.day).toordinal(), one.documents, one.failed) for one in by_day)
    return {
        "series": found,
        "weeks": spans(weekly, _day),
        "versions": _versions(by_day, reading),
        "causes": _causes(why, reading),
        "where": _where(why, key),
    }


def cause(reading: Reading, key: Key) -> str:
    """Which advice fits a series."""
    why = _of(reading, of_series(key))
    return cause_of(why.failures, why.quality)


def before(reading: Reading, key: Key) -> Side:
    """The series as it is, to be compared with when there is advice. KeyError for one that is not shown."""
    found = reading.found.of(key)
    if found is None:
        raise KeyError(key)
    return Side(found.documents, found.failed, found.documents * (found.expected or 0.0))


def week(reading: Reading) -> dict[str, Any]:
    """What changed in seven days."""
    texts = reading.texts
    news = [
        {
            "when": f"{item.at:%Y-%m-%d %H:%M}",
            "kiosk": item.kiosk,
            "office": item.office,
            "what": texts["over"] if item.over else texts["began"],
            "kind": texts.get(f"kind_{item.kind}", item.kind),
            "why": sentence(item.kind, item.why, reading.language),
        }
        for item in news_since(reading.connection, reading.now - _WEEK)
    ]
    found = reading.found
    return {"news": news, "began": found.began, "ended": found.ended, "weeks": found.weeks}


def shown_alert(alert: Alert, reading: Reading) -> dict[str, Any]:
    """An alert in words."""
    office = next((one.office for one in reading.all.kiosks if one.kiosk == alert.kiosk), "")
    return {
        "kiosk": alert.kiosk,
        "office": office,
        "kind": reading.texts.get(f"kind_{alert.kind}", alert.kind),
        "code": alert.kind,
        "since": f"{alert.since:%Y-%m-%d %H:%M}",
        "why": sentence(alert.kind, dict(alert.why), reading.language),
    }


def percent(rate: float | None) -> str:
    """A rate as people read it; a dash for none."""
    return "-" if rate is None else f"{100 * rate:.1f} %"


def picture(kiosks: list[Standing]) -> dict[str, Any]:
    """All kiosks as squares in the order of offices: a path by state, and the size of the picture."""
    columns = max(10, math.ceil(math.sqrt(len(kiosks) * _WIDE)))
    paths: dict[str, list[str]] = {}
    for number, one in enumerate(kiosks):
        x, y = _CELL * (number % columns), _CELL * (number // columns)
        paths.setdefault(one.state, []).append(f"M{x} {y}h{_SIDE}v{_SIDE}h-{_SIDE}z")
    height = _CELL * max(1, math.ceil(len(kiosks) / columns))
    return {"width": _CELL * columns, "height": height, "paths": {state: "".join(of) for state, of in paths.items()}}


def _of(reading: Reading, where: ColumnElement[bool]) -> Causes:
    return causes(reading.connection, reading.found.since, reading.found.until, reading.found.test, where)


def _versions(by_day: Iterable[Day], reading: Reading) -> list[Part]:
    found: dict[str, list[int]] = {}
    for one in by_day:
        both = found.setdefault(one.firmware or "-", [0, 0])
        both[0] += one.documents
        both[1] += one.failed
    return shares(((name, both[0], both[1]) for name, both in found.items()), reading.texts["rest"])


def _causes(why: Causes, reading: Reading) -> list[dict[str, Any]]:
    """Reasons, quality and aborts, each with the share of failures that have it, in words where there are some."""
    kinds = (("reason", why.reasons), ("quality", why.quality), ("abort", why.aborts))
    return [
        {"kind": reading.texts[f"cause_{kind}"], "code": code, "count": count, "share": count / why.failures}
        for kind, counted in kinds
        for code, count in _most(counted)
    ]


def _most(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:_MOST_CAUSES]


def _where(why: Causes, key: Key) -> list[dict[str, Any]]:
    """Of each line the counts by character, how dark each is, and the place of the most; none when nothing is known."""
    lines = places(why.places, _LINES.get(key.kind[:1], _CARD))
    most = max((count for line in lines for count in line), default=0)
    if not most:
        return []
    return [
        {
            "line": number,
            "cells": [round(count / most, 2) for count in line],
            "place": line.index(max(line)) + 1,
            "count": max(line),
        }
        for number, line in enumerate(lines, start=1)
    ]


def _day(number: int) -> str:
    return date.fromordinal(number).isoformat()

"""The centre's rounds: looks at all kiosks, what is new about alerts, and telling it. Copies share one state.

News are written in the transaction that finds them, and told afterwards by whichever copy comes first: each is told
once, and again only when a copy ended between telling and noting it. Its name is the same then.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, text, update

from stillscan.fleet.alerts import Alert, Failing, Look, News, step
from stillscan.fleet.page_tables import ALERT, NEWS
from stillscan.fleet.store import Store
from stillscan.fleet.tables import KIOSK, NOTE
from stillscan.records.canonical import instant

_LOCK = text("SELECT pg_advisory_xact_lock(7365)")  # one round at a time; 7363 and 7364 are other locks
_NOTE_DAYS = 8  # a kiosk looks at its glass daily, and at its parts weekly
_MOST_AT_ONCE = 50  # news of a round: a line that is down tells of a thousand kiosks, a batch at a time
_LOG = logging.getLogger(__name__)


class Item(NamedTuple):
    """News as they are told: ``number`` and with it ``name`` stay the same however often it is."""

    number: int
    at: datetime
    kiosk: str
    office: str
    kind: str
    over: bool
    why: dict[str, Any]

    @property
    def name(self) -> str:
        """Of the message."""
        return f"alert-{self.number}"


Tell = Callable[[Item], None]
"""Tells it somebody; OSError when it was not taken."""


def round_(store: Store, failing: dict[str, Failing], now: datetime, told: bool = False) -> list[News]:
    """Look at all kiosks; what is new is kept to be told, or as ``told`` when nobody wants to be. RecordsError."""
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(_LOCK)
        after, news = step(alerts(connection), looks(connection, failing, now), now)
        connection.execute(delete(ALERT))
        if after:
            connection.execute(insert(ALERT), [_alert_row(one) for one in after])
        if news:
            connection.execute(insert(NEWS), [_news_row(one, now, told) for one in news])
    return news


def tell(store: Store, tellers: Sequence[Tell]) -> int:
    """Tell what is new, the oldest first, until somebody does not take it; how much was told. RecordsError."""
    count = 0
    for item in _untold(store):
        try:
            for teller in tellers:
                teller(item)
        except OSError as error:
            _LOG.warning("an alert could not be told: %s", type(error).__name__)
            break
        with store.writing() as connection:
            connection.execute(update(NEWS).where(NEWS.c.number == item.number).values(told=True))
        count += 1
    return count


def alerts(connection: Connection) -> list[Alert]:
    """All alerts that are not over, the newest first."""
    rows = connection.execute(select(ALERT).order_by(ALERT.c.since.desc(), ALERT.c.kiosk))
    return [
        Alert(row.kiosk, row.kind, moment(row.since), json.loads(row.why), row.well_since and moment(row.well_since))
        for row in rows
    ]


def news_since(connection: Connection, since: datetime) -> list[Item]:
    """What began and ended since then, the newest first."""
    rows = connection.execute(select(NEWS).where(NEWS.c.at >= instant(since)).order_by(NEWS.c.number.desc()))
    return [_item(row) for row in rows]


def looks(connection: Connection, failing: dict[str, Failing], now: datetime) -> list[Look]:
    """What is known of each kiosk that is not revoked."""
    notes = _notes(connection, now.astimezone(UTC).date() - timedelta(days=_NOTE_DAYS))
    rows = connection.execute(select(KIOSK).where(KIOSK.c.revoked.is_(False)))
    return [
        Look(
            row.kiosk,
            row.office,
            moment(row.heard) if row.heard else None,
            row.clock_hours,
            bool(row.head_back),
            failing.get(row.kiosk),
            int(notes.get((row.kiosk, "dirt"), {}).get("counts", {}).get("hurts", 0)),
            tuple(sorted(_weak(notes.get((row.kiosk, "calibration"), {}).get("codes", {})))),
        )
        for row in rows
    ]


def _weak(codes: dict[str, str]) -> Iterable[str]:
    """Parts of which a calibration says that they get weak."""
    return (part for part, state in codes.items() if state == "weak")


def _notes(connection: Connection, since: date) -> dict[tuple[str, str], dict[str, Any]]:
    """The newest note of each kind about glass and parts, by kiosk."""
    about = (NOTE.c.kind.in_(("dirt", "calibration")), NOTE.c.hour >= since.isoformat())
    newest = select(NOTE.c.kiosk, NOTE.c.kind, func.max(NOTE.c.n).label("n")).where(*about)
    last = newest.group_by(NOTE.c.kiosk, NOTE.c.kind).subquery()
    joined = select(NOTE).join(last, (NOTE.c.kiosk == last.c.kiosk) & (NOTE.c.n == last.c.n))
    return {(row.kiosk, row.kind): json.loads(row.data) for row in connection.execute(joined)}


def moment(written: str) -> datetime:
    """A moment as tables have it."""
    return datetime.fromisoformat(written)


def _untold(store: Store) -> list[Item]:
    asked = select(NEWS).where(NEWS.c.told.is_(False)).order_by(NEWS.c.number).limit(_MOST_AT_ONCE)
    with store.reading() as connection:
        return [_item(row) for row in connection.execute(asked)]


def _item(row: Any) -> Item:
    return Item(row.number, moment(row.at), row.kiosk, row.office, row.kind, row.over, json.loads(row.why))


def _alert_row(one: Alert) -> dict[str, Any]:
    well_since = one.well_since and instant(one.well_since)
    why = json.dumps(dict(one.why))
    return {"kiosk": one.kiosk, "kind": one.kind, "since": instant(one.since), "well_since": well_since, "why": why}


def _news_row(one: News, now: datetime, told: bool) -> dict[str, Any]:
    alert, why = one.alert, json.dumps(dict(one.alert.why))
    about = {"kiosk": alert.kiosk, "office": one.office, "kind": alert.kind}
    return {**about, "at": instant(now), "over": one.over, "why": why, "told": told}

"""All kiosks as they stand now: what the pages and the API show of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from stillscan.fleet import refusals
from stillscan.fleet.alerts import Alert
from stillscan.fleet.page_tables import ALERT, KNOWN, NEWS
from stillscan.fleet.store import Store
from stillscan.fleet.tables import KIOSK, REFUSAL
from stillscan.fleet.watching import alerts, moment

WELL, ALERTED, NEW, REVOKED = STATES = ("well", "alert", "new", "revoked")
"""Nothing is wrong; there is an alert; it was never heard; nothing is taken from it any more."""


class Standing(NamedTuple):
    """A kiosk now. ``heard``: UTC, None: never; ``missing``: events that are not here though later ones are;
    ``refused``: messages under its name of which nothing was taken, by reason."""

    kiosk: str
    office: str
    board: str
    firmware: str
    host: str
    heard: datetime | None
    last_hour: str
    checks: int
    failed: int
    clock_hours: int
    missing: int
    head: int
    state: str
    refused: dict[str, int]
    alerts: tuple[Alert, ...]


class All(NamedTuple):
    """All kiosks by office and name, and their alerts, the newest first.

    ``refused``: messages by kiosk and reason, also of kiosks that are not enrolled.
    """

    kiosks: list[Standing]
    alerts: list[Alert]
    refused: dict[str, dict[str, int]]

    def of_state(self, state: str) -> int:
        """How many are in it."""
        return sum(one.state == state for one in self.kiosks)

    def heard_since(self, since: datetime) -> int:
        """How many were heard since then."""
        return sum(one.heard is not None and one.heard >= since for one in self.kiosks)

    def sought(self, words: str) -> list[Standing]:
        """Those whose name, office, board or version has this text, alerts first; all for an empty one."""
        words = words.casefold().strip()
        found = [one for one in self.kiosks if not words or words in _text(one)]
        return sorted(found, key=lambda one: one.state != ALERTED)


def standing(connection: Connection) -> All:
    """Read them all."""
    open_ = alerts(connection)
    of: dict[str, list[Alert]] = {}
    for alert in open_:
        of.setdefault(alert.kiosk, []).append(alert)
    refused = refusals.by_kiosk(connection)
    rows = connection.execute(select(KIOSK).order_by(KIOSK.c.office, KIOSK.c.kiosk))
    kiosks = []
    for row in rows:
        own = tuple(of.get(row.kiosk, ()))
        state = REVOKED if row.revoked else ALERTED if own else WELL if row.heard else NEW
        heard = moment(row.heard) if row.heard else None
        about = (row.kiosk, row.office, row.board, row.firmware, row.host, heard, row.last_hour, row.checks, row.failed)
        missing = max(0, row.newest - row.highest)
        kiosks.append(Standing(*about, row.clock_hours, missing, row.head, state, refused.get(row.kiosk, {}), own))
    return All(kiosks, open_, refused)


def mark(store: Store) -> tuple[object, ...]:
    """What is another as soon as anything that pages show has changed. RecordsError."""
    with store.reading() as connection:
        heard = connection.execute(select(func.sum(KIOSK.c.highest), func.max(KIOSK.c.heard), func.count())).one()
        news = connection.scalar(select(func.max(NEWS.c.number)))
        open_ = connection.scalar(select(func.count()).select_from(ALERT))
        refused = connection.scalar(select(func.sum(REFUSAL.c.count)))
        known = connection.scalar(select(func.count()).select_from(KNOWN))
    return (*heard, news, open_, refused, known)


def recently(now: datetime) -> datetime:
    """Since when a kiosk that was heard counts as there: an hour, as events have it."""
    return now - timedelta(hours=1)


def offices(kiosks: Iterable[Standing]) -> dict[str, list[Standing]]:
    """Kiosks by office."""
    found: dict[str, list[Standing]] = {}
    for one in kiosks:
        found.setdefault(one.office, []).append(one)
    return found


def _text(one: Standing) -> str:
    return " ".join((one.kiosk, one.office, one.board, one.firmware)).casefold()

"""Tables of what the centre makes of the events: alerts, their news, and the known-problem list."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Integer, String, Table, Text

from stillscan.fleet.store import Store
from stillscan.fleet.tables import METADATA

# As long as the columns of the same names in the tables of events.
_KIOSK, _CODE, _MOMENT = String(64), String(40), String(27)

ALERT = Table(
    "fleet_alert",
    METADATA,
    Column("kiosk", _KIOSK, primary_key=True),
    Column("kind", _CODE, primary_key=True),
    Column("since", _MOMENT, nullable=False),
    Column("well_since", _MOMENT),
    Column("why", Text, nullable=False),  # JSON: numbers and codes by name
)
"""Alerts that are not over."""

NEWS = Table(
    "fleet_news",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("at", _MOMENT, nullable=False, index=True),
    Column("kiosk", _KIOSK, nullable=False),
    Column("office", String(64), nullable=False),
    Column("kind", _CODE, nullable=False),
    Column("over", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("told", Boolean, nullable=False, default=False),  # by webhook and mail, or nobody wants to be told
)
"""Alerts that began or ended, for ever: what happened this week, and what is still to be told."""

KNOWN = Table(
    "fleet_known",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("issuer", String(3), nullable=False),
    Column("kind", String(2), nullable=False),
    Column("expiry_year", Integer, nullable=False),
    Column("advice", Text, nullable=False),  # JSON: a sentence by language
    Column("seen_from", Date, nullable=False),
    Column("seen_to", Date),
    Column("source", Text, nullable=False),
    Column("staff", _KIOSK, nullable=False),  # who made it
    Column("before", Text, nullable=False),  # JSON: documents, failed and expected of the series before it
)
"""The known-problem list of the fleet."""


def prepare(store: Store) -> None:
    """Make the tables that are missing. RecordsError."""
    with store.writing() as connection:
        METADATA.create_all(connection, tables=[ALERT, NEWS, KNOWN])

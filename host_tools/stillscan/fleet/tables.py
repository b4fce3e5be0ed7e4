"""The tables of the centre. Each event has one row, found by kiosk and number; what is of now stands at the kiosk."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()
_KIOSK, _HOUR, _CODE = String(64), String(13), String(40)  # as long as events let them be

ABOUT = Table(
    "fleet_about",
    METADATA,
    Column("name", String(40), primary_key=True),  # schema, and what `place.Place` tells
    Column("value", String(64), nullable=False),
)
"""What is true of the whole: version of the tables, a random identity of this state, where it stands in the stream."""

COPY = Table("fleet_copy", METADATA, Column("word", String(32), primary_key=True))
"""A random word of each copy of a centre that works on this state: two that share it find each other's word there."""

KIOSK = Table(
    "fleet_kiosk",
    METADATA,
    Column("kiosk", _KIOSK, primary_key=True),
    Column("office", String(64), nullable=False),  # as enrolled, then as the newest event names it
    Column("board", String(64), nullable=False, default=""),
    Column("public_key", Text, nullable=False),  # as NAME.pub has it: all keys, one after another
    Column("nkey", String(56), nullable=False, default=""),  # the user under which the server knows it
    Column("revoked", Boolean, nullable=False, default=False),
    Column("ring", Integer),  # of roll-outs; None: drawn by hash
    Column("highest", BigInteger, nullable=False, default=0),  # every event up to this number is here
    Column("newest", BigInteger, nullable=False, default=0),  # the highest number that came; above `highest`: a gap
    Column("checks", BigInteger, nullable=False, default=0),  # counted as they were taken, beside the rows
    Column("failed", BigInteger, nullable=False, default=0),  # of them without a reading that was certain
    Column("last_hour", _HOUR, nullable=False, default=""),  # of its newest event, by the kiosk's clock
    Column("heard", String(27), nullable=False, default=""),  # when the centre last took something, UTC
    Column("clock_hours", Integer, nullable=False, default=0),  # the kiosk's hour less the centre's when it was sent
    Column("firmware", _CODE, nullable=False, default=""),
    Column("host", _CODE, nullable=False, default=""),
    Column("head", BigInteger, nullable=False, default=0),  # furthest end of its audit chain that was told
    Column("head_n", BigInteger, nullable=False, default=0),  # number of the event that told it
    Column("head_digest", String(64), nullable=False, default=""),
    Column("head_back", BigInteger, nullable=False, default=0),  # event that told an end which does not follow; 0: none
)

CHECK = Table(
    "fleet_check",
    METADATA,
    Column("kiosk", _KIOSK, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("hour", _HOUR, nullable=False, index=True),
    Column("verdict", _CODE, nullable=False),
    Column("ok", Boolean, nullable=False),  # a document was read with certainty
    Column("issuer", String(3)),  # issuer, kind and expiry_year are of one series, or all NULL
    Column("kind", String(2)),
    Column("expiry_year", Integer),
    Column("attempts", Integer, nullable=False),
    Column("firmware", _CODE, nullable=False),
    Column("host", _CODE, nullable=False),
    Column("board", String(64), nullable=False),
    Column("test", Boolean, nullable=False),
    Column("seq", BigInteger),  # the check's entry of its kiosk's audit chain
    Column("digest", String(64)),
    Column("what", Text, nullable=False),  # JSON: reasons, aborts, ms, quality, failed_at
    Index("fleet_check_series", "issuer", "kind", "expiry_year"),
)

NOTE = Table(
    "fleet_note",
    METADATA,
    Column("kiosk", _KIOSK, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("hour", _HOUR, nullable=False, index=True),
    Column("kind", _CODE, nullable=False),  # health, dirt, calibration, service, versions
    Column("data", Text, nullable=False),  # JSON
)

HEAD = Table(
    "fleet_head",
    METADATA,
    Column("kiosk", _KIOSK, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("hour", _HOUR, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", Text, nullable=False),  # with its signature the evidence that the kiosk said so
    Column("signature", String(128), nullable=False),
)

ROLLOUT = Table(
    "fleet_rollout",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),  # in the order of planning
    Column("plan", Text, nullable=False),  # JSON
)
"""Roll-outs as they go; who changes one locks all of them, so that copies of a centre do so one after another."""

GIVEN = Table(
    "fleet_given",
    METADATA,
    Column("rollout", String(64), primary_key=True),
    Column("kiosk", _KIOSK, primary_key=True),
    Column("n", BigInteger, nullable=False),  # of the event that told it: later checks are with the release
    Column("refused", Boolean, nullable=False),  # the kiosk could not take it
)
"""Which kiosk has, or could not take, what a roll-out brings, as it said itself."""

UNREAD = Table(
    "fleet_unread",
    METADATA,
    Column("kiosk", _KIOSK, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("signature", String(128), nullable=False),
)
"""Events of a newer schema, kept until a newer centre reads them."""

AHEAD = Table(
    "fleet_ahead",
    METADATA,
    Column("kiosk", _KIOSK, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
)
"""Numbers above a kiosk's `highest` that came before one in between; gone when that has come."""

REFUSAL = Table(
    "fleet_refusal",
    METADATA,
    Column("kiosk", _KIOSK, primary_key=True),  # as the subject names it
    Column("reason", _CODE, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last", String(27), nullable=False),  # UTC
)
"""What was sent and not taken: forged, revoked, unknown, malformed, too large."""

REFUSED = Table("fleet_refused", METADATA, Column("stream", BigInteger, primary_key=True, autoincrement=False))
"""Messages that REFUSAL counts, by their numbers in the stream, as long as they are on the server."""

"""The one clock of records."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)

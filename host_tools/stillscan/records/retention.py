"""Retention: personal parts that are older than their time are erased, and the chain says which and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from stillscan.records.audit import appending
from stillscan.records.canonical import instant
from stillscan.records.chain_entry import PURGE, ChainEntry, problem
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.errors import FieldError
from stillscan.records.keyring import Keyring
from stillscan.records.models import CONSIGNMENT, ENTRY

DAYS = 90
"""The sender keeps the evidence for years; here it only answers complaints."""
MOST_DAYS = 3650  # ten years: what is longer is taken for a slip in typing


def days(value: int) -> int:
    """A retention time in days. FieldError for less than one or more than ten years."""
    if not 1 <= value <= MOST_DAYS:
        raise FieldError("retention", f"is 1 to {MOST_DAYS} days")
    return value


def purge(
    database: Database,
    keyring: Keyring,
    retention_days: int,
    now: datetime | None = None,
    chain: ChainState | None = None,
) -> int:
    """Erase personal parts older than the retention time; how many entries lost theirs.

    A letter that still may be handed out keeps its recipient: not released, and its deadline not passed. A PIN is kept
    as long as it is in force.
    """
    now = now or utc_now()
    before = instant(now - timedelta(days=days(retention_days)))
    old = select(ENTRY).where(ENTRY.c.time < before, ENTRY.c.personal.is_not(None)).order_by(ENTRY.c.seq)
    with database.reading() as connection:
        if connection.execute(old.limit(1)).first() is None:
            return 0
    with appending(database, keyring, chain) as appender:
        connection = appender.connection
        kept = appender.chain.accounts.kept()
        waiting = set(connection.scalars(select(CONSIGNMENT.c.entry).where(CONSIGNMENT.c.released.is_(False))))
        gone = [
            entry.seq
            for entry in map(ChainEntry.of, connection.execute(old))
            if entry.seq not in kept
            and (
                entry.seq not in waiting or problem(entry, keyring) or entry.facts["deadline"] < now.date().isoformat()
            )
        ]
        if not gone:
            return 0
        for seqs in _some(gone):
            connection.execute(update(ENTRY).where(ENTRY.c.seq.in_(seqs)).values(salt=None, personal=None))
        appender.append(PURGE, now, {"before": before, "entries": ranges(gone)})
    database.forget()
    return len(gone)


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Ascending numbers as [first, last] pairs."""
    pairs: list[list[int]] = []
    for number in numbers:
        if pairs and pairs[-1][1] == number - 1:
            pairs[-1][1] = number
        else:
            pairs.append([number, number])
    return pairs


def _some(numbers: list[int], most: int = 500) -> Iterable[list[int]]:
    return (numbers[i : i + most] for i in range(0, len(numbers), most))

"""What was sent and not taken: counted by kiosk and reason, each message once, however often it is read.

A message is read again when its acknowledgement was lost, and when a state was put back: a backup knows which messages
it had counted, so that only later ones are added to what it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from stillscan.fleet.tables import REFUSAL, REFUSED
from stillscan.records.canonical import instant

LOST = "lost"
"""Reason under which events are counted that a kiosk has not any more, and a centre that was put back not either."""


class Refusal(NamedTuple):
    """A message by its number in the stream, the kiosk that its subject names, and why nothing is taken of it."""

    stream: int
    kiosk: str
    reason: str


def count(connection: Connection, refusals: Iterable[Refusal], now: datetime) -> int:
    """Count the messages of a batch that were not counted before; how many these are."""
    given = {one.stream: one for one in refusals}
    known = set(connection.scalars(select(REFUSED.c.stream).where(REFUSED.c.stream.in_(given))))
    new = [one for number, one in sorted(given.items()) if number not in known]
    if new:
        connection.execute(insert(REFUSED), [{"stream": one.stream} for one in new])
        add(connection, Counter((one.kiosk, one.reason) for one in new), now)
    return len(new)


def add(connection: Connection, counts: Mapping[tuple[str, str], int], now: datetime) -> None:
    """So many more by kiosk and reason."""
    for (kiosk, reason), many in sorted(counts.items()):
        where = (REFUSAL.c.kiosk == kiosk, REFUSAL.c.reason == reason)
        more = {"count": REFUSAL.c.count + many, "last": instant(now)}
        if not connection.execute(update(REFUSAL).where(*where).values(**more)).rowcount:
            connection.execute(insert(REFUSAL).values(kiosk=kiosk, reason=reason, count=many, last=instant(now)))


def forget(connection: Connection, before: int | None = None) -> None:
    """Messages below this number are not on the server any more; None: the stream is another one, and counts anew."""
    gone = delete(REFUSED)
    connection.execute(gone if before is None else gone.where(REFUSED.c.stream < before))


def by_kiosk(connection: Connection) -> dict[str, dict[str, int]]:
    """How many by reason, of each kiosk of which anything was refused."""
    found: dict[str, dict[str, int]] = {}
    counts = select(REFUSAL.c.kiosk, REFUSAL.c.reason, REFUSAL.c.count).order_by(REFUSAL.c.kiosk, REFUSAL.c.reason)
    for kiosk, reason, many in connection.execute(counts):
        found.setdefault(kiosk, {})[reason] = many
    return found

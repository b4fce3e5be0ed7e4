"""What a kiosk has to tell its centre: rows of its own database, written with what they tell of, or not at all.

Numbers count up from 1 without a gap, for each kiosk by itself; a row stays until the centre has said that it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from stillscan.fleet.events import MOST_OFFICE, PURPOSE, Kind, body_of, hour_of
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.models import OUTBOX, OUTBOX_END
from stillscan.records.text import line

_LAST = select(OUTBOX_END.c.last).where(OUTBOX_END.c.kiosk == bindparam("name"))
_LOCKED = _LAST.with_for_update()  # SQLite has one writer anyway
_NEXT = update(OUTBOX_END).where(OUTBOX_END.c.kiosk == bindparam("name")).values(last=bindparam("number"))
_ADD = insert(OUTBOX)


class Waiting(NamedTuple):
    """A row that waits to be sent."""

    n: int
    body: bytes
    signature: str


class Outbox:
    """The rows of one kiosk. RecordsError from all of it, as from the database."""

    def __init__(self, database: Database, keyring: Keyring, office: str) -> None:
        """FieldError for an office whose name no event could hold."""
        self._database, self._keyring = database, keyring
        self.kiosk, self._office = keyring.kiosk, line("office", office, MOST_OFFICE)

    def add(self, connection: Connection, kind: Kind, moment: datetime, data: BaseModel) -> int:
        """Write an event in somebody's transaction; its number. EventError for what no centre would take."""
        last = connection.scalar(_LOCKED, {"name": self.kiosk})
        n = (last or 0) + 1
        body = body_of(self.kiosk, n, kind, hour_of(moment), self._office, data)
        signature = self._keyring.sign(PURPOSE, body)
        if last is None:
            connection.execute(insert(OUTBOX_END), {"kiosk": self.kiosk, "last": n})
        else:
            connection.execute(_NEXT, {"name": self.kiosk, "number": n})
        connection.execute(_ADD, {"kiosk": self.kiosk, "n": n, "body": body.decode(), "signature": signature})
        return n

    def tell(self, kind: Kind, moment: datetime, data: BaseModel) -> int:
        """Write an event that belongs to nothing else."""
        with self._database.writing() as connection:
            return self.add(connection, kind, moment, data)

    def waiting(self, after: int, most: int) -> Sequence[Waiting]:
        """The next rows above a number, in order."""
        wanted = select(OUTBOX.c.n, OUTBOX.c.body, OUTBOX.c.signature)
        wanted = wanted.where(OUTBOX.c.kiosk == self.kiosk, OUTBOX.c.n > after).order_by(OUTBOX.c.n).limit(most)
        with self._database.reading() as connection:
            return [Waiting(n, body.encode(), signature) for n, body, signature in connection.execute(wanted)]

    def taken(self, upto: int) -> None:
        """The centre has everything up to this number: it need not be kept here."""
        with self._database.writing() as connection:
            connection.execute(delete(OUTBOX).where(OUTBOX.c.kiosk == self.kiosk, OUTBOX.c.n <= upto))

    def last(self) -> int:
        """The number that was given last; 0: none."""
        with self._database.reading() as connection:
            return connection.scalar(_LAST, {"name": self.kiosk}) or 0

    def first(self) -> int:
        """The number of the first row that waits; one above the last when none does."""
        oldest = select(func.min(OUTBOX.c.n)).where(OUTBOX.c.kiosk == self.kiosk)
        with self._database.reading() as connection:
            found = connection.scalar(oldest)
            return found if found is not None else (connection.scalar(_LAST, {"name": self.kiosk}) or 0) + 1

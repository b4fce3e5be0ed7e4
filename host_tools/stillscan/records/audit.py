"""The audit chain: appending to it, one at a time, whoever writes."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Generator, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Select, bindparam, insert, select, update

from stillscan.records import checkpoint, models, tables
from stillscan.records.canonical import instant
from stillscan.records.chain_entry import HEAD, ChainEntry, ChainHead, head_message, sign_entry, unknown
from stillscan.records.chain_state import ChainState
from stillscan.records.chain_time import CLOCK
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.errors import NOTHING, RecordsError, broken, untrusted
from stillscan.records.keyring import Keyring
from stillscan.records.models import ENTRY
from stillscan.records.rotation import learn, noticing
from stillscan.records.witness import Notes, Seen, noting

_log = logging.getLogger(__name__)
_HEAD = select(models.HEAD)
_LOCK = _HEAD.with_for_update()
_APPEND = insert(ENTRY)
_SEAL = update(models.HEAD)
# yield_per: some hundred entries of about 1 kB at once take no room worth naming
_AFTER = select(ENTRY).where(ENTRY.c.seq > bindparam("after")).order_by(ENTRY.c.seq).execution_options(yield_per=500)


class Appender:
    """The end of the chain, locked inside one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring, chain: ChainState, notes: Notes) -> None:
        """Lock the end and look whether it is what was left there. RecordsError for a chain that was tampered with.

        Also for tables that something was added to: a trigger could swallow what is written here.
        """
        _expect_ours(connection)
        head = _head(_only(connection.execute(_LOCK)))
        self.connection = connection
        self.keyring = keyring
        self.chain = chain
        self._start = self._count = head.seq
        self._end = head.digest
        _follow(connection, keyring, chain, head, notes)
        self._judged: tuple[datetime, ...] = ()
        self._written = hashlib.sha256()  # over the entries of this transaction: a file of letters has many
        self._rows: list[tuple[Select[Any], dict[str, Any], tuple[Any, ...]]] = []

    @property
    def head(self) -> Seen:
        """Where the chain ends now."""
        return Seen(self._count, self._end)

    def judged(self, moment: datetime | None = None) -> datetime:
        """The time to judge and write by, in UTC: now or this moment, if the clock can be believed. ClockError."""
        moment = moment or utc_now()
        if moment not in self._judged:  # a file of letters asks a thousand times
            self._judged = (moment, self.keyring.clock.judge(moment, self.chain.time))
        return self._judged[1]

    def append(
        self, kind: str, moment: datetime, details: dict[str, Any], person: dict[str, str] | None = None
    ) -> ChainEntry:
        """Add an entry. ``details`` stay for ever, ``person`` until the retention time is over.

        ClockError when the moment is one that the clock of this kiosk cannot vouch for.
        """
        if kind != CLOCK:  # that entry vouches for the clock
            moment = self.judged(moment)
        entry = sign_entry(self.keyring, self._count + 1, self._end, instant(moment), kind, details, person)
        self.connection.execute(_APPEND, entry._asdict())
        self._written.update(_spelt(entry))
        self._count, self._end = entry.seq, entry.digest
        return entry

    def expect(self, question: Select[Any], values: dict[str, Any], row: tuple[Any, ...]) -> None:
        """What was written beside the entries: before the commit, the question must find this one row."""
        self._rows.append((question, values, row))

    def seal(self) -> Seen:
        """Sign the new end, before the commit, unless nothing was appended; where the chain ends now.

        RecordsError when the database has not kept what it was given: nothing is told as recorded that is not there.
        """
        if self._count == self._start:
            return self.head
        signature = self.keyring.sign(HEAD, head_message(self._count, self._end))
        values = {"entries": self._count, "digest": self._end, "kiosk": self.keyring.kiosk, "signature": signature}
        self.connection.execute(_SEAL, values)
        self._read_back(ChainHead(self._count, self._end, self.keyring.kiosk, signature))
        return self.head

    def _read_back(self, head: ChainHead) -> None:
        """All that this transaction wrote, as it stands there now."""
        _expect_ours(self.connection)  # on a server it may have come since; what was written to is locked against more
        found = hashlib.sha256()
        with contextlib.closing(entries(self.connection, self._start)) as after:
            for entry in after:
                found.update(_spelt(entry))
        if found.digest() != self._written.digest() or head_of(self.connection) != head:
            raise _refused("the database did not keep what was written to it")
        if any(self.connection.execute(question, values).all() != [row] for question, values, row in self._rows):
            raise _refused("the database did not keep what was written to it")


def _spelt(entry: ChainEntry) -> bytes:
    return repr(tuple(entry)).encode()


def _expect_ours(connection: Connection) -> None:
    if found := tables.added(connection):
        raise _refused(f"the database was altered: {found}")


def _refused(what: str) -> RecordsError:
    return RecordsError(f"{what}; run 'stillscan audit verify'. {NOTHING}", "damaged")


@contextlib.contextmanager
def appending(database: Database, keyring: Keyring, chain: ChainState | None = None) -> Iterator[Appender]:
    """One transaction that appends to the chain: all of it is durable when this ends, or none of it happened.

    The chain is followed first: from its beginning, or from where a process that appends often knows it (``chain``);
    a long way before anybody has to wait for us.
    """
    chain = chain or ChainState()
    keyring.guard()
    with chain.alone, noting(keyring.head, writes=True) as (notes, note):
        if not chain.end.seq:
            checkpoint.begin(chain, keyring)
            with database.reading() as connection:
                _follow(connection, keyring, chain, _head(head_of(connection)), notes)
            keep_checkpoint(keyring, chain)
        with database.writing() as connection:
            appender = Appender(connection, keyring, chain, notes)
            yield appender
            end = appender.seal()
        note(end)


@contextlib.contextmanager
def reading_chain(database: Database, keyring: Keyring, chain: ChainState | None = None) -> Iterator[Connection]:
    """One moment of the database to read in, to which ``chain`` is followed first; nothing is written there.

    RecordsError for a chain that does not hold: what is read is as sure as what is written.
    """
    chain = chain or ChainState()
    keyring.guard()
    with chain.alone, noting(keyring.head, writes=False) as (notes, note), database.reading() as connection:
        if not chain.end.seq:
            checkpoint.begin(chain, keyring)
        _follow(connection, keyring, chain, _head(head_of(connection)), notes)
        note(chain.end)
        yield connection


def keep_checkpoint(keyring: Keyring, chain: ChainState) -> None:
    """Write a checkpoint of a chain that was followed, when the last is far behind. Never in the way of anything."""
    with chain.alone:
        if chain.end.seq - chain.checkpoint < checkpoint.EVERY:
            return
        try:
            kept = checkpoint.keep(chain, keyring)
        except RecordsError as error:
            _log.warning("no checkpoint was written: %s", error)
            return
        fresh = ChainState()
        checkpoint.begin(fresh, keyring)
        if kept and fresh.end == chain.end:
            chain.known, chain.checkpoint = fresh.known, fresh.checkpoint  # what is in its file is let go of here


def _follow(connection: Connection, keyring: Keyring, chain: ChainState, head: ChainHead, notes: Notes) -> None:
    """Did a kiosk that is known here sign the head, and does the chain lead there?"""
    if head.seq and not _signed(head, keyring):
        learn(connection, keyring, chain.end.seq)  # by a key that has taken the place of the one that is known here?
        _expect_signed(head, keyring)
    with contextlib.closing(entries(connection, chain.end.seq)) as after:
        chain.follow(noticing(after, keyring), Seen(head.seq, head.digest), notes)
    if head.seq:
        _expect_signed(head, keyring)  # not by a key that was exchanged on the way


def _signed(head: ChainHead, keyring: Keyring) -> bool:
    """Whether the kiosk that the head names signed it. RecordsError when its key is not here."""
    if not keyring.knows(head.kiosk):
        raise untrusted(unknown(head.kiosk, keyring))
    return keyring.signed(head.kiosk, HEAD, head_message(head.seq, head.digest), head.signature, head.seq)


def _expect_signed(head: ChainHead, keyring: Keyring) -> None:
    if not _signed(head, keyring):
        raise broken("its head was not signed by the kiosk that it names")


def head_of(connection: Connection) -> ChainHead | None:
    """Where the chain ends, without locking it."""
    return _only(connection.execute(_HEAD))


def _only(rows: CursorResult[Any]) -> ChainHead | None:
    """The head, where there is exactly one."""
    found = rows.all()
    return ChainHead.of(found[0]) if len(found) == 1 else None


def _head(head: ChainHead | None) -> ChainHead:
    if head is None:
        raise broken("its signed head is gone")
    return head


def has_signed(connection: Connection, kiosk: str) -> bool:
    """Whether the chain has an entry that names this kiosk as its own; whether it is whole is not asked."""
    return any(entry.facts["kiosk"] == kiosk for entry in entries(connection))


def entries(connection: Connection, after: int = 0) -> Generator[ChainEntry]:
    """The entries in order, a few at a time."""
    with connection.execute(_AFTER, {"after": after}) as rows:
        for row in rows:
            yield ChainEntry.of(row)

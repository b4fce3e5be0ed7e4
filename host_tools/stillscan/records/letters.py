"""Do the letters agree with the chain? Every one that was imported is there, and is released exactly if it was."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from stillscan.records import chain_state, release
from stillscan.records.canonical import canonical
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.keyring import Keyring
from stillscan.records.models import CONSIGNMENT, RELEASE

Problem = tuple[str, int | None, str]
"""Tracking number, entry if one is to be named, what is wrong."""


class Letters:
    """Gathers what the chain says of letters, then compares the tables with it."""

    def __init__(self, connection: Connection, keyring: Keyring, purged: Container[int]) -> None:
        """``connection`` must see one moment, the same as the chain that is noted; ``purged`` grows with it."""
        self._purged = purged
        self._connection = connection
        self._keyring = keyring
        self._imported: dict[str, int] = {}
        self._released: dict[str, ChainEntry] = {}
        self._twice: list[Problem] = []

    def note(self, entry: ChainEntry, facts: dict[str, Any]) -> None:
        """Take in a whole entry of the chain."""
        if facts["kind"] == chain_state.CONSIGNMENT:
            former = self._imported.get(facts["tracking"])
            if former is not None and former not in self._purged:
                self._twice.append((facts["tracking"], entry.seq, f"it was imported before, by entry {former}"))
            self._imported[facts["tracking"]] = entry.seq
        elif facts["kind"] == chain_state.CHECK and facts["verdict"] == chain_state.RELEASE:
            first = self._released.setdefault(facts["tracking"], entry)
            if first is not entry:
                self._twice.append((facts["tracking"], entry.seq, f"it was released before, by entry {first.seq}"))

    def problems(self) -> Iterator[Problem]:
        """Everything that does not agree."""
        yield from self._twice
        yield from self._letters({str(row.tracking): row for row in self._connection.execute(select(CONSIGNMENT))})
        yield from self._records({str(row.tracking): row for row in self._connection.execute(select(RELEASE))})

    def _letters(self, rows: dict[str, Row[Any]]) -> Iterator[Problem]:
        """Every letter that was imported is there, and no others; each is marked as released exactly if it was."""
        for number, seq in self._imported.items():
            if number not in rows:
                yield number, seq, "its consignment is gone from the database"
        for number, row in rows.items():
            released = self._released.get(number)
            if self._imported.get(number) != row.entry:
                yield number, None, "no entry of the chain imported it as it is"
            if row.released and released is None:
                yield number, None, "it is marked as released, and no entry of the chain released it"
            if released is not None and not row.released:
                yield number, released.seq, "it released this consignment, which is marked as not released"

    def _records(self, rows: dict[str, Row[Any]]) -> Iterator[Problem]:
        """Every release has its record, and every record is that of a release, unaltered."""
        for number, entry in self._released.items():
            if number not in rows:
                yield number, entry.seq, "its release record is gone"
        for number, row in rows.items():
            if wrong := self._record(number, row):
                yield number, row.entry, wrong

    def _record(self, number: str, row: Row[Any]) -> str | None:
        entry = self._released.get(number)
        if entry is None or entry.seq != row.entry:
            return "the release record of a consignment that it did not release"
        if str(row.record).encode() != canonical(release.record(entry)):
            return "its release record was altered"
        if not self._keyring.signed(entry.facts["kiosk"], release.RECORD, str(row.record).encode(), str(row.signature)):
            return "its release record was not signed by the kiosk that it names"
        return None

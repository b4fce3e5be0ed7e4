"""Is the audit chain whole? Every entry, its end, what each kiosk remembers of it, and the letters that point to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from stillscan.records import letters, tables
from stillscan.records.audit import entries, head_of
from stillscan.records.chain_entry import HEAD, UNKNOWN, ChainEntry, head_message, problem, unknown
from stillscan.records.chain_state import Known
from stillscan.records.chain_time import CLOCK
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import (
    CHANGES,
    CONSIGNMENT,
    CONSIGNMENT_AGAIN,
    CORRECTION,
    EXTENSION,
    NEWER,
    RETURN,
    WITHDRAWAL,
)
from stillscan.records.models import ENTRY
from stillscan.records.rotation import KEYS, learn, unproven
from stillscan.records.schema import START
from stillscan.records.witness import Notes, Seen, noting

_ALSO_TOLD = {
    CLOCK: "{staff} vouched for the clock of {kiosk}: {time:.16} UTC, where {was:.16} was known",
    KEYS: "{staff} exchanged the key of {kiosk}",
}
"""What was done to a kiosk, not to a letter, and is to be seen as well."""


class AuditFinding(NamedTuple):
    """Something that is not as it was written; ``entry`` and ``tracking`` say where, as far as that can be said."""

    problem: str
    entry: int | None = None
    tracking: str | None = None

    def __str__(self) -> str:
        """One line that names the place first."""
        if self.entry is not None:
            return f"entry {self.entry}: {self.problem}"
        return f"consignment {self.tracking}: {self.problem}" if self.tracking is not None else self.problem


class Verified(NamedTuple):
    """What was looked at and what was found; ``end`` is the chain's last entry, to be kept elsewhere and compared."""

    findings: list[AuditFinding]
    entries: int
    end: str
    kiosks: list[str]
    changes: list[AuditFinding]
    """What was done to letters that were here already, to clocks and keys: nothing is wrong, but it is to be seen."""


def verify(
    database: Database, keyring: Keyring, former: Seen | None = None, progress: Callable[[int], None] = lambda _: None
) -> Verified:
    """Look at everything. ``former`` is an end that was noted elsewhere: it must still be in the chain."""
    damage = database.intact()
    findings = [AuditFinding(f"the database file is damaged: {damage}")] if damage else []
    keyring.guard()
    # The notes first: they only grow.
    with noting(keyring.head, writes=False) as (notes, note), database.reading() as connection:
        findings += map(AuditFinding, tables.strange(connection))
        walk = _Walk(connection, keyring, _remembered(notes, former))
        try:
            learn(connection, keyring)
            for entry in entries(connection):
                findings += walk.step(entry)
                progress(entry.seq)
            findings += walk.finish()
        except SQLAlchemyError:
            if not findings:
                raise
            findings.append(AuditFinding("what is left of the tables cannot be read"))  # and that is their fault
        if not findings:
            note(Seen(walk.count, walk.end))
    return Verified(findings, walk.count, walk.end, sorted(walk.kiosks), walk.changes)


def _remembered(notes: Notes, former: Seen | None) -> dict[int, list[tuple[str, str]]]:
    """By entry: (who remembers it, its digest)."""
    seen_by = [(f"kiosk {kiosk}", seen) for kiosk, seen in notes.items()]
    remembered: dict[int, list[tuple[str, str]]] = {}
    for who, seen in [*seen_by, *([("the end that you gave", former)] if former else [])]:
        remembered.setdefault(seen.seq, []).append((who, seen.digest))
    return remembered


class _Walk:
    """The chain, entry by entry."""

    def __init__(self, connection: Connection, keyring: Keyring, remembered: dict[int, list[tuple[str, str]]]) -> None:
        self.count = 0
        self.end = START
        self.kiosks: set[str] = set()
        self.changes: list[AuditFinding] = []
        self._connection = connection
        self._keyring = keyring
        self._unknown: set[str] = set()
        self._remembered = remembered
        self._known = Known()
        self._without: set[int] = set()  # entries whose personal part is not there

    def step(self, entry: ChainEntry) -> Iterator[AuditFinding]:
        """What is wrong with the next entry."""
        if entry.seq != self.count + 1:
            yield AuditFinding(f"{_missing(self.count + 1, entry.seq - 1)} missing before it", entry.seq)
        wrong = problem(entry, self._keyring)
        if wrong:
            if wrong not in self._unknown:
                yield AuditFinding(wrong, entry.seq)
            if wrong.startswith((UNKNOWN, NEWER)):  # told once a kiosk, or a version and kind
                self._unknown.add(wrong)
        else:
            yield from self._whole(entry, entry.facts, follows=entry.seq == self.count + 1)
        for who, digest in self._remembered.pop(entry.seq, []):
            if digest != entry.digest:
                yield AuditFinding(f"{who} remembers another entry in its place", entry.seq)
        self.count, self.end = entry.seq, entry.digest

    def _whole(self, entry: ChainEntry, facts: dict[str, Any], *, follows: bool) -> Iterator[AuditFinding]:
        self.kiosks.add(facts["kiosk"])
        if follows and facts["former"] != self.end:
            yield AuditFinding("it does not follow the entry before it", entry.seq)
        if facts["personal"] is not None and entry.personal is None:
            self._without.add(entry.seq)
        if wrong := unproven(entry, facts, self._keyring):
            yield AuditFinding(wrong, entry.seq)
        if facts["kind"] in _ALSO_TOLD:
            self.changes.append(AuditFinding(_ALSO_TOLD[facts["kind"]].format(**facts), entry.seq))
        yield from self._told(entry.seq, facts)

    def _told(self, seq: int, facts: dict[str, Any]) -> Iterator[AuditFinding]:
        """What the entry says of letters: what is wrong with that, and what a supervisor changed."""
        number = facts.get("tracking")
        former = self._known.letter(number) if isinstance(number, str) else None
        wrong = self._known.take(seq, facts)
        if facts["kind"] in CHANGES:
            self.changes.append(AuditFinding(f"{_CHANGED[facts['kind']]} by {facts['staff']}", seq, number))
        elif facts["kind"] == CONSIGNMENT and former is not None and not self._known.personal[former.imported]:
            self.changes.append(AuditFinding(_CHANGED[CONSIGNMENT_AGAIN], seq, number))
            return  # an older stillscan had no other kind for it
        if wrong:
            yield AuditFinding(wrong, seq, number)

    def finish(self) -> Iterator[AuditFinding]:
        """What is wrong at the end, and across entries."""
        for (seq,) in self._connection.execute(_OUTSIDE):
            yield AuditFinding("no entry has such a number; it was added", seq)
        yield from self._at_its_end()
        for seq, notes in sorted(self._remembered.items()):
            yield from (AuditFinding(f"it is missing, and {who} remembers it", seq) for who, _ in notes)
        there = {seq for seq, time in self._known.personal.items() if time}
        for seq in sorted(self._without & there):
            yield AuditFinding("its personal part was removed, and no purge says so", seq)
        for seq in sorted(self._known.personal.keys() - there - self._without):
            yield AuditFinding("a purge says that its personal part is gone, but it is there", seq)
        if not self._unknown:  # otherwise there would be much to tell of letters that one key explains
            found = letters.problems(self._connection, self._keyring, self._known)
            yield from (AuditFinding(wrong, entry, number) for number, entry, wrong in found)

    def _at_its_end(self) -> Iterator[AuditFinding]:
        """What is wrong with the signed head."""
        head = head_of(self._connection)
        if head is None:
            yield AuditFinding("the signed head of the chain is gone, or is not what was written there")
        elif head.seq != self.count:
            late = "at the end" if head.seq > self.count else "that the head does not know"
            low, high = sorted((head.seq, self.count))
            yield AuditFinding(f"{_missing(low + 1, high)} {'missing ' if head.seq > self.count else ''}{late}")
        elif head.digest != self.end:
            yield AuditFinding("the head names another entry as the last", self.count or None)
        elif unknown(head.kiosk, self._keyring) in self._unknown:
            pass  # it wrote the last entry, and that was told
        elif self.count and not self._keyring.signed(
            head.kiosk, HEAD, head_message(head.seq, head.digest), head.signature, head.seq
        ):
            yield AuditFinding("the head of the chain was not signed by a kiosk that is known here")


_OUTSIDE = select(ENTRY.c.seq).where(ENTRY.c.seq < 1).order_by(ENTRY.c.seq)
_CHANGED = {
    CONSIGNMENT_AGAIN: "a letter that was here before was taken in again",
    EXTENSION: "its deadline was extended",
    CORRECTION: "its recipient's name was corrected",
    WITHDRAWAL: "it was withdrawn",
    RETURN: "it was returned to its sender",
}


def _missing(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"

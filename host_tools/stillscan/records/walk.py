"""The audit chain, looked at entry by entry: what `verification.verify` does, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from stillscan.records import checkpoint, letters
from stillscan.records.audit import entries, head_of
from stillscan.records.canonical import canonical
from stillscan.records.chain_entry import HEAD, ChainEntry, head_message, looked_at, unknown
from stillscan.records.chain_state import Known
from stillscan.records.chain_time import CLOCK, ChainTime
from stillscan.records.checkpoint import Checkpoint, Confirmed
from stillscan.records.errors import UNKNOWN
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
from stillscan.records.rotation import KEYS, noticing, unproven
from stillscan.records.schema import START
from stillscan.records.witness import Seen

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


Remembered = dict[int, list[tuple[str, str]]]
"""By entry: (who remembers it, its digest)."""


class Walk:
    """The chain, entry by entry."""

    def __init__(
        self, connection: Connection, keyring: Keyring, remembered: Remembered, own: Checkpoint | None
    ) -> None:
        """``own``: the checkpoint of this kiosk, which is compared, and whose signatures are not looked at again."""
        self.count = 0
        self.end = START
        self.kiosks: set[str] = set()
        self.changes: list[AuditFinding] = []
        self._connection = connection
        self._keyring = keyring
        self._unknown: set[str] = set()
        self._remembered = {seq: list(notes) for seq, notes in remembered.items()}
        self._known = Known()
        self._time = ChainTime()
        self._own = own
        self._confirmed = Confirmed(own)
        self._agrees = own is None
        self._without: set[int] = set()  # entries whose personal part is not there

    def all(self, progress: Callable[[int], None]) -> list[AuditFinding]:
        """Everything that is wrong."""
        found: list[AuditFinding] = []
        for entry in noticing(entries(self._connection), self._keyring):
            found += self._step(entry)
            progress(entry.seq)
        found += self._finish()
        return found

    @property
    def agrees(self) -> bool:
        """Whether the checkpoint says what the entries say, signatures and all."""
        return self._agrees and self._confirmed.holds

    def checkpoint(self) -> tuple[dict[str, Any], bytes]:
        """One of everything that was looked at; only when nothing was wrong."""
        return checkpoint.made(Seen(self.count, self.end), self._time, self._known, self._confirmed.upto(self.count))

    def _step(self, entry: ChainEntry) -> Iterator[AuditFinding]:
        """What is wrong with the next entry."""
        if entry.seq != self.count + 1:
            yield AuditFinding(f"{_missing(self.count + 1, entry.seq - 1)} missing before it", entry.seq)
        self._confirmed.note(entry.seq, entry.signature)
        facts, wrong = looked_at(entry, self._keyring, confirmed=self._confirmed.covers(entry.seq))
        if wrong:
            if wrong not in self._unknown:
                yield AuditFinding(wrong, entry.seq)
            if wrong.startswith((UNKNOWN, NEWER)):  # told once a kiosk, or a version and kind
                self._unknown.add(wrong)
        else:
            yield from self._whole(entry, facts, follows=entry.seq == self.count + 1)
        for who, digest in self._remembered.pop(entry.seq, []):
            if digest != entry.digest:
                yield AuditFinding(f"{who} remembers another entry in its place", entry.seq)
        self.count, self.end = entry.seq, entry.digest
        if self._own is not None and self._own.end == (entry.seq, entry.digest):
            facts, _ = checkpoint.made(self._own.end, self._time, self._known, self._own.facts["confirmed"])
            self._agrees = canonical(facts) == canonical(self._own.facts)

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
        self._time.note(facts)
        yield from self._told(entry.seq, facts)

    def _told(self, seq: int, facts: dict[str, Any]) -> Iterator[AuditFinding]:
        """What the entry says of letters: what is wrong with that, and what a supervisor changed."""
        number = facts.get("tracking")
        former = self._known.letter(number) if isinstance(number, str) else None
        wrong = self._known.take(seq, facts)
        if facts["kind"] in CHANGES:
            self.changes.append(AuditFinding(f"{_CHANGED[facts['kind']]} by {_who(facts)}", seq, number))
        elif facts["kind"] == CONSIGNMENT and former is not None and not self._known.personal[former.imported]:
            self.changes.append(AuditFinding(_CHANGED[CONSIGNMENT_AGAIN], seq, number))
            return  # an older stillscan had no other kind for it
        if wrong:
            yield AuditFinding(wrong, seq, number)

    def _finish(self) -> Iterator[AuditFinding]:
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
            found = letters.problems(self._connection, self._keyring, self._known, self._confirmed)
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


def _who(facts: dict[str, Any]) -> str:
    """A supervisor, and the token of the API by which they decided."""
    return f"{facts['staff']} (token {facts['token']})" if facts.get("token") else str(facts["staff"])


def _missing(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"

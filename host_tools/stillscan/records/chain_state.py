"""What the chain says, followed entry by entry from its beginning: the one home of what is decided by it.

The tables say it too, but a row can be edited. The signed head vouches for every entry before it, as long as each
names the digest of the one before: that is followed once at the start and then as far as the chain grows, so a letter
stays what it is, and handed out once it was, whatever happens to its rows.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from threading import RLock
from typing import Any, NamedTuple

from stillscan.records import kinds
from stillscan.records.canonical import digest
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.chain_letter import ChainLetter, after
from stillscan.records.chain_time import ChainTime
from stillscan.records.errors import broken
from stillscan.records.letter_store import LetterStore
from stillscan.records.schema import START
from stillscan.records.witness import Notes, Seen


class Kept(NamedTuple):
    """An entry of one of `kinds.KEPT`, to be read by whoever knows that kind."""

    seq: int
    facts: Mapping[str, Any]


class ChainState:
    """What one process knows of the chain. Threads that share it hold `alone` while they follow and use it."""

    def __init__(self) -> None:
        self.alone = RLock()
        self.end = Seen(0, START)
        self.time = ChainTime()
        self.known = Known()
        self.checkpoint = 0
        """The entry of the checkpoint from which on it was followed; 0 for the chain's beginning."""

    def letter(self, number: str) -> ChainLetter | None:
        """What the chain says of the letter with this normalised tracking number; None for one it never took in."""
        return self.known.letter(number)

    def kept(self, *wanted: str) -> list[Kept]:
        """All entries of these kinds (of `kinds.KEPT`), in order."""
        return sorted(one for kind in wanted for one in self.known.kept.get(kind, []))

    def follow(self, following: Iterable[ChainEntry], head: Seen, notes: Notes) -> None:
        """Follow the chain from where it is known to its signed head, past what the kiosks of this folder saw last.

        ``following`` are the entries after `end`. RecordsError when they do not lead there.
        """
        end, time, more = self.end, copy.copy(self.time), Known(self.known)
        to_meet = {seen: kiosk for kiosk, seen in notes.items() if seen.seq >= end.seq and seen != end}
        for entry in following:
            if entry.seq != end.seq + 1 or digest(entry.body.encode()) != entry.digest:
                raise broken(f"entry {entry.seq} was altered, or one before it is missing")
            try:
                facts = kinds.facts_of(entry.body)
            except kinds.BodyError as error:
                raise entry.wrong(error) from None
            if facts["former"] != end.digest:
                raise broken(f"entry {entry.seq} does not follow the one before it")
            more.take(entry.seq, facts)
            time.note(facts)
            end = Seen(entry.seq, entry.digest)
            to_meet.pop(end, None)
        if end != head:
            raise broken("entries are missing at its end, or were added")
        for seen, kiosk in to_meet.items():
            raise broken(f"kiosk {kiosk} saw entry {seen.seq}, and it is gone or another")
        self.end, self.time = end, time
        self.known.absorb(more)


class Known:
    """What entries say, put together; over a ``base`` that it leaves alone until that absorbs it, or over a store."""

    def __init__(self, base: Known | None = None, store: LetterStore | None = None) -> None:
        self._base = base
        self.store = store
        self.letters: dict[str, ChainLetter] = {}
        """Those that are not in the store, or newer than there."""
        self.count = 0
        """How many letters there are, without those of the base."""
        self.released = 0
        """How many of them were handed out, without those of the base."""
        self.kept: dict[str, list[Kept]] = {}
        self.personal: dict[int, str] = {}
        """By entry that has a personal part: the entry's time, or "" when a purge has erased it."""

    def letter(self, number: str) -> ChainLetter | None:
        """The letter with this number, if it was taken in."""
        found = self.letters.get(number)
        if found is None and self._base is not None:
            return self._base.letter(number)
        return self.store.letter(number) if found is None and self.store is not None else found

    def numbers(self) -> Iterator[str]:
        """The numbers of all letters, in order; of one without a base."""
        yield from sorted({*self.letters, *(self.store.numbers() if self.store is not None else ())})

    def take(self, seq: int, facts: dict[str, Any]) -> str:
        """Take in the next entry; what is wrong with it as part of the whole ("" for nothing)."""
        kind, wrong = facts["kind"], ""
        if facts["personal"] is not None:
            self.personal[seq] = facts["time"]
        if kind in kinds.LETTERS:
            wrong = self._about(facts["tracking"], seq, facts)
        elif kind == kinds.PURGE:
            for first, last in facts["entries"]:
                self.personal.update(dict.fromkeys(range(first, min(last, seq) + 1), ""))
        else:
            self.kept.setdefault(kind, []).append(Kept(seq, facts))
        return wrong

    def absorb(self, more: Known) -> None:
        """Take in what was put together over this one."""
        self.letters |= more.letters
        self.count += more.count
        self.released += more.released
        for kind, entries in more.kept.items():
            self.kept.setdefault(kind, []).extend(entries)
        for seq, time in more.personal.items():
            if time:
                self.personal[seq] = time
            else:
                self.personal.pop(seq, None)

    def _about(self, number: str, seq: int, facts: dict[str, Any]) -> str:
        before = self.letter(number)
        letter, wrong = after(before, seq, facts)
        if letter is not None and letter is not before:
            self.letters[number] = letter
            self.count += before is None
            self.released += letter.state == "released" and (before is None or before.state != "released")
        return wrong

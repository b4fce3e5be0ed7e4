"""Letters to hand out: checked when they come in, stored as signed entries of the audit chain, read back only whole.

What a letter is, and whether it still waits, is what the chain says. The tables only help to find it: a row that says
anything else was edited, reading it fails, and `audit verify` names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, Integer, bindparam, func, insert, select, type_coerce, update

from stillscan.records import kinds, text, tracking
from stillscan.records.audit import Appender
from stillscan.records.chain_entry import ChainEntry, problem
from stillscan.records.chain_letter import ChainLetter
from stillscan.records.chain_state import ChainState
from stillscan.records.errors import NOTHING, UNKNOWN, FieldError, RecordsError, untrusted
from stillscan.records.keyring import Keyring
from stillscan.records.models import CONSIGNMENT, ENTRY, RELEASE
from stillscan.verify import case

FIELDS = ("tracking", "order", "recipient", "deadline", "office")
OPTIONAL = ("office",)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(2000, 2100)  # a deadline lies weeks ahead: what lies beyond these is a slip in typing
_AT_ONCE = 500  # numbers in one question to the database


Stands = Literal["waiting", "deadline over", "released", "withdrawn", "returned"]


@dataclass(frozen=True, repr=False)
class StoredConsignment(case.Consignment):
    """One letter as it is stored. ``recipient`` and ``order`` are empty when time erased them (`erased`)."""

    test: bool = False
    """For trying out: only checks in test mode see it, and they see no other."""

    def __repr__(self) -> str:
        """Without personal data, because objects end up in logs and tracebacks."""
        return f"StoredConsignment({self.tracking!r}, released={self.released})"

    @property
    def erased(self) -> bool:
        """Whether the personal part is gone."""
        return not self.recipient

    @property
    def waits(self) -> bool:
        """Whether nothing has ended it; its deadline may be over all the same."""
        return not (self.released or self.withdrawn or self.returned)

    def state_on(self, day: date) -> Stands:
        """How it stands on a day, in the words that people and programs are told."""
        if self.released:
            return "released"
        if self.withdrawn or self.returned:
            return "returned" if self.returned else "withdrawn"
        return "deadline over" if self.deadline < day else "waiting"


def from_fields(
    fields: Mapping[str, object], *, test: bool = False
) -> tuple[StoredConsignment | None, list[FieldError]]:
    """A letter from the fields of a row, or everything that is wrong with them."""
    read: dict[str, Callable[[str, object], Any]] = {
        "tracking": partial(_tracking, test=test),
        "recipient": text.name,
        "deadline": day_of,
        "order": text.line,
        "office": partial(text.line, empty=True),
    }
    values, errors = {}, []
    for field in FIELDS:
        try:
            values[field] = read[field](field, fields.get(field, "" if field in OPTIONAL else None))
        except FieldError as error:
            errors.append(error)
    return (None if errors else StoredConsignment(**values, released=False, test=test)), errors


def add(
    appender: Appender,
    letter: StoredConsignment,
    moment: datetime,
    *,
    again: str | None = None,
    token: str | None = None,
) -> None:
    """Store a letter that is not there; `again`: the supervisor who takes in one that was there before.

    ``token``: the name of the token of the API that it came in by.
    """
    details: dict[str, Any] = {
        "tracking": letter.tracking,
        "deadline": letter.deadline.isoformat(),
        "office": letter.office,
        "test": letter.test,
    }
    if token is not None:
        details["token"] = token
    person = {"order": letter.order, "recipient": letter.recipient}
    if again is None:
        entry = appender.append(kinds.CONSIGNMENT, moment, details, person)
        appender.connection.execute(_INSERT, {"tracking": letter.tracking, "entry": entry.seq, "released": False})
    else:
        entry = appender.append(kinds.CONSIGNMENT_AGAIN, moment, {**details, "staff": again}, person)
        row = update(CONSIGNMENT).where(CONSIGNMENT.c.tracking == letter.tracking)
        appender.connection.execute(row.values(entry=entry.seq))
    appender.expect(_SOME, {"numbers": [letter.tracking]}, (letter.tracking, entry.seq, 0, None))


_INSERT = insert(CONSIGNMENT)
# As it is stored, not as what it may pass for: SQLite keeps any value in any column.
_RELEASED = type_coerce(CONSIGNMENT.c.released, Integer).label("marked")
_ROWS = select(CONSIGNMENT.c.tracking, CONSIGNMENT.c.entry, _RELEASED, RELEASE.c.entry.label("record")).outerjoin_from(
    CONSIGNMENT, RELEASE, RELEASE.c.tracking == CONSIGNMENT.c.tracking
)
_SOME = _ROWS.where(CONSIGNMENT.c.tracking.in_(bindparam("numbers", expanding=True)))
_COUNTS = select(select(func.count()).select_from(CONSIGNMENT).scalar_subquery(), func.count()).select_from(RELEASE)
_ENTRIES = select(ENTRY).where(ENTRY.c.seq.in_(bindparam("seqs", expanding=True)))


def find(
    connection: Connection, keyring: Keyring, chain: ChainState, numbers: Sequence[str] | None = None
) -> Iterator[StoredConsignment]:
    """The letters with these normalised tracking numbers (default: all), in order, as the chain says that they are.

    ``chain`` has been followed to what ``connection`` sees (`audit.reading_chain`, or an Appender). RecordsError for a
    letter whose signed entry was altered, or whose row says anything else than the chain.
    """
    for letter, _ in stored(connection, keyring, chain, numbers):
        yield letter


def known_by(
    numbers: Sequence[str], connection: Connection, keyring: Keyring, chain: ChainState, *, test: bool
) -> StoredConsignment | None:
    """The letter that has the first of these normalised numbers that any has, among those for trying out or the others.

    Everything else as for `find`.
    """
    here = {one.tracking: one for one in find(connection, keyring, chain, numbers) if one.test == test}
    return next((here[number] for number in numbers if number in here), None)


def stored(
    connection: Connection, keyring: Keyring, chain: ChainState, numbers: Sequence[str] | None = None
) -> Iterator[tuple[StoredConsignment, StoredConsignment]]:
    """As `find`, each letter as it is now and as it was taken in last: the same until it is extended or corrected."""
    if numbers is None:
        _no_others(connection, chain)
    wanted = iter(sorted(set(numbers)) if numbers is not None else chain.known.numbers())
    while part := list(islice(wanted, _AT_ONCE)):
        letters = check_rows(connection, chain, part)
        seqs = [seq for letter in letters.values() for seq in {letter.imported, letter.recipient}]
        found = read_entries(connection, keyring, seqs)
        for number, letter in letters.items():
            yield _read(number, letter, found)


def check_rows(connection: Connection, chain: ChainState, numbers: Sequence[str]) -> dict[str, ChainLetter]:
    """What the chain says of these letters, of those that it knows. RecordsError when their rows say anything else."""
    rows = {str(row.tracking): row for row in connection.execute(_SOME, {"numbers": numbers})}
    letters = {number: letter for number in numbers if (letter := chain.letter(number)) is not None}
    for number, row in rows.items():
        if number not in letters:
            raise altered(f"the letter of entry {row.entry}: no entry took it in")
    for number, letter in letters.items():
        if number not in rows:
            raise altered(f"the letter of entry {letter.imported}: its row is gone")
        row, out = rows[number], letter.state == "released"
        marked = type(row.marked) in (int, bool) and row.marked == out
        if not marked or (row.entry, row.record) != (letter.imported, letter.ended if out else None):
            raise altered(f"the letter of entry {letter.imported}: {_ROW}")
    return letters


def read_entries(connection: Connection, keyring: Keyring, seqs: Sequence[int]) -> dict[int, ChainEntry]:
    """These entries of the chain, each found whole and signed. RecordsError for one that is not, or is gone."""
    found: dict[int, ChainEntry] = {}
    for i in range(0, len(seqs), _AT_ONCE):
        rows = connection.execute(_ENTRIES, {"seqs": seqs[i : i + _AT_ONCE]})
        found |= {entry.seq: entry for entry in map(ChainEntry.of, rows)}
    for seq in seqs:
        if seq not in found:
            raise altered(f"entry {seq} is gone")
        if wrong := problem(found[seq], keyring):
            raise untrusted(wrong) if wrong.startswith(UNKNOWN) else altered(f"entry {seq}: {wrong}")
    return found


def altered(what: str) -> RecordsError:
    """The error for what does not agree with the chain. No tracking number in it: the message is logged."""
    return RecordsError(f"{what}; run 'stillscan audit verify'. {NOTHING}", "broken")


_ROW = "its row was altered"


def _no_others(connection: Connection, chain: ChainState) -> None:
    letters, records = connection.execute(_COUNTS).one()
    if letters != chain.known.count:
        raise altered(f"letters in the database: {letters}, in the chain: {chain.known.count}")
    if records != chain.known.released:
        raise altered(f"hand-overs in the database: {records}, in the chain: {chain.known.released}")


def _read(
    number: str, letter: ChainLetter, found: Mapping[int, ChainEntry]
) -> tuple[StoredConsignment, StoredConsignment]:
    entry, named = found[letter.imported], found[letter.recipient]
    facts = entry.facts
    person = entry.person or {"order": "", "recipient": ""}
    imported = StoredConsignment(
        tracking=number,
        recipient=person["recipient"],
        deadline=date.fromisoformat(facts["deadline"]),
        released=letter.state == "released",
        order=person["order"],
        office=letter.office,
        withdrawn=letter.state == "withdrawn",
        returned=letter.state == "returned",
        test=letter.test,
    )
    name = (named.person or {"recipient": ""})["recipient"] if imported.recipient else ""
    return replace(imported, recipient=name, deadline=date.fromisoformat(letter.deadline)), imported


def _tracking(field: str, value: object, *, test: bool) -> str:
    if not isinstance(value, str):
        raise FieldError(field, "is missing" if value is None else "is not text")
    return tracking.normalise(value, test=test)


def day_of(field: str, value: object) -> date:
    """A day to collect a letter by, written as YYYY-MM-DD. FieldError."""
    written = text.line(field, value)
    try:
        day = date.fromisoformat(written) if _DATE.fullmatch(written) else None
    except ValueError:
        day = None
    if day is None:
        raise FieldError(field, "is a date as YYYY-MM-DD")
    if day.year not in _YEARS:
        raise FieldError(field, f"is a date from {_YEARS[0]} to {_YEARS[-1]}")
    return day

"""Letters to hand out: checked when they come in, stored as signed entries of the audit chain, read back only whole.

Because recipient and deadline stand in a signed entry, a row that somebody edits in the database is not a letter any
more: reading it fails, and `audit verify` names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from stillscan.records import chain_state, text, tracking
from stillscan.records.audit import Appender
from stillscan.records.chain_entry import UNKNOWN, ChainEntry, problem
from stillscan.records.errors import NOTHING, FieldError, RecordsError, untrusted
from stillscan.records.keyring import Keyring
from stillscan.records.models import CONSIGNMENT, ENTRY, RELEASE
from stillscan.verify import case

FIELDS = ("tracking", "order", "recipient", "deadline", "office")
OPTIONAL = ("office",)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(2000, 2100)  # a deadline lies weeks ahead: what lies beyond these is a slip in typing
_AT_ONCE = 500  # numbers in one question to the database


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


def from_fields(
    fields: Mapping[str, object], *, test: bool = False
) -> tuple[StoredConsignment | None, list[FieldError]]:
    """A letter from the fields of a row, or everything that is wrong with them."""
    read: dict[str, Callable[[str, object], Any]] = {
        "tracking": partial(_tracking, test=test),
        "recipient": text.name,
        "deadline": _deadline,
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


def add(appender: Appender, letter: StoredConsignment, moment: datetime, *, again: bool = False) -> None:
    """Store a letter that is not there; `again`: one whose personal part time has erased before it was handed out."""
    details = {
        "tracking": letter.tracking,
        "deadline": letter.deadline.isoformat(),
        "office": letter.office,
        "test": letter.test,
    }
    person = {"order": letter.order, "recipient": letter.recipient}
    entry = appender.append(chain_state.CONSIGNMENT, moment, details, person)
    if again:
        row = update(CONSIGNMENT).where(CONSIGNMENT.c.tracking == letter.tracking)
        appender.connection.execute(row.values(entry=entry.seq))
    else:
        values = {"tracking": letter.tracking, "entry": entry.seq, "released": False}
        appender.connection.execute(_INSERT, values)


_ALL = (
    select(CONSIGNMENT.c.tracking, CONSIGNMENT.c.released, RELEASE.c.tracking, *ENTRY.c)
    .outerjoin_from(CONSIGNMENT, ENTRY, ENTRY.c.seq == CONSIGNMENT.c.entry)
    .outerjoin(RELEASE, RELEASE.c.tracking == CONSIGNMENT.c.tracking)
    .order_by(CONSIGNMENT.c.tracking)
)
_INSERT = insert(CONSIGNMENT)
_SOME = _ALL.where(CONSIGNMENT.c.tracking.in_(bindparam("numbers", expanding=True)))


def find(
    connection: Connection,
    keyring: Keyring,
    numbers: Sequence[str] | None = None,
    imported: Mapping[str, int] | None = None,
) -> Iterator[StoredConsignment]:
    """The letters with these normalised tracking numbers (default: all), in order of their numbers.

    ``imported`` is what the chain says of the entries that they stand in. RecordsError for a letter whose row or signed
    entry was altered.
    """
    parts = [None] if numbers is None else [numbers[i : i + _AT_ONCE] for i in range(0, len(numbers), _AT_ONCE)]
    for part in parts:
        found = connection.execute(_ALL) if part is None else connection.execute(_SOME, {"numbers": part})
        for number, released, record, *columns in found:
            if imported is not None and imported.get(str(number)) != columns[0]:
                raise _altered(f"the letter of entry {columns[0]}: its row was altered")
            yield _read(str(number), bool(released) or record is not None, columns, keyring)


def _altered(what: str) -> RecordsError:
    """No tracking number in it: the message is logged."""
    return RecordsError(f"{what}; run 'stillscan audit verify'. {NOTHING}")


def _read(number: str, released: bool, columns: Sequence[Any], keyring: Keyring) -> StoredConsignment:
    if columns[0] is None:
        raise _altered("a letter's entry is gone")
    entry = ChainEntry.of(columns)
    wrong = problem(entry, keyring)
    facts = {} if wrong else entry.facts
    if not wrong and (facts["kind"], facts.get("tracking")) != (chain_state.CONSIGNMENT, number):
        wrong = "it is about another letter"
    if wrong:
        raise untrusted(wrong) if wrong.startswith(UNKNOWN) else _altered(f"the letter of entry {entry.seq}: {wrong}")
    person = entry.person or {"order": "", "recipient": ""}
    return StoredConsignment(
        tracking=number,
        recipient=person["recipient"],
        deadline=date.fromisoformat(facts["deadline"]),
        released=released,
        order=person["order"],
        office=facts["office"],
        test=facts["test"],
    )


def _tracking(field: str, value: object, *, test: bool) -> str:
    if not isinstance(value, str):
        raise FieldError(field, "is missing" if value is None else "is not text")
    return tracking.normalise(value, test=test)


def _deadline(field: str, value: object) -> date:
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

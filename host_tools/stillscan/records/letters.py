"""Do the tables agree with the chain? Every letter has its row, every hand-over its record, and there are no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Integer, Row, select, type_coerce

from stillscan.records import release
from stillscan.records.canonical import canonical
from stillscan.records.chain_entry import ChainEntry, problem
from stillscan.records.chain_letter import ChainLetter
from stillscan.records.chain_state import Known
from stillscan.records.keyring import Keyring
from stillscan.records.models import CONSIGNMENT, ENTRY, RELEASE

Problem = tuple[str, int | None, str]
"""Tracking number, entry if one is to be named, what is wrong."""
_MARKED = type_coerce(CONSIGNMENT.c.released, Integer).label("marked")  # as it is stored
_LETTERS = select(CONSIGNMENT.c.tracking, CONSIGNMENT.c.entry, _MARKED)
_ENTRY = select(ENTRY)


def problems(connection: Connection, keyring: Keyring, known: Known) -> Iterator[Problem]:
    """Everything that does not agree; ``known`` is what the chain says at the moment that ``connection`` sees."""
    yield from _letters({str(row.tracking): row for row in connection.execute(_LETTERS)}, known)
    yield from _records(
        {str(row.tracking): row for row in connection.execute(select(RELEASE))}, connection, keyring, known
    )


def _letters(rows: dict[str, Row[Any]], known: Known) -> Iterator[Problem]:
    """Every letter that was taken in is there, and no others; each is marked as released exactly if it was."""
    for number in known.numbers():
        letter, row = known.letter(number), rows.get(number)
        if letter is None:
            continue
        if row is None:
            yield number, letter.imported, "its consignment is gone from the database"
            continue
        out = letter.state == "released"
        if letter.imported != row.entry:
            yield number, None, "no entry of the chain imported it as it is"
        if type(row.marked) not in (int, bool) or row.marked not in (0, 1):
            yield number, None, "its mark of being released is neither true nor false"
        elif row.marked and not out:
            yield number, None, "it is marked as released, and no entry of the chain released it"
        elif out and not row.marked:
            yield number, letter.ended, "it released this consignment, which is marked as not released"
    for number in rows:
        if known.letter(number) is None:
            yield number, None, "no entry of the chain imported it as it is"


def _records(rows: dict[str, Row[Any]], connection: Connection, keyring: Keyring, known: Known) -> Iterator[Problem]:
    """Every release has its record, and every record is that of a release, unaltered."""
    for number in known.numbers():
        letter = known.letter(number)
        if letter is not None and letter.state == "released" and number not in rows:
            yield number, letter.ended, "its release record is gone"
    for number, row in rows.items():
        if wrong := _record(row, connection, keyring, known.letter(number)):
            yield number, row.entry if isinstance(row.entry, int) else None, wrong


def _record(row: Row[Any], connection: Connection, keyring: Keyring, letter: ChainLetter | None) -> str | None:
    if letter is None or letter.state != "released" or letter.ended != row.entry:
        return "the release record of a consignment that it did not release"
    entry = ChainEntry.of(connection.execute(_ENTRY.where(ENTRY.c.seq == letter.ended)).one())
    if problem(entry, keyring):
        return None  # which is told of the entry itself
    if str(row.record).encode() != canonical(release.record(entry)):
        return "its release record was altered"
    if not keyring.signed(
        entry.facts["kiosk"], release.RECORD, str(row.record).encode(), str(row.signature), entry.seq
    ):
        return "its release record was not signed by the kiosk that it names"
    return None

"""Do the tables agree with the chain? Every letter has its row, every hand-over its record, and there are no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Integer, Row, select, type_coerce

from stillscan.records import release
from stillscan.records.canonical import canonical
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.chain_state import Known
from stillscan.records.checkpoint import Confirmed
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import BodyError, facts_of
from stillscan.records.models import CONSIGNMENT, ENTRY, RELEASE

Problem = tuple[str, int | None, str]
"""Tracking number, entry if one is to be named, what is wrong."""
_AT_ONCE = 1000  # rows: a few hundred kB
_MARKED = type_coerce(CONSIGNMENT.c.released, Integer).label("marked")  # as it is stored
_LETTERS = select(CONSIGNMENT.c.tracking, CONSIGNMENT.c.entry, _MARKED).execution_options(yield_per=_AT_ONCE)
_RECORDS = (
    select(RELEASE.c.tracking, RELEASE.c.record, RELEASE.c.signature, RELEASE.c.entry.label("of"), *ENTRY.c)
    .outerjoin_from(RELEASE, ENTRY, ENTRY.c.seq == RELEASE.c.entry)
    .order_by(RELEASE.c.entry)
    .execution_options(yield_per=_AT_ONCE)
)


def problems(connection: Connection, keyring: Keyring, known: Known, confirmed: Confirmed) -> Iterator[Problem]:
    """Everything that does not agree; ``known`` is what the chain says at the moment that ``connection`` sees.

    ``confirmed``: up to where the signatures of release records were found good before; it goes over them again.
    """
    yield from _letters(connection, known)
    yield from _records(connection, keyring, known, confirmed)


def _letters(connection: Connection, known: Known) -> Iterator[Problem]:
    """Every letter that was taken in is there, and no others; each is marked as released exactly if it was."""
    there = 0
    for row in connection.execute(_LETTERS):
        letter = known.letter(str(row.tracking))
        there += letter is not None
        out = letter is not None and letter.state == "released"
        if letter is None or letter.imported != row.entry:
            yield str(row.tracking), None, "no entry of the chain imported it as it is"
        if type(row.marked) not in (int, bool) or row.marked not in (0, 1):
            yield str(row.tracking), None, "its mark of being released is neither true nor false"
        elif row.marked and not out:
            yield str(row.tracking), None, "it is marked as released, and no entry of the chain released it"
        elif letter is not None and out and not row.marked:
            yield str(row.tracking), letter.ended, "it released this consignment, which is marked as not released"
    if there != known.count:
        rows = {str(row.tracking) for row in connection.execute(_LETTERS)}
        for number in known.numbers():
            letter = known.letter(number)
            if number not in rows and letter is not None:
                yield number, letter.imported, "its consignment is gone from the database"


def _records(connection: Connection, keyring: Keyring, known: Known, confirmed: Confirmed) -> Iterator[Problem]:
    """Every release has its record, and every record is that of a release, unaltered."""
    there = 0
    for row in connection.execute(_RECORDS):
        letter = known.letter(str(row.tracking))
        of_it = letter is not None and letter.state == "released" and letter.ended == row.of
        there += of_it
        wrong = (
            _record(row, keyring, confirmed) if of_it else "the release record of a consignment that it did not release"
        )
        if wrong:
            yield str(row.tracking), row.of if isinstance(row.of, int) else None, wrong
    if there != known.released:
        rows = {str(row.tracking) for row in connection.execute(_RECORDS)}
        for number in known.numbers():
            letter = known.letter(number)
            if letter is not None and letter.state == "released" and number not in rows:
                yield number, letter.ended, "its release record is gone"


def _record(row: Row[Any], keyring: Keyring, confirmed: Confirmed) -> str | None:
    entry = ChainEntry.of(row[4:])
    try:
        facts = facts_of(entry.body)
    except BodyError:
        return None  # which is told of the entry itself
    record, signature = str(row.record), str(row.signature)
    if record.encode() != canonical(release.record_of(facts, entry.seq, entry.digest)):
        return "its release record was altered"
    confirmed.note_record(entry.seq, signature)
    if not confirmed.covers(entry.seq) and not keyring.signed(
        facts["kiosk"], release.RECORD, record.encode(), signature, entry.seq
    ):
        return "its release record was not signed by the kiosk that it names"
    return None

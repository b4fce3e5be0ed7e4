"""Import of consignments: every error of the file is told with its line, and the file goes in whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from stillscan.records.audit import appending
from stillscan.records.chain_state import ChainState
from stillscan.records.changes import Changed, ChangeError, Problem, deciding, mark
from stillscan.records.clock import utc_now
from stillscan.records.consignments import FIELDS, OPTIONAL, StoredConsignment, add, from_fields, stored
from stillscan.records.database import Database
from stillscan.records.errors import RowsError
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import CONSIGNMENT_AGAIN
from stillscan.records.rows import rows
from stillscan.records.staff import Person


class Imported(NamedTuple):
    """How many letters of a file are new, and how many were there already, the same."""

    new: int
    unchanged: int


def load(
    content: bytes,
    database: Database,
    keyring: Keyring,
    source: str,
    *,
    test: bool = False,
    supervisor: Person | None = None,
    token: str | None = None,
) -> Imported:
    """Import a CSV or JSON file. RowsError with all errors, FILE:LINE each; then nothing was imported.

    A letter that is there already with the same contents is left as it is, so that a file can be sent twice; one that
    waits with other contents is an error. One that was withdrawn, returned, or erased before it was handed out comes in
    again, changed or not, when a ``supervisor`` who is signed in says so (NotAllowedError for anybody else). `test`
    marks all of them as letters for trying out. ``token``: the name of the token of the API that they came in by, for
    their entries.
    """
    letters, errors = parse(content, test=test)
    new = 0
    chain = ChainState()
    with appending(database, keyring, chain) as appender:
        decides = None if supervisor is None else deciding(chain, supervisor)
        here = {now.tracking: (now, first) for now, first in stored(appender.connection, keyring, chain, list(letters))}
        moment = utc_now()
        for number, (line, letter) in letters.items():
            comes = _comes(letter, *here.get(number, (None, None)), again=decides is not None)
            if comes in ("new", "again"):
                new += 1
                if not errors:
                    add(appender, letter, moment, again=decides if comes == "again" else None, token=token)
            elif comes != "unchanged":
                errors.append((line, comes))
        if errors:
            raise RowsError(source, sorted(errors))
    return Imported(new, len(letters) - new)


def take_in_again(
    letter: StoredConsignment,
    supervisor: Person,
    database: Database,
    keyring: Keyring,
    chain: ChainState,
    *,
    seen: str,
    token: str | None = None,
) -> Changed:
    """Take in a letter that was withdrawn, returned, or erased before it was handed out; durable when this returns.

    Everything as for `changes.record`: NotAllowedError, ChangeError, RecordsError.
    """
    with appending(database, keyring, chain) as appender:
        decides = deciding(chain, supervisor, token)
        now, first = next(stored(appender.connection, keyring, chain, [letter.tracking]), (None, None))
        if now is None or now.test != letter.test:
            raise ChangeError("unknown")
        comes = _comes(letter, now, first, again=True)
        if comes != "again":
            same: Problem = "same" if comes == "unchanged" else "waiting"
            raise ChangeError("released" if now.released else same, already=comes == "unchanged" and now.waits)
        if seen != mark(chain, letter.tracking):
            raise ChangeError("meanwhile")
        add(appender, letter, appender.judged(), again=decides, token=token)
        return Changed(letter.tracking, CONSIGNMENT_AGAIN, appender.head.seq)


def _comes(
    letter: StoredConsignment, now: StoredConsignment | None, first: StoredConsignment | None, *, again: bool
) -> str:
    """How a letter comes in: "new", "again", "unchanged", or why it does not. ``first``: as it was taken in last."""
    if now is None or first is None:
        return "new"
    same = letter in (_waiting(now), _waiting(first))
    if now.released:
        return "unchanged" if same or now.erased else _OTHER
    if letter.test != now.test:
        return _OTHER  # what was for trying out never becomes a real letter, nor the other way round
    if again and not now.waits:
        return "again"  # with the same contents too: a supervisor has looked at it
    if same:
        return "unchanged"
    if now.erased and not now.waits and (letter.deadline, letter.office) == (first.deadline, first.office):
        return "unchanged"  # the same file once more, as far as can still be told
    if now.erased or not now.waits:
        return "again" if again else _BEFORE
    return _OTHER


def _waiting(letter: StoredConsignment) -> StoredConsignment:
    return replace(letter, released=False, withdrawn=False, returned=False)


_OTHER = "this tracking number is there already, with other contents"
_BEFORE = "this tracking number was here before; a supervisor can take it in again (--staff)"


def parse(
    content: bytes, *, test: bool = False
) -> tuple[dict[str, tuple[int, StoredConsignment]], list[tuple[int, str]]]:
    """(letters by tracking number with their lines, errors with theirs) of a file, without a database."""
    letters: dict[str, tuple[int, StoredConsignment]] = {}
    errors: list[tuple[int, str]] = []
    for row in rows(content, FIELDS, OPTIONAL):
        if row.fields is None:
            errors.append((row.line, row.problem))
            continue
        letter, wrong = from_fields(row.fields, test=test)
        errors += [(row.line, str(error)) for error in wrong]
        if letter is None:
            continue
        line, first = letters.setdefault(letter.tracking, (row.line, letter))
        if first != letter:
            errors.append((row.line, f"this tracking number stands in line {line} too, with other contents"))
    return letters, errors

"""Import of consignments: every error of the file is told with its line, and the file goes in whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from stillscan.records.audit import appending
from stillscan.records.clock import utc_now
from stillscan.records.consignments import FIELDS, OPTIONAL, StoredConsignment, add, find, from_fields
from stillscan.records.database import Database
from stillscan.records.errors import NOTHING, RecordsError, RowsError
from stillscan.records.keyring import Keyring
from stillscan.records.rows import rows


class Imported(NamedTuple):
    """How many letters of a file are new, and how many were there already, the same."""

    new: int
    unchanged: int


def load(content: bytes, database: Database, keyring: Keyring, source: str, *, test: bool = False) -> Imported:
    """Import a CSV or JSON file. RowsError with all errors, FILE:LINE each; then nothing was imported.

    A letter that is there already with the same contents is left as it is, so that a file can be sent twice; one with
    other contents is an error. `test` marks all of them as letters for trying out.
    """
    letters, errors = parse(content, test=test)
    unchanged = 0
    with appending(database, keyring) as appender:
        imported = appender.chain.letters
        stored = {one.tracking: one for one in find(appender.connection, keyring, list(letters), imported)}
        if gone := [number for number in letters if number in imported and number not in stored]:
            seq = imported[gone[0]]
            raise RecordsError(f"the letter of entry {seq}: its row is gone; run 'stillscan audit verify'. {NOTHING}")
        moment = utc_now()
        for number, (line, letter) in letters.items():
            before = stored.get(number)
            if before is None or (before.erased and not before.released):
                if not errors:
                    add(appender, letter, moment, again=before is not None)
            elif before.erased or letter == replace(before, released=False):
                unchanged += 1
            else:
                errors.append((line, "this tracking number is there already, with other contents"))
        if errors:
            raise RowsError(source, sorted(errors))
    return Imported(len(letters) - unchanged, unchanged)


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

"""One letter as a supervisor looks at it: how it stands, and every entry of the chain about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from stillscan.records.audit import reading_chain
from stillscan.records.chain_letter import ChainLetter
from stillscan.records.chain_state import ChainState
from stillscan.records.changes import mark
from stillscan.records.consignments import StoredConsignment, altered, known_by, read_entries
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import LETTERS
from stillscan.records.models import ENTRY

_AT_ONCE = 50_000  # entries in one question: 0.06 s, far below the time limit of a statement
_ABOUT = (
    select(ENTRY.c.seq)
    .where(ENTRY.c.seq.between(bindparam("first"), bindparam("last")), ENTRY.c.body.like(bindparam("about")))
    .order_by(ENTRY.c.seq)
)


class LetterHistory(NamedTuple):
    """``mark``: see `changes.mark`. ``entries``: the facts of each entry about the letter, in order."""

    letter: StoredConsignment
    mark: str
    entries: list[dict[str, Any]]


def history(
    numbers: Sequence[str], database: Database, keyring: Keyring, chain: ChainState, *, test: bool
) -> LetterHistory | None:
    """The letter with one of these normalised numbers (`known_by`) and all that was recorded of it; None for none here.

    In test mode letters for trying out are here, and no others. RecordsError for a chain, a letter or an entry about it
    that does not hold. Entries are looked for without keeping anybody from the chain: a million take about a second.
    """
    with reading_chain(database, keyring, chain) as connection:
        letter = known_by(numbers, connection, keyring, chain, test=test)
        number = numbers[0] if letter is None else letter.tracking
        stands, seen, end = chain.letter(number), mark(chain, number), chain.end.seq
    if letter is None or stands is None:
        return None
    return LetterHistory(letter, seen, _entries(number, stands, end, database, keyring))


def _entries(number: str, stands: ChainLetter, end: int, database: Database, keyring: Keyring) -> list[dict[str, Any]]:
    """What the entries about the letter say, up to the end to which the chain was followed."""
    about = f'%"tracking":"{number}"%'  # as bodies have it, in their one spelling; a number holds no wildcard
    with database.reading() as connection:
        seqs = [
            int(seq)
            for first in range(1, end + 1, _AT_ONCE)
            for (seq,) in connection.execute(
                _ABOUT, {"first": first, "last": min(first + _AT_ONCE - 1, end), "about": about}
            )
        ]
        found = read_entries(connection, keyring, seqs)
    facts = {seq: found[seq].facts for seq in seqs}
    of_letter = {seq for seq, one in facts.items() if one["kind"] in LETTERS and one["tracking"] == number}
    missing = {stands.imported, stands.recipient, stands.ended} - {0} - of_letter
    if missing:
        raise altered(f"entry {min(missing)}: it is not about its letter any more")
    return [facts[seq] for seq in sorted(of_letter)]

"""Retention: personal parts that are older than their time are erased, and the chain says which and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, bindparam, func, or_, select, update

from stillscan.records.accounts import Accounts
from stillscan.records.audit import appending, reading_chain
from stillscan.records.canonical import instant
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.chain_letter import ChainLetter
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.consignments import altered, check_rows, read_entries
from stillscan.records.database import Database
from stillscan.records.errors import FieldError
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import LETTERS, PURGE
from stillscan.records.models import ENTRY

DAYS = 90
"""The sender keeps the evidence for years; here it only answers complaints."""
MOST_DAYS = 3650  # ten years: what is longer is taken for a slip in typing

_LEFT = select(func.count()).where(
    ENTRY.c.seq.in_(bindparam("seqs", expanding=True)), or_(ENTRY.c.salt.is_not(None), ENTRY.c.personal.is_not(None))
)


def days(value: int) -> int:
    """A retention time in days. FieldError for less than one or more than ten years."""
    if not 1 <= value <= MOST_DAYS:
        raise FieldError("retention", f"is 1 to {MOST_DAYS} days")
    return value


def purge(
    database: Database,
    keyring: Keyring,
    retention_days: int,
    now: datetime | None = None,
    chain: ChainState | None = None,
) -> int:
    """Erase personal parts older than the retention time; how many entries lost theirs.

    A letter that still may be handed out keeps its recipient: it waits, and its deadline has not passed. A PIN is
    kept until another takes its place. What waits and what is old is what the chain says. RecordsError for anything
    that does not hold: then nothing is erased, because an erasure would take away what shows that something was
    altered.
    """
    now, chain = now or utc_now(), chain or ChainState()
    before = now - timedelta(days=days(retention_days))
    with chain.alone:
        with reading_chain(database, keyring, chain) as connection:
            if not _gone(connection, keyring, chain, before, now.date()):
                return 0
        with appending(database, keyring, chain) as appender:
            gone = _gone(appender.connection, keyring, chain, before, now.date())
            for seqs in _some(gone):
                appender.connection.execute(update(ENTRY).where(ENTRY.c.seq.in_(seqs)).values(salt=None, personal=None))
                appender.expect(_LEFT, {"seqs": seqs}, (0,))
            appender.append(PURGE, now, {"before": instant(before), "entries": ranges(gone)})
    database.forget()
    return len(gone)


def _gone(connection: Connection, keyring: Keyring, chain: ChainState, before: datetime, today: date) -> list[int]:
    """The entries whose personal part is to go, in order."""
    gone: list[int] = []
    pins = Accounts.of(chain).pins()
    times = ((seq, chain.time.counted(seq, time)) for seq, time in chain.known.personal.items())
    old = (seq for seq, time in times if time < instant(before) and seq not in pins)
    for seqs in _some(sorted(old)):
        found = read_entries(connection, keyring, seqs)
        letters = check_rows(connection, chain, sorted({about(entry) for entry in found.values()} - {""}))
        for entry in found.values():
            if entry.personal is None:
                raise altered(f"entry {entry.seq}: its personal part was removed, and no purge says so")
            letter = letters.get(about(entry))
            if letter is None or not _is_needed(letter, entry.seq, today):
                gone.append(entry.seq)
    return sorted(gone)


def about(entry: ChainEntry) -> str:
    """The tracking number that an entry is about; "" for none."""
    facts = entry.facts
    return str(facts["tracking"]) if facts["kind"] in LETTERS else ""


def _is_needed(letter: ChainLetter, seq: int, today: date) -> bool:
    """Whether it still may be handed out, and who its recipient is stands in this entry."""
    may_go = letter.state == "waiting" and letter.deadline >= today.isoformat()
    return may_go and seq in (letter.imported, letter.recipient)


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Ascending numbers as [first, last] pairs."""
    pairs: list[list[int]] = []
    for number in numbers:
        if pairs and pairs[-1][1] == number - 1:
            pairs[-1][1] = number
        else:
            pairs.append([number, number])
    return pairs


def _some(numbers: list[int], most: int = 500) -> Iterable[list[int]]:
    return (numbers[i : i + most] for i in range(0, len(numbers), most))

"""Which letters the chain has taken in and handed out, followed entry by entry from its beginning.

The tables say it too, but a row can be edited. The signed head vouches for every entry before it, as long as each
names the digest of the one before: that is followed once at the start and then as far as the chain grows, so a letter
stays what it is, and handed out once it was, whatever happens to its rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from stillscan.records.accounts import STAFF, TOKEN, Accounts
from stillscan.records.canonical import digest
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.errors import broken
from stillscan.records.schema import START
from stillscan.records.witness import Seen

CONSIGNMENT = "consignment"  # kinds of entries
CHECK = "check"
RELEASE = "release"


class ChainState:
    """What one process that keeps appending knows of the chain."""

    def __init__(self) -> None:
        self.end = Seen(0, START)
        self.time = ""
        """Of the last entry, as it stands in its body."""
        self.letters: dict[str, int] = {}
        """By tracking number: the entry that imported the letter last."""
        self.released: set[str] = set()
        self.accounts = Accounts()
        """Who may sign in, and the tokens of the API."""

    def follow(self, following: Iterable[ChainEntry], head: Seen, noted: Seen | None) -> None:
        """Follow the chain from where it is known to its signed head, past what the kiosk noted last.

        ``following`` are the entries after `end`. RecordsError when they do not lead there.
        """
        time = self.time
        end, letters, released, met = self.end, {}, set(), noted is None or noted.seq <= self.end.seq
        accounts = []
        for entry in following:
            if entry.seq != end.seq + 1 or digest(entry.body.encode()) != entry.digest:
                raise broken(f"entry {entry.seq} was altered, or one before it is missing")
            facts = json.loads(entry.body)
            if facts["former"] != end.digest:
                raise broken(f"entry {entry.seq} does not follow the one before it")
            if facts["kind"] == CONSIGNMENT:
                letters[facts["tracking"]] = entry.seq
            if facts["kind"] == CHECK and facts["verdict"] == RELEASE:
                released.add(facts["tracking"])
            if facts["kind"] in (STAFF, TOKEN):
                accounts.append(facts)
            end, time = Seen(entry.seq, entry.digest), facts["time"]
            met = met or end == noted
        if end != head:
            raise broken("entries are missing at its end, or were added")
        if not met and noted is not None:
            raise broken(f"this kiosk wrote entry {noted.seq}, and it is gone or another")
        if accounts:
            self.accounts = self.accounts.after(accounts)
        self.end, self.time = end, time
        self.letters |= letters
        self.released |= released

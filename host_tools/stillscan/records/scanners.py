"""Which scanners are paired with which kiosk: what the verified chain says, and the keys beside the kiosk's own.

scanners/ID.json    in the folder of keys (mode 0600, sealed where its secrets are): id and key of a scanner

A key file alone makes no pairing, and neither does an entry alone. The entry holds a digest of the key, so that a file
that was exchanged or cut off is not taken for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from stillscan.link.identity import ScannerIdentity
from stillscan.link.pairing import Pairing, is_id
from stillscan.records.audit import appending, reading_chain
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.chain_state import ChainState, Kept
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.errors import broken
from stillscan.records.files import is_there, make_folder
from stillscan.records.keyring import Keyring

PAIRING = "pairing"
"""The kind of its entries."""
Standing = Literal["paired", "revoked", "swapped", "key_lost"]
"""How a scanner that the chain knows stands with this kiosk; ``swapped``: another kiosk has paired it."""


@dataclass(frozen=True)
class PairedScanner:
    """A scanner as the chain tells of it; ``paired`` and ``revoked`` are times, ``test``: it serves test mode only."""

    scanner: str
    board: str
    kiosk: str
    paired: str
    key_digest: str
    test: bool
    revoked: str | None = None


class Scanners:
    """The pairings of one installation, as one of its kiosks sees them. RecordsError for records that do not hold."""

    def __init__(self, database: Database, keyring: Keyring, chain: ChainState | None = None) -> None:
        """``chain``: what this process knows of it already."""
        self._database = database
        self._keyring = keyring
        self._chain = chain or ChainState()

    @property
    def kiosk(self) -> str:
        """Whose pairings these are."""
        return self._keyring.kiosk

    def all(self) -> dict[str, PairedScanner]:
        """All scanners that the chain knows, by id, the oldest pairing first."""
        with self._chain.alone:
            with reading_chain(self._database, self._keyring, self._chain):
                pass
            return scanners(self._chain.kept(PAIRING))

    def standing(self, one: PairedScanner) -> Standing:
        """How it stands with this kiosk."""
        if one.revoked is not None:
            return "revoked"
        if one.kiosk != self._keyring.kiosk:
            return "swapped"
        kept = self.kept(one.scanner)
        return "paired" if kept is not None and kept.digest == one.key_digest else "key_lost"

    def kept(self, scanner: str) -> Pairing | None:
        """What the folder of keys has of it; None for nothing that is whole."""
        path = self._keyring.folder / "scanners" / f"{scanner}.json"
        if not is_id(scanner) or not is_there(path):
            return None
        found = Pairing.read(self._keyring.wrapping.read(path))
        return found if found is not None and found.scanner == scanner else None

    def keep(self, pairing: Pairing) -> None:
        """Put its key into the folder of keys, before anything says that it is paired."""
        make_folder(self._keyring.folder)
        path = self._keyring.folder / "scanners" / f"{pairing.scanner}.json"
        self._keyring.wrapping.place(path, pairing.written())

    def note_pairing(
        self, pairing: Pairing, board: str, *, test: bool, replaces: str | None = None, staff: str | None = None
    ) -> None:
        """The entry from which on it is paired; a board that had a pairing before has that one no more.

        ``staff`` has signed in for it, None where nobody has.
        """
        with appending(self._database, self._keyring, self._chain) as appender:
            known = scanners(self._chain.kept(PAIRING))
            details = {
                "action": "pair",
                "scanner": pairing.scanner,
                "board": board,
                "key": pairing.digest,
                "test": test,
                "replaces": replaces if replaces in known else None,
                "staff": staff,
            }
            appender.append(PAIRING, utc_now(), details)

    def revoke(self, scanner: str, staff: str | None = None) -> ChainEntry | None:
        """The entry from which on it feeds no check; None when it was revoked before. KeyError: it is not known."""
        with appending(self._database, self._keyring, self._chain) as appender:
            if scanners(self._chain.kept(PAIRING))[scanner].revoked is not None:
                return None
            details = {"action": "revoke", "scanner": scanner, "staff": staff}
            entry = appender.append(PAIRING, utc_now(), details)
        with contextlib.suppress(OSError):  # it is of no use any more
            (self._keyring.folder / "scanners" / f"{scanner}.json").unlink(missing_ok=True)
        return entry


def scanners(entries: Iterable[Kept]) -> dict[str, PairedScanner]:
    """The scanners that these entries tell of, by id. RecordsError for an entry that makes no sense."""
    found: dict[str, PairedScanner] = {}
    for seq, facts in entries:
        scanner = facts.get("scanner")
        if facts.get("action") == "pair" and isinstance(scanner, str) and is_id(scanner) and scanner not in found:
            _revoke(found, facts.get("replaces"), facts["time"])
            found[scanner] = PairedScanner(
                scanner,
                str(facts.get("board")),
                facts["kiosk"],
                facts["time"],
                str(facts.get("key")),
                facts.get("test") is not False,
            )
        elif facts.get("action") == "revoke" and scanner in found:
            _revoke(found, scanner, facts["time"])
        else:
            raise broken(f"entry {seq}: its contents are no pairing")
    return found


def _revoke(found: dict[str, PairedScanner], scanner: Any, time: str) -> None:
    if scanner in found and found[scanner].revoked is None:
        found[scanner] = replace(found[scanner], revoked=time)


def may_feed(chain: ChainState, kiosk: str, scanner: ScannerIdentity | None, *, test_mode: bool) -> bool:
    """Whether a check of this kiosk may rest on what that scanner has read, as the chain stands now.

    Outside test mode only a scanner that is paired with this kiosk; in test mode any that was not revoked.
    """
    known = scanners(chain.kept(PAIRING)).get(scanner.scanner or "") if scanner is not None else None
    if known is None:
        return test_mode
    return known.revoked is None and (test_mode or (known.kiosk == kiosk and not known.test))

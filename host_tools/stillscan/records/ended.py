"""Checks of this kiosk that ended, told once more to whoever was away."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from stillscan.records.audit import entries, head_of
from stillscan.records.chain_entry import problem
from stillscan.records.database import Database
from stillscan.records.errors import broken
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import CHECK

_MOST_BACK = 10_000  # entries that are looked through: weeks of an office, and half a second
_DIGITS = 12  # of an entry's number that are looked at: more than any chain will have


class EndedCheck(NamedTuple):
    """How a check ended; ``reference`` names its entry, ``at`` is its time. Nothing personal."""

    verdict: str
    reasons: tuple[str, ...]
    reference: str
    test: bool
    at: datetime

    @property
    def told(self) -> dict[str, Any]:
        """What programs are told of it."""
        return {"verdict": self.verdict, "reasons": list(self.reasons), "reference": self.reference, "test": self.test}


class EndedChecks:
    """The checks of one kiosk in a database."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def after(self, reference: str) -> tuple[list[EndedCheck], str]:
        """Those that were recorded after the entry of that reference, in order; and where the log ends now.

        None for a text that is no reference of this kiosk. RecordsError when it cannot be told, or does not hold.
        """
        with self._database.reading() as connection:
            head = head_of(connection)
            end = 0 if head is None else head.seq
            seq = self._seq(reference)
            found = []
            for entry in () if seq is None else entries(connection, max(seq, end - _MOST_BACK)):
                facts = entry.facts
                if facts["kind"] == CHECK and facts["kiosk"] == self._keyring.kiosk:
                    if wrong := problem(entry, self._keyring):
                        raise broken(f"entry {entry.seq}: {wrong}")
                    found.append(
                        EndedCheck(
                            facts["verdict"],
                            tuple(facts["reasons"]),
                            self._reference(entry.seq),
                            facts["test"],
                            datetime.fromisoformat(facts["time"]),
                        )
                    )
        return found, self._reference(end)

    def _reference(self, seq: int) -> str:
        return f"{self._keyring.kiosk}-{seq}"

    def _seq(self, reference: str) -> int | None:
        kiosk, _, number = reference.rpartition("-")
        is_one = kiosk == self._keyring.kiosk and number.isascii() and number.isdigit() and len(number) <= _DIGITS
        return int(number) if is_one else None

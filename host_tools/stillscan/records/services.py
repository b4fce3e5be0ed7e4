"""Service that was done on a scanner, as entries of the audit chain: who, how it ended, digests of the report.

The report itself is a file: whoever holds it can show that it is the one that was signed, and nobody can exchange it
unnoticed. A calibration by a person who has signed in is such an entry too, without a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stillscan.records.audit import appending, reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import SERVICE


@dataclass(frozen=True)
class ServiceDone:
    """``report``: the run's name, or that of a calibration; ``digests``: SHA-256 of each file, by its ending.

    ``scanner``: the controller's serial number; ``test``: a simulated scanner.
    """

    report: str
    procedure: str
    outcome: str
    scanner: str | None
    digests: Mapping[str, str]
    staff: str
    role: str
    test: bool
    seq: int = 0
    time: str = ""


class Services:
    """The service entries of one installation. RecordsError for records that do not hold."""

    def __init__(self, database: Database, keyring: Keyring, chain: ChainState | None = None) -> None:
        """``chain``: what this process knows of it already."""
        self._database = database
        self._keyring = keyring
        self._chain = chain or ChainState()

    def all(self) -> list[ServiceDone]:
        """Every one, the oldest first."""
        with self._chain.alone:
            with reading_chain(self._database, self._keyring, self._chain):
                pass
            return self._known()

    def find(self, report: str) -> ServiceDone | None:
        """The entry of that report."""
        return next((one for one in reversed(self.all()) if one.report == report), None)

    def note(self, done: ServiceDone) -> int:
        """The number of its entry: a new one, or the one that was made before a power cut."""
        with appending(self._database, self._keyring, self._chain) as appender:
            for one in self._known():
                if (one.report, one.digests) == (done.report, dict(done.digests)):
                    return one.seq
            details: dict[str, Any] = {
                "report": done.report,
                "procedure": done.procedure,
                "outcome": done.outcome,
                "scanner": done.scanner,
                "digests": dict(done.digests),
                "staff": done.staff,
                "role": done.role,
                "test": done.test,
            }
            return appender.append(SERVICE, utc_now(), details).seq

    def _known(self) -> list[ServiceDone]:
        return [
            ServiceDone(
                facts["report"],
                facts["procedure"],
                facts["outcome"],
                facts["scanner"],
                facts["digests"],
                facts["staff"],
                facts["role"],
                facts["test"],
                seq,
                facts["time"],
            )
            for seq, facts in self._chain.kept(SERVICE)
        ]

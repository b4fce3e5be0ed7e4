"""What the checks of a kiosk come to as events: counted while they go on, written in the transaction that records them.

Only codes and numbers pass through here: what was read enters as its series alone.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter as Counts
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import ValidationError

from kiosk import wire
from stillscan import __version__
from stillscan.errors import DeviceTrouble
from stillscan.fleet.events import CheckData, CountsData, EventError, HeadData, Series
from stillscan.fleet.outbox import Outbox
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Abort, Hello, Message, SweepBegin, named
from stillscan.mrz.series import series_of
from stillscan.records.audit import Appender
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.observations import Observations
from stillscan.scanning.inspection import NoticeKind
from stillscan.scanning.result import Result

_log = logging.getLogger(__name__)
_MOST_UNSURE = 132  # as events let it be: every character of three lines


class Telling:
    """A display of the scanner's service that counts, and what is written beside a check (`beside`)."""

    def __init__(self, outbox: Outbox, visit: Callable[[], object] = lambda: None) -> None:
        """``visit``: the one that is open now, by which attempts of one customer are kept from another's."""
        self._outbox, self._visit = outbox, visit
        self._lock = threading.Lock()
        self._begin(None)
        self._health: Counts[str] = Counts()
        self._scanner: ScannerIdentity | None = None

    def _begin(self, visit: object) -> None:
        self._of = visit
        self._attempts, self._aborts = 0, Counts[str]()
        self._result: Result | None = None

    def beside(self, appender: Appender, entry: ChainEntry, observed: Observations) -> None:
        """Write the check's event in its transaction. One that cannot be made is told in the log and stops no check."""
        try:
            self._outbox.add(
                appender.connection, "check", datetime.fromisoformat(entry.time), self._check(entry, observed)
            )
        except (EventError, ValidationError) as error:
            _log.error("a check was not told to the centre: %s", type(error).__name__)

    def _check(self, entry: ChainEntry, observed: Observations) -> CheckData:
        facts = entry.facts
        with self._lock:
            if self._visit() is not self._of:
                self._begin(self._visit())
            result, attempts, aborts = self._result or Result(), self._attempts, dict(self._aborts)
            self._begin(self._of)
        certain = observed.certain and observed.mrz is not None
        series = series_of(observed.mrz or ()) if certain else result.series
        scanner = observed.scanner or self._scanner
        return CheckData(
            verdict=facts["verdict"],
            read=certain,
            reasons=facts["reasons"],
            series=series and Series(issuer=series.issuer, kind=series.kind, expiry_year=series.expiry_year),
            attempts=attempts,
            aborts=aborts,
            ms=_ms(result),
            quality=sorted({finding.code for finding in result.quality}),
            failed_at=[] if certain else [list(where) for where in result.unsure[:_MOST_UNSURE]],
            firmware=scanner.firmware if scanner else None,
            host=__version__,
            board=scanner.board if scanner else None,
            test=observed.test_mode,
            end=HeadData(seq=entry.seq, digest=entry.digest),
        )

    def health(self) -> CountsData:
        """What the scanner's service has seen since the last time."""
        with self._lock:
            counts, self._health = dict(self._health), Counts()
        return CountsData(counts=counts)

    def connected(self, hello: Hello | None, identity: ScannerIdentity) -> None:
        """See service.Display."""
        self._scanner = identity
        self._count("connected")
        versions = CountsData(versions={"firmware": identity.firmware, "host": __version__})
        try:
            self._outbox.tell("versions", datetime.now(UTC), versions)
        except Exception as error:  # the scanner serves on, whatever the centre is not told
            _log.error("versions were not told to the centre: %s", type(error).__name__)

    def message(self, message: Message) -> None:
        """See service.Display."""
        if not isinstance(message, SweepBegin | Abort):
            return
        with self._lock:
            if self._visit() is not self._of:
                self._begin(self._visit())
            if isinstance(message, SweepBegin):
                self._attempts += 1
                self._health["sweeps"] += 1
            else:
                self._aborts[named(wire.CAUSES, message.cause)] += 1
                self._health["aborts"] += 1

    def not_read(self, reason: str) -> None:
        """See service.Display."""
        self._count("not_read")

    def result(self, result: Result) -> None:
        """See service.Display."""
        with self._lock:
            self._result = result
            self._health[f"outcome_{result.outcome}"] += 1

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        """See service.Display."""
        self._count(f"trouble_{kind}")

    def notice(self, text: str, kind: NoticeKind) -> None:
        """See service.Display."""
        self._count(f"notice_{kind}")

    def _count(self, code: str) -> None:
        with self._lock:
            self._health[code] += 1


def _ms(result: Result) -> dict[str, int]:
    """How long a check took from lying still to its last row, and to its verdict."""
    if result.still_ms is None:
        return {}
    ends = {"rows": result.last_row_ms, "verdict": result.verdict_ms}
    return {name: max(0, round(at - result.still_ms)) for name, at in ends.items() if at is not None}

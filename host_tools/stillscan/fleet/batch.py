"""What a batch of events makes of the kiosks as they stand: pure, so that a transaction only reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from stillscan.fleet.events import CheckData, CountsData, Event, HeadData, json_of
from stillscan.records.canonical import instant


class Arrived(NamedTuple):
    """A verified event as it came: its bytes, its signature, its place in the stream, when it was sent."""

    event: Event
    body: bytes
    signature: str
    stream: int = 0
    sent_hour: str = ""


class Batch:
    """Events taken together. ``known`` are the rows of their kiosks, ``ahead`` what came early; both change."""

    def __init__(self, now: datetime) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.ahead: dict[str, set[int]] = {}
        self.had: dict[str, set[int]] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {
            "fleet_check": [], "fleet_note": [], "fleet_head": [], "fleet_unread": []
        }  # fmt: skip
        self.changed: set[str] = set()
        self.refused: list[tuple[Arrived, str]] = []
        self.new = self.repeated = 0
        self._now = now

    def take(self, kiosk: str, arrived: Sequence[Arrived]) -> None:
        """Take one kiosk's events, in the order of their numbers."""
        row = self.known.get(kiosk)
        if row is None or row["revoked"]:
            self.refused += [(one, "unknown" if row is None else "revoked") for one in arrived]
            return
        self.changed.add(kiosk)
        row["heard"] = instant(self._now)
        ahead = self.ahead.setdefault(kiosk, set())
        for one in arrived:
            n = one.event.n
            if n <= row["highest"] or n in ahead:
                self.repeated += 1
                continue
            self.new += 1
            ahead.add(n)
            if n > row["newest"]:
                self._of_now(row, one)
            self._row(row, one)
            while row["highest"] + 1 in ahead:
                row["highest"] += 1
                ahead.discard(row["highest"])

    def understand(self, kiosk: str, kept: Sequence[Arrived]) -> None:
        """Of events that were taken before this program knew their schema: what they say, now that it does."""
        row = self.known[kiosk]
        self.changed.add(kiosk)
        for one in kept:
            if one.event.n == row["newest"]:
                self._versions(row, one.event)
            self._row(row, one)

    def _of_now(self, row: dict[str, Any], one: Arrived) -> None:
        """What the newest event says of its kiosk."""
        event = one.event
        row |= {"newest": event.n, "last_hour": event.hour, "office": event.office}
        if one.sent_hour:
            row["clock_hours"] = _hours_between(one.sent_hour, self._now)
        self._versions(row, event)

    @staticmethod
    def _versions(row: dict[str, Any], event: Event) -> None:
        if isinstance(event.data, CheckData):
            row |= {"firmware": event.data.firmware or row["firmware"], "host": event.data.host or row["host"]}
            row["board"] = event.data.board or row["board"]
        elif isinstance(event.data, CountsData):
            versions = event.data.versions
            row |= {"firmware": versions.get("firmware", row["firmware"]), "host": versions.get("host", row["host"])}

    def _row(self, row: dict[str, Any], one: Arrived) -> None:
        event, kept = one.event, {"kiosk": one.event.kiosk, "n": one.event.n, "hour": one.event.hour}
        match event.data:
            case CheckData() as check:
                row["checks"] += 1
                row["failed"] += not check.read
                if check.end is not None:
                    self._head(row, event.n, check.end)
                self.rows["fleet_check"].append({**kept, **_check(check)})
            case HeadData() as head:
                self._head(row, event.n, head)
                told = {"body": one.body.decode(), "signature": one.signature}
                self.rows["fleet_head"].append({**kept, "seq": head.seq, "digest": head.digest, **told})
            case CountsData() as counts:
                self.rows["fleet_note"].append({**kept, "kind": event.kind, "data": json_of(counts)})
            case _:
                told = {"body": one.body.decode(), "signature": one.signature}
                self.rows["fleet_unread"].append({"kiosk": event.kiosk, "n": event.n, **told})

    @staticmethod
    def _head(row: dict[str, Any], n: int, head: HeadData) -> None:
        """A chain only grows: an end before one that was told earlier means that a database was put back."""
        later, further = n > row["head_n"], head.seq > row["head"]
        other = head.seq == row["head"] and row["head_digest"] not in ("", head.digest)
        if other or (head.seq != row["head"] and later != further and row["head_n"]):
            row["head_back"] = max(n, row["head_n"])
        if later:
            row |= {"head_n": n, "head": head.seq, "head_digest": head.digest}


def _check(check: CheckData) -> dict[str, Any]:
    series = check.series
    what = {"reasons", "aborts", "ms", "quality", "failed_at"}
    return {
        "verdict": check.verdict,
        "ok": check.read,
        "issuer": series and series.issuer,
        "kind": series and series.kind,
        "expiry_year": series and series.expiry_year,
        "attempts": check.attempts,
        "firmware": check.firmware or "",
        "host": check.host or "",
        "board": check.board or "",
        "test": check.test,
        "seq": check.end and check.end.seq,
        "digest": check.end and check.end.digest,
        "what": check.model_dump_json(include=what),
    }


def _hours_between(hour: str, now: datetime) -> int:
    """The kiosk's hour less ours, in hours; a day that does not exist counts as none."""
    try:
        told = datetime.fromisoformat(f"{hour}:00:00+00:00")
    except ValueError:
        return 0
    return round((told - now.replace(minute=0, second=0, microsecond=0)).total_seconds() / 3600)

"""Kiosks that have a key and nothing else: what tests of the centre need of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stillscan.fleet.batch import Arrived
from stillscan.fleet.events import PURPOSE, CheckData, CountsData, HeadData, Kind, Series, body_of, parse
from stillscan.fleet.store import Store
from stillscan.records.keyring import signature_by
from stillscan.records.public_keys import pem

NOW = datetime(2026, 11, 29, 10, 15, tzinfo=UTC)
HOUR = "2026-11-29T10"


def check(read: bool = True, issuer: str = "UTO", year: int = 2031, **more: Any) -> CheckData:
    """A check of a passport of one series."""
    series = Series(issuer=issuer, kind="P", expiry_year=year)
    return CheckData(verdict="release" if read else "rescan", read=read, series=series, attempts=1, **more)


class Kiosk:
    """Signs events by a key of its own, one number after another."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = Ed25519PrivateKey.generate()
        self.last = 0

    def enrol(self, store: Store, office: str = "0001 Oslo") -> None:
        """Let the centre know it."""
        store.enrol(self.name, office, pem(self.key.public_key()))

    def tell(
        self, data: CheckData | HeadData | CountsData, kind: Kind = "check", hour: str = HOUR, n: int | None = None
    ) -> Arrived:
        """The next event, as it arrives."""
        self.last = n or self.last + 1
        body = body_of(self.name, self.last, kind, hour, "0001 Oslo", data)
        return Arrived(parse(body), body, signature_by(self.key, PURPOSE, body), self.last, HOUR)

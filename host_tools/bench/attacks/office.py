"""What attackers find: a clock that anybody sets, letters of an invented person, staff, and paired scanners."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench.crash import CLERK, number
from stillscan.link.identity import ScannerIdentity
from stillscan.link.pairing import Pairing
from stillscan.mrz.compose import compose
from stillscan.records import clock
from stillscan.records.computer import Boot
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Person, Role, StaffList

OFFICE = "1473 Oppsal"
RECIPIENT = "Åse Østenbyen"  # whose passport bench.crash has
BOSS = Person("boss", Role.SUPERVISOR)
PIN = "47 11 blue"


class Computer:
    """A computer whose clock stands where it is set; ``started`` is what it knows of its start."""

    def __init__(self, time: datetime | None = None) -> None:
        self.time = time or datetime.now(UTC)
        self.started: Boot | None = None

    def goes(self, by: timedelta) -> None:
        """Time passes, for the clock and for the computer."""
        self.time += by
        if self.started is not None:
            self.started = self.started._replace(seconds=self.started.seconds + by.total_seconds())

    def now(self) -> datetime:
        return self.time

    def boot(self) -> Boot | None:
        return self.started

    def synchronised(self) -> bool | None:
        return None

    def last_set(self) -> datetime | None:
        return None


@contextlib.contextmanager
def computer(one: Computer) -> Iterator[Computer]:
    """Months pass in an office that is made in a second: everything inside runs on this computer."""
    before = clock._system
    clock._system = one
    try:
        yield one
    finally:
        clock._system = before


def opened(
    folder: Path, kiosk: str = "kiosk-1", keys: str = "keys", ahead_days: int = clock.MOST_AHEAD_DAYS
) -> tuple[Database, Keyring]:
    """Database and keys of an office where, by default, nobody minds how far its clock is ahead."""
    rules = clock.ClockRules(ahead_days)
    return Database(folder / "records.db"), Keyring(folder / keys, kiosk, rules)


def staffed(database: Database, keyring: Keyring) -> None:
    """A supervisor and a clerk."""
    people = StaffList(database, keyring)
    people.add(BOSS.staff, BOSS.role, PIN)
    people.add(CLERK.staff, CLERK.role, PIN)


def letters(database: Database, keyring: Keyring, numbers: Iterable[int], deadline: date) -> None:
    """Import letters of the series, for the invented person."""
    rows = [f"{number(n)},B-{n},{RECIPIENT},{deadline}" for n in numbers]
    load("\n".join(["tracking,order,recipient,deadline", *rows]).encode(), database, keyring, "letters")


def paired(scanners: Scanners, pairing: Pairing | None = None, *, test: bool = False) -> Pairing:
    """A pairing that is noted and kept."""
    pairing = pairing or Pairing.new()
    scanners.keep(pairing)
    scanners.note_pairing(pairing, "rpi_pico", test=test)
    return pairing


def identity(scanner: str | None) -> ScannerIdentity:
    """A session of a scanner."""
    return ScannerIdentity(scanner, "rpi_pico", "0.1.0+0011223344556677", 7, "ab" * 16)


def passport(
    primary: str = "OESTENBYEN",
    secondary: str = "AASE",
    *,
    issuer: str = "NOR",
    document: str = "ZZZ000101",
    expiry: date | None = None,
) -> tuple[str, ...]:
    """Lines of an own synthetic passport; without ``expiry`` it is good for three years."""
    until = expiry or (datetime.now(UTC) + timedelta(days=3 * 365)).date()
    return compose(
        "TD3", code="P", number=document, expiry=f"{until:%y%m%d}", issuer=issuer, nationality=issuer,
        primary=primary, secondary=secondary, birth="910517", sex="F",
    )  # fmt: skip

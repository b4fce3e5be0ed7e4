"""What the tests of records share: an invented person's passport, letters, and a desk with its database."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stillscan.link.identity import ScannerIdentity
from stillscan.link.pairing import Pairing
from stillscan.records.audit import reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.computer import Boot
from stillscan.records.consignments import StoredConsignment, find
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.observations import Observations
from stillscan.records.release import Desk
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Person, Role, StaffList
from stillscan.records.tracking import s10_check_digit

NOW = datetime(2026, 11, 29, 10, 15, tzinfo=UTC)
# Own synthetic passport of an invented person (not of any real series), as in tests/mrz/mrz_vectors.py.
LINES = ("P<NOROESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0")
NUMBER = "ZZZ000001"
RECIPIENT = "Åse Østenbyen"
CLERK = Person("staff-7", Role.CLERK)
GOOD = Observations(LINES, certain=True, face_matches=True)
PIN = "47 11 blue"
UNREAD = replace(GOOD, certain=False)


def tracking(number: int) -> str:
    """The n-th S10 number of a made-up series."""
    serial = f"{number:08d}"
    return f"RR{serial}{s10_check_digit(serial)}NO"


def csv(numbers: range, *, recipient: str = RECIPIENT) -> bytes:
    """A file of letters."""
    rows = [f"{tracking(n)},B-{n},{recipient},2026-12-13,1473 Oppsal" for n in numbers]
    return "\n".join(["tracking,order,recipient,deadline,office", *rows]).encode()


def paired(database: Database, keyring: Keyring) -> ScannerIdentity:
    """A scanner that is paired with this kiosk, as a session of it."""
    pairing, scanners = Pairing.new(), Scanners(database, keyring)
    scanners.keep(pairing)
    scanners.note_pairing(pairing, "rpi_pico", test=False)
    return ScannerIdentity(pairing.scanner, "rpi_pico", "0.1.0+0123456789abcdef", 7, "ab" * 16)


@functools.cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Database(made := Path(folder) / "records.db").close()
        return made.read_bytes()


def new_database(path: Path) -> Database:
    """A database as stillscan makes it, to the byte, without the dozen times that the disk is waited for meanwhile."""
    if not path.exists():
        path.touch(0o600)
        path.write_bytes(_empty())
    return Database(path)


class Place:
    """A database with its keys, letters in it, and a desk where checks are finished."""

    def __init__(self, folder: Path, kiosk: str = "kiosk-1", letters: int = 3) -> None:
        self.path = folder / "records.db"
        self.database = new_database(self.path)
        self.keyring = Keyring(folder / "keys", kiosk)
        if letters:
            load(csv(range(letters)), self.database, self.keyring, "letters.csv")
        self.clerk = CLERK
        """Who serves: anybody, as long as nobody is on the staff list."""
        self.desk = Desk(self.database, self.keyring, "1473 Oppsal")

    def finish(self, number: int, observed: Observations = GOOD) -> str:
        """The verdict on a letter of the series."""
        return self.desk.finish(tracking(number), observed, self.clerk).verdict

    def supervisor(self, staff: str = "boss") -> Person:
        """Somebody who decides on letters, signed in."""
        people = StaffList(self.database, self.keyring, now=lambda: NOW)
        if people.is_active(staff) is None:
            people.add(staff, Role.SUPERVISOR, PIN)
        self.clerk = Person(staff, Role.SUPERVISOR)
        return self.clerk

    def stored(self) -> list[StoredConsignment]:
        """All letters, read back."""
        chain = ChainState()
        with reading_chain(self.database, self.keyring, chain) as connection:
            return list(find(connection, self.keyring, chain))

    def tamper(self, *statements: str) -> None:
        """Change the database behind stillscan's back, without its keys and constraints."""
        for statement in statements:
            self.change(statement)

    def change(self, statement: str, *values: object) -> None:
        """One such change, with values."""
        with contextlib.closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement, values)

    def bytes(self) -> bytes:
        """Everything that lies on the disk for the database: the file and SQLite's log beside it."""
        return b"".join(path.read_bytes() for path in sorted(self.path.parent.glob("records.db*")))


def stored(place: Place) -> list[str]:
    """All that the database holds."""
    with contextlib.closing(sqlite3.connect(place.path)) as connection:
        return list(connection.iterdump())


def later(days: float) -> datetime:
    """A moment after NOW."""
    return NOW + timedelta(days=days)


class Clock:
    """A computer's clock that a test sets, and what the computer tells of it: by default nothing.

    ``started``, ``set_by_service`` and ``trace`` are what `records.computer` asks for.
    """

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.started: Boot | None = None
        self.set_by_service: bool | None = None
        self.trace: datetime | None = None

    def __call__(self) -> datetime:
        return self.now

    def goes(self, days: float = 0.0, seconds: float = 0.0) -> None:
        """Time passes, for the clock and for the computer."""
        passed = timedelta(days=days, seconds=seconds)
        self.now += passed
        if self.started is not None:
            self.started = self.started._replace(seconds=self.started.seconds + passed.total_seconds())


class FakeComputer:
    """A computer with such a clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now

    def boot(self) -> Boot | None:
        return self._clock.started

    def synchronised(self) -> bool | None:
        return self._clock.set_by_service

    def last_set(self) -> datetime | None:
        return self._clock.trace

"""Simulated offices for trying and for benches: counter, records, outbox and agent are the product's own.

What is modelled is the scan alone: which passport comes, and whether it is read. Series and kiosks that fail more than
others are planted.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from kiosk import wire
from stillscan.counter.book import Book
from stillscan.counter.counter import Counter
from stillscan.fleet.checks import Telling
from stillscan.fleet.nkey import public_of, seed_of
from stillscan.fleet.outbox import Outbox
from stillscan.fleet.servers import User
from stillscan.fleet.store import Store
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Abort, SweepBegin
from stillscan.mrz import QualityFinding, Reading
from stillscan.mrz.compose import compose
from stillscan.mrz.series import Series, series_of
from stillscan.records.audit import entries
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import CHECK
from stillscan.records.staff import Person, Role
from stillscan.records.tracking import s10_check_digit
from stillscan.scanning.result import Result

RATE = 0.1
"""Of passports that are not read, by any kiosk that is clean: a round number, with `_TIMES` chosen for what shows."""
BAD = Series("UTO", "P", 2031)
"""The planted series: Utopia's, so that no state is spoken ill of."""
_TIMES = 5.0  # as often as the others does it fail: chosen so that it is flagged within 200 checks
_ISSUERS = ("NOR", "SWE", "GBR")
_YEARS = (2029, 2033)  # chosen: an older and a newer print of each
SERIES = (*(Series(issuer, "P", year) for issuer in _ISSUERS for year in _YEARS), BAD)
_WEIGHTS = (6, 6, 1, 1, 1, 1, 3)  # most that come are Norwegian; 60 of the planted series are among 400 checks
_CLERK = Person("clerk-1", Role.CLERK)
_DAYS = 14  # that letters lie here
_AT_ONCE = 20  # letters that are brought: a file of them costs as much as three checks
_LOOK_S = 0.05  # between looks whether a slow disk has taken a record: far less than it takes
_UNSURE = ((2, 20), (2, 29))  # about the date of expiry, which is sure: so the series is too
_SCANNER = ScannerIdentity(None, "simulator", "0.2.0", 1, "0" * 64)


class Passport(NamedTuple):
    """What a simulated customer lays down, and whether the scanner reads it."""

    series: Series
    read: bool


def drawn(dice: random.Random, dirty: bool = False) -> Passport:
    """A customer's passport, and what becomes of it; ``dirty``: at a kiosk whose glass spoils a third of all."""
    (series,) = dice.choices(SERIES, _WEIGHTS)
    rate = RATE * (_TIMES if series == BAD else 1.0)
    return Passport(series, dice.random() >= (max(rate, 1 / 3) if dirty else rate))


class Office:
    """One office with one kiosk: its own database, keys and chain in ``folder``."""

    def __init__(self, folder: Path, number: int, letters: int) -> None:
        """``letters`` lie there to be collected: one a check. When none is left, more are brought."""
        self.name, self.number = f"Office {number:04}", number
        folder.mkdir(parents=True, exist_ok=True)
        self._database = Database(folder / "records.db")
        self.keyring = Keyring(folder / "keys", f"kiosk-{number:04}")
        self.outbox = Outbox(self._database, self.keyring, self.name)
        self.seed = seed_of(self.keyring)
        chain = ChainState()
        self._telling = Telling(self.outbox, lambda: self._counter.visit)
        book = Book(self._database, self.keyring, self.name, True, chain, self._telling.beside)
        self._counter = Counter(book, self.name, test_mode=True)
        self._counter._identity = _SCANNER
        self._telling.connected(None, _SCANNER)
        self._served = self._letters = 0
        self._waits = False  # somebody whose check is not recorded yet
        self._bring(letters)

    @property
    def user(self) -> User:
        """As whom its agent signs in."""
        return User(public_of(self.seed), self.keyring.kiosk)

    def enrol(self, store: Store) -> None:
        """Let a centre know it."""
        store.enrol(self.keyring.kiosk, self.name, self.keyring.public_pem(), "simulator", self.user.nkey)

    def _bring(self, letters: int) -> None:
        if letters:
            numbers = range(self._letters, self._letters + letters)
            load(_letters(self.number, numbers, self.name), self._database, self.keyring, "simulated", test=True)
            self._letters += letters

    def serve(self, passport: Passport, dice: random.Random) -> None:
        """One customer, from the letter's number to the record. RecordsError: this one waits, and is first next time.

        So it is with whoever stands at a real counter whose disk is full: the question stays, and is answered again.
        """
        counter = self._counter
        if self._waits:
            self._finish()
        if self._served == self._letters:
            self._bring(_AT_ONCE)
        counter.answer(lambda visit: visit.enter(_tracking(self.number, self._served), visit.turn), _CLERK)
        self._served += 1
        lines = _lines(passport.series)
        self._scan(passport, lines, dice)
        self._waits = True
        if passport.read:
            counter.judge(Reading("TD3", lines, valid=True, accepted=True))
        self._finish()

    def _finish(self) -> None:
        """What the counter asks last is answered, and the next one may come. RecordsError: nothing is recorded."""
        counter = self._counter
        while counter.visit.step in ("recording", "unknown"):  # on a slow disk
            time.sleep(_LOOK_S)
        if counter.visit.step == "face":
            counter.answer(lambda visit: visit.face(True, visit.turn), _CLERK)
        elif counter.visit.verdict is None:
            counter.answer(lambda visit: visit.end(visit.turn), _CLERK)
        counter.begin_anew(counter.visit.turn)
        self._waits = False

    def _scan(self, passport: Passport, lines: tuple[str, ...], dice: random.Random) -> None:
        """What the scanner's service would have told its displays."""
        attempts = dice.randint(1, 2) if passport.read else 3
        for attempt in range(1, attempts + 1):
            self._telling.message(SweepBegin(attempt, attempt, 0, 273, 0, 1))
            if attempt < attempts:
                self._telling.message(Abort(attempt, wire.CAUSES.index("slip"), 100, 0, 900, 0, 0))
        took = {"attempts": attempts, "still_ms": 0.0, "last_row_ms": 1400.0, "verdict_ms": 1500.0}
        result = Result("verified", "ok", lines, "TD3", **took, series=series_of(lines))  # type: ignore[arg-type]
        if not passport.read:
            worn = (QualityFinding("worn-ink", "worn ink", None, 2, (20, 29)),)
            sure = {"quality": worn, "unsure": _UNSURE, "series": series_of(lines, _UNSURE)}
            result = Result("gave_up", "mrz_uncertain", None, "TD3", **took, **sure)  # type: ignore[arg-type]
        self._telling.result(result)
        if not passport.read:
            self._counter.result(result)

    def recorded(self) -> set[int]:
        """The entries of its chain that are checks: what the centre is counted against."""
        with self._database.reading() as connection:
            return {entry.seq for entry in entries(connection) if entry.facts["kind"] == CHECK}

    @property
    def waits(self) -> bool:
        """Whether the centre has not all yet, as far as this kiosk was told."""
        return self.outbox.first() <= self.outbox.last()

    def close(self) -> None:
        """Let the database go."""
        self._database.close()


def _tracking(office: int, letter: int) -> str:
    serial = f"{office % 10_000:04}{letter % 10_000:04}"
    return f"RR{serial}{s10_check_digit(serial)}NO"


def _letters(office: int, numbers: range, name: str) -> bytes:
    until = utc_now().date() + timedelta(days=_DAYS)
    rows = [f"{_tracking(office, one)},S-{one},Åse Østenbyen,{until},{name}" for one in numbers]
    return "\n".join(["tracking,order,recipient,deadline,office", *rows]).encode()


def _lines(series: Series) -> tuple[str, ...]:
    """The invented person's passport of a series."""
    return compose(
        "TD3", code=series.kind, issuer=series.issuer, primary="OESTENBYEN", secondary="AASE", number="ZZZ000101",
        nationality=series.issuer, birth="910517", sex="F",
        expiry=f"{series.expiry_year % 100:02}0101",
    )  # fmt: skip

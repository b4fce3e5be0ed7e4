"""A book in memory: the real rules, letters of invented people, and records that can fail."""

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from stillscan.counter.visit import Recorded
from stillscan.errors import InputError, StillscanError
from stillscan.records.barcode import numbers_in
from stillscan.records.errors import OutcomeUnknownError
from stillscan.records.staff import Person
from stillscan.verify import Case, Consignment, Ruling, decide_case
from stillscan.verify.typed import unframed

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
NORWEGIAN = ("P<NOROESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0")
SWEDISH = ("P<SWEOESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016SWE9105171M3101012<<<<<<<<<<<<<<<0")
SOMEBODY_ELSE = ("P<NORHANSEN<<KARI<<<<<<<<<<<<<<<<<<<<<<<<<<<", "ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0")
NUMBER = "17859199917"
TRACKING = "RR123456785NO"


@dataclass
class MemoryBook:
    """``fails``: the message that recording ends with instead. ``silent``: nobody can say how it ended, until it is "".

    With ``silent`` "kept" a check is recorded all the same, with "lost" it is not. ``let_go`` holds recording up.
    ``by``: who finished each check, and who began it.
    """

    letters: dict[str, Consignment] = field(default_factory=dict)
    finished: list[Ruling] = field(default_factory=list)
    by: list[tuple[Person | None, Person | None]] = field(default_factory=list)
    fails: str = ""
    silent: str = ""
    let_go: threading.Event | None = None
    named: dict[str, Recorded] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.letters = self.letters or {
            TRACKING: Consignment(TRACKING, "Åse Østenbyen", date(2026, 12, 8), released=False, order="A-1")
        }

    def now(self) -> datetime:
        return NOW

    def letter(self, tracking: str) -> Consignment | None:
        number = numbers_in(unframed(tracking))[0].upper()
        if len(number) not in (13, 17, 18):
            raise InputError("tracking: is none")
        return self.letters.get(number)

    def finish(self, case: Case, check: str, staff: Person | None, began_by: Person | None = None) -> Recorded:
        if self.fails:
            raise StillscanError(self.fails)
        self.by.append((staff, began_by))
        if self.let_go is not None:
            self.let_go.wait()
        if self.silent == "lost":
            raise OutcomeUnknownError("it is not known whether the record was kept")
        self.named[check] = self._recorded(case)
        if self.silent:
            raise OutcomeUnknownError("it is not known whether the record was kept")
        return self.named[check]

    def recorded(self, check: str) -> Recorded | None:
        if self.silent:
            raise StillscanError("the server does not answer")
        return self.named.get(check)

    def _recorded(self, case: Case) -> Recorded:
        ruling = decide_case(case)
        self.finished.append(ruling)
        if ruling.verdict == "release" and case.consignment is not None:
            number = case.consignment.tracking
            self.letters[number] = replace(self.letters[number], released=True)
        return Recorded(ruling.verdict, ruling.reasons, f"k1-{len(self.finished)}")

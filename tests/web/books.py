"""A book in memory: the real rules, letters of invented people, and records that can fail."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from stillscan.counter.visit import Recorded
from stillscan.errors import InputError, StillscanError
from stillscan.verify import Case, Consignment, Ruling, decide_case

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NORWEGIAN = ("P<NOROESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0")
SWEDISH = ("P<SWEOESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016SWE9105171M3101012<<<<<<<<<<<<<<<0")
SOMEBODY_ELSE = ("P<NORHANSEN<<KARI<<<<<<<<<<<<<<<<<<<<<<<<<<<", "ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0")
NUMBER = "17859199917"
TRACKING = "RR123456785NO"


@dataclass
class MemoryBook:
    """``fails``: the message that recording ends with instead."""

    letters: dict[str, Consignment] = field(default_factory=dict)
    finished: list[Ruling] = field(default_factory=list)
    fails: str = ""

    def __post_init__(self) -> None:
        self.letters = self.letters or {
            TRACKING: Consignment(TRACKING, "Åse Østenbyen", date(2026, 12, 1), released=False, order="A-1")
        }

    def now(self) -> datetime:
        return NOW

    def letter(self, tracking: str) -> Consignment | None:
        number = tracking.replace(" ", "").upper()
        if len(number) not in (13, 17, 18):
            raise InputError("tracking: is none")
        return self.letters.get(number)

    def finish(self, case: Case, check: str) -> Recorded:
        if self.fails:
            raise StillscanError(self.fails)
        ruling = decide_case(case)
        self.finished.append(ruling)
        if ruling.verdict == "release" and case.consignment is not None:
            number = case.consignment.tracking
            self.letters[number] = replace(self.letters[number], released=True)
        return Recorded(ruling.verdict, ruling.reasons, f"k1-{len(self.finished)}")

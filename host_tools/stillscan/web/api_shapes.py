"""What the API takes and gives, as its description tells it (`/api/v1/openapi.json`)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from stillscan.records.changes import Problem as ChangeProblem
from stillscan.records.consignments import Stands
from stillscan.records.tracking import MOST_SCANNED

Text = Annotated[str, StringConstraints(max_length=200)]
# No surrogates and no control characters: they have no place in a database or a letter.
Plain = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]

Verdict = Literal["release", "refuse", "rescan", "needs_second_document", "compare_by_hand"]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


Scanned = Annotated[str, StringConstraints(max_length=MOST_SCANNED)]
"""A number as a bar code scanner sends it, with what comes around it."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Letter(_Strict):
    """A letter to hand out."""

    tracking: Scanned
    order: Plain
    recipient: Plain
    deadline: Day
    office: Plain = ""


class _Decision(_Strict):
    """What a supervisor decides about the letter as it was seen: ``mark`` is that of its state."""

    mark: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Extension(_Decision):
    """A later last day to collect it."""

    deadline: Day


class Correction(_Decision):
    """The recipient's name as it should have been."""

    recipient: Plain


class Withdrawal(_Decision):
    """Not to be handed out any more; the reason is erased when its time is over."""

    reason: Plain | None = None


class Return(_Decision):
    """Back to its sender."""


class TakingIn(_Decision):
    """Taken in again, after it was withdrawn, returned, or erased before it was handed out."""

    order: Plain
    recipient: Plain
    deadline: Day
    office: Plain = ""


class Decided(BaseModel):
    """What was recorded, and by which entry; ``entry`` is null when the letter was so already: then nothing was."""

    tracking: str
    change: str
    entry: int | None


class Conflict(BaseModel):
    """Why a letter cannot be changed so: in words, and as a code."""

    detail: str
    problem: ChangeProblem


class Imported(BaseModel):
    """How many letters are new, and how many were there already, the same."""

    new: int
    unchanged: int


class LetterState(BaseModel):
    """A letter as far as a program needs to know it: without its recipient.

    ``mark`` is another when anything that decides on the letter has changed; a decision names it.
    """

    tracking: str
    deadline: date
    office: str
    released: bool
    state: Stands
    test: bool
    mark: str


class Letters(BaseModel):
    """Letters in the order of their numbers; ``after`` is to be given for the next ones, null: there are no more."""

    letters: list[LetterState]
    after: str | None


class Statistics(BaseModel):
    """How the letters stand, and how the checks of the last days ended."""

    letters: dict[str, int]
    days: int
    checks: int
    verdicts: dict[str, int]
    reasons: dict[str, int]


class Status(BaseModel):
    """What happens at the counter; nothing personal."""

    version: str
    step: Literal["tracking", "scan", "second", "face", "recording", "unknown", "verdict"]
    scanner: str
    trouble: str
    row: int
    rows: int
    test_mode: bool


class Ended(BaseModel):
    """How a check ended: ``reference`` names its entry in the audit log, ``test``: it was a trial."""

    verdict: Verdict
    reasons: list[str]
    reference: str
    test: bool


class CheckEnded(BaseModel):
    """What a webhook is sent; ``timestamp`` is that of the check's end, in seconds since 1970."""

    type: Literal["check.ended"]
    timestamp: int
    data: Ended


class EventStream(Response):
    """Server-sent events."""

    media_type = "text/event-stream"


EVENTS: dict[str, Any] = {
    "text/event-stream": {
        "schema": {
            "type": "string",
            "description": "event `state`: {turn, step, scanner, trouble, verdict, reasons, reference}, the last three "
            "null or empty until the check is over; event `check`: {verdict, reasons, reference, test}; "
            "event `beat`: {}",
        }
    }
}
"""What the stream of events is."""


class CaseLetter(_Strict):
    """The letter of a case."""

    tracking: Scanned
    order: Text = ""
    recipient: Text
    deadline: Annotated[date, Field(strict=False)]
    released: bool
    office: Text = ""


class SecondDocument(_Strict):
    """The second document of a case."""

    number: Text


class CaseIn(_Strict):
    """A case to try the rules on; nothing of it is kept."""

    mrz: Annotated[list[Text], Field(max_length=3)] | None
    certain: bool
    consignment: CaseLetter | None
    second_document: SecondDocument | None
    face_matches: bool | None
    now: Annotated[datetime, Field(strict=False)]
    test_mode: bool = False


class RulingOut(BaseModel):
    """A verdict and every reason for it."""

    verdict: Verdict
    reasons: list[str]


class Problem(BaseModel):
    """Why a call was not carried out, in one line or one for each row."""

    detail: Any


class Whole(BaseModel):
    """Whether the audit log is as it was written."""

    whole: bool
    entries: int
    findings: list[str]

"""Why a text was not accepted, and what would help: words for each reason that a reading can give."""

from typing import Any, NamedTuple

from stillscan.guidance.findings import say_finding
from stillscan.mrz import backward, captures, effort, judge, pages, read, stream, typeface, unity
from stillscan.mrz.judge import Reading

PRINT, FINDING, CHECK_DIGIT, RULE, PICTURE, TIME = "print", "finding", "check digit", "rule", "picture", "time"
"""Where it failed: what is printed; looking for lines; arithmetic; rules of the format and lists of codes; what the
picture is; a reading that was ended."""
_AGAIN = "Clean the glass, lay the document flat and still, keep lamps and sun away, and capture it once more."
_ONE = "Capture one document alone, with nothing over or beside it."
_WHOLE = "Show the whole page with the MRZ, flat and in focus, with an empty margin around it."
_AS_PRINTED = "If another capture says the same, the document is printed so: do not rely on it."
_UNUSUAL = "Another capture helps only if a character was misread. Otherwise the document is of a kind not known here."


class Reason(NamedTuple):
    """Where a reading failed, and what helps."""

    cause: str
    help: tuple[str, ...]


REASONS: dict[str, Reason] = {
    stream.NO_ROWS: Reason(FINDING, ("Lay the document on the glass and scan it.",)),
    read.TOO_SMALL: Reason(PICTURE, ("Give a larger picture: 100 dpi and more, the MRZ at least 24 pixels high.",)),
    read.BLANK: Reason(PICTURE, ("Turn the page with the MRZ to the glass or the camera.",)),
    read.NOT_FOUND: Reason(FINDING, (_WHOLE, "Turn light away: lines that glare or hardly show are not found.")),
    read.MIRRORED: Reason(PICTURE, ("Take the picture from the front and do not mirror it.",)),
    read.OTHER_PRINT: Reason(FINDING, ("Show the page that has the MRZ.",)),
    read.NEGATIVE: Reason(PICTURE, ("Give the positive: dark print on light paper.",)),
    read.GOES_ON: Reason(FINDING, (_WHOLE, "Nothing else may be printed in the lines of the MRZ.")),
    read.TWO: Reason(FINDING, (_ONE,)),
    pages.TWO: Reason(FINDING, ("Give the pages one by one.",)),
    captures.TWO: Reason(FINDING, (_ONE,)),
    captures.DIFFERENT: Reason(FINDING, ("Join captures of one document only.",)),
    effort.TIME_IS_OVER: Reason(TIME, ("Read it again when the computer has less to do.",)),
    judge.CHECK: Reason(CHECK_DIGIT, (_AGAIN, _AS_PRINTED)),
    judge.SEX_X: Reason(RULE, ("The document does not keep to the standard; another capture does not help.",)),
    judge.UNCLEAR: Reason(PRINT, (_AGAIN,)),
    judge.CONFUSED: Reason(PRINT, (_AGAIN, "Where its O and 0 look alike, no capture tells them apart: type it.")),
    judge.UNCERTAIN: Reason(PRINT, (_AGAIN, "Several captures together (--join) tell more than one.")),
    judge.KIND: Reason(RULE, (_UNUSUAL,)),
    judge.STATE: Reason(RULE, (_UNUSUAL,)),
    judge.NAME: Reason(RULE, (_UNUSUAL,)),
    judge.EXPIRY: Reason(RULE, (_AGAIN, _AS_PRINTED)),
    typeface.OTHER: Reason(PRINT, ("Lay down a travel document itself, no copy in another type.", _AS_PRINTED)),
    typeface.FOREIGN: Reason(PRINT, ("Look for dirt on this character and capture it once more.", _AS_PRINTED)),
    backward.BACKWARD: Reason(RULE, ("The document does not keep to the standard; another capture does not help.",)),
    unity.TWO_PRINTS: Reason(PRINT, (_ONE, "Lay the page flat: a fold between the lines sets them apart.")),
}
"""All reasons of a reading, without places. A test holds this to what the modules say."""


class Place(NamedTuple):
    """A character that is in doubt; line and position count from 1."""

    line: int
    position: int
    read: str
    probability: float
    seen: str | None
    """What the print alone looks most like, where rules decided against it."""


class Why(NamedTuple):
    """Why a reading was not accepted."""

    cause: str
    reason: str
    characters: tuple[Place, ...]
    checks: tuple[str, ...]
    """Fields whose check digit does not agree."""
    faults: tuple[str, ...]
    """What is wrong with the picture."""
    help: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self._asdict(), "characters": [place._asdict() for place in self.characters]}

    def as_text(self) -> list[str]:
        """Lines for a person."""
        rows = [f"why: {self.reason} ({self.cause})"]
        if self.checks:
            rows.append(f"check digits that do not agree: {', '.join(self.checks)}")
        for place in self.characters:
            instead = f", by its print alone {place.seen}" if place.seen else ""
            rows.append(
                f"line {place.line}, position {place.position}: {place.read},"
                f" certain to {place.probability:.1%}{instead}"
            )
        return [*rows, *(f"in the picture: {fault}" for fault in self.faults), *(f"help: {one}" for one in self.help)]


def why(reading: Reading) -> Why | None:
    """What to tell of a reading that was not accepted; None for one that was."""
    if reading.accepted or reading.reason is None:
        return None
    known = REASONS[without_place(reading.reason)]
    advice = [say_finding(fault, "en") for fault in reading.quality if fault.text != reading.reason]
    return Why(
        cause=known.cause,
        reason=reading.reason,
        characters=_places(reading),
        checks=tuple(name for name, right in reading.checks.items() if not right),
        faults=tuple(fault.text for fault in reading.quality if fault.text != reading.reason),
        help=tuple(dict.fromkeys((*known.help, *advice))),
    )


def without_place(reason: str) -> str:
    """The reason as REASONS has it."""
    with_places = (known for known in REASONS if "{" in known)
    return next((known for known in with_places if reason.startswith(known.partition("{")[0])), reason)


def _places(reading: Reading) -> tuple[Place, ...]:
    """The characters that the reason speaks of, or that are not sure; where none is unsure, the least sure one."""
    if reading.lines is None:
        return ()
    marked = [
        (fault.line, at)
        for fault in reading.quality
        if fault.text == reading.reason and fault.line and fault.characters
        for at in range(fault.characters[0], fault.characters[1] + 1)
    ]
    seen = {(fix.line, fix.position): fix.seen for fix in reading.corrections}
    chances = {
        (row, column): chance
        for row, line in enumerate(reading.characters, start=1)
        for column, chance in enumerate(line, start=1)
    }
    unsure = marked or sorted({*reading.unsure, *seen})
    if not unsure and REASONS[without_place(reading.reason or "")].cause == PRINT:
        unsure = [place for place in [min(chances, key=lambda place: chances[place])] if chances[place] < 1]
    return tuple(
        Place(row, column, reading.lines[row - 1][column - 1], chances[row, column], seen.get((row, column)))
        for row, column in unsure
    )

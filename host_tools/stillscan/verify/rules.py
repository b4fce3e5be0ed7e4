"""The rules of the identity check, put together: one pure function from a case to a ruling.

Every rule says what speaks against handing out the letter. A release is what is left when nothing does, so a rule that
is added can only make verdicts stricter, and there is no input that says "release".
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, timedelta

from stillscan import RELEASED
from stillscan.mrz.errors import MrzError
from stillscan.mrz.parse import parse
from stillscan.verify.case import Case, Consignment
from stillscan.verify.document import (
    MrzFacts,
    about_dates,
    about_kind,
    about_origin,
    about_print,
    is_foreign,
    is_passport,
)
from stillscan.verify.names import about_name
from stillscan.verify.ruling import Reason, Ruling, rule
from stillscan.verify.second import about_second_document

CLOCK = (date.fromisoformat(RELEASED), date(2076, 1, 1))
"""This software is younger than the first; from the second on two digits of a year would mean another century."""

MOST_READING = timedelta(minutes=10)
"""A reading that is older decides nothing: the document that it is of may be anywhere by then, and so may its holder.
A counter lets go of it sooner (`counter.held_reading`)."""


def decide_case(case: Case) -> Ruling:
    """The verdict on a case, with every reason that applies."""
    return rule(_against(case))


def decide_document(
    mrz: MrzFacts | None, certain: bool, recipient: str | None, today: date, test_mode: bool = False
) -> Ruling:
    """What the same rules say of a document alone, where there is no letter: "release" means that nothing speaks
    against it. ``recipient`` is a name to compare with, None for none; the other arguments are as in a Case."""
    found = _about_document(mrz or "mrz_missing", certain, today, test_mode)
    if mrz is not None and certain and recipient is not None:
        found += about_name(recipient, mrz.primary, mrz.secondary, mrz.names_full)
    return rule(found)


def _against(case: Case) -> Iterator[Reason]:
    today = case.now.astimezone(UTC).date()
    read = _fields(case.mrz)
    found = _about_document(read, case.certain, today, case.test_mode)
    yield from found
    if case.mrz is not None and not case.scanner_paired:
        yield "scanner_not_paired"
    if case.read_at is not None and not timedelta(0) <= case.now - case.read_at <= MOST_READING:
        yield "reading_expired"
    mrz = None if isinstance(read, str) or not case.certain else read
    if case.second_document is not None:
        yield from about_second_document(mrz, case.second_document, today, case.test_mode)
    elif mrz is not None and is_passport(mrz) and is_foreign(mrz):
        yield "second_document_missing"
    yield from _about_consignment(case.consignment, mrz, case.office, None if "clock_implausible" in found else today)
    yield from _about_face(case.face_matches)


def _fields(lines: Sequence[str] | None) -> MrzFacts | Reason:
    """The fields of a text, or why there are none."""
    if lines is None:
        return "mrz_missing"
    try:
        return parse(tuple(lines))
    except MrzError:
        return "format_unknown"


def _about_document(read: MrzFacts | Reason, certain: bool, today: date, test_mode: bool) -> list[Reason]:
    """What speaks against the document itself. A best guess is for people, not for rules."""
    clock_right = CLOCK[0] <= today < CLOCK[1]
    found: list[Reason] = [] if clock_right else ["clock_implausible"]
    if isinstance(read, str):
        return [*found, read]
    if not certain:
        return [*found, "mrz_uncertain"]
    found += (*about_print(read), *about_kind(read), *about_origin(read, test_mode))
    if clock_right:
        found += about_dates(read, today)
    return found


def _about_consignment(
    letter: Consignment | None, mrz: MrzFacts | None, office: str, today: date | None
) -> Iterator[Reason]:
    if letter is None or not letter.tracking.strip():
        yield "consignment_unknown"
        return
    if letter.office and office and letter.office != office:
        yield "wrong_office"
    if letter.released:
        yield "already_released"
    if letter.withdrawn:
        yield "consignment_withdrawn"
    if letter.returned:
        yield "consignment_returned"
    if today is not None and letter.deadline < today:
        yield "deadline_passed"
    if mrz is not None:
        yield from about_name(letter.recipient, mrz.primary, mrz.secondary, mrz.names_full)


def _about_face(face_matches: bool | None) -> Iterator[Reason]:
    if face_matches is None:
        yield "face_not_confirmed"
    elif not face_matches:
        yield "face_mismatch"

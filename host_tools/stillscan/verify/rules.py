"""The rules of the identity check, put together: one pure function from a case to a ruling.

Every rule says what speaks against handing out the letter. A release is what is left when nothing does, so a rule that
is added can only make verdicts stricter, and there is no input that says "release".
"""

from collections.abc import Iterator
from datetime import UTC, date

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

CLOCK = (date(2026, 1, 1), date(2076, 1, 1))
"""This software is younger than the first; from the second on two digits of a year would mean another century."""


def decide_case(case: Case) -> Ruling:
    """The verdict on a case, with every reason that applies."""
    return rule(_against(case))


def _against(case: Case) -> Iterator[Reason]:
    today = case.now.astimezone(UTC).date()
    clock_right = CLOCK[0] <= today < CLOCK[1]
    if not clock_right:
        yield "clock_implausible"
    mrz = None
    for found in _read(case):
        if isinstance(found, str):
            yield found
        else:
            mrz = found
    if mrz is not None:
        yield from about_print(mrz)
        yield from about_kind(mrz)
        yield from about_origin(mrz, case.test_mode)
        if clock_right:
            yield from about_dates(mrz, today)
        if case.second_document is None and is_passport(mrz) and is_foreign(mrz):
            yield "second_document_missing"
    if case.second_document is not None:
        yield from about_second_document(mrz, case.second_document, today, case.test_mode)
    yield from _about_consignment(case.consignment, mrz, case.office, today if clock_right else None)
    yield from _about_face(case.face_matches)


def _read(case: Case) -> Iterator[MrzFacts | Reason]:
    """The fields of a text that may be judged, or why there is none: a best guess is for people, not for rules."""
    if case.mrz is None:
        yield "mrz_missing"
        return
    try:
        mrz = parse(tuple(case.mrz))
    except MrzError:
        yield "format_unknown"
        return
    if case.certain:
        yield mrz
    else:
        yield "mrz_uncertain"


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
    if today is not None and letter.deadline < today:
        yield "deadline_passed"
    if mrz is not None:
        yield from about_name(letter.recipient, mrz.primary, mrz.secondary, mrz.names_full)


def _about_face(face_matches: bool | None) -> Iterator[Reason]:
    if face_matches is None:
        yield "face_not_confirmed"
    elif not face_matches:
        yield "face_mismatch"

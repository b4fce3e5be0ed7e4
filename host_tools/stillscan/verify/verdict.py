"""The verdict on a document alone, for a scanner without letters: may it be believed, is it a valid passport, whose?

The identity check of a letter is `stillscan.verify.rules`; both apply the same rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stillscan.verify.document import MrzFacts, about_dates, about_kind, about_print
from stillscan.verify.names import about_name
from stillscan.verify.ruling import OK, Reason, rule

Outcome = Literal["verified", "refused"]


@dataclass(frozen=True)
class Verdict:
    """The outcome and every reason for it, in the order of REASONS; ("ok",) when verified."""

    outcome: Outcome
    reasons: tuple[str, ...]


def decide(mrz: MrzFacts | None, accepted: bool, recipient: str | None, today: date) -> Verdict:
    """Judge one document.

    `accepted` is the recogniser's own certainty: check digits cannot see every misread, and what is not certain is not
    judged. `recipient` None means that there is no name to compare. `today` is the date at the office.
    """
    reasons = rule(_against(mrz, accepted, recipient, today)).reasons
    return Verdict("verified" if reasons == (OK,) else "refused", reasons)


def _against(mrz: MrzFacts | None, accepted: bool, recipient: str | None, today: date) -> Iterator[Reason]:
    if mrz is None:
        yield "mrz_missing"
        return
    if not accepted:
        yield "mrz_uncertain"
        return
    yield from about_print(mrz)
    yield from about_kind(mrz)
    yield from about_dates(mrz, today)
    if recipient is not None:
        yield from about_name(recipient, mrz.primary, mrz.secondary, mrz.names_full)

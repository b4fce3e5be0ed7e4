"""The first verdict: may the letter be handed over, and if not, why. Pure: the same inputs give the same verdict."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, get_args

from stillscan.verify.names import NameMatch, match_name

Outcome = Literal["verified", "refused"]
Reason = Literal[
    "ok",
    "mrz_missing",
    "mrz_uncertain",
    "check_digit_failed",
    "document_not_passport",
    "document_expired",
    "date_implausible",
    "name_mismatch",
    "name_uncertain",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Every reason code, in the order in which a verdict lists them."""

_FURTHEST_EXPIRY_YEARS = 30
"""No state issues passports for longer; two digits of a year that say more are a misread or a past century."""


class MrzFacts(Protocol):
    """What the rules need to know of an MRZ; `stillscan.mrz.Mrz` has it."""

    @property
    def format(self) -> str:
        """Name of the format, "TD3" for a passport."""

    @property
    def document_code(self) -> str:
        """First one or two characters, fillers taken off."""

    @property
    def primary(self) -> str:
        """Surname, words parted by "<"."""

    @property
    def secondary(self) -> str:
        """Given names, words parted by "<"; empty for a person with one name."""

    @property
    def names_full(self) -> bool:
        """The name field is full to its last position, so the name may be cut off."""

    @property
    def birth(self) -> str:
        """Date of birth as printed, YYMMDD; "<<" for an unknown part (Doc 9303-3)."""

    @property
    def checks(self) -> Mapping[str, bool]:
        """Every check digit of the format, and whether it agrees."""

    @property
    def valid(self) -> bool:
        """All check digits agree and every field holds characters of its kind."""

    def birth_date(self, today: date) -> date | None:
        """Date of birth; None when unknown in part or no date."""

    def expiry_date(self) -> date | None:
        """Last day of validity; None when it is no date."""


@dataclass(frozen=True)
class Verdict:
    """The outcome and every reason for it, in the order of REASONS; ("ok",) when verified."""

    outcome: Outcome
    reasons: tuple[Reason, ...]


def decide(mrz: MrzFacts | None, accepted: bool, recipient: str | None, today: date) -> Verdict:
    """Judge one document for one letter.

    `accepted` is the recogniser's own certainty: check digits cannot see every misread. `recipient` None means that
    there is no name to compare, and the name rule is not applied. `today` is the date at the office.
    """
    reasons = tuple(_against(mrz, accepted, recipient, today)) if mrz else ("mrz_missing",)
    return Verdict("refused", reasons) if reasons else Verdict("verified", ("ok",))


def _against(mrz: MrzFacts, accepted: bool, recipient: str | None, today: date) -> Iterator[Reason]:
    digits_agree = bool(mrz.checks) and all(mrz.checks.values())
    if not accepted or (digits_agree and not mrz.valid):
        yield "mrz_uncertain"
    if not digits_agree:
        yield "check_digit_failed"
    if mrz.format != "TD3" or not mrz.document_code.startswith("P"):
        yield "document_not_passport"
    expiry = mrz.expiry_date()
    if expiry is not None and expiry < today:
        yield "document_expired"
    if expiry is None or expiry.year - today.year > _FURTHEST_EXPIRY_YEARS or not _birth_plausible(mrz, today):
        yield "date_implausible"
    if recipient is not None:
        match match_name(recipient, mrz.primary, mrz.secondary, mrz.names_full):
            case NameMatch.MISMATCH:
                yield "name_mismatch"
            case NameMatch.UNCERTAIN:
                yield "name_uncertain"


def _birth_plausible(mrz: MrzFacts, today: date) -> bool:
    """A date that is not in the future, or one whose unknown parts are fillers and whose known ones are in range."""
    if "<" not in mrz.birth:
        return mrz.birth_date(today) is not None
    year, month, day = mrz.birth[:2], mrz.birth[2:4], mrz.birth[4:]
    return _part(year, 0, 99) and _part(month, 1, 12) and _part(day, 1, 31)


def _part(text: str, low: int, high: int) -> bool:
    return text == "<<" or (len(text) == 2 and text.isascii() and text.isdigit() and low <= int(text) <= high)

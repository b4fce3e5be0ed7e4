"""Rules about the document itself: is it a passport, a real one, and valid today?"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Protocol

from stillscan.mrz.codes import SPECIMEN_CODES, STATUS_CODES, is_known
from stillscan.verify.ruling import Reason

FURTHEST_EXPIRY_YEARS = 30
"""No state issues passports for longer; two digits of a year that say more are a misread or a past century."""


class MrzFacts(Protocol):
    """What the rules need to know of an MRZ; `stillscan.mrz.Mrz` has it. Codes and names without fillers at the end."""

    @property
    def format(self) -> str:
        """Name of the format, "TD3" for a passport."""

    @property
    def document_code(self) -> str:
        """First one or two characters."""

    @property
    def issuer(self) -> str:
        """Code of the issuing state or organisation."""

    @property
    def number(self) -> str:
        """Document number."""

    @property
    def nationality(self) -> str:
        """Code of the holder's nationality."""

    @property
    def birth(self) -> str:
        """Date of birth as printed, YYMMDD; "<<" for an unknown part (Doc 9303-3)."""

    @property
    def sex(self) -> str:
        """ "M", "F" or "<" for unspecified."""

    @property
    def optional(self) -> str:
        """Optional data, such as a personal number."""

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
    def checks(self) -> Mapping[str, bool]:
        """Every check digit of the format by the field that it covers, and whether it agrees."""

    @property
    def valid(self) -> bool:
        """All check digits agree and every field holds characters of its kind."""

    def birth_date(self, today: date) -> date | None:
        """Date of birth; None when unknown in part or no date."""

    def expiry_date(self) -> date | None:
        """Last day of validity; None when it is no date."""


def is_passport(mrz: MrzFacts) -> bool:
    """Whether it has the form of a passport, an emergency passport among them."""
    return (
        mrz.format == "TD3"
        and mrz.document_code.startswith("P")
        and _refused().get(mrz.document_code[1:]) != "document_not_passport"
    )


def is_foreign(mrz: MrzFacts) -> bool:
    """Whether Norway has not issued it: such a passport does not lead to an identity number by itself."""
    return mrz.issuer != "NOR"


def about_print(mrz: MrzFacts) -> Iterator[Reason]:
    """Whether the text itself can be believed."""
    digits_agree = (bool(mrz.checks) or not is_passport(mrz)) and all(mrz.checks.values())  # not every card has some
    if not digits_agree:
        yield "check_digit_failed"
    elif not mrz.valid:
        yield "mrz_uncertain"


def about_kind(mrz: MrzFacts) -> Iterator[Reason]:
    """Whether it is a passport that is taken."""
    if not is_passport(mrz):
        yield "document_not_passport"
    elif mrz.document_code[1:] in _refused():
        yield "emergency_passport"


def about_origin(mrz: MrzFacts, test_mode: bool) -> Iterator[Reason]:
    """Whether states have the codes, and none of them is the state of specimens."""
    if not test_mode and (
        not SPECIMEN_CODES.isdisjoint((mrz.issuer, mrz.nationality))
        or (_proved(mrz, "number") and not mrz.number.strip("0<"))
    ):
        yield "specimen_document"
    if not is_known(mrz.issuer) or mrz.issuer in STATUS_CODES:
        yield "issuer_unknown"
    if not is_known(mrz.nationality):
        yield "nationality_unknown"


def about_dates(mrz: MrzFacts, today: date) -> Iterator[Reason]:
    """Whether it is valid today (its last day counts) and its dates can be. One whose digit fails is not judged."""
    implausible = False
    if _proved(mrz, "expiry"):
        expiry = mrz.expiry_date()
        if expiry is not None and expiry < today:
            yield "document_expired"
        implausible = expiry is None or expiry.year - today.year > FURTHEST_EXPIRY_YEARS
    if _proved(mrz, "birth"):
        implausible |= not _birth_plausible(mrz, today)
    if implausible:
        yield "date_implausible"


@cache
def _refused() -> dict[str, Reason]:
    table: dict[str, dict[str, Reason]] = tomllib.loads(
        (files(__package__) / "document.toml").read_text(encoding="utf-8")
    )
    return table["refused"]


def _proved(mrz: MrzFacts, field: str) -> bool:
    return mrz.checks.get(field, False)


def _birth_plausible(mrz: MrzFacts, today: date) -> bool:
    """A date that is not in the future, or one whose unknown parts are fillers and whose known ones are in range."""
    if "<" not in mrz.birth:
        return mrz.birth_date(today) is not None
    year, month, day = mrz.birth[:2], mrz.birth[2:4], mrz.birth[4:]
    return _part(year, 0, 99) and _part(month, 1, 12) and _part(day, 1, 31)


def _part(text: str, low: int, high: int) -> bool:
    return text == "<<" or (len(text) == 2 and text.isascii() and text.isdigit() and low <= int(text) <= high)

"""MRZ lines to fields: what is printed, and which check digits agree (ICAO Doc 9303 parts 3 to 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from stillscan.mrz.alphabet import ALPHABET, DIGITS, FILLER, LETTERS, check_digit
from stillscan.mrz.formats import TD3, CheckDigit, Format, format_of, split_lines


@dataclass(frozen=True, repr=False)
class Mrz:
    """The fields of one MRZ. Fillers are taken off the ends; dates stay YYMMDD as printed.

    `checks` has one entry a check digit of the format, none for CHE-DL; `valid` says that all of them agree and that
    every field holds only characters of its kind. It says nothing about dates being plausible or codes being assigned.
    What a format does not print is empty, sex a filler.
    """

    format: str
    document_code: str
    issuer: str
    number: str
    nationality: str
    birth: str
    sex: str
    expiry: str
    optional: str
    primary: str
    secondary: str
    names_full: bool
    """The last position of the name field is a letter, so the name may have been cut off."""
    checks: dict[str, bool]
    valid: bool

    def __repr__(self) -> str:
        """Without personal data, because objects end up in logs and tracebacks."""
        return f"Mrz(format={self.format!r}, valid={self.valid})"

    def birth_date(self, today: date) -> date | None:
        """Date of birth in the latest century that is not after `today`; None when unknown in part or no date."""
        return _date(self.birth, today.year, not_after=today)

    def expiry_date(self) -> date | None:
        """Date of expiry, in 1980 to 2079; None when it is no date or none is printed. It is valid on that day.

        Machine readable passports are no older than 1980 (first edition of Doc 9303).
        """
        return _date(self.expiry, 2079, not_after=date(2079, 12, 31))


def parse(lines: Sequence[str] | str) -> Mrz:
    """Fields and check digits of an MRZ given as its lines, or as one text (see `split_lines`).

    Never raises anything but MrzError, for lines of a wrong number, length or alphabet.
    """
    rows = split_lines(lines) if isinstance(lines, str) else tuple(lines)
    form = format_of(rows)
    number, number_ok, optional_first = _number(form, rows)
    checks = {check.name: _agrees(form, check, rows) for check in form.checks}
    if "number" in checks:
        checks["number"] = number_ok
    optional = [optional_first, *(span.of(rows) for span in form.optional[1:])]
    names = form.names.of(rows)
    primary, _, secondary = names.partition(FILLER * 2)
    if form.given is not None:  # by themselves, each parted from the next by two fillers
        primary, secondary = names, form.given.of(rows).replace(FILLER * 2, FILLER)
    return Mrz(
        format=form.name,
        document_code=form.code.of(rows).rstrip(FILLER),
        issuer=form.issuer.of(rows).rstrip(FILLER),
        number=number,
        nationality=(form.nationality or form.issuer).of(rows).rstrip(FILLER),
        birth=form.birth.of(rows) if form.birth else "",
        sex=form.sex.of(rows) if form.sex else FILLER,
        expiry=form.expiry.of(rows) if form.expiry else "",
        optional=FILLER.join(part for part in (text.rstrip(FILLER) for text in optional) if part),
        primary=primary.strip(FILLER),
        secondary=secondary.strip(FILLER),
        names_full=names[-1] != FILLER,
        checks=checks,
        valid=all(checks.values()) and _kinds_right(form, rows),
    )


def _agrees(form: Format, check: CheckDigit, lines: Sequence[str]) -> bool:
    """Whether one check digit is right. TD3's over the optional data may be a filler when that field is empty."""
    covered = "".join(span.of(lines) for span in check.covers)
    printed = check.digit.of(lines)
    if form is TD3 and check.name == "optional" and printed == FILLER:
        return not covered.strip(FILLER)
    return printed == str(check_digit(covered))


def _number(form: Format, lines: Sequence[str]) -> tuple[str, bool, str]:
    """(document number, its check digit agrees, what is left of the first optional field).

    A filler in place of the check digit of a TD1 or TD2 says that the number runs on in the optional data, with its
    check digit as last character. Issuers compute that digit with or without the filler between: both are taken.
    """
    head, optional = form.number.of(lines), form.optional[0].of(lines) if form.optional else ""
    if not form.checks:
        return head.rstrip(FILLER), True, optional
    check = form.check("number")
    runs_on = form.long_number and check.digit.of(lines) == FILLER and head[-1] != FILLER
    rest, _, left = optional.partition(FILLER)
    if not runs_on or len(rest) < 2:
        return head.rstrip(FILLER), _agrees(form, check, lines), optional
    tail, digit = rest[:-1], rest[-1]
    agrees = digit in (str(check_digit(head + tail)), str(check_digit(head + FILLER + tail)))
    return head + tail, agrees, left


def _kinds_right(form: Format, lines: Sequence[str]) -> bool:
    """Whether letters, digits and fillers stand only where the format has them."""
    kinds = (
        (form.code, ALPHABET),
        (form.issuer, LETTERS + FILLER),
        (form.names, LETTERS + FILLER),
        (form.given, LETTERS + FILLER),
        (form.nationality, LETTERS + FILLER),
        (form.birth, DIGITS + FILLER),
        (form.sex, "MF" + FILLER),
        (form.expiry, DIGITS),
    )
    return all(character in kind for span, kind in kinds if span is not None for character in span.of(lines))


def _date(text: str, year: int, *, not_after: date) -> date | None:
    """The latest date with these YYMMDD digits up to `not_after`, looking back from `year`; None if there is none."""
    if not text or not all(character in DIGITS for character in text):
        return None
    years = (year - (year - int(text[:2])) % 100, year - (year - int(text[:2])) % 100 - 100)
    for candidate in years:
        try:
            found = date(candidate, int(text[2:4]), int(text[4:6]))
        except ValueError:
            continue
        if found <= not_after:
            return found
    return None

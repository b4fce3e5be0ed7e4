"""Rules about the second document: its identity number, held against the passport."""

from collections.abc import Iterator
from datetime import date

from stillscan.verify.document import MrzFacts
from stillscan.verify.identity_number import IdentityNumber, parse_identity_number
from stillscan.verify.ruling import Reason


def about_second_document(mrz: MrzFacts | None, text: str, today: date, test_mode: bool) -> Iterator[Reason]:
    """Judge the number `text` for the holder of `mrz` (None: nothing certain is known of the passport)."""
    number = parse_identity_number(text, today)
    if number is None:
        yield "identity_number_invalid"
        return
    if number.synthetic and not test_mode:
        yield "identity_number_synthetic"
    if mrz is not None:
        yield from _compared(mrz, number, text.replace(" ", ""), today)


def _compared(mrz: MrzFacts, number: IdentityNumber, digits: str, today: date) -> Iterator[Reason]:
    """A D-nummer's date may deviate from the passport's, so that a person looks; a fødselsnummer's may not.

    Where the number may be one of 2032 its sex is no proof of anything, and a person looks as well.
    """
    if mrz.issuer == "NOR" and _other_number_printed(mrz.optional, digits, today):
        yield "identity_number_mismatch"
    doubt: Reason = "identity_number_unverifiable" if number.kind == "D-nummer" else "identity_number_mismatch"
    if mrz.checks.get("birth", False):
        day_first = mrz.birth[4:6] + mrz.birth[2:4] + mrz.birth[:2]
        known = [(own, printed) for own, printed in zip(number.birth, day_first, strict=False) if printed != "<"]
        if any(own != printed for own, printed in known):
            yield doubt
        elif len(known) < len(number.birth):
            yield "identity_number_unverifiable"
    if number.sex is not None and mrz.sex in ("M", "F") and mrz.sex != number.sex:
        yield doubt if number.surely_old else "identity_number_unverifiable"


def _other_number_printed(optional: str, digits: str, today: date) -> bool:
    """Whether the optional data holds another identity number, or the last five digits of another."""
    if not (optional.isascii() and optional.isdigit()):
        return False
    if len(optional) == 5:
        return optional != digits[6:]
    return parse_identity_number(optional, today) is not None and optional != digits

"""Text that comes from outside and is stored: one line of visible characters, or refused.

SQL and HTML are text like any other: values never become part of a statement, and whoever shows them escapes them.
What is refused is what cannot be seen or misleads the eye: control characters, marks that turn the direction of
writing, characters without width.
"""

from __future__ import annotations

import re
import unicodedata

from stillscan.records.errors import FieldError
from stillscan.records.tracking import is_number
from stillscan.verify.identity_number import NEW_RULES_FROM, parse_identity_number
from stillscan.verify.typed import number_of

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_LENGTH = 200  # characters of a recipient
TEXT_LENGTH = 64  # of an order number, an office, a staff id
_TURNING = {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "PDF", "PDI", "FSI"}


def line(field: str, value: object, longest: int = TEXT_LENGTH, *, empty: bool = False) -> str:
    """The value as one line: composed (NFC), ends trimmed, inner spaces single. FieldError for what is refused."""
    if not isinstance(value, str):
        raise FieldError(field, "is not text" if value is not None else "is missing")
    if len(value) > 4 * longest:  # before any work that grows with it
        raise FieldError(field, f"is longer than {longest} characters")
    text = unicodedata.normalize("NFC", value)
    for character in text:
        if problem := _unseen(character):
            raise FieldError(field, f"holds {problem} (U+{ord(character):04X})")
    text = " ".join(text.split())
    if not text and not empty:
        raise FieldError(field, "is empty")
    if len(text) > longest:
        raise FieldError(field, f"is longer than {longest} characters")
    return text


def words(field: str, value: object, longest: int = NAME_LENGTH) -> str:
    """A line that somebody wrote. FieldError for a number that was scanned or typed into the wrong field.

    Neither a letter's bar code nor anybody's identity number is a name or a reason, whoever sends it.
    """
    text = line(field, value, longest)
    if not any(map(str.isdigit, text)):
        return text  # as names are
    if is_number(text):
        raise FieldError(field, "is a tracking number")
    if parse_identity_number(number_of(text), NEW_RULES_FROM) is not None:
        raise FieldError(field, "is an identity number")
    return text


def name(field: str, value: object) -> str:
    """A recipient's name: words whose letters are Latin, because they are compared with a passport's."""
    text = words(field, value)
    letters = [character for character in text if unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lo")]
    if not letters:
        raise FieldError(field, "holds no letter")
    for character in letters:
        if not unicodedata.name(character, "").startswith("LATIN"):
            raise FieldError(field, f"holds a letter that is not Latin (U+{ord(character):04X})")
    return text


def identifier(field: str, value: object) -> str:
    """An id that also names files: letters, digits, '.', '_' and '-', 64 at most, beginning with a letter or digit."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise FieldError(field, "is 1 to 64 letters (a-z), digits, '.', '_' or '-', beginning with a letter or digit")
    return value


def _unseen(character: str) -> str | None:
    """What is wrong with a character that no reader sees as what it is; None for a visible one or a plain space."""
    if unicodedata.bidirectional(character) in _TURNING or character in "\u200e\u200f\u061c":
        return "right-to-left text or a direction mark"
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return "a control character"
        case "Cf" | "Cs" | "Co" | "Cn":
            return "a character that cannot be seen"
    return None

"""What a bar code scanner or a person types for a number, without what only carries it.

A scanner that types like a keyboard (a "wedge") may put before the number which symbology it read (the symbology
identifier of ISO/IEC 15424, `]C1` for GS1-128), and between numbers the group separator that stands for GS1's FNC1.
It presses keys where another keyboard has other signs, when it was not told which one the computer has. People type
spaces of every kind, hyphens and dashes.
"""

from __future__ import annotations

import re
import unicodedata

GROUP_SEPARATOR = "\x1d"
"""What a scanner types for FNC1 between two fields (GS1 General Specifications, section 7.8.6)."""
_SEPARATORS = re.compile(r"<(?:gs|fnc1)>|\{(?:gs|fnc1)\}|\[(?:gs|fnc1)\]|\^\]|[|~^\u241d]", re.IGNORECASE)
"""What scanners are set to type for it, because no keyboard has a key for it."""
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]|[^\w\s(][A-Za-z][0-9]")
"""ISO/IEC 15424: flag, code character, modifier; or a flag that another keyboard made another sign (Norwegian: `¨`)."""
_DIAERESIS = "\u0308"  # the Nordic keyboards' sign where a scanner's has `]`, which joins the letter that follows
_FRAME = f"\t\r\n\x01\x02\x03\x04\x1c\x1e\x1f\u2028\u2029{GROUP_SEPARATOR}"
"""What scanners are set to send around a code: tabs, line ends, start and end of text, and ISO/IEC 15434's own."""
_CODE_39 = "*"  # begins and ends every code of Code 39; some scanners send it too
_DASHES = "+\u02d7\u2043\u207b\u2212\u2796"
"""Look like a dash, and Unicode counts them among other signs; `+` is where a Nordic keyboard has it for a hyphen."""
_NOT_SEEN = {"Zs", "Cf"}
"""Unicode's spaces, and what is not seen: marks of the direction of writing, soft hyphens, spaces of no width.
A number that is copied out of a message brings them along, and nobody could find one that is refused for them."""


def number_of(text: str) -> str:
    """What was typed or scanned for a number, without frame, symbology identifier, and what `joined` takes off."""
    return joined(unframed(text))


def unframed(text: str) -> str:
    """The text without what a scanner sends around a code, its separators as `GROUP_SEPARATOR`, its dashes as hyphens.

    Spaces and what cannot be seen are taken off, and signs of full width are those of any other.
    """
    if text.isascii() and text.isalnum():
        return text  # as files of letters have them, by the hundred thousand
    text = _bare(_SEPARATORS.sub(GROUP_SEPARATOR, "".join(map(_plain, text))))
    flagged = unicodedata.normalize("NFD", text[:1])
    if flagged[1:] == _DIAERESIS:
        text = f"]{flagged[0]}{text[1:]}"
    text = _SYMBOLOGY.sub("", text, count=1) if _SYMBOLOGY.match(text) else text
    return "".join("-" if _is_dash(one) else one for one in _bare(text))


def joined(text: str) -> str:
    """The text without the hyphens that people put between the characters of a number."""
    return text.replace("-", "")


def _bare(text: str) -> str:
    text = text.strip(_FRAME)
    return text.strip(_CODE_39).strip(_FRAME) if text.startswith(_CODE_39) and text.endswith(_CODE_39) else text


def _is_dash(one: str) -> bool:
    return one in _DASHES or unicodedata.category(one) == "Pd"


def _plain(one: str) -> str:
    """A character without its width; nothing for one that is not seen."""
    if unicodedata.category(one) in _NOT_SEEN:
        return ""
    return unicodedata.normalize("NFKC", one) if unicodedata.decomposition(one).startswith("<wide>") else one

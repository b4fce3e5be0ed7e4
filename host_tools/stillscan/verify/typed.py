"""What a bar code scanner or a person types for a number, without what only carries it.

A scanner that types like a keyboard (a "wedge") may put before the number which symbology it read (the symbology
identifier of ISO/IEC 15424, `]C1` for GS1-128), and between numbers the group separator that stands for GS1's FNC1.
People type spaces of every kind, hyphens and dashes.
"""

from __future__ import annotations

import re
import unicodedata

GROUP_SEPARATOR = "\x1d"
"""What a scanner types for FNC1 between two fields (GS1 General Specifications, section 7.8.6)."""
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")  # ISO/IEC 15424: flag, code character, modifier
_FRAME = f"\t\r\n\x02\x03\x04\x1e{GROUP_SEPARATOR}"
"""What scanners are set to send around a code: tabs, line ends, start and end of text, and ISO/IEC 15434's own."""
_NOT_OF_A_NUMBER = {"Zs", "Pd", "Cf"}
"""Unicode's spaces, dashes, and what is not seen: marks of the direction of writing, soft hyphens, spaces of no width.
A number that is copied out of a message brings them along, and nobody could find one that is refused for them."""
_MINUS = "\u2212"  # looks like a dash, and Unicode counts it among the symbols


def number_of(text: str) -> str:
    """What was typed or scanned for a number, without frame, symbology identifier, and what `joined` takes off."""
    text = joined(text).strip(_FRAME)
    return _SYMBOLOGY.sub("", text, count=1).strip(_FRAME) if _SYMBOLOGY.match(text) else text


def joined(text: str) -> str:
    """The text without what people put between the characters of a number, and what cannot be seen."""
    return "".join(one for one in text if unicodedata.category(one) not in _NOT_OF_A_NUMBER and one != _MINUS)

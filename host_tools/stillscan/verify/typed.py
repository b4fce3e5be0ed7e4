"""What a bar code scanner or a person types for a number, without what only carries it.

A scanner that types like a keyboard (a "wedge") may put before the number which symbology it read (the symbology
identifier of ISO/IEC 15424, `]C1` for GS1-128), and between numbers the group separator that stands for GS1's FNC1.
People type spaces, also such as do not break a line, and hyphens.
"""

from __future__ import annotations

import re

GROUP_SEPARATOR = "\x1d"
"""What a scanner types for FNC1 between two fields (GS1 General Specifications, section 7.8.6)."""
_SYMBOLOGY = re.compile(r"\s*\][A-Za-z][0-9A-Za-z]")  # ISO/IEC 15424: flag, code character, modifier
# Plain, no-break, narrow no-break, figure and thin spaces; hyphen-minus, hyphen, no-break hyphen, figure and en dash.
_BETWEEN = dict.fromkeys(map(ord, " \u00a0\u202f\u2007\u2009-\u2010\u2011\u2012\u2013"))


def without_symbology(text: str) -> str:
    """The text without ends that are not seen (spaces, line ends, separators) and a symbology identifier before it."""
    text = _SYMBOLOGY.sub("", text, count=1) if _SYMBOLOGY.match(text) else text
    return text.strip(f" \t\r\n{GROUP_SEPARATOR}\u00a0\u202f")


def joined(text: str) -> str:
    """The text without the spaces and hyphens that people put between the characters of a number."""
    return text.translate(_BETWEEN)


def number_of(text: str) -> str:
    """What was typed or scanned for a number of digits, without what people and scanners put before and between."""
    return joined(without_symbology(text))

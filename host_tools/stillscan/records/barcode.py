"""The tracking number in what a bar code of a letter holds: a plain number, or fields of GS1 with their identifiers.

Source: GS1 General Specifications, section 3 (application identifiers) and 7.8 (element strings). Of the fields only
those that number a letter are taken: SSCC (00), and the consignment's number (401 GINC, 402 GSIN).
"""

from __future__ import annotations

import re

from stillscan.verify.typed import GROUP_SEPARATOR, number_of

_IN_BRACKETS = re.compile(r"\(([0-9]{2,4})\)([^()]*)")
_NUMBERING = ("00", "401", "402")
_SSCC_DIGITS = 18  # of an SSCC (GS1 General Specifications, 3.2)
_CONSIGNMENT_DIGITS = 17  # of a GSIN, and of Posten's number in either field
# Fields that may stand before: how many characters they have without FNC1 at their end (section 7.8.5, figure 7.8.5-2).
_FIXED = {
    "00": 18,
    "01": 14,
    "02": 14,
    "11": 6,
    "12": 6,
    "13": 6,
    "15": 6,
    "16": 6,
    "17": 6,
    "20": 2,
    "402": 17,
    "410": 13,
}
_VARIABLE = ("10", "21", "37", "400", "401", "403", "420", "421")


def number_in(text: str) -> str:
    """The number that was typed or scanned, without spaces, hyphens, symbology and application identifiers.

    What holds no field of GS1 that numbers a letter comes back as it is: whether it is a number is asked elsewhere.
    """
    text = number_of(text)
    fields = dict(_IN_BRACKETS.findall(text)) if text.startswith("(") else _fields(text)
    for identifier in _NUMBERING:
        if identifier in fields:
            return fields[identifier].strip(GROUP_SEPARATOR)
    return text


def _fields(text: str) -> dict[str, str]:
    """Fields by identifier of an element string without brackets; none unless all of it is such fields.

    A number of 17 or 18 digits is one by itself, whatever its first digits are.
    """
    if text.isdigit() and len(text) in (_CONSIGNMENT_DIGITS, _SSCC_DIGITS):
        return {}
    fields: dict[str, str] = {}
    while text:
        identifier = next((one for one in (*_FIXED, *_VARIABLE) if text.startswith(one)), None)
        if identifier is None:
            return {}
        text = text.removeprefix(identifier)
        size = _FIXED.get(identifier)
        if size is None:
            value, _, text = text.partition(GROUP_SEPARATOR)
        else:
            value, text = text[:size], text[size:].removeprefix(GROUP_SEPARATOR)
            if len(value) < size:
                return {}
        fields.setdefault(identifier, value)
    return fields

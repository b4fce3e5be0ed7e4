"""The numbers of a letter in what a bar code holds: a plain number, or fields of GS1 with their identifiers.

Source: GS1 General Specifications, section 3 (application identifiers) and 7.8 (element strings), GS1 Digital Link.
Of the fields only those that number a letter are taken: SSCC (00), and the consignment's number (401 GINC, 402 GSIN).
"""

from __future__ import annotations

import re

from stillscan.verify.typed import GROUP_SEPARATOR, joined

_IN_BRACKETS = re.compile(r"\(([0-9]{2,4})\)([^()]*)")
_BRACKETS_ELSEWHERE = re.compile(r"\)[0-9]{2,4}=")
"""As a scanner types them that was not told of a Nordic or German keyboard, which has `)=` where its own has `()`."""
_LINK = re.compile(r"https?://[^?#]*?/(00|401|402)/([0-9]+)(?=[/?#]|$)", re.IGNORECASE)
_MESSAGE = re.compile(rf"\[\)>\x1e?05{GROUP_SEPARATOR}?")  # begins the fields of GS1 in a message of ISO/IEC 15434
_NUMBERING = ("00", "401", "402")
_SSCC_DIGITS = 18  # of an SSCC (GS1 General Specifications, 3.2)
_CONSIGNMENT_DIGITS = 17  # of a GSIN, and of Posten's number in either field
_IDENTIFIER = re.compile(
    r"0[0-3]|1[0-35-7]|2[0-2]|235|24[0-3]|25[0-5]|3[0-7]|39|40[0-3]|41[0-7]|42[0-7]|43[0-3][0-9]|70[0-9]{2}|71[0-9]"
    r"|72[0-9]{2}|80[0-2][0-9]|81[0-1][0-9]|9[0-9]"
)
"""Application identifiers that there are, or what they begin with."""
# How many characters follow the first two digits of an identifier, where no FNC1 ends them (GS1, figure 7.8.5-2).
_LENGTHS = {"00": 18, "01": 14, "02": 14, "03": 14, "20": 2, "41": 14}
_LENGTHS |= dict.fromkeys(("11", "12", "13", "15", "16", "17"), 6)
_LENGTHS |= dict.fromkeys(("31", "32", "33", "34", "35", "36"), 8)


def numbers_in(text: str) -> list[str]:
    """The numbers in what `unframed` has left, without hyphens and application identifiers.

    The label of a letter may hold its own number (SSCC) and its consignment's: the letter's own is the first. What
    holds no field of GS1 that numbers a letter comes back as it is: whether it is a number is asked elsewhere.
    """
    link = _LINK.match(text)
    if link is not None:
        return [link[2]]
    text = joined(text)
    if _BRACKETS_ELSEWHERE.match(text):
        text = text.translate(str.maketrans(")=", "()"))
    fields = dict(reversed(_IN_BRACKETS.findall(text))) if text.startswith("(") else _fields(_MESSAGE.sub("", text, 1))
    return [fields[one].strip(GROUP_SEPARATOR) for one in _NUMBERING if one in fields] or [text]


def _fields(text: str) -> dict[str, str]:
    """Fields by identifier of an element string without brackets; none unless all of it is such fields.

    A number of 17 or 18 digits is one by itself, whatever its first digits are.
    """
    if text.isdigit() and len(text) in (_CONSIGNMENT_DIGITS, _SSCC_DIGITS):
        return {}
    fields: dict[str, str] = {}
    while text:
        found = _IDENTIFIER.match(text)
        if found is None:
            return {}
        identifier = found[0]
        text = text.removeprefix(identifier)
        size = _LENGTHS.get(identifier[:2])
        if size is not None:
            size -= len(identifier) - 2
        elif identifier in _NUMBERING and text[:_CONSIGNMENT_DIGITS].isdigit():
            size = _CONSIGNMENT_DIGITS  # and a keyboard that has no key for FNC1 may have left that out
        if size is None:
            value, _, text = text.partition(GROUP_SEPARATOR)
        else:
            value, text = text[:size], text[size:].removeprefix(GROUP_SEPARATOR)
        if len(value) < (size or 1):
            return {}
        fields.setdefault(identifier, value)
    return fields

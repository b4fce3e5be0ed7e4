"""How states form the numbers of their documents: which characters may stand in each place, from `numbers.toml`."""

import tomllib
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET, DIGITS, FILLER, LETTERS
from stillscan.mrz.formats import Format

OTHERWISE = -5.0
"""Log odds that a number is not formed as its issuer's are. One in 150 documents, which is assumed and not
counted: lists are incomplete, and states begin new series."""
_ANY = "any"  # in the table: whoever issued it, whatever kind it is
_SIGNS = {
    "#": DIGITS,
    "@": LETTERS,
    "*": DIGITS + LETTERS,
    "~": LETTERS.replace("O", ""),
    "+": DIGITS + LETTERS.replace("O", ""),
    "=": DIGITS + "CFGHJKLMNPRTVWXYZ",
}


@cache
def forms_of(form: Format, issuer: str) -> NDArray[np.bool_]:
    """Forms (n, places, 37) of the numbers that `issuer` (fillers taken off) gives documents of this format: whether a
    character may stand in a place of the number field. No number has two of them. There always are some: a number of
    zeros may be anybody's."""
    width = form.number.end - form.number.first
    own = [_mask(text, width) for text in _table().get((issuer, _kind(form)), [])]
    others = [_mask(text, width) for text in _table()[_ANY, ""]]
    return np.array(own + [other for other in others if not any((other & mask).any(axis=1).all() for mask in own)])


@cache
def _table() -> dict[tuple[str, str], list[str]]:
    """Forms by issuer and kind."""
    entries = tomllib.loads((files(__package__) / "numbers.toml").read_text(encoding="utf-8"))["numbers"]
    return {
        (issuer, entry.get("kind", "")): forms
        for entry in entries
        for issuer, forms in entry.items()
        if issuer not in ("source", "kind")
    }


def _kind(form: Format) -> str:
    """The kind of document that has this format."""
    kinds = {"TD1": "card", "TD2": "card", "TD3": "passport", "MRV-A": "visa", "MRV-B": "visa"}
    return kinds.get(form.name, form.name)


def _mask(text: str, width: int) -> NDArray[np.bool_]:
    """(width, 37) of one form."""
    places = [_SIGNS.get(sign, sign) for sign in text.ljust(width, FILLER)]
    return np.array([[character in place for character in ALPHABET] for place in places])

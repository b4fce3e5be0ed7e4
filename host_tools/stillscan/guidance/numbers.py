"""Numbers in sentences: one of a thing is called otherwise than several, and each language has its decimal mark."""

from __future__ import annotations

from collections.abc import Mapping


def of_number(key: str, number: int) -> str:
    """The key of a sentence that holds a number: ``KEY_one`` beside ``KEY`` in each language's file."""
    return f"{key}_one" if number == 1 else key


def sentence(texts: Mapping[str, str], key: str, number: int) -> str:
    """The sentence of ``texts`` for this number, or the one for all where it holds none."""
    return texts.get(of_number(key, number), texts[key])


def decimal(value: float, mark: str, form: str = "g") -> str:
    """A number for people whose decimal mark this is (`decimal_mark` of a language's page); ``form`` as for ``format``.

    Programs and files that programs read have the point.
    """
    return format(value + 0, form).replace(".", mark)  # + 0: no -0


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    """``1 entry``, ``2 entries``: for lines that are English. ``nouns``: the plural, where an s does not make it."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"

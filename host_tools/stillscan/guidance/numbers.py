"""Numbers in sentences: one of a thing is called otherwise than several."""

from __future__ import annotations

from collections.abc import Mapping


def of_number(key: str, number: int) -> str:
    """The key of a sentence that holds a number: ``KEY_one`` beside ``KEY`` in each language's file."""
    return f"{key}_one" if number == 1 else key


def sentence(texts: Mapping[str, str], key: str, number: int) -> str:
    """The sentence of ``texts`` for this number, or the one for all where it holds none."""
    return texts.get(of_number(key, number), texts[key])


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    """``1 entry``, ``2 entries``: for lines that are English. ``nouns``: the plural, where an s does not make it."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"

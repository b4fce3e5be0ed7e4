"""What technicians are told, in other languages than English: one file a language (technician/), by the English text.

The English texts stay where they are: in the tables of steps and limits, which a board may have of its own, and in
what the scanner's side answers. A text with values in it ("measuring: {what} ...") is known by its words; its values
are said in the same language. What no file has is said in English, and `Words.tongue` tells so.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from stillscan.errors import InputError
from stillscan.guidance.catalogue import page_texts
from stillscan.guidance.numbers import decimal

_LEAST_LETTERS = (
    7  # of a text with values, beside them: "no lines: {why}" is known by its words, "{low} to {high}" is not
)
_BETWEEN = re.compile(
    r"(, |: | at row | is |\bnumber )"
)  # the parts of an event's words, as technician.history puts them
_BY_CAUSE = ("aborts", "faults")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")
_NO_NUMBER = "version"  # a value that is called so has its point in every language: 1.10 comes after 1.9


class Words:
    """The texts of one language by the English ones. Called with a text, it is said in the language."""

    def __init__(self, language: str, table: Mapping[str, str]) -> None:
        self.language = language
        """In which its texts are: "en" where a language has none of its own."""
        self._table = table
        ordered = sorted(filter(_is_pattern, table), key=lambda text: -len(_literal(text)))
        self._patterns = [(_pattern(text), table[text]) for text in ordered]

    def __call__(self, text: str) -> str:
        """The text in the language, or in English where it is not known."""
        found = self._found(text)
        return text if found is None else found

    def tongue(self, text: str) -> str:
        """The language in which a text is said (ISO 639-1)."""
        return "en" if self._found(text) is None else self.language

    def number(self, value: float, form: str = "g") -> str:
        """A number as people write it in the language; ``form`` as for ``format``."""
        return decimal(value, page_texts(self.language)["decimal_mark"], form)

    def _value(self, name: str, value: str) -> str:
        """What stands in a text for one of its names in braces."""
        if name != _NO_NUMBER and _DECIMAL.fullmatch(value):
            return value.replace(".", page_texts(self.language)["decimal_mark"])
        return self(value)

    def _found(self, text: str) -> str | None:
        if text in self._table:
            return self._table[text]
        for pattern, own in self._patterns:
            match = pattern.fullmatch(text)
            if match is None or ("port" in match.groupdict() and self._found(match["why"]) is None):
                continue
            return own.format(**{name: self._value(name, value) for name, value in match.groupdict().items()})
        return None


@cache
def technician_languages() -> tuple[str, ...]:
    """Codes of the languages other than English that have such a file."""
    entries = (files(__package__) / "technician").iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml")))


@cache
def technician_words(language: str) -> Words:
    """The words of a language, or English where it has no file. InputError: other values in braces than in English."""
    if language not in technician_languages():
        return ENGLISH
    name = f"technician/{language}.toml"
    table: dict[str, str] = tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))
    for english, own in table.items():
        if _names(english) != _names(own):
            raise InputError(f"guidance/{name}: '{english}': its values in braces are not those of the English text")
    return Words(language, table)


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _literal(text: str) -> str:
    return "".join(literal for literal, *_ in string.Formatter().parse(text))


def _is_pattern(text: str) -> bool:
    return bool(_names(text)) and (sum(map(str.isalpha, _literal(text))) >= _LEAST_LETTERS or "port" in _names(text))


def _pattern(text: str) -> re.Pattern[str]:
    """A port's name has no blank, so that its colon is not taken for one in a sentence."""
    parts = [
        re.escape(literal) + ("" if name is None else rf"(?P<{name}>\S+)" if name == "port" else f"(?P<{name}>.+?)")
        for literal, name, _, _ in string.Formatter().parse(text)
    ]
    return re.compile("".join(parts))


ENGLISH = Words("en", {})
"""Everything as it stands."""


def event_in(say: Words, text: str) -> str:
    """What happened at the scanner, or a detail of it, in the words of a language: each of its parts by itself."""
    return "".join(part.replace(part.strip(), say(part.strip())) for part in _BETWEEN.split(text) if part)


def counter_in(say: Words, name: str) -> str:
    """The name of a counter; those of one cause of aborts, or of the faults of one part, have its name behind."""
    kind, _, of = name.partition("_")
    return f"{say(kind)}: {say(of)}" if say is not ENGLISH and kind in _BY_CAUSE and of else say(name)

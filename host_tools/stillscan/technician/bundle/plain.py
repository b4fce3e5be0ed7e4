"""The gate that everything passes on its way into a bundle: numbers, words of the vocabulary, and stand-ins."""

from __future__ import annotations

import math
import re
import string
from typing import Any

from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.bundle.vocabulary import words

_MOST_NUMBER = 2**32
"""Counters of a scanner have 32 bits. Identity numbers, and numbers of letters and cards, are longer."""
_FORMS = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d(:\d\d:\d\d(\.\d{3})?)?Z"  # a moment in UTC, or its hour
    r"|\d{1,4}(\.\d{1,4}){1,3}(\+[0-9a-f]{16})?"  # a version, and the build behind it
    r"|[0-9a-f]{16}"  # a build
    r"|[0-9a-f]{4}:[0-9a-f]{4}"  # vendor and product of USB
    r"|[0-9a-f]{64}"  # the digest at the end of a chain that holds
)
"""What a text that a source made may be beside words; text that comes from elsewhere passes `text` first."""
_KEY = re.compile(r"[a-z][a-z0-9_]{0,40}")
_AROUND = string.punctuation
_LONGEST = 60  # words of a foreign text that are looked at: the log's longest line has some forty


class Plain:
    """See the module; one for each bundle."""

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden

    def value(self, value: Any) -> Any:
        """What JSON can say of it, and nothing that is not let through. Keys are the code's own, never data."""
        match value:
            case None | bool():
                return value
            case int():
                return value if abs(value) < _MOST_NUMBER else None
            case float():
                return round(value, 3) if math.isfinite(value) and abs(value) < _MOST_NUMBER else None
            case str():
                return value if _FORMS.fullmatch(value) else self.text(value)
            case dict():
                return {self._key(key): self.value(one) for key, one in value.items()}
            case list() | tuple():
                return [self.value(one) for one in value]
        return self._hidden.of("text", repr(value))

    def _key(self, key: object) -> str:
        name = str(key)
        inside = all(part in words() for part in name.split("_") if len(part) > 1) or name in words()
        return name if inside and _KEY.fullmatch(name) else self._hidden.of("text", name)

    def text(self, text: str) -> str:
        """Foreign text: words of the vocabulary as they are, a stand-in for each other one."""
        return " ".join(map(self._chunk, text.split()[:_LONGEST]))

    def _chunk(self, chunk: str) -> str:
        core = chunk.strip(_AROUND)
        if not core:
            return chunk
        before, _, after = chunk.partition(core)
        if core in words() or _is_stand_in(core):
            return before + core + after
        return before + self._hidden.of("text", core) + after


_STAND_IN = re.compile(r"[a-z]+-[bcdfghjkmnpqrstvwxz]{6}")


def _is_stand_in(core: str) -> bool:
    """Whether it is one already: a word of the vocabulary and six consonants."""
    return bool(_STAND_IN.fullmatch(core)) and core.partition("-")[0] in words()


def small(value: Any, most: int = 99_999) -> int | None:
    """A number of a file that people write: None for one of more digits, which could be somebody's."""
    return value if type(value) is int and abs(value) <= most else None

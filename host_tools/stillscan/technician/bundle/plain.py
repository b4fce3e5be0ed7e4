"""The gate that everything passes on its way into a bundle: numbers, words of the vocabulary, and stand-ins."""

from __future__ import annotations

import math
import re
import string
from datetime import UTC, datetime, timedelta
from typing import Any

from stillscan import RELEASED
from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.bundle.vocabulary import words

_MOST_NUMBER = 2**32
"""Counters of a scanner have 32 bits. Identity numbers, and numbers of letters and cards, are longer."""
_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){1,3}(\+[0-9a-f]{16})?")
_FORMS = {
    **dict.fromkeys(
        ("version", "stillscan", "firmware", "protocol", "python", "sqlite", "kernel", "release"), _VERSION
    ),
    **dict.fromkeys(("build", "build_failed"), re.compile(r"[0-9a-f]{16}")),
    "hour": re.compile(r"\d{4}-\d\d-\d\dT\d\dZ"),
    "utc": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "usb": re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}"),  # vendor and product
    "head": re.compile(r"\d{1,9}:[0-9a-f]{64}"),  # of a chain that holds
}
"""By key: what a text may be there beside words. An address would pass for a version, and does so nowhere else."""
_KEY = re.compile(r"[a-z][a-z0-9_]{0,40}")
_FIRST = "2026-01-01"  # the year of the first release: no log and no record is older
_AHEAD = timedelta(days=366)  # a clock that is behind must not hide what was written before; a year is enough to tell
_AROUND = string.punctuation
_LONGEST = 60  # words of a foreign text that are looked at: the log's longest line has some forty


class Passed(str):
    """A text that has been through the gate, or is our own: it passes as it is."""

    __slots__ = ()


class Plain:
    """See the module; one for each bundle."""

    def __init__(self, hidden: Hidden, options: frozenset[str] = frozenset()) -> None:
        """``options``: what a kiosk's options are called, without their dashes."""
        self._hidden = hidden
        self._options = options

    def value(self, value: Any, key: str = "") -> Any:
        """What JSON can say of it, and nothing that is not let through. Keys are the code's own, never data."""
        match value:
            case None | bool():
                return value
            case int():
                return value if abs(value) < _MOST_NUMBER else None
            case float():
                return round(value, 3) if math.isfinite(value) and abs(value) < _MOST_NUMBER else None
            case Passed():
                return str(value)
            case str():
                return value if key in _FORMS and _FORMS[key].fullmatch(value) else self.text(value)
            case dict():
                return {self._key(name): self.value(one, name) for name, one in value.items()}
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
        if all(code in words() for code in core.split(",")) or self._hidden.made(core) or self._names(before, core):
            return before + core + after
        return before + self._hidden.of("text", core) + after

    def _names(self, before: str, core: str) -> bool:
        """An option as people write it: --known, 'lock-minutes'."""
        return before in ("--", "'", "'--") and core in self._options


def small(value: Any, most: int = 99_999) -> int | None:
    """A number of a file that people write: None for one of more digits, which could be somebody's."""
    return value if type(value) is int and abs(value) <= most else None


def plausible(moment: str) -> bool:
    """Whether a moment that was written can be one of a kiosk's work, not of somebody's life."""
    last = max(datetime.now(UTC), datetime.fromisoformat(f"{RELEASED}T00:00Z")) + _AHEAD
    return _FIRST <= moment[:10] <= last.date().isoformat()

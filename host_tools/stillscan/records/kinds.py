"""The kinds of entries that the chain has, and what the body of each must hold to be one.

A digest and a signature say who wrote a body, not that it makes sense: before anything of it is used, it is looked
whether it holds what its kind needs. A kind that is not here was written by a newer stillscan; nothing is decided then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from stillscan import __version__

CONSIGNMENT = "consignment"
CONSIGNMENT_AGAIN = "consignment_again"
EXTENSION = "extension"
CORRECTION = "correction"
WITHDRAWAL = "withdrawal"
RETURN = "return"
CHECK = "check"
PURGE = "purge"
SERVICE = "service"
RELEASE = "release"
"""The verdict of a check that hands the letter out."""

CHANGES = frozenset({CONSIGNMENT_AGAIN, EXTENSION, CORRECTION, WITHDRAWAL, RETURN})
"""What a supervisor did to a letter that was here already: `audit verify` lists them."""
LETTERS = frozenset({CONSIGNMENT, CHECK}) | CHANGES
"""Kinds that are about one letter, named by ``tracking``."""
KEPT = frozenset({"staff", "token", "pairing", "keys", "clock", SERVICE})
"""Kinds that are rare and looked up by others: `ChainState.kept` holds all of them."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RELEASE = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?")


NEWER = "it was written by a newer stillscan"


class BodyError(ValueError):
    """A body that is none, in words that follow "entry N: "."""


class NewerError(BodyError):
    """A body that a newer stillscan wrote: nothing is wrong with it, but this one cannot act on it."""


def facts_of(body: str) -> dict[str, Any]:
    """The facts of an entry's body, with everything that its kind needs. BodyError, NewerError."""
    try:
        facts = json.loads(body)
    except (ValueError, RecursionError):
        raise BodyError("its contents are no entry") from None
    if not isinstance(facts, dict) or not all(fits(facts.get(name)) for name, fits in _EVERY.items()):
        raise BodyError("its contents are no entry")
    kind = facts["kind"]
    needed = _OF_KIND.get(kind)
    if needed is None and kind not in KEPT:
        raise NewerError(
            f"it was written by a newer stillscan ({_version(facts)}), as {_quoted(kind)}; update this one"
        )
    if needed is not None and not all(name in facts and fits(facts[name]) for name, fits in needed.items()):
        if _is_newer(facts["version"]):
            raise NewerError(f"{NEWER} ({_version(facts)}); update this one")
        raise BodyError(f"its contents are no {kind.replace('_', ' ')}")
    return facts


def _is_newer(version: str) -> bool:
    ours, theirs = _RELEASE.match(__version__), _RELEASE.match(version)
    return ours is not None and theirs is not None and _numbers(theirs) > _numbers(ours)


def _numbers(match: re.Match[str]) -> tuple[int, ...]:
    return tuple(int(number or 0) for number in match.groups())


def _version(facts: Mapping[str, Any]) -> str:
    return _quoted(facts["version"])


def _quoted(text: str) -> str:
    return repr(text[:40])


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return type(value) is int


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _day(value: Any) -> bool:
    try:
        return isinstance(value, str) and _DAY.fullmatch(value) is not None and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _moment(value: Any) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _ranges(value: Any) -> bool:
    """Ascending [first, last] pairs."""
    last = 0
    for pair in value if isinstance(value, list) else [None]:
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(_whole, pair)) and last < pair[0] <= pair[1]):
            return False
        last = pair[1]
    return True


def _text_or_nothing(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _digests(value: Any) -> bool:
    """SHA-256 in hexadecimal digits, by a name."""
    return isinstance(value, dict) and all(isinstance(one, str) and _DIGEST.fullmatch(one) for one in value.values())


_Needed = Mapping[str, Callable[[Any], bool]]
_EVERY: _Needed = {
    "seq": _whole,
    "former": _text,
    "time": _moment,
    "kiosk": _text,
    "version": _text,
    "kind": _text,
    "personal": _text_or_nothing,
}
_LETTER: _Needed = {"tracking": _text, "deadline": _day, "office": _text, "test": _truth}
_CHANGE: _Needed = {"tracking": _text, "staff": _text}
_OF_KIND: dict[str, _Needed] = {
    CONSIGNMENT: _LETTER,
    CONSIGNMENT_AGAIN: {**_LETTER, "staff": _text},
    EXTENSION: {**_CHANGE, "deadline": _day},
    CORRECTION: _CHANGE,
    WITHDRAWAL: _CHANGE,
    RETURN: _CHANGE,
    CHECK: {
        "tracking": _text,
        "office": _text,
        "staff": _text,
        "verdict": _text,
        "reasons": _list_of_texts,
        "evidence": _text,
        "test": _truth,
    },
    PURGE: {"entries": _ranges},
    SERVICE: {
        "report": _text,
        "procedure": _text,
        "outcome": _text,
        "scanner": _text_or_nothing,
        "digests": _digests,
        "staff": _text,
        "role": _text,
        "test": _truth,
    },
    "clock": {"staff": _text, "was": _text, "boot": _text_or_nothing},
    "keys": {"staff": _text, "key": _text, "proof": _text},
}

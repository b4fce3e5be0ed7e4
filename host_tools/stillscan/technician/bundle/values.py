"""Values of a bundle by their place: ``environment:disks[].free_mb``, ``records:verify.of[finding=newer].count``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from stillscan.technician.bundle.opened import Bundle

_STEP = re.compile(r"(\w+)(?:\[(?:(\w+)=(\w+))?\])?")


class Value(NamedTuple):
    """``where``: the file and the place in it, for people."""

    where: str
    value: Any


def values(bundle: Bundle, place: str) -> Iterator[Value]:
    """All that is at a place: FILE:STEP.STEP, where STEP[] is each of a list and STEP[KEY=WORD] those that say so."""
    file, _, path = place.partition(":")
    found = [Value(f"{file}.json: ", bundle.facts.get(f"{file}.json"))]
    for step in path.split("."):
        match = _STEP.fullmatch(step)
        assert match is not None, place
        found = [inner for outer in found for inner in _inside(outer, *match.groups(), bracket=step.endswith("]"))]
    yield from found


def first(bundle: Bundle, place: str) -> float | None:
    """The first number at a place."""
    for found in values(bundle, place):
        if isinstance(found.value, int | float) and not isinstance(found.value, bool):
            return found.value
    return None


def _inside(outer: Value, name: str, key: str | None, word: str | None, *, bracket: bool) -> Iterator[Value]:
    if not isinstance(outer.value, dict) or name not in outer.value:
        return
    inner = outer.value[name]
    where = outer.where + (name if outer.where.endswith(": ") else f".{name}")
    if not bracket:
        yield Value(where, inner)
        return
    for number, one in enumerate(inner if isinstance(inner, list) else ()):
        if key is None or (isinstance(one, dict) and _said(one.get(key)) == word):
            yield Value(f"{where}[{number}]", one)


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

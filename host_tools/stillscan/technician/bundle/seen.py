"""What figures are made of: a number with where it was found, and lines of the kiosk's log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from stillscan.guidance import counted
from stillscan.technician.bundle.opened import Bundle

LOG = "kiosk-log.txt"


class Figure(NamedTuple):
    """A number, what it is of (a cause, a part, a line), and where it was found."""

    value: float
    of: str
    evidence: str


def lines(bundle: Bundle, pattern: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Lines of the kiosk's log that fit, with their numbers from 1."""
    wanted = re.compile(pattern)
    for number, line in enumerate(bundle.texts.get(LOG, ()), 1):
        found = wanted.search(line)
        if found is not None:
            yield number, found


_MORE = re.compile(r"\((?:repeated lines that were left out: (\d+)|(\d+) more since the last such line)\)")


def times(line: str) -> int:
    """How often what a line says was so: once, and as often as it was left out since the line before."""
    found = _MORE.search(line)
    return 1 + (int(found[1] or found[2]) if found else 0)


def count(bundle: Bundle, pattern: str) -> Figure | None:
    """How often the log says what fits; None for never."""
    found = [(number, times(match.string)) for number, match in lines(bundle, pattern)]
    total = sum(often for _, often in found)
    return Figure(total, "", f"{LOG}, line {found[0][0]}, {counted(total, 'such line')}") if found else None


_SAID = re.compile(r" (?:WARNING|ERROR) +[\w.]+: (.*)")


def stands(bundle: Bundle, wrong: str, well: str) -> Figure | None:
    """1 when of two patterns the last line that fits either fits the first."""
    there = [(number, found) for pattern in (wrong, well) for number, found in lines(bundle, pattern)]
    number, found = max(there, key=lambda one: one[0], default=(0, None))
    if found is None or re.search(well, found.string):
        return None
    said = _SAID.search(found.string)
    return Figure(1, "", f"{LOG}, line {number}: {said[1] if said else ''}")

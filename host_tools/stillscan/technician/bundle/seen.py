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


def count(bundle: Bundle, pattern: str) -> Figure | None:
    """How many lines of the log fit; None for none."""
    found = [number for number, _ in lines(bundle, pattern)]
    return Figure(len(found), "", f"{LOG}, line {found[0]}, {counted(len(found), 'such line')}") if found else None

"""What the kiosk's own log says of itself beyond what rules look for: warnings that no pattern knows, starts without an
end, troubles that stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise

from stillscan.guidance import counted
from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.seen import LOG, Figure, lines, times
from stillscan.technician.bundle.values import first, values

STAND_IN = r"([a-z_]+)-[bcdfghjkmnpqrstvwxz]{6}"
"""What stands for a name (hidden.py); the group is what it is of."""
VARYING = re.compile(rf"\d+|{STAND_IN}")
_TOLD = (
    r"^\S+ (WARNING|ERROR|CRITICAL) +(stillscan\.[\w.]+: .*?)"
    r"(?: \((?:repeated lines that were left out: \d+|\d+ more since the last such line)\))?$"
)
_ALWAYS = 3  # warnings of one kind: a sound day has one or two, of a browser that is new or a command that came late
_OFTEN = 0.1  # by checks, where there are many: chosen, what comes with one visit in ten is of them
_STARTED, _ENDED = r"stillscan\.kiosk: started", r"stillscan\.(?:kiosk: ends|terminal\.trouble: )"


def unexplained(bundle: Bundle, known: Iterable[str], explained: Callable[[str], bool]) -> Figure | None:
    """How many kinds of warning there are that none of the patterns knows and no rule has ``explained``: an error at
    all, a warning that comes again. ``of``: the gravest, in its own words."""
    watched = re.compile("|".join(known))
    told: list[tuple[bool, str, int, int]] = []
    for number, found in lines(bundle, _TOLD):
        level, text = found.groups()
        if not watched.search(found.string) and not explained(found.string):
            told.append((level != "WARNING", text, times(found.string), number))
    checks = sum(1 for _ in lines(bundle, r"stillscan\.kiosk: check: "))
    kinds: Counter[tuple[bool, str]] = Counter()
    for grave, text, often, _ in told:
        kinds[grave, _kind(text)] += often
    there = [
        (grave, count, kind)
        for (grave, kind), count in kinds.items()
        if grave or count >= max(_ALWAYS, _OFTEN * checks)
    ]
    if not there:
        return None
    _, count, gravest = max(there)
    text, number = next((text, number) for _, text, _, number in told if _kind(text) == gravest)
    said = text.partition(": ")[2]
    return Figure(len(there), said, f"{LOG}, line {number}, {counted(count, 'such line')}: {text}")


def _kind(text: str) -> str:
    """Of a line whatever numbers and names stand in it."""
    return VARYING.sub("#", text)


def killed(bundle: Bundle) -> Figure | None:
    """How often the program was started anew without having ended: it was killed, or the computer lost its power."""
    at = {number: True for number, _ in lines(bundle, _STARTED)} | {
        number: False for number, _ in lines(bundle, _ENDED)
    }
    order = sorted(at)
    unended = [after for before, after in pairwise(order) if at[before] and at[after]]
    told = counted(len(unended), "start") + " without an end before it"
    return Figure(len(unended), "", f"{LOG}, line {unended[0]}: {told}") if unended else None


_COVERED = (
    "ok", "mrz_missing", "mrz_uncertain", "deadline_passed", "wrong_office", "clock_implausible", "face_not_confirmed",
)  # fmt: skip
"""Reasons that rules of their own look at; and a face that nobody was asked for, because of another reason."""
_FEWEST = 5  # checks: of fewer nothing is known


def reason_of_most(bundle: Bundle) -> Figure | None:
    """The share of the last checks that had the commonest reason against a release, of those without a rule."""
    checks = first(bundle, "checks:checks")
    counts: Counter[str] = Counter()
    for one in values(bundle, "checks:hours[].reasons[]"):
        facts = one.value if isinstance(one.value, dict) else {}
        reason, count = facts.get("reason"), facts.get("count")
        if isinstance(reason, str) and type(count) is int and reason not in _COVERED:
            counts[reason] += count
    if not counts or not checks or checks < _FEWEST:
        return None
    reason, count = counts.most_common(1)[0]
    return Figure(count / checks, reason, f"checks.json: {reason} {count} of {checks:g} checks")

"""From a series that fails to an entry of the known-problem list, and whether its advice helped.

The list has the form of `verify/known.toml`: a kiosk reads it as its office's own, and the clerk is told the sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from stillscan.errors import InputError
from stillscan.fleet.counts import binomial_tail
from stillscan.fleet.series import FEWEST, Key
from stillscan.guidance.catalogue import sections
from stillscan.verify.known import LANGUAGES

CAUSES = ("glare", "worn", "no_mrz", "smear", "other")
"""What most of a series' failures have in common, as far as there is advice about it of its own."""
_OF_QUALITY = {
    "glare": "glare",
    "worn_ink": "worn",
    "faint": "worn",
    "too_dark": "worn",
    "no_mrz": "no_mrz",
    "out_of_focus": "smear",
    "smear": "smear",
}
_MOST = 0.5  # of the failures have it: less is no cause in common
_LONGEST = 200  # characters of an advice: two lines at the counter
_CLEAR = 0.025  # on each side: called helped or worse by chance in one of twenty entries
YEARS = range(1990, 2100)
"""Of expiry that an entry may be about: as events have them."""


class Entry(NamedTuple):
    """One entry of the list. ``seen_from`` and ``seen_to`` (None: until further notice) are when kiosks show it."""

    key: Key
    advice: Mapping[str, str]
    seen_from: date
    seen_to: date | None
    source: str


class Side(NamedTuple):
    """Documents of the series before or after the advice; ``expected``: failures if it had failed like the others."""

    documents: int
    failed: int
    expected: float


def cause_of(failed: int, quality: Mapping[str, int]) -> str:
    """Of CAUSES the one that most failures have, by how many of them had each code of quality."""
    counts: dict[str, int] = {}
    for code, count in quality.items():
        if cause := _OF_QUALITY.get(code.replace("-", "_")):
            counts[cause] = counts.get(cause, 0) + count
    first = max(counts, key=counts.__getitem__, default="other")
    return first if counts.get(first, 0) >= _MOST * failed > 0 else "other"


def proposed(key: Key, cause: str, since: date) -> Entry:
    """The entry that one press makes: advice by cause in every language of the list, from today on."""
    advice = {
        language: sections(language)["fleet"][f"advice_{cause}"].format(issuer=key.issuer, year=key.expiry_year)
        for language in LANGUAGES
    }
    return Entry(key, advice, since, None, f"the fleet's own statistics, {since.isoformat()}")


def checked(entry: Entry) -> Entry:
    """The entry, if a kiosk would read it. InputError names what is wrong."""
    if set(entry.advice) != set(LANGUAGES):
        raise InputError(f"the advice is needed in {', '.join(LANGUAGES)}")
    for language, sentence in entry.advice.items():
        if not sentence.strip() or len(sentence) > _LONGEST or not sentence.isprintable():
            raise InputError(f"the advice ({language}) has to be one line of at most {_LONGEST} characters")
    if entry.seen_to is not None and entry.seen_to < entry.seen_from:
        raise InputError("the last day lies before the first")
    if entry.key.expiry_year not in YEARS:
        raise InputError("the year of expiry is none")
    return entry


def written(entries: Iterable[Entry]) -> bytes:
    """The list as a file for `stillscan run --known`. Its spelling depends on the entries alone: it can be signed."""
    head = "# Passports that are known to cause trouble, from the fleet's centre.\n"
    return "\n".join([head, *sorted(map(_table, entries))]).encode()


def _table(entry: Entry) -> str:
    year = entry.key.expiry_year
    lines = ["[[passport]]", f"issuer = {_text(entry.key.issuer)}", f"code = {_text(entry.key.kind)}"]
    lines += [f"expires_from = {year}-01-01", f"expires_to = {year}-12-31", f"seen_from = {entry.seen_from}"]
    lines += [] if entry.seen_to is None else [f"seen_to = {entry.seen_to}"]
    lines += [f"source = {_text(entry.source)}"]
    lines += [f"advice.{language} = {_text(entry.advice[language])}" for language in LANGUAGES]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A basic string of TOML, which is one of JSON but for the character DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def effect(before: Side, after: Side) -> str:
    """Whether the advice helped: early, helped, same or worse.

    Failures after it among all, given how many would be expected there if it had changed nothing (a conditional test of
    two Poisson rates, Przyborowski and Wilenski 1940). What changed for all series alike is in what is expected.
    """
    if min(before.documents, after.documents) < FEWEST or before.expected <= 0 or after.expected <= 0:
        return "early"
    share, failed = after.expected / (before.expected + after.expected), before.failed + after.failed
    if binomial_tail(after.failed, failed, share) <= _CLEAR:
        return "helped"
    return "worse" if binomial_tail(before.failed, failed, 1 - share) <= _CLEAR else "same"

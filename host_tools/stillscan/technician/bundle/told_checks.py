"""Checks as the kiosk's log tells them: how each ended, and which of its scans could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Set
from typing import Any, NamedTuple

from stillscan.guidance import counted
from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.seen import LOG, Figure, lines
from stillscan.technician.bundle.values import values
from stillscan.verify.ruling import OF_THE_LETTER

_LINE = r"^(\S{13})\S* .*stillscan\.kiosk: (?:not read yet: (\w+)|check: (\w+), (\w+))"
_MISSING, _UNCERTAIN = "mrz_missing", "mrz_uncertain"
_UNREAD = (_MISSING, _UNCERTAIN)
_TAKEN = ("removed", "lifted", "moved", "slip")
_VERIFIED = "verified"
_GAVE_UP, _RESCAN = "gave_up", "rescan"  # of a scan; of a visit that ends without a reading
_FEWEST = 3  # checks: of one or two that somebody broke off nothing is known


class Told(NamedTuple):
    """``unread``: why each scan before its end could not be read; ``hour`` as YYYY-MM-DDTHH."""

    line: int
    hour: str
    outcome: str
    reason: str
    unread: tuple[str, ...]

    @property
    def why(self) -> str:
        """Why it was given up; "" when it was not. What was scanned and not read is not taken away too early."""
        if self.outcome != _GAVE_UP:
            return ""
        return self.unread[-1] if self.unread and self.reason in _TAKEN else self.reason


def told_checks(bundle: Bundle) -> Iterator[Told]:
    """In the order of the log."""
    unread: list[str] = []
    for number, found in lines(bundle, _LINE):
        hour, not_read, outcome, reason = found.groups()
        if not_read:
            unread.append(not_read)
            continue
        yield Told(number, hour, outcome, reason, tuple(unread))
        unread.clear()


def unread(bundle: Bundle) -> Figure | None:
    """Scans that were not read, by checks; None where most of them had no code lines at all: see `no_code_lines`."""
    there = list(told_checks(bundle))
    scans = [(one.line, why) for one in there for why in (*one.unread, one.reason) if why in _UNREAD]
    if not scans or 2 * sum(why == _MISSING for _, why in scans) > len(scans):
        return None
    return Figure(
        len(scans) / len(there), "", f"{LOG}, line {scans[0][0]}: {len(scans)} unread scans in {len(there)} checks"
    )


_STEP = r"stillscan\.kiosk: (?:sweep aborted: (\w+) at row|(check|state): (\w+),? ?)"
_LIES = "still"  # the state of what lies there and is about to be scanned
_HAND = ("slip", "drift", "lifted", "bump")  # what a hand that takes a document away shows before it is gone


def unseen_while_lying(bundle: Bundle) -> Figure | None:
    """The share of checks whose sweep was stopped because nothing lay there any more, by the presence sensor alone: no
    hand moved it, it was not away, and the same check found it there again and read it. What was read of the stopped
    sweep alone was taken away by somebody in a hurry."""
    aborted: set[str] = set()
    seen: list[int] = []
    checks = 0
    again = False  # it is seen to lie there since
    for number, found in lines(bundle, _STEP):
        cause, what, how = found.groups()
        if cause:
            aborted.add(cause)
            again = False
            continue
        again = again or how == _LIES
        if what == "check":
            checks += 1
            lost = "removed" in aborted and again and not aborted & {*_HAND}
            seen += [number] if how == "verified" and lost else []
        if what == "check" or how == "empty":
            aborted.clear()
    if len(seen) < _FEWEST:
        return None
    told = f"{LOG}, line {seen[0]} and others: {len(seen)} of {counted(checks, 'check')}"
    return Figure(len(seen) / checks, "", told)


def _share(bundle: Bundle, wanted: Callable[[str], bool]) -> Figure | None:
    """The share of checks that were given up for a reason that is wanted; ``of`` the commonest."""
    there = list(told_checks(bundle))
    gone = [one for one in there if one.why and wanted(one.why)]
    if len(there) < _FEWEST or not gone:
        return None
    of = Counter(one.why for one in gone).most_common(1)[0][0]
    told = f"{LOG}, line {gone[0].line}: {len(gone)} of {counted(len(there), 'check')}"
    return Figure(len(gone) / len(there), of, told)


def given_up(bundle: Bundle) -> Figure | None:
    """The share that was given up for reasons that have no figure of their own."""
    return _share(bundle, lambda why: why not in (*_TAKEN, _UNCERTAIN))


def taken_away(bundle: Bundle) -> Figure | None:
    """The share that ended because the document was taken away or moved before any of its scans was read; None of
    one or two, which somebody has who is in a hurry. Who came for a letter that is refused takes it away rightly."""
    found = _share(bundle, lambda why: why in _TAKEN)
    if found is None:
        return None
    office, told = _recorded(bundle)
    verified = sum(one.outcome == _VERIFIED for one in told)
    rightly = max(0, min(office.of_letters, office.checks - office.unread - verified))
    checks = sum(1 for _ in told_checks(bundle))
    gone = round(found.value * checks) - rightly
    return found._replace(value=gone / checks) if gone >= _FEWEST else None


def no_code_lines(bundle: Bundle) -> Figure | None:
    """The share that ended without code lines having been found."""
    return _share(bundle, lambda why: why == _MISSING)


def never_laid_down(bundle: Bundle) -> Figure | None:
    """The share of recorded checks that were ended for want of a reading, and of which the scanner saw nothing either,
    in the hours that the log covers from their beginning. A letter that is refused needs no passport."""
    office, told = _recorded(bundle)
    recorded, unread, _ = office
    gave_up = sum(one.outcome == _GAVE_UP for one in told)
    seen = gave_up + max(0, len(told) - gave_up - (recorded - unread))  # what was read, and was over before its visit
    if recorded < _FEWEST:
        return None
    said = f"checks.json: {unread} of {recorded} checks without a reading; {LOG}: {seen} of them were scanned"
    return Figure((unread - seen) / recorded, "", said)


class _Office(NamedTuple):
    """Of the records: checks, how many ended for want of a reading, and reasons that are of the letter alone."""

    checks: int
    unread: int
    of_letters: int


def _recorded(bundle: Bundle) -> tuple[_Office, list[Told]]:
    """What records and log tell of the hours that the log covers from their beginning."""
    begins = next((found[1] for _, found in lines(bundle, r"^(\S{13})")), None)
    rows = [one.value for one in values(bundle, "checks:hours[]") if begins is not None and _hour(one.value) >= begins]
    covered = {_hour(row) for row in rows}
    recorded = sum(_count(row) for row in rows)
    unread = _counted(rows, "verdicts", "verdict", {_RESCAN})
    of_letters = _counted(rows, "reasons", "reason", OF_THE_LETTER)
    return _Office(recorded, unread, of_letters), [one for one in told_checks(bundle) if one.hour in covered]


def _counted(rows: list[Any], names: str, name: str, wanted: Set[str]) -> int:
    listed = [row[names] for row in rows if isinstance(row.get(names), list)]
    there = [one for each in listed for one in each if isinstance(one, dict) and isinstance(one.get(name), str)]
    return sum(_count(one, "count") for one in there if one[name] in wanted)


def _hour(facts: Any) -> str:
    return str(facts.get("hour"))[:13] if isinstance(facts, dict) else ""


def _count(facts: dict[str, Any], name: str = "checks") -> int:
    value = facts.get(name)
    return value if type(value) is int else 0

"""What the kiosk noticed while it served: answers that were not taken, and slides of which sensor and lines tell."""

from __future__ import annotations

import math
from collections import Counter
from statistics import median

from stillscan.guidance import counted
from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.seen import LOG, Figure, count, lines, times
from stillscan.technician.bundle.told_checks import told_checks
from stillscan.technician.bundle.values import first

_KEYS = (
    "tracking_unknown", "tracking_wrong", "tracking_is_number", "number_wrong", "number_again", "numbers_differ",
    "number_is_letter", "key_wrong",
)  # fmt: skip
"""Of the page's texts: why an answer was not taken."""
NOT_TAKEN = rf"stillscan\.web\.pages: an answer was not taken: ({'|'.join(_KEYS)})"
_UNKNOWN, _AGAIN = "tracking_unknown", "number_again"
_FEWEST = 3  # answers: of one or two that were mistyped nothing is known
SLID = r"the document slid: the flow sensor counted (\d+) um, the lines show (-?\d+) um"
_UNSURE_UM = 48.0  # of one slide by the lines, twice the rms of what lies within half a pixel
_LEAST_SLIDES = 3  # one or two may be of a document that was turned


def _not_taken(bundle: Bundle) -> tuple[Counter[str], dict[str, int]]:
    """How often each key was said, and on which line first."""
    said: Counter[str] = Counter()
    at: dict[str, int] = {}
    for number, found in lines(bundle, NOT_TAKEN):
        said[found[1]] += times(found.string)
        at.setdefault(found[1], number)
    return said, at


def letters_unknown(bundle: Bundle) -> Figure | None:
    """Letters that were asked for and are not registered, by checks; all of them where none is registered at all."""
    said, at = _not_taken(bundle)
    often = said[_UNKNOWN]
    none_at_all = first(bundle, "records:chain.letters.known") == 0
    if not often or (often < _FEWEST and not none_at_all):
        return None
    told = f"{LOG}, line {at[_UNKNOWN]}: {counted(often, 'letter')} not registered"
    return Figure(often / max(1, sum(1 for _ in told_checks(bundle))), "", told)


def answers_refused(bundle: Bundle) -> Figure | None:
    """Other answers that were not taken, by checks; ``of`` the commonest reason. A number is typed twice by design."""
    said, at = _not_taken(bundle)
    others = Counter({key: count for key, count in said.items() if key not in (_UNKNOWN, _AGAIN)})
    if others.total() < _FEWEST:
        return None
    key, most = others.most_common(1)[0]
    told = f"{LOG}, line {at[key]}: {key}, {most} of {others.total()}"
    return Figure(others.total() / max(1, sum(1 for _ in told_checks(bundle))), key, told)


def flow_scale(bundle: Bundle) -> Figure | None:
    """What the flow sensor counts of the way that documents slid, in %, beside what the lines showed; ``value`` is as
    near to 100 as the lines leave it open."""
    slides = [(number, int(found[1]), int(found[2])) for number, found in lines(bundle, SLID)]
    forwards = [(number, way, shown) for number, way, shown in slides if shown > 0]
    way, shown = (sum(one[at] for one in forwards) for at in (1, 2))
    if len(forwards) < _LEAST_SLIDES or 2 * len(forwards) <= len(slides):
        return None
    sure_um = max(abs(way - shown) - _UNSURE_UM * len(forwards) ** 0.5, 0.0)
    told = f"{LOG}, line {forwards[0][0]}: {counted(len(forwards), 'slide')}, {way} um counted, {shown} um by the lines"
    least = 100.0 + math.copysign(100.0 * sure_um / shown, way - shown)
    return Figure(least, f"{round(100 * way / shown)} %", told)


def flow_backwards(bundle: Bundle) -> Figure | None:
    """The share of slides in which the flow sensor counted the opposite of what the lines show."""
    slides = [(number, int(found[2])) for number, found in lines(bundle, SLID)]
    against = [number for number, shown in slides if shown < 0]
    if len(against) < 2:  # one is of a document that was laid down oddly
        return None
    told = f"{LOG}, line {against[0]}: {len(against)} of {counted(len(slides), 'slide')} the other way round"
    return Figure(len(against) / len(slides), "flow_opposite", told)


def line_damaged(bundle: Bundle) -> Figure | None:
    """Frames that were damaged or lost on the line, by the log."""
    found = [(number, int(match[1])) for number, match in lines(bundle, r"damaged or lost on the line: (\d+)")]
    total = sum(frames for _, frames in found)
    return Figure(total, "", f"{LOG}, line {found[0][0]} and others: {counted(total, 'frame')}") if found else None


OVER = r"stillscan\.counter\.visit: a reading was over before its visit: (taken|old)"


def readings_over(bundle: Bundle) -> Figure | None:
    """Readings that did not last until the last answer of their visit, by checks; ``of``: which of the limits ended
    most of them."""
    there = [(number, found[1], times(found.string)) for number, found in lines(bundle, OVER)]
    said = Counter({"taken": 0})
    for _, why, often in there:
        said[why] += often
    if said.total() < _FEWEST:
        return None
    why, most = said.most_common(1)[0]
    told = f"{LOG}, line {there[0][0]}: {why}, {most} of {counted(said.total(), 'reading')}"
    return Figure(said.total() / max(1, sum(1 for _ in told_checks(bundle))), why, told)


_TOOK = r"stillscan\.counter\.outside_lock: the records took (\d+) ms"


def records_slow(bundle: Bundle) -> Figure | None:
    """How often somebody waited for the records, by checks; ``of`` how long in the middle."""
    waits = [(number, int(found[1])) for number, found in lines(bundle, _TOOK)]
    if len(waits) < _FEWEST:
        return None
    middle_s = round(median(wait for _, wait in waits) / 1000)
    told = f"{LOG}, line {waits[0][0]} and others: {counted(len(waits), 'wait')}, {middle_s} s in the middle"
    return Figure(len(waits) / max(1, sum(1 for _ in told_checks(bundle))), f"{middle_s} s", told)


_SHARE = r"other programs have the computer: in (\d+) s this one waited (\d+) s to run, and ran (\d+) s"
_MOSTLY = 0.3  # of the minutes in which the scanner was used: chosen, a backup in the forenoon takes less
_MINUTES = 3  # of which the kiosk has to say so: a backup or an update is over by then


def starved(bundle: Bundle) -> Figure | None:
    """In how many minutes other programs kept the kiosk from running, by the minutes in which its scanner was used;
    ``of``: what was left to it of the time that it could have used."""
    found = [(number, int(told[2]), int(told[3])) for number, told in lines(bundle, _SHARE)]
    moments = {told[1] for _, told in lines(bundle, r"^(\S{16}).* stillscan\.kiosk: (?:check|state): ")}
    if len(found) < _MINUTES or not moments:
        return None
    waited, ran = (sum(one[at] for one in found) for at in (1, 2))
    left = f"{round(100 * ran / max(1, ran + waited))} %"
    if len(found) <= _MOSTLY * len(moments):
        return None
    told = f"{LOG}, line {found[0][0]}: in {counted(len(found), 'minute')} it waited {waited} s to run, and ran {ran} s"
    return Figure(len(found) / len(moments), left, told)


def lost(bundle: Bundle) -> Figure | None:
    """How often the scanner did not answer any more; None where the kiosk itself got no time to hear it."""
    return None if starved(bundle) is not None else count(bundle, r"scanner trouble: .*\(lost\)")

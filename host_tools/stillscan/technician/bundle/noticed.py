"""What the kiosk noticed while it served: answers that were not taken, and slides of which sensor and lines tell."""

from __future__ import annotations

from collections import Counter

from stillscan.guidance import counted
from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.seen import LOG, Figure, lines, times
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
_LEAST_UM = 5000  # of all slides: half a pixel of each (42 um) is then some percent of it
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
    count = said[_UNKNOWN]
    none_at_all = first(bundle, "records:chain.letters.known") == 0
    if not count or (count < _FEWEST and not none_at_all):
        return None
    told = f"{LOG}, line {at[_UNKNOWN]}: {counted(count, 'letter')} not registered"
    return Figure(count / max(1, sum(1 for _ in told_checks(bundle))), "", told)


def answers_refused(bundle: Bundle) -> Figure | None:
    """Other answers that were not taken, by checks; ``of`` the commonest reason. A number is typed twice by design."""
    said, at = _not_taken(bundle)
    others = Counter({key: count for key, count in said.items() if key not in (_UNKNOWN, _AGAIN)})
    if others.total() < _FEWEST:
        return None
    key, count = others.most_common(1)[0]
    told = f"{LOG}, line {at[key]}: {key}, {count} of {others.total()}"
    return Figure(others.total() / max(1, sum(1 for _ in told_checks(bundle))), key, told)


def flow_scale(bundle: Bundle) -> Figure | None:
    """What the flow sensor counts of the way that documents slid, in %, beside what the lines showed."""
    slides = [(number, int(found[1]), int(found[2])) for number, found in lines(bundle, SLID)]
    forwards = [(number, way, shown) for number, way, shown in slides if shown > 0]
    way, shown = (sum(one[at] for one in forwards) for at in (1, 2))
    if len(forwards) < _LEAST_SLIDES or 2 * len(forwards) <= len(slides) or way < _LEAST_UM:
        return None
    told = f"{LOG}, line {forwards[0][0]}: {counted(len(forwards), 'slide')}, {way} um counted, {shown} um by the lines"
    return Figure(100.0 * way / shown, f"{round(100 * way / shown)} %", told)


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
    total = sum(count for _, count in found)
    return Figure(total, "", f"{LOG}, line {found[0][0]} and others: {counted(total, 'frame')}") if found else None

"""What the scanner itself tells, counted: its counters, settings, use, and the streaks of its pictures."""

from __future__ import annotations

from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.seen import Figure, stands
from stillscan.technician.bundle.values import first, values


def grown(bundle: Bundle, counter: str) -> Figure | None:
    """By how much a counter of the scanner grew in the short run."""
    start, end = first(bundle, f"health:start.{counter}"), first(bundle, f"health:end.{counter}")
    if start is None or end is None:
        return None
    return Figure(end - start, counter, f"health.json: {counter} {start:g} at the start, {end:g} at the end")


def rate(bundle: Bundle, part: str, whole: str) -> Figure | None:
    """A counter of the scanner by another."""
    over, under = first(bundle, f"health:end.{part}"), first(bundle, f"health:end.{whole}")
    if over is None or not under:
        return None
    return Figure(over / under, part, f"health.json: end.{part} {over:g} of {under:g} {whole}")


def beyond(bundle: Bundle) -> Figure | None:
    """How many settings lie beyond their ranges, whoever says so: the scanner's own table, or ours."""
    wrong = []
    for row in values(bundle, "settings:settings[]"):
        facts = row.value if isinstance(row.value, dict) else {}
        low, value, high = (facts.get(key) for key in ("low", "value", "high"))
        outside = (isinstance(value, int) and isinstance(low, int) and value < low) or (
            isinstance(value, int) and isinstance(high, int) and value > high
        )
        if facts.get("in_range") is False or outside:
            wrong.append((row.where, str(facts.get("setting"))))
    return Figure(len(wrong), wrong[0][1], f"{wrong[0][0]}.setting = {wrong[0][1]}") if wrong else None


_COMFORT = ("ring", "volume", "health")
"""Settings that no check depends on."""


def unexpected(bundle: Bundle) -> Figure | None:
    """How many settings are not at their default, and not because the kiosk's configuration has them so."""
    meant = {one.value for one in values(bundle, "configuration:options[option=set].settings[].setting")}
    found = [
        one
        for one in values(bundle, "settings:settings[unexpected=true].setting")
        if isinstance(one.value, str) and one.value not in (*_COMFORT, *meant)
    ]
    return Figure(len(found), found[0].value, f"{found[0].where} = {found[0].value}") if found else None


_SIMULATED_HEAP, _HEAP = 45_000, 100_000  # bytes free at the least on a sound one: measured; boards/README.md


def heap(bundle: Bundle) -> Figure | None:
    """The least memory that the scanner had free, by what a sound one has."""
    least = first(bundle, "health:end.heap_free_min")
    simulated = any(value.value == "simulator" for value in values(bundle, "scanner:board"))
    sound = _SIMULATED_HEAP if simulated else _HEAP
    told = f"health.json: end.heap_free_min = {least}, a sound scanner has {sound}"
    return None if least is None else Figure(least / sound, "", told)


_A_DAY_H, _A_DAY = 24.0, 100
"""From when on a scanner is no new one any more: a day under power, or the whole sweeps of a counter's day."""


def in_use(bundle: Bundle) -> Figure | None:
    """How much a scanner was used, by a day's use; a sweep that was aborted is none: one restless hand makes sixty."""
    told: list[Figure] = []
    hours, begun = first(bundle, "scanner:powered_hours"), first(bundle, "counters:sweeps")
    if hours is not None:
        told.append(Figure(hours / _A_DAY_H, "", f"scanner.json: powered_hours = {hours:g}"))
    if begun is not None:
        counts = (one.value for one in values(bundle, "counters:aborts[].count"))
        whole = begun - sum(count for count in counts if isinstance(count, int))
        told.append(Figure(whole / _A_DAY, "", f"counters.json: {whole:g} whole sweeps of {begun:g}"))
    return max(told, default=None)


_DEAD_MM, _DEAD_LOSS = 0.17, 0.97
"""Two pixels of 300 to the inch, and light that is lost: dust is broader, or lets a third of it and more through."""


def streaked(bundle: Bundle, *, dead: bool) -> Figure | None:
    """In how many visits the most lasting streak was seen, of those that dead pixels make, or of the others."""
    seen: list[Figure] = []
    for streak in values(bundle, "dirt:streaks[]"):
        told = streak.value if isinstance(streak.value, dict) else {}
        numbers = [one for name in ("size_mm", "loss", "visits") if isinstance(one := told.get(name), int | float)]
        if len(numbers) < 3:
            continue
        size, loss, visits = numbers
        if dead == (size <= _DEAD_MM and loss >= _DEAD_LOSS):
            seen.append(Figure(visits, "", f"{streak.where}.visits = {visits}"))
    return max(seen, default=None)


_SEEN_DARK = ("dead pixels", "dirt on its window", "specks on the white strip")
"""Measurements of pixels that see too little of the strip, whatever the calibration makes of them."""


def bridged_in_vain(bundle: Bundle) -> Figure | None:
    """The widest speck that the calibration bridges, in pixels, where none is seen any more: it was made over dirt that
    was wiped away since."""
    rows = [one.value for one in values(bundle, "parts:measured[part=line_sensor]")]
    dark = [row.get("value") for row in rows if row.get("measurement") in _SEEN_DARK]
    if not dark or any(dark):
        return None
    specks = values(bundle, "calibrations:specks[].pixels")
    widths = [(one.value, one.where) for one in specks if type(one.value) is int]
    wide, where = max(widths, default=(0, ""))
    return Figure(wide, "", f"{where} = {wide}; parts.json: no pixel is dark") if wide else None


THERE = r"stillscan\.kiosk: scanner: "
"""The line of the kiosk's log that says that it has its scanner."""
_SILENT = ("stranger", "gone", "lost")


def silent(bundle: Bundle) -> Figure | None:
    """1 when what is at the port did not answer the bundle as a scanner. Where the running kiosk was asked in its
    place, the kiosk has to say so too: it may be that it did not answer."""
    return _unanswered(bundle, by_kiosk=False)


def not_asked(bundle: Bundle) -> Figure | None:
    """1 when the running kiosk, which has its scanner, did not answer for it."""
    return _unanswered(bundle, by_kiosk=True)


def _unanswered(bundle: Bundle, *, by_kiosk: bool) -> Figure | None:
    found = next(values(bundle, "scanner:trouble"), None)
    if found is None or found.value not in _SILENT:
        return None
    through = any(one.value is True for one in values(bundle, "scanner:through_kiosk"))
    well = through and stands(bundle, r"scanner trouble: ", THERE) is None
    return Figure(1, str(found.value), f"{found.where} = {found.value}") if well == by_kiosk else None

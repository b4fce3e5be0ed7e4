"""What has to be counted before a rule can look at it: lines of the log, causes, parts, differences of two looks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import get_args

from stillscan.guidance import counted
from stillscan.records.errors import RecordsTrouble
from stillscan.technician.bundle import noticed, scanner_told, told_checks
from stillscan.technician.bundle.beyond import failing, parts_beyond, usb_measured
from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.said import STAND_IN, VARYING, killed, reason_of_most, unexplained
from stillscan.technician.bundle.seen import LOG, Figure, lines, stands
from stillscan.technician.bundle.seen import count as count_lines
from stillscan.technician.bundle.templates import kind_of_file, records_troubles
from stillscan.technician.bundle.values import Value, first, values


def figure(bundle: Bundle, name: str) -> Figure | None:
    """A figure by the name that rules call it; None where the bundle does not have what it is made of."""
    return _FIGURES[name](bundle)


def _most(bundle: Bundle, pattern: str, event: str, field: str) -> Figure | None:
    """The most frequent of what a pattern's first group names, and of the scanner's own events: whichever saw more."""
    found = list(lines(bundle, pattern))
    in_log = Counter(match[1] for _, match in found)
    own = Counter(
        str(value.value) for value in values(bundle, f"device-log:entries[event={event}].{field}") if value.value
    )
    most = max((in_log, own), key=lambda counter: counter.total())
    if not most:
        return None
    name, count = most.most_common(1)[0]
    if most is in_log:
        line = next(number for number, match in found if match[1] == name)
        return Figure(count, name, f"{LOG}, line {line} and others: {name}, {count} of {in_log.total()}")
    return Figure(count, name, f"device-log.json: {event} by {name}, {count} of {own.total()}")


def _share(bundle: Bundle, pattern: str, event: str, field: str) -> Figure | None:
    most = _most(bundle, pattern, event, field)
    if most is None:
        return None
    total = int(most.evidence.rpartition(" of ")[2])
    return most._replace(value=most.value / total)


def _differ(bundle: Bundle, one: str, other: str) -> Figure | None:
    """1 when two texts differ."""
    left, right = (next(iter(values(bundle, path)), Value("", None)) for path in (one, other))
    if not isinstance(left.value, str) or not isinstance(right.value, str):
        return None
    told = f"{left.where} = {left.value}, {right.where} = {right.value}"
    return Figure(float(left.value != right.value), "", told)


_AT_ALL = 100  # lines of a log: fewer are no flood, whatever they say
_HEAD = re.compile(r"^\S+ \w+ +")
_LEFT_OUT = re.compile(r"repeated lines that were left out: (\d+)")


def _flood(bundle: Bundle) -> Figure | None:
    """The share of the commonest line, whatever numbers stand in it, and of what the log left out by itself."""
    there = bundle.texts.get(LOG, [])
    if len(there) < _AT_ALL:
        return None
    alike = Counter(VARYING.sub("#", _HEAD.sub("", line)) for line in there)
    text, count = alike.most_common(1)[0]
    number = next(i for i, line in enumerate(there, 1) if VARYING.sub("#", _HEAD.sub("", line)) == text)
    left_out = sum(int(match[1]) for _, match in lines(bundle, _LEFT_OUT.pattern))
    share = (count + left_out) / (len(there) + left_out)
    return Figure(
        share, text[:_AT_ALL], f"{LOG}, line {number}: {count} of {counted(len(there), 'line')}, {left_out} left out"
    )


def _reason_share(bundle: Bundle, reason: str) -> Figure | None:
    """The share of the last checks that had a reason."""
    checks = first(bundle, "checks:checks")
    count = sum(v.value for v in values(bundle, f"checks:hours[].reasons[reason={reason}].count") if _is_number(v))
    return None if not checks else Figure(count / checks, reason, f"checks.json: {reason} {count} of {checks:g} checks")


def _is_number(value: Value) -> bool:
    return isinstance(value.value, int | float) and not isinstance(value.value, bool)


_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d)")


def _behind(bundle: Bundle) -> Figure | None:
    """Hours by which the computer's clock is behind what its own records and log have seen."""
    now = next((v.value for v in values(bundle, "environment:clock.utc") if isinstance(v.value, str)), None)
    seen = [(v.value, v.where) for v in values(bundle, "checks:hours[].hour") if isinstance(v.value, str)]
    seen += [(match[1], f"{LOG}, line {number}") for number, match in lines(bundle, rf"^{_MOMENT.pattern}")]
    if now is None or not seen or not _MOMENT.match(now):
        return None
    newest, where = max(seen)
    try:
        behind = datetime.fromisoformat(newest[:13]) - datetime.fromisoformat(now[:13])
    except ValueError:
        return None
    return Figure(behind.total_seconds() / _HOUR_S, "", f"environment.json: clock.utc = {now}; {where} = {newest}")


def _in_test_mode(bundle: Bundle) -> Figure:
    """1 for a kiosk whose configuration says so: who tries it may be anywhere, with any scanner."""
    found = [one for one in values(bundle, "configuration:options[option=test_mode].value") if one.value is True]
    return Figure(float(bool(found)), "", "configuration.json: test_mode" if found else "the kiosk is not in test mode")


def _zone(bundle: Bundle) -> Figure | None:
    """Hours of the computer's zone ahead of UTC, where the configuration is an office's."""
    hours = first(bundle, "environment:clock.zone_hours")
    configured = any(one.value is True for one in values(bundle, "configuration:readable"))
    if hours is None or not configured or _in_test_mode(bundle).value:
        return None
    return Figure(hours, "", f"environment.json: clock.zone_hours = {hours:g}")


_ABORTS = 6  # of one cause: a handful comes of one customer
_ABORTS_ALONE = 10  # so many aborts count as those of a check each, where the log tells of no check


def _aborts_by_checks(bundle: Bundle) -> Figure | None:
    """Aborts of the commonest cause, by checks."""
    most = _most(bundle, _ABORT, "abort", "cause")
    if most is None or most.value < _ABORTS:
        return None
    checks = sum(1 for _ in told_checks.told_checks(bundle)) if LOG in most.evidence else 0
    return most._replace(value=most.value / (checks or _ABORTS_ALONE))


def _nobody(bundle: Bundle) -> Figure | None:
    """1 when none of the staff may sign in; of a kiosk that was started also when there is nobody at all."""
    people = list(values(bundle, "records:chain.staff[]"))
    active = [isinstance(one.value, dict) and one.value.get("active") is True for one in people]
    listed = any(True for _ in values(bundle, "records:chain.staff"))
    started = any(True for _ in lines(bundle, r"stillscan\.kiosk: started"))
    if not listed or any(active) or not (people or started):
        return None
    return Figure(1, "", f"records.json: chain.staff, {len(people)}, none active")


def _of_another_key(bundle: Bundle) -> Figure | None:
    """The share of the chain's entries that the key of the kiosk that they name has not signed."""
    entries = first(bundle, "records:verify.entries")
    others = first(bundle, "records:verify.of[finding=other_key].count")
    if not entries or others is None:
        return None
    return Figure(
        others / entries, "", f"records.json: verify, {others:g} of {counted(int(entries), 'entry', 'entries')}"
    )


def _entries(bundle: Bundle, place: str, what: str) -> Figure | None:
    """How many values there are at a place."""
    there = list(values(bundle, place))
    return Figure(len(there), "", f"{there[0].where}: {len(there)} {what}") if there else None


def _ended(bundle: Bundle) -> Figure | None:
    """1 when the last line of the log is that of a command that ended with a trouble."""
    last = len(bundle.texts.get(LOG, ()))
    ends = (found for number, found in lines(bundle, r" ERROR +stillscan\.terminal\.trouble: (.*)") if number == last)
    for found in ends:
        named = _options_named(bundle, found[1])
        return Figure(1, found[1] + (f" ({'; '.join(named)})" if named else ""), f"{LOG}, line {last}: {found[1]}")
    return None


def _options_named(bundle: Bundle, said: str) -> list[str]:
    """What the stand-ins in a line are: values of options of the kiosk."""
    options = {one.value for one in values(bundle, "configuration:options[].option") if isinstance(one.value, str)}
    there = dict.fromkeys((found[0], found[1]) for found in re.finditer(STAND_IN, said) if found[1] in options)
    return [f"{stand_in} is what --{option.replace('_', '-')} names" for stand_in, option in there]


_PASSING = 2  # times that a program may have had the port while the kiosk started: this bundle may have been it


def _port_busy(bundle: Bundle) -> Figure | None:
    """How often another program had the port; None where the kiosk got it, or could now, and it was not again and
    again."""
    busy = count_lines(bundle, _BUSY)
    still = stands(bundle, _BUSY, scanner_told.THERE)
    free = any(one.value is True for one in values(bundle, "scanner:reached"))
    return None if busy is None or ((still is None or free) and busy.value <= _PASSING) else busy


_RECORDS = (
    r"(?:counter\.counter: records|terminal\.trouble|commands\.clock_watch(?:: nobody can tell now whether the clock "
    r"is right)?): (.*?)(?: \(repeated lines that were left out: \d+\))?$"
)


_OF_COUNTER = r"counter\.counter: records: "


def _records(bundle: Bundle, kind: str) -> Figure | None:
    """How often the kiosk could not write its records for a reason of one kind, since its last start. Who holds a
    database lets go of it at night and comes again: that is counted over all starts."""
    since = max((number for number, _ in lines(bundle, r"stillscan\.kiosk: started")), default=0)
    since = 0 if kind == "busy" else since
    told = [(number, found[1], found.string) for number, found in lines(bundle, _RECORDS) if number > since]
    there = [one for one in told if _kind_of(one[1], one[2]) == kind]
    if not there:
        return None
    return Figure(len(there), "", f"{LOG}, line {there[0][0]}, {counted(len(there), 'such line')}: {there[0][1]}")


def _kind_of(said: str, line: str) -> str:
    """What ends a command may be of any file, and what the counter says of its records is of theirs."""
    kind = next((kind for kind, template in records_troubles() if template.fullmatch(said)), "")
    return kind or (kind_of_file(said) if re.search(_OF_COUNTER, line) else "")


def _explained(line: str) -> bool:
    found = re.search(_RECORDS, line)
    return found is not None and bool(_kind_of(found[1], line))


def _stumbled(bundle: Bundle) -> Figure | None:
    """How many parts of the bundle could not be gathered because of a defect."""
    there = [name for name, facts in bundle.facts.items() if isinstance(facts, dict) and "defect" in facts]
    return Figure(len(there), "", f"{there[0]}: defect") if there else None


def _faulty(bundle: Bundle) -> Figure | None:
    """The part that stopped the scanner most often, by the log: its own events tell of a flow sensor over empty glass
    as well, which sees nothing there and fails nobody. They count where the log has no fault."""
    stopped = [found.string for _, found in lines(bundle, _FAULT)]
    most = _most(bundle, _FAULT, "none", "part") if stopped else _most(bundle, _FAULT, "fault", "part")
    if most is None:
        return None
    own = [str(one.value) for one in values(bundle, f"device-log:entries[part={most.of}].fault")]
    return most._replace(of=failing(bundle, most.of, " ".join((*stopped, *own))))


_HOUR_S = 3600  # seconds
_TROUBLE = (
    r"scanner trouble: .*\((stranger|protocol|rights|firmware|faulty|unpaired|foreign|swapped|revoked|key_lost)\)"
)
_ABORT, _FAULT = r"sweep aborted: (\w+) at row", r"state: fault, (\w+): "
_SENSOR = r"stillscan\.kiosk: sensor: (\w+)"
_COUNTED = {
    "reader_late": r"reading_late|the reader is started anew: late",
    "reader_ended": r"the reader is started anew: failed|the reader cannot be started",
    "firmware_faults": r"state: fault, firmware: ",
    "starts": r"was started anew",
    "gone": r"scanner trouble: .*\(gone\)",
    "missing": r"scanner trouble: .*\(missing\)",
    "power_lost": r"the scanner has started anew since it was last there",
    "unproven": r"scanner trouble: .*\(unproven\)|bands that did not verify",
    "defects": r" ERROR +\S+: (a defect|the thread)",
    "refused_signins": r"a sign-in was refused",
    "webhook_refused": r"webhook: (?:the receiver|not taken, try [3-9])",
    "slept": r"the computer slept for \d+ s",
    "held": r"the program was held for \d+ s",
    "no_time": r"the computer had no time for the program for \d+ s",
    "clock_set": r"the computer's clock was set (?:ahead|back) by",
    "unbound": r"a browser that is not bound (?:asked for the page|tried to sign in)",
}
"""By figure: the lines of the kiosk's log that it counts."""
_BUSY = r"scanner trouble: .*\(busy\)"
_LOST = r"scanner trouble: .*\(lost\)"
_STARVED = r"other programs have the computer: "
_PAGE, _FLEET, _RELEASES = (
    r"ERROR .*the page cannot be served",
    r"WARNING +stillscan\.fleet\.agent: fleet: ",
    r"WARNING .*: releases: ",
)
_WATCHED = (
    *_COUNTED.values(), _BUSY, _LOST, _STARVED, _ABORT, _FAULT, _SENSOR, r"terminal\.trouble: ", _PAGE, _FLEET,
    _RELEASES, _TROUBLE, r"stillscan\.kiosk: check: ", r"the scanner: .*\(settings\)",
)  # fmt: skip
"""Lines that a figure looks at; what else the kiosk warns of is told in its own words."""
_FIGURES: dict[str, Callable[[Bundle], Figure | None]] = {
    **{name: partial(count_lines, pattern=pattern) for name, pattern in _COUNTED.items()},
    "aborts_of_one_cause": lambda b: _most(b, _ABORT, "abort", "cause"),
    "scanner_troubles": lambda b: _most(b, _TROUBLE, "none", "part"),
    "aborts_by_checks": _aborts_by_checks,
    "settings_unexpected": scanner_told.unexpected,
    "line_damaged": noticed.line_damaged,
    "share_of_one_cause": lambda b: _share(b, _ABORT, "abort", "cause"),
    "aborts_by_sweeps": lambda b: scanner_told.rate(b, "aborts", "sweeps"),
    "faults_of_one_part": _faulty,
    "sensors_doubted": lambda b: _most(b, _SENSOR, "none", "part"),
    "faults_now": lambda b: scanner_told.grown(b, "faults"),
    "short_writes_now": lambda b: scanner_told.grown(b, "short_writes"),
    "bad_crc_now": lambda b: scanner_told.grown(b, "bad_crc"),
    "watchdog_starts": lambda b: _entries(b, "history:entries[cause=watchdog].event", "starts by the watchdog"),
    "flood": _flood,
    "unread": told_checks.unread,
    "taken_away": told_checks.taken_away,
    "unseen_while_lying": told_checks.unseen_while_lying,
    "no_code_lines": told_checks.no_code_lines,
    "never_laid_down": told_checks.never_laid_down,
    "given_up": told_checks.given_up,
    "in_use": scanner_told.in_use,
    "missing_checks": lambda b: _reason_share(b, "mrz_missing"),
    "streaks_of_dirt": lambda b: scanner_told.streaked(b, dead=False),
    "streaks_of_dead_pixels": lambda b: scanner_told.streaked(b, dead=True),
    "unread_checks": lambda b: _reason_share(b, "mrz_uncertain"),
    "deadlines": lambda b: _reason_share(b, "deadline_passed"),
    "other_offices": lambda b: _reason_share(b, "wrong_office"),
    "clock_reasons": lambda b: _reason_share(b, "clock_implausible"),
    "settings_beyond": scanner_told.beyond,
    "heap": scanner_told.heap,
    "bridged_in_vain": scanner_told.bridged_in_vain,
    "silent": scanner_told.silent,
    "not_asked": scanner_told.not_asked,
    "clock_behind_hours": _behind,
    "nobody": _nobody,
    "entries_of_another_key": _of_another_key,
    "zone_of_an_office": _zone,
    "in_test_mode": _in_test_mode,
    "ended": _ended,
    "port_busy": _port_busy,
    "page_taken": lambda b: stands(b, _PAGE, r"stillscan\.kiosk: started"),
    "fleet_away": lambda b: stands(b, _FLEET, r"fleet: connected to"),
    "releases_refused": lambda b: stands(b, _RELEASES, r"releases: all is well again"),
    "stumbled": _stumbled,
    "unexplained": lambda b: unexplained(b, _WATCHED, _explained),
    "killed": killed,
    "letters_unknown": noticed.letters_unknown,
    "answers_refused": noticed.answers_refused,
    "starved": noticed.starved,
    "lost": noticed.lost,
    "readings_over": noticed.readings_over,
    "records_slow": noticed.records_slow,
    "flow_scale": noticed.flow_scale,
    "flow_backwards": noticed.flow_backwards,
    "reason_of_most": reason_of_most,
    "parts_beyond": parts_beyond,
    "usb_measured": usb_measured,
    **{f"records_{kind}": partial(_records, kind=kind) for kind in get_args(RecordsTrouble)},
    "firmware_differs": lambda b: _differ(b, "scanner:firmware", "versions:firmware"),
}

"""The report of a run, as data: facts, steps with their values, plots. report_html.py and report_pdf.py draw it.

Nothing in it depends on when it is drawn: the same run gives the same bytes, whose digests stand in the audit chain.
"""

from __future__ import annotations

from typing import NamedTuple

from stillscan.guidance.technicians import ENGLISH, Words
from stillscan.technician.limits import Judged
from stillscan.technician.procedures.plot import Curve, Plot
from stillscan.technician.procedures.run import FAILED, Found, Run
from stillscan.technician.procedures.spoken import spoken
from stillscan.technician.procedures.table import Step

OUTCOMES = {
    "passed": "passed: every step is as it has to be",
    "passed_with_skips": "passed, with steps that were left out",
    "failed": "failed: a step is not as it has to be",
    "unfinished": "not finished",
}


class Row(NamedTuple):
    """A step: ``number`` of the checklist or "", its outcome, what was measured, and what is to be said about it."""

    number: str
    what: str
    outcome: str
    values: tuple[str, ...]
    remarks: tuple[str, ...]
    picture: str | None


class Section(NamedTuple):
    """A phase."""

    title: str
    rows: tuple[Row, ...]


class Report(NamedTuple):
    """All of it; ``outcome`` is a key of OUTCOMES."""

    title: str
    outcome: str
    id: str
    facts: tuple[tuple[str, str], ...]
    to_do: tuple[str, ...]
    sections: tuple[Section, ...]
    plots: tuple[Plot, ...]


def report(run: Run, say: Words = ENGLISH) -> Report:
    """What a run came to, in the words of a language."""
    procedure = spoken(run.procedure, say)
    sections = tuple(
        Section(phase.name, tuple(_row(step, run.found.get(step.id), say) for step in phase.steps))
        for phase in procedure.phases
    )
    failed = [one for one in run.found.values() if one.outcome == FAILED]
    to_do = tuple(dict.fromkeys(text for one in failed for text in _advised(one, say)))
    return Report(procedure.title, run.outcome, run.id, _facts(run, say), to_do, sections, _plots(run, say))


def _facts(run: Run, say: Words) -> tuple[tuple[str, str], ...]:
    outcomes = [one.outcome for one in run.found.values()]
    counts = ", ".join(f"{outcomes.count(word)} {say(word)}" for word in dict.fromkeys(outcomes))
    scanner = run.scanner
    serial = str(scanner.get("serial") or say("not known"))
    firmware, build = (str(scanner.get(name) or say("not known")) for name in ("firmware", "build"))
    facts = [
        ("report", run.id),
        ("begun", _moment(run.began)),
        ("ended", _moment(run.ended) if run.ended else say("not yet")),
        ("by", run.staff or say("nobody has signed in: this report is in no audit chain")),
        ("scanner", say("{serial} (simulated)").format(serial=serial) if run.simulated else serial),
        ("pairing", str(scanner.get("scanner") or say("not paired"))),
        ("board", str(scanner.get("board") or say("not known"))),
        ("firmware", say("{firmware}, build {build}").format(firmware=firmware, build=build)),
        ("results", say("{count} in all: {counts}").format(count=len(outcomes), counts=counts or say("none"))),
    ]
    return tuple((say(name), value) for name, value in facts)


def _moment(iso: str) -> str:
    """A moment in UTC as people read it."""
    return iso.replace("T", " ").replace("+00:00", " UTC")


def _row(step: Step, found: Found | None, say: Words) -> Row:
    number = "" if step.number is None else str(step.number)
    expected = say("expected: {expected}").format(expected=step.expected)
    remarks = [expected]
    if found is None:
        return Row(number, step.what, "not done", (), tuple(remarks), step.picture)
    if found.reason:
        failed = found.outcome == FAILED
        remarks.append(say(found.reason) if failed else say("left out: {reason}").format(reason=found.reason))
    remarks += [text for text in _advised(found, say) if text not in remarks]
    if any(text.startswith(expected) for text in remarks[1:]):
        del remarks[0]  # an advice says it, and more
    if found.times > 1:
        remarks.append(say("repeated; this is time {times}").format(times=found.times))
    values = tuple(told(one, say) for one in found.values)
    return Row(number, step.what, found.outcome, values, tuple(remarks), step.picture)


def _advised(found: Found, say: Words) -> list[str]:
    said = [one.advice for one in found.values if one.advice] + ([found.reason] if found.reason else [])
    return list(dict.fromkeys(map(say, said)))


def told(value: Judged, say: Words = ENGLISH) -> str:
    """A value and its limits, as a line in the words of a language."""
    name, unit = say(value.measurement), say(value.unit)
    number = say("not measured") if value.value is None else f"{say.number(value.value)} {unit}".rstrip()
    limits = bounds(value, say)
    within = f" ({limits})" if limits else ""
    return f"{name}: {number}{within}" + ("" if value.ok else f", {say('not as it has to be')}")


def bounds(value: Judged, say: Words = ENGLISH) -> str:
    """Its limits in the words of a language; "" of a value without any."""
    low, high = ("" if bound is None else say.number(bound) for bound in (value.low, value.high))
    limits = "{low} to {high}" if low and high else "at least {low}" if low else "at most {high}" if high else ""
    return say(limits).format(low=low, high=high)


def _plots(run: Run, say: Words) -> tuple[Plot, ...]:
    plots = []
    for step in run.procedure.steps:
        found = run.found.get(step.id)
        if found is not None and found.curves:
            curves = tuple(
                Curve(say(name), tuple((float(x), y) for x, y in enumerate(points)))
                for name, points in found.curves.items()
            )
            title = say("The white strip along the line sensor")
            plots.append(Plot(title, say("mm from the left"), say("level of 255"), curves))
    between = _between(run, say)
    return (*plots, *([between] if between else []))


def _between(run: Run, say: Words) -> Plot | None:
    """Every value that has two limits, as a share of the way between them: 0 is the lower, 100 the upper one."""
    shares = [
        100.0 * (value.value - value.low) / (value.high - value.low)
        for one in run.found.values()
        for value in one.values
        if value.value is not None and value.low is not None and value.high is not None and value.high > value.low
    ]
    if len(shares) < 2:
        return None
    points = tuple((float(n + 1), min(max(share, 0.0), 100.0)) for n, share in enumerate(shares))
    title, way = "Values between their limits", "% of the way from the lower to the upper limit"
    return Plot(say(title), say("value"), say(way), (Curve("", points),), 100.0)

"""The report of a run, as data: facts, steps with their values, plots. report_html.py and report_pdf.py draw it.

Nothing in it depends on when it is drawn: the same run gives the same bytes, whose digests stand in the audit chain.
"""

from __future__ import annotations

from typing import NamedTuple

from stillscan.guidance import counted
from stillscan.technician.limits import Judged
from stillscan.technician.procedures.plot import Curve, Plot
from stillscan.technician.procedures.run import FAILED, Found, Run
from stillscan.technician.procedures.table import Step, plain

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
    facts: tuple[tuple[str, str], ...]
    to_do: tuple[str, ...]
    sections: tuple[Section, ...]
    plots: tuple[Plot, ...]


def report(run: Run) -> Report:
    """What a run came to."""
    sections = tuple(
        Section(phase.name, tuple(_row(step, run.found.get(step.id)) for step in phase.steps))
        for phase in run.procedure.phases
    )
    failed = [one for one in run.found.values() if one.outcome == FAILED]
    to_do = tuple(dict.fromkeys(text for one in failed for text in _advised(one)))
    return Report(run.procedure.title, run.outcome, _facts(run), to_do, sections, _plots(run))


def _facts(run: Run) -> tuple[tuple[str, str], ...]:
    outcomes = [one.outcome for one in run.found.values()]
    counts = ", ".join(f"{outcomes.count(word)} {word}" for word in dict.fromkeys(outcomes))
    scanner = run.scanner
    facts = [
        ("report", run.id),
        ("begun", run.began),
        ("ended", run.ended or "not yet"),
        ("by", run.staff or "nobody has signed in: this report is in no audit chain"),
        ("scanner", f"{scanner.get('serial') or 'not known'}" + " (simulated)" * run.simulated),
        ("paired as", str(scanner.get("scanner") or "not paired")),
        ("board", str(scanner.get("board") or "not known")),
        ("firmware", f"{scanner.get('firmware') or 'not known'}, build {scanner.get('build') or 'not known'}"),
        ("steps", f"{counted(len(outcomes), 'step', 'steps')}: {counts or 'none'}"),
    ]
    return tuple(facts)


def _row(step: Step, found: Found | None) -> Row:
    number = "" if step.number is None else str(step.number)
    if found is None:
        return Row(number, plain(step.what), "not done", (), (f"expected: {plain(step.expected)}",), step.picture)
    remarks = [f"expected: {plain(step.expected)}"]
    if found.reason:
        remarks.append(found.reason if found.outcome == FAILED else f"left out: {found.reason}")
    remarks += [text for text in _advised(found) if text != found.reason]
    if found.times > 1:
        remarks.append(f"repeated; this is time {found.times}")
    values = tuple(told(one) for one in found.values)
    return Row(number, plain(step.what), found.outcome, values, tuple(remarks), step.picture)


def _advised(found: Found) -> list[str]:
    said = [one.advice for one in found.values if one.advice] + ([found.reason] if found.reason else [])
    return list(dict.fromkeys(said))


def told(value: Judged) -> str:
    """A value and its limits, as a line."""
    number = "not measured" if value.value is None else f"{value.value + 0.0:g} {value.unit}".rstrip()  # -0 is 0
    low, high = ("" if bound is None else f"{bound:g}" for bound in (value.low, value.high))
    within = f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}" if high else ""
    return f"{value.measurement}: {number}" + f" ({within})" * bool(within) + ", not as it has to be" * (not value.ok)


def _plots(run: Run) -> tuple[Plot, ...]:
    plots = []
    for step in run.procedure.steps:
        found = run.found.get(step.id)
        if found is not None and found.curves:
            curves = tuple(
                Curve(name, tuple((float(x), y) for x, y in enumerate(points))) for name, points in found.curves.items()
            )
            plots.append(Plot("The white strip along the line sensor", "mm from the left", "level of 255", curves))
    between = _between(run)
    return (*plots, *([between] if between else []))


def _between(run: Run) -> Plot | None:
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
    return Plot(title, "value", way, (Curve("", points),), 100.0)

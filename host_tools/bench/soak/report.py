"""The day's table: by kind of misfortune, and every figure beside what is to be reached."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from bench.soak.judge import MOST_GROWTH, Disturbance, Growth, Silence, recovery

_SHOWN = 12


@dataclass
class Day:
    """Everything that was found. Lists of sentences are empty when all is well."""

    checks: int
    seconds: float
    verdicts: Counter[str]
    times_s: list[float]
    disturbances: list[Disturbance]
    told_s: list[float]
    silences: list[Silence]
    hangs: list[str]
    unexpected: list[str]
    records: list[str]
    tracebacks: list[str]
    endings: list[str]
    left_behind: list[str]
    growth: Growth | None
    notes: list[str] = field(default_factory=list)

    @property
    def missed(self) -> list[str]:
        """Names of the targets that were missed."""
        grown = self.growth
        targets = {
            "waits over 10 s without a word": self.silences,
            "hangs": self.hangs,
            "unexpected verdicts": self.unexpected,
            "lost or torn records, releases without a check": self.records,
            "tracebacks": self.tracebacks,
            "endings": self.endings,
            "left behind": self.left_behind,
            "memory": grown is not None and max(grown.rss, grown.scanner_rss) > MOST_GROWTH,
            "file descriptors": grown is not None and grown.files > 0,
        }
        return [name for name, missed in targets.items() if missed]


def show(day: Day, console: Console) -> None:
    """Print it."""
    console.print(_kinds(day))
    times = sorted(day.times_s)
    if times:
        middle, slow = statistics.median(times), times[int(0.95 * (len(times) - 1))]
        console.print(
            f"{day.checks} checks in {day.seconds / 60:.1f} minutes; a visit takes {middle:.2f} s median, {slow:.2f} s "
            "95 %; " + ", ".join(f"{name} {count}" for name, count in day.verdicts.most_common())
        )
    grown = day.growth
    if grown is None:
        console.print("memory and file descriptors: not judged, no life of the program was long enough")
    else:
        console.print(
            f"over {grown.checks} checks: memory {grown.rss / 1e6:+.1f} MB, file descriptors {grown.files:+d}; the "
            f"simulated scanner {grown.scanner_rss / 1e6:+.1f} MB"
        )
    for name, lines in (
        (
            "waits over 10 s without a word",
            [f"{one.seconds:.1f} s after: {one.after or 'nothing'}" for one in day.silences],
        ),
        ("hangs", day.hangs),
        ("unexpected verdicts", day.unexpected),
        ("records", day.records),
        ("tracebacks", day.tracebacks),
        ("endings", day.endings),
        ("left behind", day.left_behind),
        ("notes", day.notes),
    ):
        console.print(f"{name}: {len(lines)}", highlight=False)
        for line in lines[:_SHOWN]:
            console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
        if len(lines) > _SHOWN:
            console.print(f"  and {len(lines) - _SHOWN} more")
    console.print("missed: " + "; ".join(day.missed) if day.missed else "every target is reached")


def _kinds(day: Day) -> Table:
    table = Table(title="misfortunes")
    for column in ("kind", "drawn", "recovered", "median s", "slowest s", "silent waits", "hangs"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    silent = Counter(one.after for one in day.silences)
    by_kind: dict[str, list[float | None]] = {}
    for one in day.disturbances:
        by_kind.setdefault(one.kind, []).append(recovery(one, day.told_s))
    for kind, times in sorted(by_kind.items()):
        known = [time for time in times if time is not None]
        figures = [f"{statistics.median(known):.1f}", f"{max(known):.1f}"] if known else ["-", "-"]
        hung = sum(line.startswith(f"after {kind}:") for line in day.hangs)
        table.add_row(kind, str(len(times)), str(len(known) - hung), *figures, str(silent[kind]), str(hung))
    return table


def tracebacks(lines: Sequence[str]) -> list[str]:
    """The last line of each traceback in what was printed or logged."""
    found, inside = [], False
    for line in lines:
        if "Traceback (most recent call last)" in line:
            inside = True
        elif inside and line and not line.startswith((" ", "\t")):
            found.append(line)
            inside = False
    return found + (["a traceback without an end"] if inside else [])

"""What the day is judged by: silent waits, records, memory, how the program ended. Pure: no process, no clock."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SILENT_S = 10.0
HANG_S = 45.0  # a visit that does not come to its end for so long, words or not, is stuck
RELEASED = "release"
WARM_UP_CHECKS = 100
LONG_ENOUGH = 200  # checks after warming up; fewer say nothing about a day
MOST_GROWTH = 10_000_000
_AT_ONCE = 7  # samples whose median, and whose lowest count of files, stands for the beginning or the end
_ENDED_S = 3.0  # a record of the very moment in which the program was ended was perhaps never shown


@dataclass(frozen=True)
class Disturbance:
    """A misfortune as it happened: moments of the monotonic clock."""

    kind: str
    begin_s: float
    end_s: float
    detail: str = ""


@dataclass(frozen=True)
class Silence:
    """A wait without a word, and after which misfortune."""

    begin_s: float
    seconds: float
    after: str


@dataclass(frozen=True)
class Sample:
    """Memory and files of one life of the program, ``checks`` after its start; of the scanner too."""

    life: int
    checks: int
    rss: int
    files: int
    scanner_rss: int


def silences(
    moments: Sequence[float],
    disturbances: Sequence[Disturbance],
    begin_s: float,
    end_s: float,
    limit_s: float = SILENT_S,
) -> list[Silence]:
    """Waits of more than ``limit_s`` in which nothing was said and no misfortune was going on."""
    marks = [(begin_s, begin_s, "")]
    marks += [(moment, moment, "") for moment in moments if begin_s < moment < end_s]
    marks += [(one.begin_s, one.end_s, one.kind) for one in disturbances]
    found, quiet_since, after = [], begin_s, ""
    for begin, end, kind in [*sorted(marks), (end_s, end_s, "")]:
        if begin - quiet_since > limit_s:
            found.append(Silence(quiet_since, begin - quiet_since, after))
        quiet_since, after = max(quiet_since, end), kind or after
    return found


def recovery(disturbance: Disturbance, verdicts: Sequence[float]) -> float | None:
    """Seconds from the end of a misfortune to the next verdict; None: there was none."""
    at = bisect_right(verdicts, disturbance.end_s)
    return verdicts[at] - disturbance.end_s if at < len(verdicts) else None


def records(
    told: Iterable[tuple[str, str, str]],
    chain: Iterable[Mapping[str, Any]],
    ends: Sequence[float],
    confirmed: set[str],
) -> list[str]:
    """Everything that is wrong between what was told (tracking, verdict, reference) and the checks in the chain.

    ``chain``: entries of kind check: seq, kiosk, tracking, verdict, and ``at``, in seconds of the clock of ``ends``.
    ``ends``: when the program was killed or ended. ``confirmed``: letters for whose customer somebody said "the same
    person".
    """
    wrong = []
    kept = {f"{entry['kiosk']}-{entry['seq']}": entry for entry in chain}
    seen = set()
    for tracking, verdict, reference in told:
        entry = kept.get(reference)
        seen.add(reference)
        if entry is None:
            wrong.append(f"{reference} was told, and is not recorded")
        elif (entry["tracking"], entry["verdict"]) != (tracking, verdict):
            wrong.append(
                f"{reference} was told as {verdict}, and is recorded as {entry['verdict']} or of another letter"
            )
    released: dict[str, str] = {}
    for reference, entry in kept.items():
        if reference not in seen and not any(0 <= end - entry["at"] <= _ENDED_S for end in ends):
            wrong.append(f"{reference} is recorded ({entry['verdict']}), and was never told")
        if entry["verdict"] == RELEASED:
            if entry["tracking"] not in confirmed:
                wrong.append(f"{reference} is a release, and nobody has confirmed the person")
            if entry["tracking"] in released:
                wrong.append(f"{reference} releases what {released[entry['tracking']]} has released")
            released[entry["tracking"]] = reference
    return wrong


@dataclass(frozen=True)
class Growth:
    """Of the longest life: checks between the two samples, bytes and files more at its end."""

    checks: int
    rss: int
    files: int
    scanner_rss: int


def growth(samples: Sequence[Sample]) -> Growth | None:
    """From warm to the end, in the longest life; None when none was long enough."""
    lives: dict[int, list[Sample]] = {}
    for sample in samples:
        if sample.checks >= WARM_UP_CHECKS:
            lives.setdefault(sample.life, []).append(sample)
    longest = max(lives.values(), key=len, default=[])
    if len(longest) < 2 * _AT_ONCE or longest[-1].checks - longest[0].checks < LONG_ENOUGH:
        return None
    first, last = longest[:_AT_ONCE], longest[-_AT_ONCE:]

    def more(name: str) -> int:
        before, after = (statistics.median(int(getattr(sample, name)) for sample in some) for some in (first, last))
        return round(after - before)

    files = min(sample.files for sample in last) - min(sample.files for sample in first)
    return Growth(last[-1].checks - first[0].checks, more("rss"), files, more("scanner_rss"))


def endings(ends: Iterable[tuple[str, int | None, str]]) -> list[str]:
    """What is wrong with how the program ended: (how it was asked to, exit code, standard error)."""
    wrong = []
    for how, code, said in ends:
        if how == "":
            wrong.append(f"ended by itself with {code}: {_last(said)}")
        elif how == "term, not ended":
            wrong.append("did not end on SIGTERM")
        elif how == "term" and code not in (0, 130, 143):
            wrong.append(f"SIGTERM ended it with {code}: {_last(said)}")
        elif how == "term" and said.count("\n") > 0:
            wrong.append(f"SIGTERM ended it in {said.count(chr(10)) + 1} lines: {_last(said)}")
    return wrong


def _last(said: str) -> str:
    return said.strip().splitlines()[-1] if said.strip() else "without a word"

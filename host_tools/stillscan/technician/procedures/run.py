"""A procedure that is being carried out: what was found until now, kept in a file after every step.

The file is written whole or not at all, so a power cut leaves the run as it was before or after a step, and the same
command goes on from there. What is judged comes from limits.py or from the step's own limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from stillscan.errors import InputError
from stillscan.files import read_whole, write_whole
from stillscan.technician.limits import Judged, to_buy
from stillscan.technician.procedures.table import Asked, Procedure, Step, find, plain

STATE = "run.json"
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_FORMAT = 1
_MOST_BYTES = 4_000_000  # of a state file: a run with curves has 60 kB
_MOST = 1e12  # of a number: serial numbers are texts, and people type up to 1e9
_ID = re.compile(r"[a-z][a-z0-9_-]{0,63}-[0-9]{8}-[0-9]{6}(-[0-9]{1,3})?")


@dataclass
class Found:
    """What a step came to. ``values`` as `scanner test --json` has them; ``reason`` of a skip, or why it failed."""

    step: str
    outcome: str
    values: list[Judged] = field(default_factory=list)
    reason: str | None = None
    by: str | None = None
    at: str = ""
    times: int = 1
    curves: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class Run:
    """``folder`` holds its state, and its report in the end. ``scanner``: what `scanner info` says, once it was there.

    ``language``: of its report. ``closed``: that is written, and signed where somebody had signed in.
    """

    folder: Path
    procedure: Procedure
    began: str
    found: dict[str, Found] = field(default_factory=dict)
    scanner: dict[str, object] = field(default_factory=dict)
    simulated: bool = False
    ended: str | None = None
    staff: str | None = None
    language: str = "en"
    entry: int | None = None
    closed: bool = False

    @property
    def id(self) -> str:
        """Its name: procedure and time of its beginning."""
        return self.folder.name

    @property
    def next(self) -> Step | None:
        """The first step that has no result; None when all have."""
        return next((step for step in self.procedure.steps if step.id not in self.found), None)

    @property
    def outcome(self) -> str:
        """failed: a step failed; unfinished: one is missing; passed_with_skips, or passed."""
        outcomes = {one.outcome for one in self.found.values()}
        if self.next is not None:
            return "unfinished"
        return FAILED if FAILED in outcomes else "passed_with_skips" if SKIPPED in outcomes else PASSED

    def note(self, found: Found) -> None:
        """Keep a result; a step that is repeated has its last one."""
        former = self.found.get(found.step)
        found.times = former.times + 1 if former is not None else 1
        self.found[found.step] = found
        self.save()

    def save(self) -> None:
        """The state, whole or as it was before."""
        state: dict[str, Any] = {
            "format": _FORMAT, "procedure": self.procedure.name, "began": self.began, "ended": self.ended,
            "staff": self.staff, "language": self.language, "entry": self.entry, "closed": self.closed,
            "simulated": self.simulated, "scanner": self.scanner,
            "found": [{**asdict(f), "values": [value._asdict() for value in f.values]} for f in self.found.values()],
        }  # fmt: skip
        write_whole(self.folder / STATE, json.dumps(state, ensure_ascii=False).encode())


def begin(folder: Path, procedure: Procedure, now: datetime) -> Run:
    """A new run, in a folder of its own below ``folder``. InputError, EnvironmentTroubleError."""
    name = f"{procedure.name}-{now:%Y%m%d-%H%M%S}"
    for number in range(1, 1000):  # of the same second
        own = folder / (name if number == 1 else f"{name}-{number}")
        try:
            own.mkdir(parents=True)
            break
        except FileExistsError:
            continue
        except OSError as error:
            raise InputError(f"{own}: cannot be made: {(error.strerror or 'no').lower()}") from None
    run = Run(own, procedure, now.isoformat(timespec="seconds"))
    run.save()
    return run


def load(folder: Path) -> Run:
    """A run that was begun earlier. InputError: there is none, or it is damaged."""
    path = folder / STATE
    try:
        state = json.loads(read_whole(path, _MOST_BYTES))
        if state["format"] > _FORMAT:
            raise InputError(f"{path}: it was written by a newer stillscan; update this one")
        found = [Found(**{**one, "values": [Judged(**value) for value in one["values"]]}) for one in state.pop("found")]
        run = Run(
            folder, find(state["procedure"]), state["began"], {one.step: one for one in found}, state["scanner"],
            state["simulated"], state["ended"], state["staff"], state.get("language", "en"), state["entry"],
            state["closed"],
        )  # fmt: skip
        if not _sound(run):
            raise ValueError("a value of another kind")
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{path}: is no run of a procedure, or is damaged") from None
    return run


def _sound(run: Run) -> bool:
    """Whether everything is of the kind that a report is made of."""
    found = list(run.found.values())
    values = [value for one in found for value in one.values]
    texts = [run.began, run.ended, run.staff, run.language]
    texts += [text for one in found for text in (one.step, one.reason, one.by, one.at)]
    texts += [text for value in values for text in (value.part, value.measurement, value.unit, value.advice)]
    numbers = [run.entry, *(number for value in values for number in (value.value, value.low, value.high))]
    numbers += [one.times for one in found]
    curves = [points for one in found for points in one.curves.values()]
    numbers += [point for points in curves for point in points]
    return (
        isinstance(run.scanner, dict)
        and all(curves)
        and all(one.outcome in (PASSED, FAILED, SKIPPED) for one in found)
        and all(text is None or isinstance(text, str) for text in texts)
        and all(number is None or (isinstance(number, int | float) and abs(number) < _MOST) for number in numbers)
        and all(type(word) is bool for word in (run.simulated, run.closed, *(value.ok for value in values)))
    )


def runs(folder: Path) -> list[Path]:
    """The folders of all runs, the oldest first; what was cut off before its first state is none."""
    if not folder.is_dir():
        return []
    own = [path for path in folder.iterdir() if _ID.fullmatch(path.name) and (path / STATE).is_file()]
    return sorted(own, key=lambda path: path.name[re.search(r"-[0-9]{8}-", path.name).start() :])  # type: ignore[union-attr]


def unfinished(folder: Path, procedure: Procedure) -> Run | None:
    """The run of this procedure that was begun last, when it is not closed."""
    for path in reversed(runs(folder)):
        if path.name.startswith(f"{procedure.name}-"):
            run = load(path)
            if run.procedure.name == procedure.name:
                return None if run.closed else run
    return None


def open_run(folder: Path, procedure: Procedure, now: datetime, *, anew: bool = False) -> tuple[Run, bool]:
    """The run of this procedure that is not closed, or a new one; whether it goes on. ``anew``: always a new one."""
    run = None if anew else unfinished(folder, procedure)
    return (begin(folder, procedure, now), False) if run is None else (run, True)


def judged_values(step: Step, typed: Sequence[float], board: str) -> list[Judged]:
    """What a person typed, beside the step's limits."""
    return [_judged(step, one, value, board) for one, value in zip(step.ask, typed, strict=True)]


def _judged(step: Step, one: Asked, value: float, board: str) -> Judged:
    ok = one.low <= value <= one.high
    return Judged(
        step.part or "", one.name, value, one.unit, one.low, one.high, ok, None if ok else advice(step, board)
    )


def advice(step: Step, board: str) -> str:
    """What to look at, and what to order, when a person says that a step is not as it has to be."""
    order = to_buy(board).get(step.part or "")
    return f"expected: {plain(step.expected)}" + (f"; order: {order}" if order else "")

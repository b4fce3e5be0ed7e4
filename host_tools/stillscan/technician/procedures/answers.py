"""What a step comes to, by what was measured, typed or said; the same at a terminal and on a page."""

from __future__ import annotations

from stillscan.errors import DeviceError
from stillscan.records import text
from stillscan.technician.limits import Judged
from stillscan.technician.procedures.carrying_out import Came
from stillscan.technician.procedures.run import FAILED, PASSED, Found, Run, advice
from stillscan.technician.procedures.table import REPLACE, Step

REASON_LENGTH = 200  # characters of why a step was left out: a sentence or two
_MOST = 1e9  # of a value that a person types: what no instrument shows is a slip of the finger


def judged(step: Step, values: list[Judged], wrong: str | None = None) -> Found:
    """By values beside their limits, and by what is wrong beyond them."""
    well = wrong is None and all(value.ok for value in values)
    return Found(step.id, PASSED if well else FAILED, values, wrong)


def measured(step: Step, came: Came) -> Found:
    """By what the scanner measured: nothing at all is a failure."""
    wrong = "not measured" if not came.values and came.wrong is None else came.wrong
    found = judged(step, came.values, wrong)
    found.curves = dict(came.curves)
    return found


def said(step: Step, board: str, *, yes: bool) -> Found:
    """By what a person says of it."""
    return Found(step.id, PASSED) if yes else Found(step.id, FAILED, reason=advice(step, board))


def typed(line: str) -> float | None:
    """The number that was typed, with a point or a comma; None when it is none."""
    try:
        value = float(line.replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < _MOST else None


def reason(line: str) -> str:
    """Why a step is left out. FieldError: that is none."""
    return text.words("reason", line.strip(), REASON_LENGTH)


def note_scanner(run: Run, told: dict[str, object]) -> None:
    """What the scanner says of itself, for the report. DeviceError: it is another one than before."""
    former = run.scanner.get("serial")
    if former not in (None, told["serial"]) and run.procedure.name != f"{REPLACE}controller":
        raise DeviceError(
            f"this scanner's serial number is {told['serial']}, and the run was begun on {former}: plug that one "
            "in, or begin anew with --new"
        )
    run.scanner = told

"""Leads a person, or the lines of a script, through the steps of a procedure; keeps each result at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from stillscan.errors import DeviceError, InputError
from stillscan.files import write_whole
from stillscan.records import text
from stillscan.records.errors import FieldError
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.technician.about import info
from stillscan.technician.limits import Judged
from stillscan.technician.procedures import pictures
from stillscan.technician.procedures.carrying_out import Bench
from stillscan.technician.procedures.report import told
from stillscan.technician.procedures.run import FAILED, PASSED, SKIPPED, Found, Run, advice, judged_values
from stillscan.technician.procedures.table import AT_SCANNER, JUDGED, REPLACE, Phase, Step, plain
from stillscan.terminal.asking import asked, at_terminal

_REASON_LENGTH = 200  # characters of why a step was left out: a sentence or two
_YES, _NO = ("y", "yes"), ("n", "no")


class Left(Exception):  # noqa: N818 - nothing is wrong: somebody goes on later
    """Somebody leaves the procedure, to go on later."""


class _SkippedStepError(Exception):
    """The step is left out for this reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Guide:
    """``staff``: who does it; ``say`` tells a person something."""

    def __init__(self, run: Run, bench: Bench, staff: str | None, say: Callable[[str], None]) -> None:
        self._run, self._bench, self._staff, self._say = run, bench, staff, say

    def lead(self) -> None:
        """Through all steps that have no result yet. Left; InputError when the answers of a script end or are none."""
        for phase in self._run.procedure.phases:
            if any(step.id not in self._run.found for step in phase.steps):
                self._begin(phase)
            for step in phase.steps:
                if step.id not in self._run.found:
                    self._step(step)

    def _begin(self, phase: Phase) -> None:
        self._say(f"\n{phase.name}\n{phase.say}")
        if at_terminal() and asked("Enter = begin, q = leave: ").strip() == "q":
            raise Left

    def _step(self, step: Step) -> None:
        """Until it has a result that nobody wants to have once more."""
        while True:
            self._introduce(step)
            try:
                found = self._found(step)
            except _SkippedStepError as skipped:
                found = Found(step.id, SKIPPED, reason=skipped.reason)
            found.by, found.at = self._staff, datetime.now(UTC).isoformat(timespec="seconds")
            for value in found.values:
                self._say(f"     {told(value)}")
            self._run.note(found)
            if found.outcome != FAILED:
                return
            self._say(f"     FAILED{': ' * bool(found.reason)}{found.reason or ''}")
            for text_ in dict.fromkeys(value.advice for value in found.values if value.advice):
                self._say(f"     {text_}")
            if not at_terminal() or not self._again(step, found):
                return

    def _again(self, step: Step, found: Found) -> bool:
        """Whether a step that failed is repeated; a person may leave it out instead."""
        try:
            line = self._line("     r = repeat, Enter = go on, s REASON = leave it out, q = leave: ", step)
        except _SkippedStepError as skipped:
            self._run.note(Found(step.id, SKIPPED, found.values, skipped.reason, found.by, found.at))
            return False
        if line == "r":
            self._bench.forget(step)
        return line == "r"

    def _introduce(self, step: Step) -> None:
        number = f"{step.number}. " if step.number else ""
        self._say(f"\n{number}{plain(step.what)}: {plain(step.how)}\n     expected: {plain(step.expected)}")
        if step.picture is not None:
            path = self._run.folder / f"{step.picture}.svg"
            if not path.exists():
                write_whole(path, pictures.picture(step.picture, self._bench.board).encode())
            self._say(f"     look: {path}")
        if step.apart:
            self._bench.let_go()

    def _found(self, step: Step) -> Found:
        """What the step comes to, by its kind."""
        board = str(self._run.scanner.get("board") or "")
        if step.by == "ask":
            typed = [self._number(f"     {one.name}, {one.unit or 'number'}: ", step) for one in step.ask]
            return _judged(step, judged_values(step, typed, board))
        if step.by == "do":
            self._line("     Enter = done, s REASON = leave it out, q = leave: ", step, empty=True)
            return Found(step.id, PASSED)
        came_wrong = None
        values: list[Judged] = []
        curves: dict[str, list[float]] = {}
        if step.by in AT_SCANNER:
            if (trouble := self._meet()) is not None:
                return Found(step.id, FAILED, reason=trouble)
            came = self._bench.carry_out(step)
            values, came_wrong, curves = came.values, came.wrong, dict(came.curves)
        if step.by in JUDGED and came_wrong is None and not self._yes(step):
            return Found(step.id, FAILED, reason=advice(step, board))
        if step.by not in JUDGED and not values and came_wrong is None:
            came_wrong = "not measured"
        found = _judged(step, values, came_wrong)
        found.curves = curves
        return found

    def _meet(self) -> str | None:
        """The scanner, known by its number; what is wrong when it cannot be had, which a person may mend and repeat.

        DeviceError: it is another one; or it cannot be had, and a script asks.
        """
        try:
            at = self._bench.at()
            told_ = info(at)
        except DeviceError as error:
            self._bench.let_go()
            if not at_terminal():
                raise
            return f"not measured: {error}"
        former = self._run.scanner.get("serial")
        if former not in (None, told_["serial"]) and self._run.procedure.name != f"{REPLACE}controller":
            raise DeviceError(
                f"this scanner's serial number is {told_['serial']}, and the run was begun on {former}: plug that one "
                "in, or begin anew with --new"
            )
        self._run.scanner = told_
        self._run.simulated = isinstance(at.session.transport, SimulatedKiosk)
        return None

    # --- answers ----------------------------------------------------------------------------------------------------

    def _line(self, prompt: str, step: Step, *, empty: bool = False) -> str:
        """One answer. _SkippedStepError, Left; InputError when a script's answers end."""
        while True:
            try:
                line = asked(prompt).strip()
            except EOFError:
                raise InputError(
                    f"standard input: the answers end at the step '{step.id}'; the same command goes on from there"
                ) from None
            if line.startswith("#"):
                continue  # what a script says to its readers
            if line == "q":
                raise Left
            if line == "s" or line.startswith("s "):
                try:
                    raise _SkippedStepError(text.line("reason", line[1:].strip(), _REASON_LENGTH))
                except FieldError as error:
                    self._refuse(step, f"a step is left out for a reason: 's REASON' ({error})")
                    continue
            if empty and line:
                self._refuse(step, "an empty line says that it is done")
                continue
            return line

    def _refuse(self, step: Step, what: str) -> None:
        """A line that is no answer: a person is asked once more, a script ends."""
        if not at_terminal():
            raise InputError(f"standard input, at the step '{step.id}': {what}")
        self._say(f"     {what}")

    def _yes(self, step: Step) -> bool:
        while True:
            line = self._line("     as expected? y, n, s REASON, q: ", step).lower()
            if line in (*_YES, *_NO):
                return line in _YES
            self._refuse(step, "y or n")

    def _number(self, prompt: str, step: Step) -> float:
        while True:
            line = self._line(prompt, step)
            try:
                value = float(line.replace(",", "."))
            except ValueError:
                value = float("nan")
            if abs(value) < 1e9:
                return value
            self._refuse(step, "a number, as the instrument shows it")


def _judged(step: Step, values: list[Judged], wrong: str | None = None) -> Found:
    well = wrong is None and all(value.ok for value in values)
    return Found(step.id, PASSED if well else FAILED, values, wrong)

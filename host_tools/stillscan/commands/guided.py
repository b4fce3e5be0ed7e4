"""Leads a person, or the lines of a script, through the steps of a procedure; keeps each result at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from stillscan.errors import DeviceError, InputError
from stillscan.files import write_whole
from stillscan.guidance.technicians import Words
from stillscan.records.errors import FieldError
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.technician.about import info
from stillscan.technician.procedures import pictures
from stillscan.technician.procedures.answers import judged, measured, note_scanner, reason, said, typed
from stillscan.technician.procedures.carrying_out import Bench, Came
from stillscan.technician.procedures.report import told
from stillscan.technician.procedures.run import FAILED, PASSED, SKIPPED, Found, Run, judged_values
from stillscan.technician.procedures.table import AT_SCANNER, JUDGED, Phase, Step, plain
from stillscan.terminal.asking import asked, at_terminal

_YES, _NO = ("y", "yes", "j", "ja"), ("n", "no", "nei")


class Left(Exception):  # noqa: N818 - nothing is wrong: somebody goes on later
    """Somebody leaves the procedure, to go on later."""


class _SkippedStepError(Exception):
    """The step is left out for this reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Guide:
    """``staff``: who does it; ``say`` tells a person something; ``words`` in the words of a language."""

    def __init__(self, run: Run, bench: Bench, staff: str | None, say: Callable[[str], None], words: Words) -> None:
        self._run, self._bench, self._staff, self._say, self._words = run, bench, staff, say, words

    def lead(self) -> None:
        """Through all steps that have no result yet. Left; InputError when the answers of a script end or are none."""
        for phase in self._run.procedure.phases:
            if any(step.id not in self._run.found for step in phase.steps):
                self._begin(phase)
            for step in phase.steps:
                if step.id not in self._run.found:
                    self._step(step)

    def _begin(self, phase: Phase) -> None:
        self._say(f"\n{self._words(phase.name)}\n{self._words(phase.say)}")
        if at_terminal() and asked(f"{self._words('Enter = begin, q = leave')}: ").strip() == "q":
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
                self._say(f"     {told(value, self._words)}")
            self._run.note(found)
            if found.outcome != FAILED:
                return
            self._say(f"     {self._words('FAILED')}{': ' * bool(found.reason)}{self._words(found.reason or '')}")
            for text_ in dict.fromkeys(value.advice for value in found.values if value.advice):
                self._say(f"     {self._words(text_)}")
            if not at_terminal() or not self._again(step, found):
                return

    def _again(self, step: Step, found: Found) -> bool:
        """Whether a step that failed is repeated; a person may leave it out instead."""
        try:
            line = self._line("r = repeat, Enter = go on, s REASON = leave it out, q = leave", step)
        except _SkippedStepError as skipped:
            self._run.note(Found(step.id, SKIPPED, found.values, skipped.reason, found.by, found.at))
            return False
        if line == "r":
            self._bench.forget(step)
        return line == "r"

    def _introduce(self, step: Step) -> None:
        number = f"{step.number}. " if step.number else ""
        what, how, expected = (self._words(plain(text)) for text in (step.what, step.how, step.expected))
        expected = self._words("expected: {expected}").format(expected=expected)
        self._say(f"\n{number}{what}: {how}\n     {expected}")
        if step.picture is not None:
            path = self._run.folder / f"{step.picture}.svg"
            if not path.exists():
                write_whole(path, pictures.picture(step.picture, self._bench.board, self._words).encode())
            self._say(f"     {self._words('look')}: {path}")
        if step.apart:
            self._bench.let_go()

    def _found(self, step: Step) -> Found:
        """What the step comes to, by its kind."""
        board = str(self._run.scanner.get("board") or "")
        if step.by == "ask":
            values = [
                self._number(f"{self._words(one.name)}, {self._words(one.unit)}".rstrip(", "), step) for one in step.ask
            ]
            return judged(step, judged_values(step, values, board))
        if step.by == "do":
            self._line("Enter = done, s REASON = leave it out, q = leave", step, empty=True)
            return Found(step.id, PASSED)
        came = Came([])
        if step.by in AT_SCANNER:
            if (trouble := self._meet()) is not None:
                return Found(step.id, FAILED, reason=trouble)
            came = self._bench.carry_out(step)
        if step.by in JUDGED and came.wrong is None:
            return said(step, board, yes=self._yes(step))
        return measured(step, came)

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
        note_scanner(self._run, told_)
        self._run.simulated = isinstance(at.session.transport, SimulatedKiosk)
        return None

    # --- answers ----------------------------------------------------------------------------------------------------

    def _line(self, prompt: str, step: Step, *, empty: bool = False) -> str:
        """One answer. _SkippedStepError, Left; InputError when a script's answers end."""
        while True:
            try:
                line = asked(f"     {self._words(prompt)}: ").strip()
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
                    raise _SkippedStepError(reason(line[1:]))
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
        self._say(f"     {self._words(what)}")

    def _yes(self, step: Step) -> bool:
        while True:
            line = self._line("as expected? y, n, s REASON, q", step).lower()
            if line in (*_YES, *_NO):
                return line in _YES
            self._refuse(step, "y or n")

    def _number(self, prompt: str, step: Step) -> float:
        while True:
            value = typed(self._line(prompt, step))
            if value is not None:
                return value
            self._refuse(step, "a number, as the instrument shows it")

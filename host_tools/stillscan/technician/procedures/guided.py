"""Guided procedures for a page beside the running kiosk: every answer is a request of its own, the run lies in files.

So a reload, a restart of the program or a power cut leaves it as it was after the last answer, and the command at a
terminal goes on with the same run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from stillscan.errors import DeviceError, StillscanError
from stillscan.files import read_whole
from stillscan.records.services import ServiceDone
from stillscan.records.staff import Person
from stillscan.technician.about import info
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.hands import AskedHands, Hands
from stillscan.technician.measuring import Measured
from stillscan.technician.procedures.answers import judged, measured, note_scanner, reason, said, typed
from stillscan.technician.procedures.carrying_out import Bench
from stillscan.technician.procedures.closing import FILES, close
from stillscan.technician.procedures.run import (
    PASSED,
    SKIPPED,
    Found,
    Run,
    begin,
    judged_values,
    load,
    runs,
    unfinished,
)
from stillscan.technician.procedures.spoken import check_words
from stillscan.technician.procedures.table import Procedure, Step
from stillscan.technician.room import Room
from stillscan.technician.tasks import Progress

JOB = "procedure"
"""What a step that is measured is called among the room's jobs."""
SCANNED = ("slide", "card")
"""Kinds of steps in which something is laid on the glass: nobody can be served meanwhile."""
SHOWN = ("ring", "beeper")
"""Kinds of steps that the scanner shows first, and a person judges afterwards."""
_MOST_REPORTS = 10  # on the page: the last ones; the command lists all
_MOST_BYTES = 20_000_000  # of a report: one of 50 steps has 0.2 MB

Texts = Mapping[str, str]
"""Those of a language for the technician's page (`guidance.service_texts`)."""


class Closed(NamedTuple):
    """A run whose report is there; ``outcome`` as Run has it."""

    id: str
    title: str
    ended: str
    outcome: str
    entry: int | None


class Guided:
    """``folder`` is that of the command; ``note`` makes the entry of a report. Safe between threads.

    ``hands``: who lays things on the glass, asked by what shows how far a step is, in a language's texts. InputError: a
    language lacks a text of the tables.
    """

    def __init__(
        self,
        folder: Path,
        room: Room,
        note: Callable[[ServiceDone], int],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        hands: Callable[[Progress, Texts], Hands] = AskedHands,
    ) -> None:
        check_words()
        self._folder, self._room, self._note, self._now, self._hands = folder, room, note, now, hands
        self._asked = ("", "")  # run and step that the scanner was asked for last
        self._measured: tuple[object, dict[str, list[Measured]]] = (
            None,
            {},
        )  # of which run and power-on of the scanner

    def run(self, procedure: Procedure) -> Run | None:
        """The one that is not closed yet. InputError: its file is damaged."""
        return unfinished(self._folder, procedure)

    def begin(self, procedure: Procedure) -> Run:
        """A new one, or the one that is not closed. InputError, EnvironmentTroubleError: it cannot be kept."""
        return self.run(procedure) or begin(self._folder, procedure, self._now())

    def measure(self, run: Run, step: Step, who: str, texts: Texts, present: Callable[[], bool] = lambda: True) -> bool:
        """Have the scanner carry a step out, in a thread; False when it is busy with another task.

        ``texts`` are those in which people are asked to do something. ``present`` says whether who asked is still
        there: a document is scanned no longer for who is not.
        """

        def task(at: AtScanner, progress: Progress) -> dict[str, Any]:
            return self._carry_out(run.folder, step, who, at, progress, texts)

        began = self._room.start(JOB, who, task, present)
        if began:
            self._asked = (run.id, step.id)
        return began

    def _carry_out(
        self, folder: Path, step: Step, who: str, at: AtScanner, progress: Progress, texts: Texts
    ) -> dict[str, Any]:
        run = load(folder)
        note_scanner(run, info(at))
        run.simulated = run.simulated or at.session.transport.pseudo
        run.save()
        bench = Bench(
            lambda: contextlib.nullcontext(at),
            lambda _: self._hands(progress, texts),
            progress,
            measured=self._known(run, at),
        )
        if step.id in run.found:  # once more
            bench.forget(step)
        came = bench.carry_out(step)
        if step.by not in SHOWN:
            self._keep(run, measured(step, came), who)
        elif came.wrong is not None:
            raise DeviceError(came.wrong)
        return {"run": run.id, "step": step.id}

    def _known(self, run: Run, at: AtScanner) -> dict[str, list[Measured]]:
        """What was measured for former steps, as long as the scanner was not switched off or exchanged."""
        of = run.id, at.session.hello
        if self._measured[0] != of:
            self._measured = of, {}
        return self._measured[1]

    def answer(self, run: Run, step: Step, form: Mapping[str, str], who: str) -> bool:
        """Keep what a person says of a step. False when that is no answer to it. FieldError: the reason is none.

        ``do`` is yes, no, done, values (``value0`` and so on) or skip (``reason``).
        """
        found = self._answered(run, step, form)
        if found is not None:
            self._keep(run, found, who)
        return found is not None

    def _answered(self, run: Run, step: Step, form: Mapping[str, str]) -> Found | None:
        do, board = form.get("do", ""), str(run.scanner.get("board") or "")
        if do == "skip":
            former = run.found.get(step.id)
            return Found(step.id, SKIPPED, [] if former is None else former.values, reason(form.get("reason", "")))
        if do == "done" and step.by == "do":
            return Found(step.id, PASSED)
        if do in ("yes", "no") and (step.by == "confirm" or (step.by in SHOWN and self.shown(run, step))):
            return said(step, board, yes=do == "yes")
        if do == "values" and step.by == "ask":
            values = [typed(form.get(f"value{number}", "")) for number in range(len(step.ask))]
            whole = [value for value in values if value is not None]
            return judged(step, judged_values(step, whole, board)) if len(whole) == len(values) else None
        return None

    def shown(self, run: Run, step: Step) -> bool:
        """Whether the scanner has just shown what a person is to judge."""
        job = self._room.jobs.get(JOB)
        return job is not None and job.result == {"run": run.id, "step": step.id}

    def trouble(self, run: Run, step: Step) -> str:
        """Why the scanner could not be had for this step, when it was asked last; or ""."""
        job = self._room.jobs.get(JOB)
        return job.trouble if job is not None and self._asked == (run.id, step.id) else ""

    def _keep(self, run: Run, found: Found, who: str) -> None:
        found.by, found.at = who, self._now().isoformat(timespec="seconds")
        run.note(found)

    def close(self, run: Run, person: Person, language: str) -> None:
        """Write the report in a language, and sign it.

        RecordsError, EnvironmentTroubleError: the same again completes it.
        """
        close(run, person, self._note, language)

    def closed(self) -> list[Closed]:
        """The last runs that have a report, the newest first; what is damaged is left to the command to tell."""
        found = []
        for path in reversed(runs(self._folder)):
            with contextlib.suppress(StillscanError):
                run = load(path)
                if run.closed:
                    found.append(Closed(run.id, run.procedure.title, run.ended or run.began, run.outcome, run.entry))
            if len(found) == _MOST_REPORTS:
                break
        return found

    def report(self, name: str, ending: str) -> bytes | None:
        """A file of a report; None when there is none of that name."""
        known = {path.name: path for path in runs(self._folder)}
        if name not in known or ending not in FILES:
            return None
        path = known[name] / f"report.{ending}"
        return read_whole(path, _MOST_BYTES) if path.is_file() else None

"""The end of a run: its report is written, and the audit chain vouches for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from stillscan.files import write_whole
from stillscan.guidance.technicians import technician_words
from stillscan.records.services import ServiceDone
from stillscan.records.staff import Person
from stillscan.technician.procedures.report import report
from stillscan.technician.procedures.report_html import html
from stillscan.technician.procedures.report_pdf import pdf
from stillscan.technician.procedures.run import Run

FILES = ("html", "pdf")
"""Endings of a report's files, which are called ``report``."""


def close(run: Run, person: Person | None, note: Callable[[ServiceDone], int], language: str = "en") -> None:
    """Write the report in a language; ``note`` makes its entry, where somebody has signed in, and gives its number.

    A power cut in between: the same again completes it. RecordsError, EnvironmentTroubleError.
    """
    staff = None if person is None else person.staff
    if run.ended is None or run.staff != staff:
        run.ended, run.staff, run.language = datetime.now(UTC).isoformat(timespec="seconds"), staff, language
        run.save()
    say = technician_words(run.language)
    told = report(run, say)
    contents = {"html": html(told, str(run.scanner.get("board") or ""), say), "pdf": pdf(told, say)}
    for ending, content in contents.items():
        write_whole(run.folder / f"report.{ending}", content)
    if person is not None:
        digests = {ending: hashlib.sha256(content).hexdigest() for ending, content in contents.items()}
        serial = run.scanner.get("serial")
        done = ServiceDone(
            run.id, run.procedure.name, run.outcome, None if serial is None else str(serial), digests, person.staff,
            str(person.role), run.simulated,
        )  # fmt: skip
        run.entry = note(done)
    run.closed = True
    run.save()

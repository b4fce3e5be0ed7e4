"""What this kiosk keeps of service: looks at its glass by day, and the last reports of guided procedures in numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stillscan.errors import StillscanError
from stillscan.records.clock import utc_now
from stillscan.technician.bundle.ask import Ask
from stillscan.technician.bundle.measured import judged
from stillscan.technician.dirt import GLASS, KINDS, SENSOR, STRIP
from stillscan.technician.glass import FILE, Glass
from stillscan.technician.limits import limits
from stillscan.technician.procedures.run import FAILED, PASSED, SKIPPED, Found, Run, load, runs

_MOST_REPORTS = 20  # the newest: of years, where the yearly one and four cleanings are done
_OUTCOMES = (PASSED, FAILED, SKIPPED)


def glass(ask: Ask) -> dict[str, Any] | None:
    """The kiosk's own looks: a row a day, and the pieces of the last; None where it has not looked yet."""
    keyring = ask.office.keyring
    kept = None if keyring is None else Glass(keyring.folder / FILE, utc_now)
    last = None if kept is None else kept.last()
    if kept is None or last is None:
        return None
    pieces = [
        {name: piece[name] for name in ("x_mm", "y_mm", "size_mm", "kind", "where", "hurts")}
        for piece in last["spots"]
        if piece["kind"] in KINDS and piece["where"] in (GLASS, STRIP, SENSOR)
    ]
    counts = ("spots", "hurting", "scratches")
    days = [{"hour": _hour(row["when"]), **{name: row[name] for name in counts}} for row in kept.history()]
    return {"last": pieces, "days": days, "failing": kept.failing()}


def services(ask: Ask) -> dict[str, Any] | None:
    """The newest runs, the newest last: outcomes and values of steps; reasons that people wrote are in none."""
    folder = ask.places.service
    told = []
    for path in runs(folder)[-_MOST_REPORTS:] if folder is not None else []:
        try:
            told.append(_run(load(path)))
        except (StillscanError, ValueError, TypeError, AttributeError):
            told.append({"damaged": True})
    return {"runs": told} if told else None


def _run(run: Run) -> dict[str, Any]:
    return {
        "procedure": run.procedure.name, "outcome": run.outcome, "hour": _hour(run.began),
        "closed": run.closed, "signed": run.entry is not None, "simulated": run.simulated,
        "steps": [_step(run.found[step.id]) for step in run.procedure.steps if step.id in run.found],
    }  # fmt: skip


def _step(found: Found) -> dict[str, Any]:
    known = limits("")
    values = [judged(one) for one in found.values if (one.part, one.measurement) in known]
    outcome = found.outcome if found.outcome in _OUTCOMES else None
    return {"step": found.step, "outcome": outcome, "times": found.times, "values": values}


def _hour(moment: str) -> str:
    """Nobody has to know the minute. ValueError: it is none."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%dT%HZ}"

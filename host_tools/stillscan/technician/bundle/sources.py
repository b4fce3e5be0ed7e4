"""What a bundle is made of: one line for each file. A new part of it is a line here, or one in `scanner.PARTS`."""

from __future__ import annotations

import contextlib
import traceback
from pathlib import Path
from typing import Any, NamedTuple

from stillscan.technician.bundle import environment, recorded, scanner, served
from stillscan.technician.bundle.ask import Ask, Source
from stillscan.technician.bundle.configuration import configuration
from stillscan.technician.bundle.kiosk_log import KioskLog
from stillscan.technician.bundle.vocabulary import PACKAGE


class Part(NamedTuple):
    """A file of the bundle: its name, what it tells, and what gathers it."""

    name: str
    tells: str
    gather: Source


def _of_scanner(name: str) -> Source:
    return lambda ask: ask.visited.parts.get(name)


def _log(ask: Ask) -> str | None:
    """The kiosk's log; None where none is named or it cannot be read."""
    if ask.places.log is None or not ask.places.log.is_file():
        return None
    log = KioskLog(ask.plain)
    try:
        lines = log.lines(ask.places.log)
    except OSError:
        return None
    return "".join(f"{line}\n" for line in lines)


PARTS: tuple[Part, ...] = (
    Part("records.json", "state of the records: entries, audit verify in numbers, schema, head, keys, clock, staff",
         lambda ask: ask.office.state(ask.hidden)),
    Part("checks.json", "verdicts and reasons of the last 200 checks, by hour",
         lambda ask: ask.office.checks(ask.hidden)),
    Part("versions.json", "versions of stillscan, its firmware, Python and libraries", environment.versions),
    *(Part(name, tells, _of_scanner(name)) for name, (tells, _) in scanner.PARTS.items()),
    Part("environment.json", "the computer: system, disks, memory, clock, USB", environment.environment),
    Part("configuration.json", "the kiosk's configuration: which options are set", configuration),
    Part("recordings.txt", "what the scanner did at the last visits, for 'stillscan replay'; no pictures",
         recorded.recordings),
    Part("dirt.json", "dirt that the last visits show, and that a look at the empty glass found", recorded.dirt),
    Part("glass.json", "what the kiosk's own looks at its glass found, by day", served.glass),
    Part("services.json", "the last guided procedures: outcomes, and values beside their limits", served.services),
    Part("kiosk-log.txt", "the newest lines of the kiosk's log", _log),
)  # fmt: skip
"""Records come first: they say which names are kiosks, people and scanners."""


def gathered(ask: Ask) -> dict[str, Any]:
    """Every part that there is, by name of its file, each past the gate. A defect of one costs that one alone.

    The scanner is asked first: a running kiosk lets go of a technician who says nothing for 15 s, and records alone
    take as long on a computer that is slow.
    """
    found: dict[str, Any] = {}
    with contextlib.suppress(Exception):  # a defect is told by each of its parts
        _ = ask.visited
    for part in PARTS:
        try:
            content = part.gather(ask)
        except Exception as error:  # a bundle is made when something is wrong: what it stumbled over belongs into it
            content = {"defect": _where(error)}
        if content is not None:
            found[part.name] = content if isinstance(content, str) else ask.plain.value(content)
    return found


def _where(error: Exception) -> list[dict[str, Any]]:
    """The places in our own source, innermost last: an exception's words may hold values."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)]
    return [{"module": Path(frame.filename).stem, "line": frame.lineno} for frame in ours]

"""The procedures and their steps, as procedures.toml and steps.toml have them; the checklist of boards/README.md."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from stillscan.errors import InputError
from stillscan.files import read_toml
from stillscan.guidance.technicians import ENGLISH, Words

_HERE = Path(__file__).parent
KINDS = ("confirm", "ask", "do", "test", "clean", "calibrate", "slide", "card", "ring", "beeper")
AT_SCANNER = ("test", "clean", "calibrate", "slide", "card", "ring", "beeper")
"""Kinds of steps that need the scanner at the other end of its cable."""
REPLACE = "replace-"


JUDGED = ("confirm", "ring", "beeper")
"""Kinds of steps that a person says yes or no to."""


class Asked(NamedTuple):
    """A value that a person types, and its limits."""

    name: str
    unit: str
    low: float
    high: float


class Step(NamedTuple):
    """An entry of steps.toml, see there. ``number``: of the checklist in boards/README.md, or None."""

    id: str
    what: str
    how: str
    expected: str
    by: str
    number: int | None = None
    group: str | None = None
    part: str | None = None
    picture: str | None = None
    test: str | None = None
    values: tuple[str, ...] = ()
    ask: tuple[Asked, ...] = ()
    apart: bool = False


class Phase(NamedTuple):
    """Steps that belong together, and what a person is told before them."""

    name: str
    say: str
    steps: tuple[Step, ...]


class Procedure(NamedTuple):
    """``name`` as the command has it: acceptance, cleaning, yearly, or replace-PART."""

    name: str
    title: str
    about: str
    phases: tuple[Phase, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them, in order."""
        return tuple(step for phase in self.phases for step in phase.steps)


def steps(path: Path = _HERE / "steps.toml") -> dict[str, Step]:
    """All steps by id. InputError: the file is not as it has to be."""
    found: dict[str, Step] = {}
    for entry in read_toml(path).get("step", []):
        step = _step(path, entry)
        if step.id in found:
            raise InputError(f"{path}: two steps are called '{step.id}'")
        found[step.id] = step
    return found


def _step(path: Path, entry: dict[str, Any]) -> Step:
    where = f"{path}: step '{entry.get('id')}'"
    if unknown := sorted(set(entry) - set(Step._fields)):
        raise InputError(f"{where}: no entry is called '{unknown[0]}'")
    for name in Step._fields[:5]:
        if not isinstance(entry.get(name), str):
            raise InputError(f"{where}: '{name}' is no text")
    if entry["by"] not in KINDS:
        raise InputError(f"{where}: 'by' is none of {', '.join(KINDS)}")
    try:
        asked = tuple(Asked(str(a), str(b), float(c), float(d)) for a, b, c, d in entry.get("ask", ()))
    except (TypeError, ValueError):
        raise InputError(f"{where}: 'ask' is no list of [name, unit, low, high]") from None
    if (entry["by"] == "ask") != bool(asked) or (entry["by"] == "test") != ("test" in entry):
        raise InputError(f"{where}: 'ask' goes with by = \"ask\", 'test' with by = \"test\"")
    return Step(**{**entry, "ask": asked, "values": tuple(entry.get("values", ()))})


@functools.cache
def procedures(path: Path = _HERE / "procedures.toml") -> dict[str, Procedure]:
    """All of them by name. InputError: a file is not as it has to be."""
    known = steps()
    tables = read_toml(path)
    replace = tables.pop("replace")
    found = {
        name: Procedure(
            name,
            table["title"],
            table["about"],
            tuple(Phase(one["name"], one["say"], _chosen(path, known, one["steps"])) for one in table["phase"]),
        )
        for name, table in tables.items()
    }
    for part, proofs in replace["proofs"].items():
        name = f"{REPLACE}{part}"
        phases = (
            Phase(
                "Exchange", "The kiosk is shut down; the new part lies ready.", _chosen(path, known, replace["before"])
            ),
            Phase("Proof", "The glass is empty and wiped, the lid closed.", _chosen(path, known, proofs)),
        )
        found[name] = Procedure(name, f"{replace['title']}: {part.replace('_', ' ')}", replace["about"], phases)
    return found


def _chosen(path: Path, known: dict[str, Step], names: Iterable[str]) -> tuple[Step, ...]:
    try:
        return tuple(known[name] for name in names)
    except KeyError as error:
        raise InputError(f"{path}: there is no step {error}") from None


def find(name: str) -> Procedure:
    """The procedure of that name. InputError when there is none: it says which there are."""
    known = procedures()
    if name in known:
        return known[name]
    parts = sorted(other.removeprefix(REPLACE) for other in known if other.startswith(REPLACE))
    if name.startswith(REPLACE):
        raise InputError(f"{name}: no part '{name.removeprefix(REPLACE)}' is exchanged so; PART is {', '.join(parts)}")
    whole = ", ".join(other for other in known if not other.startswith(REPLACE))
    raise InputError(f"{name}: there is no such procedure; there are {whole} and {REPLACE}PART")


def plain(text: str) -> str:
    """A text of the tables for a terminal: links and code marks taken off."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text).replace("`", "")


def answer_sheet(procedure: Procedure, say: Words = ENGLISH) -> str:
    """A script's answers to fill in: a comment and a line ``?`` a question, in order; ``do`` has an empty line.

    ``procedure`` is spoken in the language of ``say`` already.
    """
    lines: list[str] = []
    for step in procedure.steps:
        limits = [say("{low} to {high}").format(low=say.number(one.low), high=say.number(one.high)) for one in step.ask]
        questions = [f"{one.name}, {limit} {one.unit}".strip() for one, limit in zip(step.ask, limits, strict=True)]
        if step.by in JUDGED:
            questions = [say("y or n")]
        elif step.by == "do":
            questions = [say("an empty line says that it is done")]
        if questions:
            expected = say("expected: {expected}").format(expected=plain(step.expected))
            lines.append(f"# {plain(step.what)}: {plain(step.how)}; {expected}")
        for question in questions:
            lines += [f"#   {question}", "" if step.by == "do" else "?"]
    return "\n".join(lines) + "\n"


def checklist() -> str:
    """The numbered steps as the tables of boards/README.md, each group under its heading."""
    lines: list[str] = []
    group = None
    for step in sorted((one for one in steps().values() if one.number), key=lambda one: one.number or 0):
        if step.group != group:
            lines += ["" for _ in lines[:1]]
            lines += [f"### {step.group}", "| # | what | how | expected |", "|---|---|---|---|"]
            group = step.group
        lines.append(f"| {step.number} | {step.what} | {step.how} | {step.expected} |")
    return "\n".join(lines) + "\n"

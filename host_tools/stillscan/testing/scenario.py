"""Scenarios without Python: a TOML file of steps and expectations, read, checked as a whole, and carried out.

about = "A passport slips half a millimetre in mid-scan: the second sweep finishes the job."
steps = [
    { lay = {} },
    { expect = "scanning" },
    { slide = { dx_mm = 0.5, over_ms = 80 } },
    { result = { outcome = "verified", attempts = 2, within_ms = 6000 } },
]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from stillscan.errors import InputError
from stillscan.files import Located, located_toml
from stillscan.testing.driver import Rule
from stillscan.testing.ownrules import load_rules
from stillscan.testing.scanner import Scanner
from stillscan.testing.scenario_steps import EXPECTATIONS, STEPS, TEXT, Given, Kind, Step, listed, whole
from stillscan.testing.timeline import NotAsExpectedError

ENDING = ".scenario.toml"
SHIPPED = Path(__file__).parent / "scenarios"
"""Those that come with the package, one for each way in which a check goes."""
_MOST_SEED = 2**32 - 1  # as numpy takes them
_TOP: dict[str, Kind] = {
    "about": TEXT,
    "seed": whole(0, _MOST_SEED),
    "rules": listed(TEXT),
    "steps": Kind("a list of steps", lambda value: isinstance(value, list)),
}


@dataclass(frozen=True)
class Scenario:
    """``steps``: name and arguments, in order. ``wrong`` makes the error about one of them."""

    file: Located
    name: str
    about: str
    seed: int
    rules: tuple[Rule, ...] = field(repr=False)
    steps: tuple[tuple[str, dict[str, Any]], ...] = field(repr=False)

    def run(self, scanner: Scanner) -> None:
        """Carry all steps out. NotAsExpectedError names file and line; InputError does for what cannot be done."""
        __tracebackhide__ = True
        given = Given(scanner, Path(self.file.file).parent)
        for rule in self.rules:
            scanner.add_rule(rule)
        for number, (name, said) in enumerate(self.steps):
            try:
                STEPS[name].carry_out(given, said)
            except NotAsExpectedError as failed:
                where = self.file.wrong("", "steps", number, name)
                raise NotAsExpectedError(f"{where}{failed}") from None
            except InputError as error:
                raise self.file.wrong(str(error), "steps", number, name) from None


def shipped() -> dict[str, Path]:
    """The scenarios of the package, by name."""
    return {path.name.removesuffix(ENDING): path for path in sorted(SHIPPED.glob(f"*{ENDING}"))}


def find_scenario(name: str | PathLike[str]) -> Path:
    """A shipped scenario by its name, or a file. InputError when it is neither."""
    known = shipped()
    if str(name) in known:
        return known[str(name)]
    if not Path(name).exists() and Path(name).suffix != ".toml":
        raise InputError(f"no scenario '{name}' and no file of that name; there are: {', '.join(known)}")
    return Path(name)


def read_scenario(path: str | PathLike[str]) -> Scenario:
    """A whole scenario, with its rules. InputError names the line of the first thing in it that cannot be meant."""
    file = located_toml(path)
    for key, value in file.table.items():
        if key not in _TOP:
            raise file.wrong(f"no entry '{key}'; there are: {', '.join(_TOP)}", key)
        if not _TOP[key].fits(value):
            raise file.wrong(f"'{key}' is {_TOP[key].words}", key)
    steps = file.table.get("steps", [])
    if not steps:
        raise file.wrong("has no steps", "steps")
    folder = Path(path).parent
    read = tuple(_step(step, partial(_wrong, file, number)) for number, step in enumerate(steps))
    for number, (name, said) in enumerate(read):
        try:
            STEPS[name].look(folder, said)
        except InputError as error:
            raise file.wrong(str(error), "steps", number, name) from None
    _follow(file, read)
    if not any(name in EXPECTATIONS for name, _ in read):
        raise file.wrong(f"expects nothing, and could never fail; add one of {', '.join(EXPECTATIONS)}", "steps")
    return Scenario(
        file,
        Path(path).name.removesuffix(ENDING).removesuffix(".toml"),
        file.table.get("about", ""),
        file.table.get("seed", 1),
        tuple(_rules(file, folder)),
        read,
    )


def _rules(file: Located, folder: Path) -> Iterator[Rule]:
    for number, named in enumerate(file.table.get("rules", ())):
        try:
            yield from load_rules(named, folder)
        except InputError as error:
            raise file.wrong(str(error), "rules", number) from None


def _follow(file: Located, steps: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """InputError for a step that what comes before it does not lead to."""
    laid = lies = lifted = False
    for number, (name, _) in enumerate(steps):
        if STEPS[name].lies and not lies:
            raise file.wrong(f"{name}: nothing lies on the glass; lay a document first", "steps", number, name)
        if name == "lower" and not lifted:
            raise file.wrong("lower: nothing is lifted; lift it first", "steps", number, name)
        if name == "result" and not laid:
            raise file.wrong("result: lay a document first", "steps", number, name)
        laid = laid or name == "lay"
        lies = (lies or name == "lay") and name != "take_away"
        lifted = (lifted or name == "lift") and name not in ("lay", "lower")


def _wrong(file: Located, number: int, says: str, *at: str) -> InputError:
    return file.wrong(says, "steps", number, *at)


def _step(step: object, wrong: Callable[..., InputError]) -> tuple[str, dict[str, Any]]:
    if not isinstance(step, dict) or len(step) != 1:
        raise wrong("a step is a table with one entry, the step's name: { slide = { dx_mm = 0.5 } }")
    (name, said), *_ = step.items()
    if name not in STEPS:
        raise wrong(f"no step '{name}'; there are: {', '.join(STEPS)}", name)
    kind = STEPS[name]
    if not isinstance(said, dict):
        if kind.main is None:
            raise wrong(f"{name}: is a table, {{ name = value, ... }}", name)
        if not kind.fields[kind.main].fits(said):
            raise wrong(f"{name}: {_shown(said)} is not {kind.fields[kind.main].words}", name)
        said = {kind.main: said}
    _fields(kind, name, said, wrong)
    return name, said


def _fields(kind: Step, name: str, said: dict[str, Any], wrong: Callable[..., InputError]) -> None:
    """Each value is one that the step may have, and none is missing."""
    for key, value in said.items():
        fits = kind.fields.get(key, kind.open)
        if fits is None:
            raise wrong(f"{name}: no '{key}'; there are: {', '.join(kind.fields) or 'none'}", name, key)
        if not fits.fits(value):
            raise wrong(f"{name}: {key}: {_shown(value)} is not {fits.words}", name, key)
    missing = [key for key in kind.must if key not in said]
    if missing:
        raise wrong(f"{name}: '{missing[0]}' is missing", name)
    if kind.some and not any(key in said for key in kind.some):
        raise wrong(f"{name}: says nothing; name one of {', '.join(kind.some)}", name)


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)

"""limits.toml, that of the package and that of a board: read, and what cannot be meant named with file and line."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from stillscan.errors import InputError
from stillscan.files import Located, located_toml

OF_PACKAGE = Path(__file__).with_name("limits.toml")
"""The measurements that there are."""
_BOUNDS = ("low", "high")
_TEXTS = ("part", "measurement", "unit", "source", "means", "check", "order")


class Limit(NamedTuple):
    """An entry of limits.toml."""

    part: str
    measurement: str
    unit: str
    low: float | None
    high: float | None
    source: str
    means: str
    check: str
    order: str

    def holds(self, value: float) -> bool:
        """Is the value one of a sound scanner?"""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def own_limits(folder: Path) -> dict[tuple[str, str], Limit]:
    """Those that a board's folder has. InputError with file and line for what cannot be one, or is not measured."""
    path = folder / "limits.toml"
    if not path.is_file():
        return {}
    measured = {(limit.part, limit.measurement) for limit in read_limits(OF_PACKAGE)}
    file = located_toml(path)
    found = _read(file)
    for number, one in enumerate(found):
        if (one.part, one.measurement) not in measured:
            of_part = ", ".join(sorted(what for part, what in measured if part == one.part))
            there = of_part or ", ".join(sorted({part for part, _ in measured}))
            says = f"no '{one.measurement}' of '{one.part}' is measured; there are: {there}"
            raise _wrong(file, number, says, "measurement" if of_part else "part")
    return {(one.part, one.measurement): one for one in found}


def read_limits(path: Path) -> list[Limit]:
    """Those of one file. InputError with file and line."""
    return _read(located_toml(path))


def _read(file: Located) -> list[Limit]:
    for name in file.table:
        if name != "limit":
            raise file.wrong(f"no entry is called '{name}'; there is: [[limit]]", name)
    entries = file.table.get("limit", [])
    if not isinstance(entries, list):
        raise file.wrong("'limit' is no list of tables: each begins with [[limit]]", "limit")
    return [_entry(entry, partial(_wrong, file, number)) for number, entry in enumerate(entries)]


def _wrong(file: Located, number: int, says: str, *at: str) -> InputError:
    return file.wrong(f"limit: {says}", "limit", number, *at)


def _entry(entry: object, wrong: Callable[..., InputError]) -> Limit:
    if not isinstance(entry, dict):
        raise wrong("it is no table: each begins with [[limit]]")
    for name, value in entry.items():
        if name in _BOUNDS:
            if type(value) not in (int, float) or not math.isfinite(value):
                raise wrong(f"'{name}' is not a number", name)
        elif name not in _TEXTS:
            raise wrong(f"no entry is called '{name}'; there are: {', '.join((*_TEXTS, *_BOUNDS))}", name)
        elif not isinstance(value, str):
            raise wrong(f"'{name}' is not a text", name)
    missing = [name for name in _TEXTS if name not in entry]
    if missing:
        raise wrong(f"'{missing[0]}' is missing")
    low, high = (entry.get(name) for name in _BOUNDS)
    if low is None and high is None:
        raise wrong("it has neither 'low' nor 'high'")
    if low is not None and high is not None and low > high:
        raise wrong(f"'low' ({low}) is above 'high' ({high})", "low")
    return Limit(low=low, high=high, **{name: entry[name] for name in _TEXTS})

"""Rules from outside the package: functions of a file, a folder's set of them, or what a package has registered."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from stillscan.errors import InputError
from stillscan.own_python import loaded, run_python
from stillscan.testing.driver import Rule

GROUP = "stillscan.rules"
"""Of entry points: each is a rule, or a list of them, by name."""
SET = "rules.py:RULES"
"""Where the set of a folder stands: a list of rules."""


def load_rules(name: str, folder: Path) -> list[Rule]:
    """``FILE.py:NAME``, or a folder whose rules.py has the list RULES, both named from ``folder``; or the name of an
    entry point. NAME is a rule or a list of them. InputError with file and line."""
    if (folder / name).is_dir():
        return _of_file(name, folder / name, SET)
    if ":" in name:
        return _of_file(name, folder, name)
    return _rules(_registered(name), f"rule '{name}'")


def _of_file(name: str, folder: Path, where: str) -> list[Rule]:
    file, _, wanted = where.rpartition(":")
    path = folder / file
    try:
        found = run_python(path)
    except InputError as error:
        raise InputError(f"rule '{name}': {error}") from None
    if wanted not in found:
        raise InputError(f"rule '{name}': {path} has no function '{wanted}'")
    return _rules(found[wanted], f"rule '{name}': {path}: '{wanted}'")


def _rules(found: Any, what: str) -> list[Rule]:
    rules = list(found) if isinstance(found, list | tuple) else [found]
    if not rules or not all(map(callable, rules)):
        raise InputError(f"{what} is neither a function nor a list of functions")
    return rules


def _registered(name: str) -> Any:
    known = {point.name: point for point in entry_points(group=GROUP)}
    if name not in known:
        there = f"; there are: {', '.join(sorted(known))}" if known else ""
        raise InputError(
            f"rule '{name}': no FILE.py:FUNCTION, no folder, and no package has registered it under {GROUP}{there}"
        )
    return loaded(known[name])

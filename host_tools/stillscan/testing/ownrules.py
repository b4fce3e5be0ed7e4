"""Rules from outside the package: a function of a file, or one that a package has registered."""

from __future__ import annotations

import runpy
import traceback
from importlib.metadata import entry_points
from pathlib import Path

from stillscan.errors import InputError
from stillscan.testing.driver import Rule

GROUP = "stillscan.rules"
"""Of entry points: each is a rule, or a list of them, by name."""


def load_rule(name: str, folder: Path) -> Rule:
    """``FILE.py:FUNCTION``, the file named from ``folder``; or the name of an entry point. InputError."""
    file, colon, function = name.rpartition(":")
    if not colon:
        return _registered(name)
    path = folder / file
    if not path.is_file():
        raise InputError(f"rule '{name}': {path}: no such file")
    try:
        found = runpy.run_path(str(path)).get(function)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)
        line = next((frame.lineno for frame in reversed(where) if frame.filename == str(path)), None)
        line = getattr(error, "lineno", None) or line or 1
        raise InputError(f"rule '{name}': {path}: line {line}: {type(error).__name__}: {error}") from None
    if not callable(found):
        raise InputError(f"rule '{name}': {path} has no function '{function}'")
    rule: Rule = found
    return rule


def _registered(name: str) -> Rule:
    known = {point.name: point for point in entry_points(group=GROUP)}
    if name not in known:
        there = f"; there are: {', '.join(sorted(known))}" if known else ""
        raise InputError(f"rule '{name}': no FILE.py:FUNCTION, and no package has registered it under {GROUP}{there}")
    rule: Rule = known[name].load()
    return rule

"""Settings of the scanner as options of a command."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from stillscan.boards.files import firmware_folder
from stillscan.errors import InputError

_ONLY = {"depth": (4, 8)}  # bits of a pixel: what firmware/kiosk/commands.py takes, not all in between


def named_values(texts: Sequence[str]) -> dict[str, int]:
    """From NAME=VALUE. InputError."""
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            found[name] = int(value)
        except ValueError:
            raise InputError(f"--set: '{text}' is not NAME=VALUE with a whole number") from None
    return found


def check(values: Mapping[str, int]) -> None:
    """Before anything is changed: InputError for what the firmware of this package would refuse."""
    module = ast.parse((firmware_folder() / "kiosk" / "settings.py").read_text(encoding="utf-8"))
    table = next(node.value for node in module.body if isinstance(node, ast.Assign) and _names(node) == ["TABLE"])
    known = {name: (unit, low, high) for name, unit, _, low, high in ast.literal_eval(table)}
    for name, value in values.items():
        if name not in known:
            raise InputError(f"--set: no setting '{name}'; there are: {', '.join(known)}")
        unit, low, high = known[name]
        if name in _ONLY and value not in _ONLY[name]:
            raise InputError(f"--set: '{name}': {' or '.join(map(str, _ONLY[name]))}")
        if not low <= value <= high:
            raise InputError(f"--set: '{name}': {low} to {high} {unit}".rstrip())


def _names(node: ast.Assign) -> list[str]:
    return [ast.unparse(target) for target in node.targets]

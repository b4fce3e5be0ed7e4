"""Settings of the scanner as options of a command."""

from __future__ import annotations

import runpy
from collections.abc import Mapping, Sequence

from stillscan.boards.files import firmware_folder
from stillscan.errors import InputError


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
    of_firmware = runpy.run_path(str(firmware_folder() / "kiosk" / "settings.py"))  # the version that would be flashed
    table, names, fits = of_firmware["TABLE"], of_firmware["NAMES"], of_firmware["fits"]
    for name, value in values.items():
        if name not in names:
            raise InputError(f"--set: no setting '{name}'; there are: {', '.join(names)}")
        number = names.index(name)
        if not fits(number, value):
            _, unit, _, low, high = table[number]
            may = "4 or 8" if name == "depth" else f"{low} to {high} {unit}".rstrip()
            raise InputError(f"--set: '{name}': {may}")

"""The scanner's settings as this package's firmware has them: the one table, ranges and combinations of both ends."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from stillscan.boards.files import firmware_folder
from stillscan.errors import InputError


class Row(NamedTuple):
    """A setting: see TABLE in firmware/kiosk/settings.py."""

    name: str
    unit: str
    default: int
    low: int
    high: int


@dataclass(frozen=True)
class Known:
    """``rows`` by name, in the order of their numbers on the wire."""

    rows: Mapping[str, Row]
    _fits: Callable[[int, object], bool]
    _clash: Callable[[dict[str, int]], tuple[str, ...]]

    def fits(self, name: str, value: int) -> bool:
        """Is the value one that this setting can have?"""
        return self._fits(list(self.rows).index(name), value)

    def see(self, values: Mapping[str, int]) -> None:
        """InputError for the first name that no setting has, and the first value that its setting cannot have."""
        for name, value in values.items():
            if name not in self.rows:
                raise InputError(f"no setting '{name}'; there are: {', '.join(self.rows)}")
            if type(value) is not int or not self.fits(name, value):
                row = self.rows[name]
                may = "4 or 8" if name == "depth" else f"{row.low} to {row.high} {row.unit}".rstrip()
                raise InputError(f"setting '{name}': {may}")

    def clash(self, values: Mapping[str, int]) -> tuple[str, ...]:
        """Settings that together let no passport through; those that ``values`` does not name have their defaults."""
        return self._clash({name: row.default for name, row in self.rows.items()} | dict(values))


@cache
def known() -> Known:
    """Run from the firmware that this package would put on a board: nothing is told twice."""
    of_firmware: dict[str, Any] = runpy.run_path(str(firmware_folder() / "kiosk" / "settings.py"))
    rows = {row[0]: Row(*row) for row in of_firmware["TABLE"]}
    return Known(rows, of_firmware["fits"], of_firmware["clash"])

"""What a sound scanner measures (limits.toml, and that of a board), and what a value outside of it means."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from stillscan.boards.files import board_folder, boards
from stillscan.boards.table import find_board
from stillscan.errors import InputError
from stillscan.files import read_toml
from stillscan.technician.measuring import Measured
from stillscan.technician.parts import read_parts

_TABLE = Path(__file__).with_name("limits.toml")
REFERENCE = "rpi_pico"
"""The board whose parts are those of one that has none of its own, as the simulator."""
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


class Judged(NamedTuple):
    """A measurement and its limits, in the order of `scanner test --json`."""

    part: str
    measurement: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    ok: bool
    advice: str | None


def limits(board: str, table: Path = _TABLE) -> dict[tuple[str, str], Limit]:
    """By part and measurement, with what a board has of its own. InputError: a file is not as it has to be."""
    found = {(limit.part, limit.measurement): limit for limit in _read(table)}
    own = board_folder(board) / "limits.toml" if board in boards() else None
    if own is not None and own.is_file():
        found |= {(limit.part, limit.measurement): limit for limit in _read(own)}
    return found


def _read(path: Path) -> list[Limit]:
    entries = read_toml(path).get("limit", [])
    if not isinstance(entries, list):
        raise InputError(f"{path}: 'limit' is no list of tables")
    return [_entry(path, entry) for entry in entries]


def _entry(path: Path, entry: dict[str, Any]) -> Limit:
    texts = {name: entry.get(name) for name in _TEXTS}
    bounds = {name: entry.get(name) for name in ("low", "high")}
    where = f"{path}: limit of {texts['part']}, {texts['measurement']}"
    if not all(isinstance(text, str) for text in texts.values()):
        raise InputError(f"{where}: a text is missing of {', '.join(_TEXTS)}")
    if not any(isinstance(bound, int | float) for bound in bounds.values()):
        raise InputError(f"{where}: it has neither 'low' nor 'high'")
    if unknown := sorted(set(entry) - {*_TEXTS, "low", "high"}):
        raise InputError(f"{where}: no entry is called '{unknown[0]}'")
    part, measurement, unit, *rest = (str(text) for text in texts.values())
    return Limit(part, measurement, unit, bounds["low"], bounds["high"], *rest)


def judge(measured: list[Measured], board: str) -> list[Judged]:
    """Each measurement that has a limit, beside it; what could not be measured is not ok."""
    table = limits(board)
    parts = to_buy(board)
    found = []
    for one in measured:
        limit = table.get((one.part, one.measurement))
        if limit is None:
            if one.value is None:
                found.append(Judged(one.part, one.measurement, None, "", None, None, False, _silent(one.why)))
            continue
        if one.value is None and not one.why:
            continue  # this board does not measure it
        ok = one.value is not None and limit.holds(one.value)
        advice = None if ok else _advice(limit, one.why, parts)
        found.append(Judged(one.part, one.measurement, one.value, limit.unit, limit.low, limit.high, ok, advice))
    return found


def _silent(why: str) -> str:
    return f"the part does not do its work ({why}): its plug and its cable first, then the part itself"


def _advice(limit: Limit, why: str, parts: dict[str, str]) -> str:
    if why:
        return f"not measured: {why}"
    return f"{limit.means}; check: {limit.check}{ordering(limit, parts)}"


def ordering(limit: Limit, parts: dict[str, str]) -> str:
    """What to order of ``parts``, as the end of an advice; "" where there is nothing."""
    return f"; order: {parts.get(limit.order, limit.order)}" if limit.order else ""


def to_buy(board: str) -> dict[str, str]:
    """What to buy of each part of the board, or of the reference."""
    name = board if board in boards() and (board_folder(board) / "parts.toml").is_file() else REFERENCE
    kiosk = read_parts(find_board(name))
    return {key: f"{part.name} ({part.buy})" for key, part in kiosk.parts.items()}

"""What a sound scanner measures (limits.toml, and that of a board), and what a value outside of it means."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from stillscan.boards.files import installed
from stillscan.boards.table import find_board
from stillscan.technician.limit_table import OF_PACKAGE, Limit, own_limits, read_limits
from stillscan.technician.measuring import Measured
from stillscan.technician.parts import read_parts

REFERENCE = "rpi_pico"
"""The board whose parts are those of one that has none of its own, as the simulator."""


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


def limits(board: str, table: Path = OF_PACKAGE) -> dict[tuple[str, str], Limit]:
    """By part and measurement, with what a board has of its own. InputError: a file is not as it has to be."""
    found = {(limit.part, limit.measurement): limit for limit in read_limits(table)}
    folder = installed(board)
    return found | (own_limits(folder) if folder is not None else {})


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
    folder = installed(board)
    name = board if folder is not None and (folder / "parts.toml").is_file() else REFERENCE
    kiosk = read_parts(find_board(name))
    return {key: f"{part.name} ({part.buy})" for key, part in kiosk.parts.items()}

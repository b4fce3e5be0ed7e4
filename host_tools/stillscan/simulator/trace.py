"""A recorded movement: CSV with t_ms, dx_mm, dy_mm, lift_mm, ax_g, ay_g, az_g, time since the placement."""

from __future__ import annotations

import csv
import math
from io import StringIO
from os import PathLike, fspath
from pathlib import Path
from typing import TextIO

import numpy as np

from stillscan.errors import InputError
from stillscan.files import read_whole
from stillscan.simulator.hand import Motion

COLUMNS = ("t_ms", "dx_mm", "dy_mm", "lift_mm", "ax_g", "ay_g", "az_g")
# Beyond these a figure is a mistake of unit or of column, and the models' integers would overflow.
LIMITS = {"t_ms": 1e7, "dx_mm": 500.0, "dy_mm": 500.0, "lift_mm": 500.0, "ax_g": 20.0, "ay_g": 20.0, "az_g": 20.0}

_MOST = 64_000_000
"""Bytes: the longest movement that LIMITS allow, a hundred rows a second, seven numbers of nine characters each."""


def load_trace(path: str | PathLike[str]) -> Motion:
    """The recorded motion: linear between rows, the first row holds before it and the last one after it.

    The seven columns may stand in any order. InputError names the file, the line and what is wrong.
    """
    name = Path(path).name or fspath(path)
    try:
        rows = _rows(name, StringIO(read_whole(path, _MOST).decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError:
        raise InputError(f"{name}: not a text file in UTF-8") from None
    table = np.array(rows, dtype=np.float64)
    return Motion(table[:, 0] * 1000.0, table[:, 1:4].copy(), table[:, 4:7].copy())


def _rows(name: str, file: TextIO) -> list[list[float]]:
    """The rows in the order of ``COLUMNS``, checked."""
    reader = csv.reader(file)
    try:
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error:
        raise InputError(f"{name}, line {reader.line_num}: not a line of CSV") from None
    header = [cell.strip() for cell in lines[0][1]] if lines else []
    for column in COLUMNS:
        if header.count(column) != 1:
            raise InputError(f"{name}, line 1: the header needs the column {column} exactly once")
    if len(header) != len(COLUMNS):
        raise InputError(f"{name}, line 1: the header has columns other than {', '.join(COLUMNS)}")
    order = [header.index(column) for column in COLUMNS]
    rows: list[list[float]] = []
    for number, cells in lines[1:]:
        where = f"{name}, line {number}"
        if len(cells) != len(COLUMNS):
            raise InputError(f"{where}: {len(cells)} fields instead of {len(COLUMNS)}")
        row = [_number(where, column, cells[at]) for column, at in zip(COLUMNS, order, strict=True)]
        if rows and row[0] <= rows[-1][0]:
            raise InputError(f"{where}: t_ms does not grow")
        rows.append(row)
    if not rows:
        raise InputError(f"{name}: no rows below the header")
    return rows


def _number(where: str, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise InputError(f"{where}: {column} is not a number")
    if abs(value) > LIMITS[column] or (column == "lift_mm" and value < 0):
        lowest = 0 if column == "lift_mm" else -LIMITS[column]
        raise InputError(f"{where}: {column} is outside {lowest:g}..{LIMITS[column]:g}")
    return value

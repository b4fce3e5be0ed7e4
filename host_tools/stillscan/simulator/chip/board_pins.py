"""What the emulated chip is wired to: the tables of the board's board.py."""

from __future__ import annotations

from dataclasses import dataclass

from stillscan.boards.table import find_board
from stillscan.errors import InputError


@dataclass(frozen=True)
class Wiring:
    """``pins``: signal -> GPIO. ``before_px``, ``after_px``: pixels of the line sensor outside the window."""

    pins: dict[str, int]
    before_px: int
    after_px: int


def wiring(name: str) -> Wiring:
    """The tables PINS and SENSOR_PX of a board. InputError when it lacks one."""
    board = find_board(name)
    if board.around_px is None:
        raise InputError(f"board '{name}': no table SENSOR_PX in its board.py")
    return Wiring(dict(board.pins), *board.around_px)

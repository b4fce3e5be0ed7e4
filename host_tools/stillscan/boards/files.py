"""Where the files for a board are: inside an installed package, or beside it in a checkout."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stillscan.errors import DeviceError, InputError

_PACKAGED = Path(__file__).parents[1] / "_device"
_CHECKOUT = Path(__file__).parents[3]


def _folder(name: str) -> Path:
    for root in (_PACKAGED, _CHECKOUT):
        if (root / name).is_dir():
            return root / name
    raise DeviceError(f"the folder '{name}' of the firmware is missing from this installation")


def firmware_folder() -> Path:
    """What is copied onto every board: main.py, loader.py, start.py, kiosk/."""
    return _folder("firmware")


def boards_folder() -> Path:
    """One folder a board, and what boards share."""
    return _folder("boards")


def boards() -> list[str]:
    """Names of the boards, sorted."""
    return sorted(path.parent.name for path in boards_folder().glob("*/board.py"))


@dataclass(frozen=True)
class Chip:
    """board.toml of a board's folder: what the host has to know before it can put anything on the board."""

    machine: str  # as its MicroPython names it: sys.implementation._machine
    arch: str  # of native code, as mpy-cross names it
    flash_kib: int
    files_kib: int  # MicroPython's file system, at the end of the flash chip
    shared: Sequence[str] = ()  # folders of boards/ whose files go onto the board too

    @property
    def name(self) -> str:
        """RP2040 or RP2350."""
        return self.machine.split()[-1]


def chips() -> dict[str, Chip]:
    """The boards that have a chip, by name: those with a board.toml."""
    found = {}
    for board in boards():
        path = boards_folder() / board / "board.toml"
        if path.is_file():
            found[board] = Chip(**tomllib.loads(path.read_text(encoding="utf-8")))
    return found


def chip(board: str) -> Chip:
    """The chip of this board. InputError for a board that is not there, or that has none."""
    found = chips()
    if board not in found:
        raise InputError(f"no board '{board}' to put firmware on; there are: {', '.join(found)}")
    return found[board]


def board_folders(board: str) -> list[Path]:
    """The folders whose files lie on this board's root: what boards share, then its own. InputError as ``chip``."""
    return [boards_folder() / name for name in (*chip(board).shared, board)]

"""Where the files for a board are: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillscan.errors import DeviceError, InputError
from stillscan.files import read_toml

_PACKAGED = Path(__file__).parents[1] / "_device"
_CHECKOUT = Path(__file__).parents[3]
_FREEZE = "manifest.py"  # for people who build their own MicroPython
_HOST = ("kiosk/parts.py", "kiosk/names.py")  # for the type checker and for the host: never imported by a board
_KERNELS, _OWN_KERNELS = "kiosk/kernels.py", "kernels.py"  # a board that has its own would look at these for nothing
_MOST_LIKE = 3  # files that are each like another: more is a circle


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


def modules(*folders: Path) -> dict[str, Path]:
    """The modules of these folders that go onto a board, by their path there, each folder's in the order of names."""
    found = {}
    left = {_FREEZE, *_HOST}
    if any((folder / _OWN_KERNELS).is_file() for folder in folders):
        left.add(_KERNELS)
    for root in folders:
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name not in left:
                found[name] = path
    return found


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
    controller: str = ""  # the module whose pins are wired, as stillscan.boards.pins names it
    shared: Sequence[str] = ()  # folders of boards/ whose files go onto the board too

    @property
    def name(self) -> str:
        """RP2040 or RP2350."""
        return self.machine.split()[-1]


def board_folder(board: str) -> Path:
    """The folder of a board by its name, or by the path of a folder (or its board.py) anywhere. InputError."""
    if board in boards():
        return boards_folder() / board
    folder = Path(board).parent if board.endswith(".py") else Path(board)
    if not (folder / "board.py").is_file():
        raise InputError(f"no board '{board}' (there are: {', '.join(boards())}) and no board.py at that path")
    return folder


_KINDS: dict[str, type] = {"str": str, "int": int, "Sequence[str]": list}
_KIND_NAMES = {str: "text", int: "whole number", list: "list"}


def chips() -> dict[str, Chip]:
    """The boards that have a chip, by name: those with a board.toml."""
    found = {}
    for board in boards():
        path = boards_folder() / board / "board.toml"
        if path.is_file():
            found[board] = _read(path)
    return found


def chip(board: str) -> Chip:
    """The chip of this board, a name or a folder. InputError for a board that is not there, or that has none."""
    found = chips()
    if board in found:
        return found[board]
    path = board_folder(board) / "board.toml"
    if not path.is_file():
        raise InputError(f"board '{board}' has no board.toml, so it takes no firmware; there are: {', '.join(found)}")
    return _read(path)


def _read(path: Path) -> Chip:
    """A board.toml that is whole. InputError names what is wrong with it."""
    entries = board_entries(path)
    for field in dataclasses.fields(Chip):
        if field.name not in entries and field.default is dataclasses.MISSING:
            raise InputError(f"{path}: '{field.name}' is missing")
    return Chip(**entries)


def board_entries(path: Path) -> dict[str, Any]:
    """What a board.toml says, with what it takes over by ``like``; not all of a Chip need stand there. InputError."""
    entries = _entries(path)
    for field in dataclasses.fields(Chip):
        kind = _KINDS[str(field.type)]
        if type(entries.get(field.name, kind())) is not kind:
            raise InputError(f"{path}: '{field.name}' is not a {_KIND_NAMES[kind]}")
    if unknown := sorted(set(entries) - {field.name for field in dataclasses.fields(Chip)}):
        raise InputError(f"{path}: no entry is called '{unknown[0]}'")
    for name in entries.get("shared", []):
        if not isinstance(name, str) or not (boards_folder() / name).is_dir():
            raise InputError(f"{path}: 'shared': there is no folder '{name}' to share")
    return entries


def _entries(path: Path, depth: int = 0) -> dict[str, Any]:
    """The entries of a board.toml, over those of the one that it names in ``like``."""
    table = read_toml(path)
    like = table.pop("like", None)
    if depth > _MOST_LIKE:
        raise InputError(f"{path}: too many files that are each like another")
    base = _entries(beside(path, like), depth + 1) if like is not None else {}
    return base | table


def beside(path: Path, like: object) -> Path:
    """The file that ``like`` in a board's file means: that of a board by its name, or a path from the file's folder.

    InputError when there is none.
    """
    if not isinstance(like, str):
        raise InputError(f"{path}: 'like' is not a text: the name of a board, or the path of a file")
    found = boards_folder() / like / path.name if like in boards() else path.parent / like
    if not found.is_file():
        raise InputError(
            f"{path}: 'like': no board '{like}' (there are: {', '.join(boards())}) and no file at that path"
        )
    return found


def board_folders(board: str) -> list[Path]:
    """The folders whose files lie on this board's root: what boards share, then its own. InputError as ``chip``."""
    return [*(boards_folder() / name for name in chip(board).shared), board_folder(board)]

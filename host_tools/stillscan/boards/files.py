"""Where the files for a board are: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stillscan.boards.pins import ARCHES_OF, CONTROLLERS, NEEDS, SIGNALS
from stillscan.errors import DeviceError, InputError
from stillscan.files import Located, located_toml
from stillscan.own_python import loaded

GROUP = "stillscan.boards"
"""Of entry points: each is a package of Python whose folder is a board's, by the board's name."""
_PACKAGED = Path(__file__).parents[1] / "_device"
_CHECKOUT = Path(__file__).parents[3]
_FREEZE = "manifest.py"  # for people who build their own MicroPython
_MODELS, _TESTS = "models", "tests"  # a board's folders of chip models and of tests, for the host
SIMULATOR = "simulator"
"""The board without hardware; its folder stands in for that of a chip."""
WIRING, _ENGINES = "wiring.py", "engines.py"  # what a folder shares: the wiring of a kiosk; what a chip does by itself
_HOST = ("kiosk/parts.py", "kiosk/names.py", "__init__.py")  # for the type checker and the host: on no board
_KERNELS, _OWN_KERNELS = "kiosk/kernels.py", "kernels.py"  # a board that has its own would look at these for nothing


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
    """The modules of these folders that go onto a board, by their path there, each folder's in the order of names.

    Models, tests and what is hidden stay with the host. InputError for one in the place of a module of the firmware.
    """
    found = {}
    firmware = firmware_folder() / "kiosk"
    left = {_FREEZE, *_HOST}
    if any((folder / _OWN_KERNELS).is_file() for folder in folders):
        left.add(_KERNELS)
    for root in folders:
        own = (root / "board.py").is_file()
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name in left or _of_host(name):
                continue
            if own and (name.startswith(f"{firmware.name}/") or (firmware.parent / name).is_file()):
                raise InputError(f"{path}: the firmware has a module of this name: a board's own needs another")
            found[name] = path
    return found


def _of_host(name: str) -> bool:
    folders, _, file = name.rpartition("/")
    places = folders.split("/")
    return (
        places[0] in (_MODELS, _TESTS)
        or any(place.startswith(".") for place in (*places, file))
        or file == "conftest.py"
        or (file.startswith("test_") or file.endswith("_test.py"))
    )


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
    models: Mapping[str, str] = field(default_factory=dict)  # chip models that the board brings: see simulator.models
    signals: Mapping[str, str] = field(
        default_factory=dict
    )  # of its own: what each needs of its pin, as in boards.pins

    @property
    def name(self) -> str:
        """RP2040 or RP2350."""
        return self.machine.split()[-1]


def installed(board: str) -> Path | None:
    """The folder of a board that this package or another installed one has under this name."""
    if board in boards():
        return boards_folder() / board
    from importlib.metadata import entry_points  # 15 ms of a start, and few boards come from outside

    for point in entry_points(group=GROUP):
        if point.name == board:
            return Path(str(loaded(point).__file__)).parent
    return None


def board_folder(board: str) -> Path:
    """The folder of a board by its name, here or in an installed package, or by the path of a folder (or its board.py)
    anywhere. InputError."""
    if known := installed(board):
        return known
    folder = Path(board).parent if board.endswith(".py") else Path(board)
    if not (folder / "board.py").is_file():
        raise InputError(f"no board '{board}' (there are: {', '.join(boards())}) and no board.py at that path")
    return folder


_KINDS: dict[str, type] = {"str": str, "int": int, "Sequence[str]": list, "Mapping[str, str]": dict}
_KIND_NAMES = {str: "text", int: "whole number", list: "list", dict: "table"}
ARCHES = (
    *("armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp"),
    *("x86", "x64", "armv6", "xtensa", "xtensawin", "rv32imc"),
)
"""Architectures of mpy-cross (``-march``), those of microcontrollers first."""
_MOST_KIB = 32 * 1024
"""Of flash: two chips of 16 MiB, all that an RP2350 has addresses for (data sheet, "QSPI memory interface")."""
BLOCK_KIB = 4
"""The least that flash erases; a file system is made of such blocks."""
MODELLED = ("flow", "accelerometer", "line_sensor", "presence")
"""Parts for which a board may bring a model: those of `simulator.models.Models`."""


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
        where = f"{path}: no such file: " if board not in boards() else ""
        raise InputError(
            f"{where}board '{board}' has no board.toml, so it takes no firmware; there are: {', '.join(found)}"
        )
    return _read(path)


def _read(path: Path) -> Chip:
    """A board.toml that is whole. InputError names what is wrong with it."""
    entries = board_entries(path)
    for one in dataclasses.fields(Chip):
        needed = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        if needed and one.name not in entries:
            raise wrong_entry(path, f"'{one.name}' is missing, here and in what it is like", one.name)
    chip = Chip(**entries)
    for names, says in _contradictions(chip):
        own = likes(path)[0].table
        raise wrong_entry(path, says, next((name for name in names if name in own), names[0]))
    return chip


def _contradictions(chip: Chip) -> Iterator[tuple[tuple[str, str], str]]:
    """Entries that cannot both be right, and what is wrong."""
    if chip.files_kib > chip.flash_kib:
        yield ("files_kib", "flash_kib"), f"'files_kib' ({chip.files_kib}) is more than 'flash_kib' ({chip.flash_kib})"
    known = {controller.name: controller.chip for controller in CONTROLLERS}
    if chip.controller and known[chip.controller] != chip.name:
        has = f"a {chip.controller} has an {known[chip.controller]}"
        yield ("controller", "machine"), f"{has}, and 'machine' says '{chip.machine}'"
    arches = ARCHES_OF.get(chip.name, ARCHES)
    if chip.arch not in arches:
        yield ("arch", "machine"), f"'arch' of an {chip.name} is one of {', '.join(arches)}, not '{chip.arch}'"


def wrong_entry(path: Path, says: str, *at: str) -> InputError:
    """The error to raise about what stands at this place of a board's file, or of one that it is like."""
    files = likes(path)
    found = [file for depth in range(len(at), 0, -1) for file in files if _stands(file.table, at[:depth])]
    return (found or files)[0].wrong(says, *at)


def _stands(table: object, at: Sequence[str]) -> bool:
    return not at or (isinstance(table, dict) and at[0] in table and _stands(table[at[0]], at[1:]))


def board_entries(path: Path) -> dict[str, Any]:
    """What a board.toml says, with what it takes over by ``like``; not all of a Chip need stand there.

    Folders and files that it names are paths. InputError with file and line.
    """
    entries: dict[str, Any] = {}
    for file in reversed(likes(path)):
        for name, value in file.table.items():
            entries[name] = _entry(file, name, value)
    return entries


def _entry(file: Located, name: str, value: Any) -> Any:
    kinds: dict[str, Any] = {one.name: _KINDS[str(one.type)] for one in dataclasses.fields(Chip)}
    if name not in kinds:
        raise file.wrong(f"no entry is called '{name}'; there are: like, {', '.join(kinds)}", name)
    if type(value) is not kinds[name]:
        raise file.wrong(f"'{name}' is not a {_KIND_NAMES[kinds[name]]}", name)
    _see(file, name, value)
    if name == "shared":
        return [_shared(file, number, folder) for number, folder in enumerate(value)]
    if name == "models":
        return {part: _beside_file(file, model) for part, model in value.items()}
    return value


def _see(file: Located, name: str, value: Any) -> None:
    """InputError for a value of the right kind that can still not be meant."""
    if isinstance(value, int) and not 0 < value <= _MOST_KIB:
        raise file.wrong(f"'{name}' is a number of KiB from 1 to {_MOST_KIB}, not {value}", name)
    if name == "files_kib" and value % BLOCK_KIB:
        raise file.wrong(f"'files_kib' is a multiple of {BLOCK_KIB}, the blocks of a flash chip, not {value}", name)
    if name == "machine" and not value.strip():
        raise file.wrong("'machine' is what MicroPython calls the board, and not empty", name)
    if name == "controller" and value not in ("", *(known.name for known in CONTROLLERS)):
        there = ", ".join(known.name for known in CONTROLLERS)
        raise file.wrong(
            f"no controller '{value}' is known; there are: {there}; with \"\" only double use is seen", name
        )
    if name == "arch" and value not in ARCHES:
        raise file.wrong(f"'arch' is one of {', '.join(ARCHES)}, not '{value}'", name)
    if isinstance(value, dict):
        for key, said in value.items():
            _see_row(file, name, key, said)


def _see_row(file: Located, name: str, key: str, said: object) -> None:
    if not isinstance(said, str):
        raise file.wrong(f"[{name}] {key} is not a text", name, key)
    if name == "signals":
        _signal(file, key, said)
    if name == "models" and key not in MODELLED:
        raise file.wrong(f"[models] no model is for '{key}'; there are: {', '.join(MODELLED)}", name, key)


def _signal(file: Located, signal: str, need: str) -> None:
    if signal in SIGNALS:
        raise file.wrong(
            f"[signals] {signal}: every kiosk has this signal; name one of the board's own", "signals", signal
        )
    if need not in NEEDS:
        raise file.wrong(f"[signals] {signal}: '{need}' is none of {', '.join(NEEDS)}", "signals", signal)


def _shared(file: Located, number: int, name: object) -> str:
    """A folder of boards/, or one beside the file."""
    for folder in (boards_folder() / str(name), Path(file.file).parent / str(name)):
        if isinstance(name, str) and folder.is_dir():
            return str(folder)
    raise file.wrong(f"'shared': there is no folder '{name}' to share", "shared", number)


def _beside_file(file: Located, model: str) -> str:
    """FILE.py:CLASS with the file's whole path; the name of an entry point as it is."""
    return str(Path(file.file).parent / model) if ":" in model else model


def likes(path: Path) -> list[Located]:
    """A board.toml or parts.toml, the one that it names in ``like``, and so on; `like` itself is taken out.

    InputError with file and line."""
    found: list[Located] = []
    seen: list[Path] = []
    following: Path | None = path
    while following is not None:
        file = located_toml(following)
        found.append(file)
        seen.append(following.resolve())
        like = file.table.pop("like", None)
        try:
            following = beside(following, like) if like is not None else None
        except InputError as error:
            raise file.wrong(str(error).removeprefix(f"{following}: "), "like") from None
        if following is not None and following.resolve() in seen:
            raise file.wrong(f"'like' leads back to {following}", "like")
    return found


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
    return [*map(Path, chip(board).shared), board_folder(board)]


def simulated_folders(board: str) -> list[Path]:
    """As ``board_folders``, for the simulator: its folder first, in the place of the chip's. InputError."""
    simulator = boards_folder() / SIMULATOR
    if board == SIMULATOR:
        return [boards_folder() / "wired", simulator]
    folders = [folder for folder in board_folders(board) if not (folder / _ENGINES).is_file()]
    if not any((folder / WIRING).is_file() for folder in folders):
        raise InputError(
            f"{board_folder(board) / 'board.toml'}: 'shared' lacks 'wired': only a board that is wired by it runs in "
            "the simulator"
        )
    return [simulator, *folders]


def board_models(board: str) -> dict[str, str]:
    """The chip models that a board brings, by part: see simulator.models. InputError."""
    return {} if board == SIMULATOR else dict(chip(board).models)

"""What a board's board.py says of its pins, read without running it: it imports modules that only MicroPython has."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, NamedTuple

from stillscan.boards.files import WIRING, board_entries, board_folder, boards, installed
from stillscan.boards.pins import CONTROLLERS, SIGNALS, Controller, Need
from stillscan.errors import InputError
from stillscan.files import read_text

CONSTANTS = ("ROW0_STEPS", "SENSOR_PX")
"""Numbers that a board.py has beside its pins, by the names that `boards new` gives them."""
OF_CLASS = ("name", "capabilities", "settings")
UNKNOWN = object()
"""A value that is not written out: it is known when the board runs."""
_BUSES = ("SPI", "I2C", "UART")
_USES = re.compile(rf"\b(?:{'|'.join(_BUSES)}|PWM)\b")
"""A module without one of these words says nothing of a bus or a frequency: eight of nine need not be parsed."""


class Board(NamedTuple):
    """The table ``PINS`` of one board, and how its code uses it."""

    name: str
    folder: Path
    about: str  # first sentence of the docstring
    controller: Controller | None  # that its board.toml names
    pins: list[tuple[str, int]]  # signal, GPIO; a signal that is named twice is here twice
    units: dict[str, int]  # signal -> unit of the bus that is made with it
    hz: dict[str, int]  # signal -> frequency of the PWM that is made with it
    needs: dict[str, Need]  # of signals: those that every kiosk has, and those of its own that its board.toml names
    table_line: int  # of board.py where PINS begins
    lines: dict[str, int]  # signal -> line of board.py; a signal that is named twice has its second
    around_px: tuple[int, int] | None  # of the line sensor before and after the window; None without a SENSOR_PX
    said: dict[str, object]  # what the file says in so many words: CONSTANTS, and what OF_CLASS the class has
    said_at: dict[str, int]  # lines of these, also of what has to be worked out; "" is where the class begins
    wired: bool  # by the wiring of a kiosk, which asks for all its signals


def find_board(name: str) -> Board:
    """The board of that name, or that a path (a folder, or its board.py) leads to. InputError when there is none."""
    if name not in boards() and name.endswith(".py") and Path(name).is_file():
        return _read(Path(name))
    board = _read(board_folder(name) / "board.py")
    return board._replace(name=name) if installed(name) else board


def _read(path: Path) -> Board:
    try:
        module = ast.parse(read_text(path), str(path))
    except SyntaxError as error:
        raise InputError(f"{path}: line {error.lineno or 1}: no Python: {error.msg}") from None
    except ValueError as error:  # a NUL in it, for Python 3.11
        raise InputError(f"{path}: line 1: no Python: {error}") from None
    text = " ".join((ast.get_docstring(module) or "").split())
    folder = path.absolute().parent
    facts = _facts(folder)
    said = _said(module)
    units, hz = _uses([module, *_shared(facts)])
    return Board(
        name=folder.name,
        folder=folder,
        about=text.partition(". ")[0].removesuffix("."),
        controller=next((known for known in CONTROLLERS if known.name == facts.get("controller")), None),
        pins=_pins(path, module),
        units=units,
        hz=hz,
        needs={**SIGNALS, **{signal: Need(need) for signal, need in facts.get("signals", {}).items()}},
        table_line=getattr(_value(module, "PINS"), "lineno", 1),
        lines=_lines(module),
        around_px=_around(_value(module, "SENSOR_PX")),
        said={what: value for what, (value, _) in said.items() if value is not UNKNOWN},
        said_at={what: line for what, (_, line) in said.items()},
        wired=any((Path(name) / WIRING).is_file() for name in facts.get("shared", [])),
    )


def _said(module: ast.Module) -> dict[str, tuple[object, int]]:
    """Values and lines of CONSTANTS of the module and of what OF_CLASS the class Board has, by name."""
    found: dict[str, tuple[object, int]] = {"": (UNKNOWN, 1)}
    for name in CONSTANTS:
        if (given := _value(module, name)) is not None:
            found[name] = (_literal(given), given.lineno)
    for one in (node for node in module.body if isinstance(node, ast.ClassDef) and node.name == "Board"):
        found[""] = (UNKNOWN, one.lineno)
        for node in ast.walk(one):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if node in one.body and name in OF_CLASS:
                    found[name] = (_literal(value), node.lineno)
                case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if name in OF_CLASS:
                    found[name] = (_literal(value), node.lineno)
                    found |= {f"{name}.{key}": (UNKNOWN, line) for key, line in _keys(value)}
    return found


def _keys(node: ast.expr) -> list[tuple[object, int]]:
    keys = node.keys if isinstance(node, ast.Dict) else []
    return [(key.value, key.lineno) for key in keys if isinstance(key, ast.Constant)]


def _literal(node: ast.expr) -> object:
    """The value of what is written out; UNKNOWN where a part of it has to be worked out."""
    if isinstance(node, ast.Tuple):
        return tuple(map(_literal, node.elts))
    if isinstance(node, ast.Dict) and None not in node.keys:
        keys = [_literal(key) for key in node.keys if key is not None]
        return dict(zip(map(_hashed, keys), map(_literal, node.values), strict=True))
    try:
        return ast.literal_eval(node)
    except ValueError:
        return UNKNOWN


def _hashed(key: object) -> object:
    return key if isinstance(key, str | int | float | bytes | None) else UNKNOWN


def _value(module: ast.Module, name: str) -> ast.expr | None:
    """What the module gives ``name`` at its top level."""
    for node in module.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                return node.value
    return None


def _around(node: ast.expr | None) -> tuple[int, int] | None:
    """The numbers around the middle one, which may be a name."""
    match node:
        case ast.Tuple(elts=[ast.Constant(value=int(before)), _, ast.Constant(value=int(after))]):
            return before, after
    return None


def _pins(path: Path, module: ast.Module) -> list[tuple[str, int]]:
    table = _value(module, "PINS")
    if table is None:
        raise InputError(f"{path}: line 1: has no table PINS")
    if not isinstance(table, ast.Dict):
        raise InputError(f"{path}: line {table.lineno}: PINS is not a table of signal and GPIO: {{'step': 6, ...}}")
    return [
        (_signal(path, key, table), _gpio(path, value)) for key, value in zip(table.keys, table.values, strict=True)
    ]


def _lines(module: ast.Module) -> dict[str, int]:
    table = _value(module, "PINS")
    return {name: line for name, line in _keys(table) if isinstance(name, str)} if table is not None else {}


def _signal(path: Path, node: ast.expr | None, table: ast.Dict) -> str:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        raise InputError(f"{path}: line {(node or table).lineno}: a signal's name in PINS is a text in quotes")
    return node.value


def _gpio(path: Path, node: ast.expr) -> int:
    if not isinstance(node, ast.Constant) or type(node.value) is not int:
        raise InputError(f"{path}: line {node.lineno}: a pin in PINS is the number of a GPIO, not {ast.unparse(node)}")
    return node.value


def _facts(folder: Path) -> dict[str, Any]:
    """What the board's board.toml says; nothing when there is none."""
    path = folder / "board.toml"
    return board_entries(path) if path.is_file() else {}


def _shared(facts: dict[str, Any]) -> list[ast.Module]:
    """What the board takes from other folders of boards/ (``shared`` in its board.toml)."""
    paths = [path for name in facts.get("shared", []) for path in sorted(Path(name).glob("*.py"))]
    codes = {path: path.read_text(encoding="utf-8") for path in paths}
    return [ast.parse(code, str(path)) for path, code in codes.items() if _USES.search(code)]


def _uses(modules: list[ast.Module]) -> tuple[dict[str, int], dict[str, int]]:
    """Units and frequencies from calls such as ``SPI(0, sck=Pin(PINS["flow_sck"]))`` and ``PWM(..., freq=20000)``."""
    units: dict[str, int] = {}
    hz: dict[str, int] = {}
    for call in (node for module in modules for node in ast.walk(module)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        if call.func.id in _BUSES:
            _note(units, call, call.args[0] if call.args else keywords.get("id"))
        elif call.func.id == "PWM":
            _note(hz, call, keywords.get("freq"))
    return units, hz


def _note(numbers: dict[str, int], call: ast.Call, node: ast.expr | None) -> None:
    """Keep the number that a call is made with, for every signal of PINS among its arguments."""
    if not isinstance(node, ast.Constant) or type(node.value) is not int:
        return
    for part in ast.walk(call):
        if (
            isinstance(part, ast.Subscript)
            and ast.unparse(part.value) in ("PINS", "pins")
            and isinstance(part.slice, ast.Constant)
        ):
            numbers[str(part.slice.value)] = node.value

"""parts.toml of a board's folder: what hangs on its pins, what each part takes, and what to order."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from stillscan.boards.files import beside
from stillscan.boards.table import Board
from stillscan.errors import InputError

_TABLES = ("rails", "wires", "notes", "parts")
_NUMBERS = ("volts", "most", "efficiency", "typical", "peak")
WAYS = ("series", "up", "down", "buffer", "mosfet", "clamp", "inside")


class Rail(NamedTuple):
    """A supply: ``most`` mA at ``volts``, from ``source``; a rail with a parent is converted from it."""

    volts: float
    most: float
    source: str
    parent: str | None = None
    efficiency: float = 1.0


class Wire(NamedTuple):
    """From a pin of the controller to the ``pin`` of a part; ``way`` is what lies on it, from the controller on."""

    part: str
    pin: str
    way: tuple[tuple[str, str], ...]  # one of WAYS and its value: ("up", "10 kohm")


class Part(NamedTuple):
    """Something to buy. ``drawn`` are the pins that no signal goes to: pin and rail or net. Currents in mA.

    ``model`` is what the picture says of it instead of the first words of ``buy``.
    """

    name: str
    buy: str
    model: str | None = None
    note: str = ""
    drawn: tuple[tuple[str, str], ...] = ()
    rail: str | None = None
    typical: float = 0
    peak: float = 0
    why: str = ""


class Kiosk(NamedTuple):
    """Everything around one controller."""

    rails: dict[str, Rail]
    wires: dict[str, Wire]
    notes: dict[str, str]
    parts: dict[str, Part]


def read_parts(board: Board) -> Kiosk:
    """The parts of a board. InputError names the entry that is wrong."""
    path = board.folder / "parts.toml"
    tables = _tables(path)
    try:
        kiosk = Kiosk(
            rails={name: Rail(**_checked(name, table, Rail)) for name, table in tables["rails"].items()},
            wires={signal: _wire(signal, entry) for signal, entry in tables["wires"].items()},
            notes={signal: str(note) for signal, note in tables["notes"].items()},
            parts={key: _part(key, table) for key, table in tables["parts"].items()},
        )
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    for problem in _problems(board, kiosk):
        raise InputError(f"{path}: {problem}")
    return kiosk


def _tables(path: Path, depth: int = 0) -> dict[str, dict[str, Any]]:
    """The file's tables over those of the file that it names in ``like``; an entry that is {} takes one away."""
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise InputError(f"{path}: not there, so its parts, power and wiring are not known") from None
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    like = tables.pop("like", None)
    if depth > 3:
        raise InputError(f"{path}: too many files that are each like another")
    base = _tables(beside(path, like), depth + 1) if like is not None else {name: {} for name in _TABLES}
    for name, table in tables.items():
        if name not in base or not isinstance(table, dict):
            raise InputError(f"{path}: '{name}' is none of the tables {', '.join(_TABLES)}")
        base[name] = {key: entry for key, entry in {**base[name], **table}.items() if entry != {}}
    return base


def _wire(signal: str, entry: object) -> Wire:
    if not _texts(entry, 2):
        raise ValueError(f"the wire {signal} is not [part, its pin, what lies on the way, ...]")
    part, pin, *way = entry
    pairs = [one.partition(" ") for one in way]
    for kind, _, _ in pairs:
        if kind not in WAYS:
            raise ValueError(f"'{kind}' on the wire {signal} is none of {', '.join(WAYS)}")
    return Wire(part, pin, tuple((kind, value) for kind, _, value in pairs))


def _part(key: str, table: object) -> Part:
    entries = _checked(key, table, Part)
    drawn = entries.pop("drawn", [])
    if not isinstance(drawn, list) or not all(_texts(pair, 2) and len(pair) == 2 for pair in drawn):
        raise ValueError(f"'drawn' of {key} is not a list of [pin, rail or net]")
    return Part(**entries, drawn=tuple((pin, net) for pin, net in drawn))


def _texts(entry: object, least: int) -> TypeGuard[list[str]]:
    return isinstance(entry, list) and len(entry) >= least and all(isinstance(text, str) for text in entry)


def _checked(key: str, table: object, kind: type[Rail] | type[Part]) -> dict[str, Any]:
    """The entries of one rail or part, when they have its names and types."""
    if not isinstance(table, dict):
        raise ValueError(f"{key} is not a table")
    for name, entry in table.items():
        if name not in kind._fields:
            raise ValueError(f"{key} has an entry '{name}'; there are {', '.join(kind._fields)}")
        number = name in _NUMBERS
        if name != "drawn" and not isinstance(entry, (int, float) if number else str):
            raise ValueError(f"'{name}' of {key} is not a {'number' if number else 'text'}")
        if number and not (entry >= 0 if name in ("typical", "peak") else entry > 0):
            raise ValueError(f"'{name}' of {key} is {entry}")
    missing = [name for name in kind._fields if name not in table and name not in kind._field_defaults]
    if missing:
        raise ValueError(f"{key} has no '{missing[0]}'")
    return dict(table)


def _problems(board: Board, kiosk: Kiosk) -> list[str]:
    """What does not fit together: signals of PINS without a wire, wires without a signal, unknown parts and rails."""
    inside = board.controller.inside if board.controller else {}
    signals = {signal for signal, gpio in board.pins if gpio not in inside}
    found = [f"no wire for the signal {signal}" for signal in sorted(signals - set(kiosk.wires))]
    found += [f"a wire for {signal}, which is not in PINS" for signal in sorted(set(kiosk.wires) - signals)]
    found += [
        f"{signal} goes to '{wire.part}', which is no part"
        for signal, wire in kiosk.wires.items()
        if wire.part not in kiosk.parts
    ]
    for name, part in kiosk.parts.items():
        if part.rail is not None and part.rail not in kiosk.rails:
            found.append(f"{name} hangs on '{part.rail}', which is no rail")
    names = list(kiosk.rails)
    for i, (name, rail) in enumerate(kiosk.rails.items()):
        if rail.parent is not None and rail.parent not in names[:i]:
            found.append(f"the rail {name} is made from '{rail.parent}', which is none of those before it")
    return found

"""parts.toml of a board's folder: what hangs on its pins, what each part takes, and what to order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from stillscan.boards.files import likes, wrong_entry
from stillscan.boards.table import Board
from stillscan.errors import InputError
from stillscan.files import Located

_TABLES = ("rails", "wires", "notes", "parts")
_MOST_V, _MOST_MA = 60, 100_000
"""What may be touched (IEC 60204-1, PELV), and a hundred amperes: more is a slip of the pen, or of the unit."""
_NUMBERS = {
    "volts": (0.1, _MOST_V, "of volts "),
    "most": (1, _MOST_MA, "of mA "),
    "efficiency": (0.01, 1, ""),
    "typical": (0, _MOST_MA, "of mA "),
    "peak": (0, _MOST_MA, "of mA "),
}
"""Least, most and unit."""
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
    if not path.is_file():
        raise InputError(f"{path}: not there, so its parts, power and wiring are not known")
    tables = _tables(path)
    kiosk = Kiosk(
        rails={name: Rail(**_checked(entry, Rail)) for name, entry in tables["rails"].items()},
        wires={signal: _wire(entry) for signal, entry in tables["wires"].items()},
        notes={signal: _note(entry) for signal, entry in tables["notes"].items()},
        parts={key: _part(entry) for key, entry in tables["parts"].items()},
    )
    for table, key, problem in _problems(board, kiosk):
        if key in tables[table]:
            raise tables[table][key].wrong(problem)
        raise wrong_entry(path, problem, table)
    return kiosk


class _Entry(NamedTuple):
    """What stands in a file under ``key`` of ``table``."""

    file: Located
    table: str
    key: str
    said: Any

    def wrong(self, says: str, *at: str | int) -> InputError:
        """The error to raise about it, or about a value in it."""
        return self.file.wrong(says, self.table, self.key, *at)


def _tables(path: Path) -> dict[str, dict[str, _Entry]]:
    """The file's tables over those of the file that it names in ``like``; an entry that is {} takes one away."""
    found: dict[str, dict[str, _Entry]] = {name: {} for name in _TABLES}
    for file in reversed(likes(path)):
        for name, table in file.table.items():
            if name not in found or not isinstance(table, dict):
                raise file.wrong(f"'{name}' is none of the tables {', '.join(_TABLES)}", name)
            found[name] |= {key: _Entry(file, name, key, said) for key, said in table.items()}
    return {name: {key: entry for key, entry in table.items() if entry.said != {}} for name, table in found.items()}


def _wire(entry: _Entry) -> Wire:
    signal = entry.key
    if not _texts(entry.said, 2):
        raise entry.wrong(f"the wire {signal} is not [part, its pin, what lies on the way, ...]")
    part, pin, *way = entry.said
    pairs = [one.partition(" ") for one in way]
    for number, (kind, _, _) in enumerate(pairs, 2):
        if kind not in WAYS:
            raise entry.wrong(f"'{kind}' on the wire {signal} is none of {', '.join(WAYS)}", number)
    return Wire(part, pin, tuple((kind, value) for kind, _, value in pairs))


def _note(entry: _Entry) -> str:
    if not isinstance(entry.said, str):
        raise entry.wrong(f"the note on {entry.key} is not a text")
    return entry.said


def _part(entry: _Entry) -> Part:
    entries = _checked(entry, Part)
    drawn = entries.pop("drawn", [])
    if not isinstance(drawn, list) or not all(_texts(pair, 2) and len(pair) == 2 for pair in drawn):
        raise entry.wrong(f"'drawn' of {entry.key} is not a list of [pin, rail or net]", "drawn")
    if entries.get("typical", 0) > entries.get("peak", 0):
        raise entry.wrong(f"'typical' of {entry.key} is more than its 'peak'", "typical")
    return Part(**entries, drawn=tuple((pin, net) for pin, net in drawn))


def _texts(entry: object, least: int) -> TypeGuard[list[str]]:
    return isinstance(entry, list) and len(entry) >= least and all(isinstance(text, str) for text in entry)


def _checked(entry: _Entry, kind: type[Rail] | type[Part]) -> dict[str, Any]:
    """The entries of one rail or part, when they have its names and types."""
    key, table = entry.key, entry.said
    if not isinstance(table, dict):
        raise entry.wrong(f"{key} is not a table")
    for name, value in table.items():
        if name not in kind._fields:
            raise entry.wrong(f"{key} has an entry '{name}'; there are {', '.join(kind._fields)}", name)
        if name in _NUMBERS:
            least, most, unit = _NUMBERS[name]
            if type(value) not in (int, float) or not least <= value <= most:
                raise entry.wrong(f"'{name}' of {key} is {_shown(value)}: a number {unit}from {least} to {most}", name)
        elif name != "drawn" and not isinstance(value, str):
            raise entry.wrong(f"'{name}' of {key} is not a text", name)
    missing = [name for name in kind._fields if name not in table and name not in kind._field_defaults]
    if missing:
        raise entry.wrong(f"{key} has no '{missing[0]}'")
    return dict(table)


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def _problems(board: Board, kiosk: Kiosk) -> Iterator[tuple[str, str, str]]:
    """What does not fit together: signals of PINS without a wire, wires without a signal, unknown parts and rails.

    Table, key, and what is wrong."""
    yield from _of_signals(board, kiosk)
    for name, part in kiosk.parts.items():
        if part.rail is not None and part.rail not in kiosk.rails:
            yield "parts", name, f"{name} hangs on '{part.rail}', which is no rail"
    names = list(kiosk.rails)
    for i, (name, rail) in enumerate(kiosk.rails.items()):
        if rail.parent is not None and rail.parent not in names[:i]:
            yield "rails", name, f"the rail {name} is made from '{rail.parent}', which is none of those before it"


def _of_signals(board: Board, kiosk: Kiosk) -> Iterator[tuple[str, str, str]]:
    inside = board.controller.inside if board.controller else {}
    signals = {signal for signal, gpio in board.pins if gpio not in inside}
    for signal in sorted(signals - set(kiosk.wires)):
        yield "wires", signal, f"no wire for the signal {signal}"
    for table, there in (("wires", kiosk.wires), ("notes", kiosk.notes)):
        for signal in sorted(set(there) - dict(board.pins).keys()):
            yield table, signal, f"a {table[:-1]} for {signal}, which is not in PINS"
    for signal in sorted(set(kiosk.wires) - signals):
        yield "wires", signal, f"a wire for {signal}, whose pin is not led out"
    for signal, wire in kiosk.wires.items():
        if wire.part not in kiosk.parts:
            yield "wires", signal, f"{signal} goes to '{wire.part}', which is no part"

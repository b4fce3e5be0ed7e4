"""``stillscan boards``: the boards that the firmware runs on; their pins, parts, power and wiring."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from stillscan.boards.build import compiled_for
from stillscan.boards.files import SIMULATOR, boards, boards_folder, chip, modules, wrong_entry
from stillscan.boards.new import make_board
from stillscan.boards.table import Board, find_board
from stillscan.errors import InputError
from stillscan.files import write_whole
from stillscan.simulator.models import models_of
from stillscan.technician import tables
from stillscan.technician.clashes import clashes, remarks
from stillscan.technician.limit_table import own_limits
from stillscan.technician.parts import Kiosk, read_parts
from stillscan.technician.power import budget, shortages
from stillscan.technician.proving import is_to_be_proven, prove
from stillscan.technician.schematic.draw import schematic

_EXIT_CLASH = 1  # also a supply that is too weak


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "boards",
        help="the boards: list them, check their pins, show parts and power, draw the wiring",
        description="Lists the boards that the firmware runs on.",
        epilog="Exit code: 0 done, 1 a pin clashes, 2 usage or bad input.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON array, an object a board")
    parser.set_defaults(run=_list)
    what = parser.add_subparsers(metavar="WHAT")
    check = what.add_parser(
        "check",
        help="check tables of pins for clashes",
        description="Finds pins with two signals, pins without the function that the signal needs (SPI, I2C, UART, "
        "ADC; and their unit), PWM signals that disturb each other, and pins that the controller does not lead out; "
        "modules of the board that do not compile, chip models that cannot be used, and what cannot be meant in "
        "parts.toml and limits.toml. Drivers of its own are tried "
        "in the simulator: one that raises, waits or allocates in the line loop is named with file and line.",
        epilog="Exit code: 0 no clash, 1 a clash, 2 usage or bad input.",
    )
    check.add_argument(
        "names", nargs="*", metavar="BOARD", help="name, or path of a folder with a board.py (default: every board)"
    )
    check.add_argument("--json", action="store_true", help="print one JSON array, an object a board")
    check.set_defaults(run=_check)
    new = what.add_parser(
        "new",
        help="a folder for a board of your own",
        description="Writes a whole folder for a board of your own, like another one: pins, facts, parts, a scenario. "
        "`stillscan boards check`, `simulate --board` and `flash --board` take its path.",
    )
    new.add_argument("name", metavar="NAME", help="folder to make; its last part is the board's name")
    new.add_argument("--like", default="rpi_pico", metavar="BOARD", help="name, or a folder (rpi_pico)")
    new.set_defaults(run=_new)
    show = what.add_parser(
        "show",
        help="wiring, parts to order and power of a board",
        description="Prints the tables of a board: its wiring, the parts to order, and what each supply has to give.",
        epilog="Exit code: 0 done, 1 a supply is too weak, 2 usage or bad input.",
    )
    show.add_argument("name", metavar="BOARD", help="name, or path of a folder with a board.py and a parts.toml")
    form = show.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--markdown", action="store_true", help="print them as they stand in the board's README.md")
    show.set_defaults(run=_show)
    draw = what.add_parser(
        "draw",
        help="draw the wiring of a board",
        description="Draws the wiring from the board's pins and parts, as SVG.",
    )
    draw.add_argument("name", metavar="BOARD", help="name, or path of a folder with a board.py and a parts.toml")
    draw.add_argument("out", metavar="OUT.svg", help="file to write")
    draw.set_defaults(run=_draw)


def _list(args: argparse.Namespace) -> int:
    known = [find_board(name) for name in boards()]
    if args.json:
        print(json.dumps([_facts(board) for board in known]))
        return 0
    table = Table(box=None, pad_edge=False)
    for title in ("board", "chip", "what it is"):
        table.add_column(title)
    for board in known:
        table.add_row(board.name, board.controller.chip if board.controller else "-", board.about)
    Console().print(table)
    return 0


def _new(args: argparse.Namespace) -> int:
    folder = make_board(args.name, args.like)
    print(f"{folder}: a board like {args.like}; {folder / 'README.md'} says what to do with it")
    return 0


def _check(args: argparse.Namespace) -> int:
    checked = [(board, clashes(board)) for board in map(find_board, args.names or boards())]
    for board, found in checked:
        if not found:
            _compiles(board)
            found += [*_of_tables(board), *_proven(board)]
    if args.json:
        print(json.dumps([{**_facts(b), "clashes": found, "remarks": remarks(b)} for b, found in checked]))
    else:
        table = Table(box=None, pad_edge=False)
        for title in ("board", "pins", "result"):
            table.add_column(title)
        for board, found in checked:
            result = f"{len(found)} clash{'es' * (len(found) > 1)}" if found else "no clash"
            table.add_row(board.name, str(len(board.pins)), result)
        Console().print(table)
        for board, found in checked:
            for clash in found:
                print(f"{board.folder / 'board.py'}: {clash}" if clash.startswith("line ") else clash)
            for remark in remarks(board):
                print(f"{board.name}: note: {remark}")
    return _EXIT_CLASH if any(found for _, found in checked) else 0


def _compiles(board: Board) -> None:
    """Its own modules and models can be used. InputError, StillscanError with file and line."""
    if board.folder == boards_folder().absolute() / SIMULATOR:
        return
    compiled_for(chip(str(board.folder)).arch, modules(board.folder))
    models_of(str(board.folder))


def _of_tables(board: Board) -> list[str]:
    """What is wrong with its limits.toml and parts.toml, with file and line; else supplies that are too weak."""
    parts = board.folder / "parts.toml"
    try:
        own_limits(board.folder)
        return _weak(parts, read_parts(board)) if parts.is_file() else []
    except InputError as error:
        return [str(error)]


def _weak(parts: Path, kiosk: Kiosk) -> list[str]:
    """Supplies that are too weak, each at the part that takes most of it."""
    found = []
    for rail, says in shortages(kiosk).items():
        of_rail = [key for key, part in kiosk.parts.items() if part.rail == rail]
        heaviest = max(of_rail, key=lambda key: kiosk.parts[key].peak, default=None)
        at = ("rails", rail) if heaviest is None else ("parts", heaviest)
        found.append(str(wrong_entry(parts, says, *at)))
    return found


def _proven(board: Board) -> list[str]:
    """What its own drivers do in the line loop that they must not, beginning with file and line."""
    place = str(board.folder)
    if not (board.folder / "board.toml").is_file() or not is_to_be_proven(place):
        return []
    wrong = prove(place)
    return [] if wrong is None else [wrong]


def _show(args: argparse.Namespace) -> int:
    board = find_board(args.name)
    kiosk = read_parts(board)
    short = list(shortages(kiosk).values())
    if args.json:
        rails = {rail.rail: rail._asdict() for rail in budget(kiosk)}
        for rail in rails.values():
            rail["loads"] = [load._asdict() for load in rail["loads"]]
        wires = {signal: wire._asdict() for signal, wire in kiosk.wires.items()}
        parts = {key: part._asdict() for key, part in kiosk.parts.items()}
        print(json.dumps({**_facts(board), "wires": wires, "parts": parts, "rails": rails, "shortages": short}))
        return _EXIT_CLASH if short else 0
    for cells in tables.tables(board, kiosk):
        if args.markdown:
            print(cells.markdown())
            continue
        table = Table(title=cells.name, title_justify="left", box=None, pad_edge=False)
        for title in cells.titles:
            table.add_column(title, justify="right" if title.endswith(("mA", "GPIO", "pin")) else "left")
        for row in cells.rows:
            bold = any("**" in cell for cell in row)
            table.add_row(*(cell.replace("**", "") for cell in row), style="bold" if bold else "")
        Console().print(table, "")
    for line in short:
        print(line)
    return _EXIT_CLASH if short else 0


def _draw(args: argparse.Namespace) -> int:
    board = find_board(args.name)
    picture = schematic(board, read_parts(board))
    write_whole(args.out, picture.encode())
    return 0


def _facts(board: Board) -> dict[str, Any]:
    controller = board.controller
    return {
        "board": board.name,
        "chip": controller.chip if controller else None,
        "controller": controller.name if controller else None,
        "about": board.about,
        "pins": dict(board.pins),
    }

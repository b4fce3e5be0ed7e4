"""``stillscan boards``: the boards that the firmware runs on, and whether a table of pins fits its controller."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.console import Console
from rich.table import Table

from stillscan.device_files import boards
from stillscan.technician.board_table import Board, find_board
from stillscan.technician.clashes import clashes, remarks

_EXIT_CLASH = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "boards",
        help="the boards: list them, check a table of pins",
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
        "ADC; and their unit), PWM signals that disturb each other, and pins that the controller does not lead out.",
        epilog="Exit code: 0 no clash, 1 a clash, 2 usage or bad input.",
    )
    check.add_argument(
        "names", nargs="*", metavar="BOARD", help="name, or path of a folder with a board.py (default: every board)"
    )
    check.add_argument("--json", action="store_true", help="print one JSON array, an object a board")
    check.set_defaults(run=_check)


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


def _check(args: argparse.Namespace) -> int:
    checked = [(board, clashes(board)) for board in map(find_board, args.names or boards())]
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
            for line in (*found, *(f"note: {remark}" for remark in remarks(board))):
                print(f"{board.name}: {line}")
    return _EXIT_CLASH if any(found for _, found in checked) else 0


def _facts(board: Board) -> dict[str, Any]:
    controller = board.controller
    return {
        "board": board.name,
        "chip": controller.chip if controller else None,
        "controller": controller.name if controller else None,
        "about": board.about,
        "pins": dict(board.pins),
    }

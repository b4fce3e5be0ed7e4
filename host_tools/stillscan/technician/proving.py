"""Whether the drivers of a board do in the line loop what they may: no exception, no allocation, no waiting."""

from __future__ import annotations

import ast
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from kiosk import wire
from stillscan.boards.files import SIMULATOR, board_folder, boards_folder, firmware_folder, modules, simulated_folders
from stillscan.boards.table import find_board
from stillscan.errors import DeviceError
from stillscan.files import read_text
from stillscan.link.messages import State, named
from stillscan.link.session import Session
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page
from stillscan.simulator.hand import profile
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.process import STUCK, WORDLESS, Firmware
from stillscan.simulator.scene import Scene
from stillscan.technician.clashes import wrong_values

_SCRIPT = "proving.py"
_WATCHED_MS = 1500.0  # of virtual time: start-up, an empty glass, a document, and the half of a sweep
_LAID_MS = 700.0  # of it, before the document is laid down: start-up takes less
_NATIVE = re.compile(r"^(\s*)@micropython\.(?:native|viper)\b", re.MULTILINE)
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_READ = re.compile(r"^ +def read\(self", re.MULTILINE)
_PROVED = re.compile(r"^PROVED (?P<what>\w+) (?P<more>.+)", re.MULTILINE)
_FACT = re.compile(r"^BOARD (\w+) (.*)$", re.MULTILINE)
_MOST_US = 400  # as boards/simulator/proving.py has it


def prove(board: str) -> str | None:
    """What is wrong first, with file and line; None when nothing is. The board's own modules run as bytecode."""
    own = board_folder(board)
    with tempfile.TemporaryDirectory(prefix="stillscan-") as folder:
        copy = Path(folder) / "own"
        for name, path in modules(own).items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_text(_NATIVE.sub(r"\1# bytecode", read_text(path)), encoding="utf-8")
        folders = [copy if place == own else place for place in simulated_folders(board)]
        scene = Scene(_pattern(), profile("tremor", 1, 10.0), Dirt.profile("clean", 1), 1)
        with SimulatedKiosk(scene, board) as kiosk:
            kiosk.firmware.close()
            script = shutil.copy(
                boards_folder() / SIMULATOR / _SCRIPT, folder
            )  # modules are looked for beside it first
            places = [*reversed(folders), firmware_folder()]
            kiosk.firmware = Firmware(kiosk.bus, board, script=script, path=places)
            ended = _run(kiosk, scene)
            console = kiosk.firmware.console().replace(f"{copy}{os.sep}", "")
    return _said_wrong(board, console) or (None if ended is None else _named(own, ended, console))


def _said_wrong(name: str, console: str) -> str | None:
    """The first value that the board has when it runs and no kiosk can have: what is worked out shows here alone."""
    board = find_board(name)
    for what, written in _FACT.findall(console):
        for line, says in wrong_values(board, {what: _value(written)}):
            return f"{board.folder / 'board.py'}: line {line}: {says}"
    return None


def _value(written: str) -> object:
    """What MicroPython writes as Python does; any other thing by its text."""
    try:
        return ast.literal_eval(written)
    except (ValueError, SyntaxError):
        return [written]


def _pattern() -> Page:
    rows = np.indices((ZONE_ROWS, LINE_PX)).sum(axis=0) // 40 % 2  # a pattern that can be followed
    return Page.from_array((rows * 160 + 60).astype(np.uint8))


def is_to_be_proven(board: str) -> bool:
    """Does it come from outside the package, or bring modules of its own beside board.py?"""
    own = board_folder(board)
    return own.absolute().parent != boards_folder().absolute() or len(modules(own)) > 1


def _named(own: Path, ended: str, console: str) -> str:
    """What the console tells, with the file and line of the board's own module that it happened in."""
    ours = modules(own)
    said = _PROVED.search(console)
    if said:
        return _proved(ours, said["what"], said["more"].split())
    frames = [(ours[name], line) for name, line in _FRAME.findall(console) if name in ours]
    error = (console.strip().splitlines() or [ended])[-1].replace("KeyboardInterrupt:", STUCK).strip()
    if not frames and _SCRIPT in ended:  # the call itself
        frames = [_place(ours, _READ)]
    if "heap is locked" in error:
        error = f"allocates in the line loop ({error})"
    if not frames and any(said in error for said in (STUCK, WORDLESS, "no attribute 'Board'")):
        frames = [(own / "board.py", "1")]
    return f"{frames[-1][0]}: line {frames[-1][1]}: {error}" if frames else ended


def _proved(ours: Mapping[str, Path], what: str, more: Sequence[str]) -> str:
    """What the script itself has found: a method that is missing, a value that is none, a time that is too long."""
    if what == "lacks":
        path, line = _place(ours, re.compile(rf"^class {re.escape(more[0])}\b", re.MULTILINE))
        kind, what = ("Board", "board") if more[0] == "Board" else ("Flow", "flow sensor")
        return f"{path}: line {line}: has no '{more[1]}' (kiosk.parts.{kind} says what a {what} has)"
    path, line = _place(ours, _READ)
    if what == "takes":
        return f"{path}: line {line}: read takes {more[0]} us of a line; it may take {_MOST_US}"
    name, *value, low, high = more
    return f"{path}: line {line}: read leaves {name} at {' '.join(value)}: it is a whole number from {low} to {high}"


def _place(ours: Mapping[str, Path], what: re.Pattern[str]) -> tuple[Path, str]:
    """Where the first of a board's own modules has this; else the beginning of its board.py."""
    for path in ours.values():
        match = what.search(text := read_text(path))
        if match:
            return path, str(text.count("\n", 0, match.start()) + 1)
    return ours["board.py"], "1"


def _run(kiosk: SimulatedKiosk, scene: Scene) -> str | None:
    """How the program ended, or failed, if it did before it had to."""
    session = Session(kiosk)
    try:
        session.open()
        while kiosk.now_ms() < _WATCHED_MS:
            if kiosk.now_ms() >= _LAID_MS and not scene.at(kiosk.bus.now_us).page:
                scene.place(kiosk.bus.now_us)
            message = session.poll(50)
            if isinstance(message, State) and message.state == wire.FAULT:
                return f"fault: {named(wire.PARTS, message.part)}: {named(wire.FAULTS, message.fault)}"
    except DeviceError as error:
        return str(error)
    return None

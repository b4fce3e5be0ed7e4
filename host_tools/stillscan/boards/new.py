"""``stillscan boards new``: the folder of a board of one's own, whole and with what to change where."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from stillscan.boards.files import board_folder, boards, chip, modules
from stillscan.errors import InputError
from stillscan.files import trouble, write_whole

NAME = re.compile(r"[a-z][a-z0-9_]{0,15}")  # it goes into HELLO, in 16 bytes

_BOARD_TOML = """\
# What the host has to know of this board. Whatever is not said here is as it is there:
like = "{like}"

# machine = "Raspberry Pi Pico with RP2040" # as its MicroPython names it: sys.implementation._machine
# controller = "Raspberry Pi Pico"          # whose pins board.py names; or Pico W, Pico 2, Pico 2 W
# arch = "armv6m"                           # of native code, as mpy-cross names it
# flash_kib = 2048
# files_kib = 1408                          # the end of the flash chip, which MicroPython formats as littlefs

# Pins of PINS in board.py that no other kiosk has, and what each needs: "pin" (any input or output), "PWM", "ADC1", ...
# [signals]
# flow_reset = "pin"

# A chip model for a sensor that the package does not know, so that the simulator and the emulated chip have it too.
# [models]
# flow = "models/my_sensor.py:MySensor"
"""

_PARTS_TOML = """\
# What hangs on the pins, what it takes and what to order: `stillscan boards show` and `draw` read it.
# Whatever is not said here is as it is there; a table that is said again takes the place of the one there.
like = "{like}"
"""

_README = """\
# {name}

A board of our own, like `{base}`. What differs is in `board.py` (pins and drivers), `board.toml` (what the host has to
know) and `parts.toml` (what is wired to it). In this folder:

    stillscan boards check .                               # pins, modules, models
    stillscan simulate --board . --scenario slip           # the whole kiosk on this computer
    stillscan simulate --board . --scenario own.scenario.toml
    stillscan boards show .                                # wiring, parts to order, power
    stillscan flash --board . --unsigned                   # onto the board that is plugged in

A driver of your own is a module beside `board.py`; `flow_sensor` there shows how it comes into use. Python in `models/`
is for the host alone, and goes onto no board.
"""

_SCENARIO = """\
# A test of this board: `stillscan simulate --board . --scenario own.scenario.toml`.
about = "A passport slips half a millimetre in mid-scan: the second sweep finishes the job."
steps = [
    {{ lay = {{}} }},
    {{ expect = "scanning" }},
    {{ slide = {{ dx_mm = 0.5, over_ms = 80 }} }},
    {{ expect = {{ state = "moved", cause = "slip", within_ms = 100 }} }},
    {{ result = {{ outcome = "verified", attempts = 2, within_ms = 6000 }} }},
]
"""

_HINT = """
    # With another flow sensor, whose driver is a module beside this one (kiosk.drivers.paa5100 shows what it has):
    # def flow_sensor(self, spi, select):
    #     return MySensor(spi, select, self._output("flow_reset"))
"""


def make_board(where: str, like: str) -> Path:
    """Write the folder ``where``, of a board like another (a name, or a folder); its last part is the board's name.

    InputError: no such name is possible, or there is something already.
    """
    folder = Path(where)
    name = folder.absolute().name
    if not NAME.fullmatch(name):
        raise InputError(f"{where}: a board's name is of small letters, digits and _, begins with a letter, 16 at most")
    if name in boards():
        raise InputError(f"{where}: a board of the package has this name")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{where}: is there already, and is not empty")
    chip(like)
    base = board_folder(like)
    there = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise trouble(folder, error, "made") from None
    try:
        _fill(folder, name, like, base)
    except BaseException:  # half a board is none, and would be in the way of the next try
        shutil.rmtree(folder, ignore_errors=True)
        if there:
            folder.mkdir(exist_ok=True)
        raise
    return folder


def _fill(folder: Path, name: str, like: str, base: Path) -> None:
    for file, text in (
        ("board.toml", _BOARD_TOML),
        ("parts.toml", _PARTS_TOML),
        ("README.md", _README),
        ("own.scenario.toml", _SCENARIO),
    ):
        named = like if like in boards() else Path(os.path.relpath(base / file, folder)).as_posix()
        write_whole(folder / file, text.format(name=name, like=named, base=base.absolute().name).encode())
    for module, path in modules(base).items():
        content = _board(base, name).encode() if module == "board.py" else path.read_bytes()
        (folder / module).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / module, content)


def _board(base: Path, name: str) -> str:
    """The other board's board.py, under the new name."""
    old = base.absolute().name
    text = (base / "board.py").read_text(encoding="utf-8").replace(f'name = "{old}"', f'name = "{name}"')
    about = f'"""The kiosk on a board of our own, {name}, like {old}."""'
    text = re.sub(r'^""".*?"""', about, text, count=1, flags=re.DOTALL).rstrip() + "\n"
    return text if _HINT in text else text + _HINT

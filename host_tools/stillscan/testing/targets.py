"""What a test runs on: the simulator, the emulated chip, or a real board on a serial port."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from stillscan.errors import DeviceError, InputError, MissingPackagesError, NotHereError
from stillscan.link.serial_port import SerialTransport
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.testing.port_kiosk import Person, PortKiosk

if TYPE_CHECKING:  # of the extra `chip`
    from stillscan.simulator.chip.kiosk import ChipKiosk

Kiosk: TypeAlias = "SimulatedKiosk | ChipKiosk | PortKiosk"
UF2 = "STILLSCAN_UF2"
"""Names MicroPython's image where no option does."""
_BOARDS: Mapping[str, str] = {"sim": "simulator", "chip": "rpi_pico"}  # where a test names none


@dataclass(frozen=True)
class Target:
    """``name``: sim, chip, or the port. ``switch_on`` makes the kiosk over a scene, whose board ``board`` is the name
    or the folder of; None for a real one, which tells it itself."""

    name: str
    board: str | None
    switch_on: Callable[[Scene], Kiosk]


SIMULATOR = Target("sim", _BOARDS["sim"], SimulatedKiosk)


def find(on: str, board: str | None = None, uf2: str | None = None, person: Person | None = None) -> Target:
    """The target of this name for a test on this board (None: any). ``person`` stands at a real board.

    InputError and MissingPackagesError for what cannot be used at all, NotHereError for a board that this target cannot
    run.
    """
    if on == "sim":
        return _simulated(board or _BOARDS["sim"])
    if on == "chip":
        return _emulated(board or _BOARDS["chip"], uf2 or os.environ.get(UF2))
    return Target(on, None, lambda _: PortKiosk(on, person, board))


def see(on: str, uf2: str | None) -> None:
    """InputError, MissingPackagesError or DeviceError when no test could run there: before the first one."""
    if not on:
        raise InputError("name what tests run on: sim, chip, or the serial port of a board")
    if on == "chip":
        find(on, None, uf2)
    elif on != "sim":
        try:
            SerialTransport(on).close()
        except DeviceError as error:
            raise DeviceError(f"{error} (sim, chip, or the serial port of a board)", error.kind) from None


def _simulated(board: str) -> Target:
    if board == _BOARDS["sim"]:
        return SIMULATOR
    from stillscan.boards.files import chip, simulated_folders
    from stillscan.technician.clashes import refuse

    chip(board)
    refuse(board)
    try:
        simulated_folders(board)
    except InputError as error:
        raise NotHereError(f"the simulator has no {board}: {error}") from None
    return Target("sim", board, lambda scene: SimulatedKiosk(scene, board))


def _emulated(board: str, uf2: str | None) -> Target:
    try:
        from stillscan.simulator.chip.emulator import see_image
        from stillscan.simulator.chip.kiosk import ChipKiosk, see_board
        from stillscan.technician.clashes import refuse
    except ImportError:
        raise MissingPackagesError("chip: no emulator is installed", "chip") from None
    if not uf2:
        raise InputError(f"chip: name MicroPython's image for the board by --stillscan-uf2 or {UF2}")
    see_image(uf2)
    see_board(board)
    refuse(board)
    return Target("chip", board, lambda scene: ChipKiosk(scene, uf2, board))

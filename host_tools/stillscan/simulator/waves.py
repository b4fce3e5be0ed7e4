"""What happens on the pins and buses of a simulated kiosk, over its own time: for waveforms.

It is seen at the chip models, which are the same whoever runs the firmware: so names and meanings are the same for the
simulator and for the emulated chip. Nobody is slowed down who does not look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from stillscan.simulator.accelerometer import ADDRESS
from stillscan.simulator.bus import Bus

if TYPE_CHECKING:  # of the extra `chip`
    from stillscan.simulator.chip.parts import Parts

Parts_: TypeAlias = "Bus | Parts"
SPI_BYTE_US = 20.0
"""At 400 kHz, as boards/rp2/wiring.py sets the bus: models that are handed several bytes at once get them so apart."""
I2C_BYTE_US = 22.5
"""At 400 kHz, nine bits each; as above."""
_PULSE_US = 2.0  # of a step: the DRV8825 needs 1.9 (its data sheet)


class Signal(NamedTuple):
    """``kind``: bit, bits (of ``width``, not negative), count (signed, of ``width``), or real."""

    scope: str
    name: str
    kind: str
    width: int = 1


SIGNALS = (
    Signal("pins", "home", "bit"),
    Signal("pins", "presence", "bit"),
    Signal("pins", "int1", "bit"),
    Signal("pins", "flow_select", "bit"),
    Signal("pins", "step", "bit"),
    Signal("pins", "direction", "bit"),
    Signal("pins", "infrared", "real"),
    Signal("pins", "white", "real"),
    Signal("pins", "beeper_hz", "bits", 16),
    Signal("pins", "ring", "bits", 24),
    Signal("spi", "out", "bits", 8),
    Signal("spi", "in", "bits", 8),
    Signal("spi", "byte", "bit"),
    Signal("i2c", "out", "bits", 8),
    Signal("i2c", "in", "bits", 8),
    Signal("i2c", "byte", "bit"),
    Signal("carriage", "steps", "count", 32),
    Signal("lamp", "light", "real"),
    Signal("lines", "end", "bit"),
    Signal("lines", "count", "bits", 32),
)
"""home, presence: something is there; infrared, white: the share of the time that the row is lit; ring: red, green and
blue of its first pixel; byte, end: change with each byte and line; direction: away from home; steps: away from home,
since power-on; light: of the lamp, 1 is all of a new one's."""


class Waves:
    """``changes``: microseconds, signal as "scope.name", value; in no order."""

    def __init__(self) -> None:
        self.changes: list[tuple[float, str, float]] = []
        self._last: dict[str, float] = {}
        self._steps = self._lines = 0
        self._parts: Parts_ | None = None
        self._moments: Callable[[], list[float]] | None = None  # of the train of steps that runs
        self._direction = 1

    def put(self, at_us: float, signal: str, value: float) -> None:
        """A signal has this value from this moment on."""
        if self._last.get(signal) != value:
            self._last[signal] = value
            self.changes.append((at_us, signal, value))

    def watch(self, parts: Parts_) -> None:
        """From now on, all that these parts do."""
        self._parts = parts
        self._see_inputs(parts)
        self._see_flow(parts.flow)
        self._see_accelerometer(parts.accelerometer)
        self._see_carriage(parts.carriage)
        self._see_light(parts.lamp, parts.line_sensor)

    def end(self) -> None:
        """Take down what the parts keep by themselves: the ring's light, tones, and steps under way."""
        if self._parts is None:
            return
        self._train(self._parts.now_us)
        for light in self._parts.ring.lights:
            red, green, blue = light.rgb
            self.put(light.at_us, "pins.ring", red << 16 | green << 8 | blue)
        for tone in self._parts.beeper.tones:
            self.put(tone.from_us, "pins.beeper_hz", tone.hz)
            if tone.until_us is not None:
                self.put(tone.until_us, "pins.beeper_hz", 0)

    # --- pins and buses ---------------------------------------------------------------------------------------------

    def _see_inputs(self, parts: Parts_) -> None:
        models = (("home", parts.carriage), ("present", parts.presence), ("int1", parts.accelerometer))
        for name, model in models:
            signal = "pins.presence" if name == "present" else f"pins.{name}"

            def seen(asked: Any, signal: str, now_us: float) -> bool:
                level: bool = asked(now_us)
                self.put(now_us, signal, level)
                return level

            _wrap(model, name, seen, signal)

    def _see_flow(self, flow: Any) -> None:
        def selected(select: Any, level: int, now_us: float) -> None:
            self.put(now_us, "pins.flow_select", level)
            select(now_us)

        def exchanged(exchange: Any, data: bytes, now_us: float) -> bytes:
            answer: bytes = exchange(data, now_us)
            for number, (out, back) in enumerate(zip(data, answer, strict=True)):
                self._byte("spi", now_us + number * SPI_BYTE_US, out, back)
            return answer

        _wrap(flow, "select", selected, 0)
        _wrap(flow, "deselect", selected, 1)
        _wrap(flow, "exchange", exchanged)

    def _see_accelerometer(self, accelerometer: Any) -> None:
        def written(write: Any, data: bytes, now_us: float) -> bool:
            for number, out in enumerate((ADDRESS << 1, *data)):
                self._byte("i2c", now_us + number * I2C_BYTE_US, out, None)
            taken: bool = write(data, now_us)
            return taken

        def read(read: Any, count: int, now_us: float) -> bytes | None:
            data: bytes | None = read(count, now_us)
            for number, back in enumerate(data or b""):
                self._byte("i2c", now_us + number * I2C_BYTE_US, None, back)
            return data

        _wrap(accelerometer, "write", written)
        _wrap(accelerometer, "read", read)

    def _byte(self, bus: str, at_us: float, out: int | None, back: int | None) -> None:
        for name, value in (("out", out), ("in", back)):
            if value is not None:
                self.put(at_us, f"{bus}.{name}", value)
        self._toggle(at_us, f"{bus}.byte")

    def _toggle(self, at_us: float, signal: str) -> None:
        self.put(at_us, signal, not self._last.get(signal, 0))

    # --- carriage and lines -----------------------------------------------------------------------------------------

    def _see_carriage(self, carriage: Any) -> None:
        """Trains of pulses are taken down when they have come to their end."""

        def started(start: Any, now_us: float, direction: int, *train: float) -> None:
            self._train(now_us)
            start(now_us, direction, *train)
            self._direction, self._moments = direction, carriage.moments_us
            self.put(now_us, "pins.direction", direction > 0)

        def stopped(stop: Any, now_us: float) -> int:
            done: int = stop(now_us)
            self._train(now_us)
            return done

        def stepped(step: Any, now_us: float, direction: int) -> None:
            self.put(now_us, "pins.direction", direction > 0)
            self._pulse(now_us, direction)
            step(now_us, direction)

        _wrap(carriage, "start", started)
        _wrap(carriage, "stop", stopped)
        _wrap(carriage, "step", stepped)

    def _train(self, now_us: float) -> None:
        moments, self._moments = self._moments, None
        for at_us in moments()[1:] if moments is not None else ():
            if at_us <= now_us:
                self._pulse(at_us, self._direction)

    def _pulse(self, at_us: float, direction: int) -> None:
        self.put(at_us, "pins.step", 1)
        self.put(at_us + _PULSE_US, "pins.step", 0)
        self._steps += direction
        self.put(at_us, "carriage.steps", self._steps)

    def _see_light(self, lamp: Any, line_sensor: Any) -> None:
        def driven(drive: Any, now_us: float, infrared: float, white: float) -> None:
            self.put(now_us, "pins.infrared", infrared)
            self.put(now_us, "pins.white", white)
            drive(now_us, infrared, white)

        def exposed(expose: Any, began_us: float, end_us: float, y0: float, y1: float, light: float, line: Any) -> None:
            expose(began_us, end_us, y0, y1, light, line)
            self._lines += 1
            self.put(end_us, "lamp.light", light)
            self.put(end_us, "lines.count", self._lines)
            self._toggle(end_us, "lines.end")

        _wrap(lamp, "drive", driven)
        _wrap(line_sensor, "expose", exposed)


def _wrap(model: object, name: str, seen: Any, *first: object) -> None:
    """Let ``seen(method, *first, *arguments)`` stand in for a method of this one object."""
    method = getattr(model, name)
    setattr(model, name, lambda *arguments: seen(method, *first, *arguments))

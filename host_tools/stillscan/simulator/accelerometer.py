"""LIS3DH accelerometer at the level of I2C bytes, with its INT1 pin.

Registers, data formats and the interrupt's logic are from ST's LIS3DH datasheet and application note AN3308. Modelled:
all ODR, the three resolutions and four ranges, high-pass filter in normal mode (reset by reading REFERENCE), FIFO in
bypass and stream mode, interrupt 1 with duration and latch on the pin. Not modelled: 6D, click, interrupt 2,
pin polarity, self-test, the reference-signal mode of the filter, SPI. The filter starts from zero, so gravity passes
it at first, as on the chip: read REFERENCE before arming the interrupt.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from stillscan.simulator.accelerometer_data import SampleBlock, Setup, sample_us
from stillscan.simulator.scene import Scene

ADDRESS = 0x18  # with SA0 low; addresses, registers and sizes from here on are the datasheet's, by its names
WHO_AM_I = 0x0F  # register (datasheet)
CTRL_REG0, CTRL_REG1, CTRL_REG3, CTRL_REG5 = 0x1E, 0x20, 0x22, 0x24  # registers (datasheet)
REFERENCE, STATUS, OUT_X_L, OUT_Z_H = 0x26, 0x27, 0x28, 0x2D  # registers (datasheet)
FIFO_CTRL, FIFO_SRC, INT1_SRC = 0x2E, 0x2F, 0x31  # registers (datasheet)
FIFO_LEVELS = 32  # samples that the FIFO holds (datasheet)
_READ_ONLY = frozenset({WHO_AM_I, *range(STATUS, OUT_Z_H + 1), FIFO_SRC, INT1_SRC})
_MUTE = frozenset({"nak", "stuck", "full-scale"})  # faults with which INT1 never rises
_MG = 16  # of the output's 16 bits, left-justified, at +-2 g
_FULL_SCALE = bytes.fromhex("f07f0080f07f")


class Accelerometer:
    """One chip. ``fault``: None, "nak", "stuck" (outputs frozen, no interrupt), "wrong-id", "full-scale" (outputs at
    the ends of the range, no interrupt).

    What wears: ``noise_mg`` rms and ``bias_mg`` along z, on top of a sound one's outputs; ``late_us``, by which the
    level of INT1 comes after the chip's event.
    """

    def __init__(self, scene: Scene) -> None:
        self.fault: str | None = None
        self.noise_mg = self.bias_mg = 0.0
        self.late_us = 0
        self._risen_us: int | None = None
        self._chance = np.random.default_rng([scene.seed, 510])
        self._scene = scene
        self._registers = bytearray(0x40)
        self._registers[CTRL_REG0], self._registers[CTRL_REG1] = 0x10, 0x07
        self._setup = Setup.of(self._registers)
        self._pointer, self._step = 0, 0
        self._grid_us = 0  # moment at which sampling began: sample k comes k + 1 periods later
        self._sample = -1  # the latest sample taken into account
        self._block = SampleBlock.empty(scene)
        self._latched: int | None = None  # source bits of the latched interrupt
        self._out = bytes(6)
        self._out_sample = -1  # the latest sample read by the bus
        self._fifo_next = 0  # the oldest unread sample of the FIFO
        self._low_until_us = 0  # INT1 is low until then, as far as is known, in the scene as it is in the block

    def write(self, data: bytes, now_us: int) -> bool:
        """A write to the chip's address: sub-address, then data. Whether it was acknowledged."""
        if self.fault == "nak":
            return False
        if data:
            self._pointer, self._step = data[0] & 0x7F, data[0] >> 7
        for value in data[1:]:
            self._write_register(self._pointer, value, now_us)
            self._pointer = (self._pointer + self._step) & 0x7F
        return True

    def read(self, count: int, now_us: int) -> bytes | None:
        """``count`` bytes from the register pointer on; None: not acknowledged."""
        if self.fault == "nak":
            return None
        self._advance(now_us)
        if OUT_X_L < self._pointer <= OUT_Z_H:
            self._take_sample()
        answer = bytearray()
        for _ in range(count):
            at = self._pointer
            answer.append(self._read_register(at))
            self._pointer = (at + self._step) & 0x7F
            if at == OUT_Z_H and self._setup.fifo:
                self._fifo_next = min(self._fifo_next + 1, self._sample + 1)
                self._pointer = OUT_X_L if self._step else at  # the FIFO is read in one go
        return bytes(answer)

    def int1(self, now_us: int) -> bool:
        """Level of the INT1 pin."""
        if self.fault in _MUTE or self._surely_low(now_us):
            return False
        self._advance(now_us)
        active = bool(self._registers[CTRL_REG3] & 0x40) and self._source() != 0
        if not self.late_us:
            return active
        self._risen_us = (now_us if self._risen_us is None else self._risen_us) if active else None
        return self._risen_us is not None and now_us - self._risen_us >= self.late_us

    def next_int1_us(self, now_us: int, until_us: int) -> int | None:
        """The first moment in (now_us, until_us] at which INT1 rises; None: it does not, or is high already.

        It holds as long as nothing is written to the chip, no REFERENCE is read, and the scene does not change.
        """
        if self._surely_low(until_us) or self.fault in _MUTE:
            return None
        if not self._registers[CTRL_REG3] & 0x40 or self._setup.odr_hz == 0 or self.int1(now_us):
            return None
        self._ensure(self._latest(until_us))
        hits = self._block.hits
        at = bisect_right(hits, self._sample)
        next_one = hits[at] if at < len(hits) else self._block.end
        self._low_until_us = sample_us(next_one, self._grid_us, self._setup.odr_hz)
        return self._low_until_us if at < len(hits) and self._low_until_us <= until_us else None

    def int1_holds_us(self, now_us: int, until_us: int) -> int:
        """A moment up to ``until_us`` until which INT1 certainly stays as it is now; see ``next_int1_us``."""
        if self.fault in _MUTE or not self._registers[CTRL_REG3] & 0x40:
            return until_us
        if not self._setup.latch:
            return now_us
        rise_us = self.next_int1_us(now_us, until_us)
        return until_us if rise_us is None else rise_us

    def _surely_low(self, now_us: int) -> bool:
        return now_us < self._low_until_us and self._block.generation == self._scene.generation

    def _write_register(self, address: int, value: int, now_us: int) -> None:
        self._advance(now_us)
        if address in _READ_ONLY or address >= len(self._registers):
            return
        had_fifo, had_odr = self._setup.fifo, self._setup.odr_hz
        self._registers[address] = value & 0x7F if address == CTRL_REG5 else value  # BOOT clears itself
        self._setup = Setup.of(self._registers)
        self._drop_future()
        if self._setup.odr_hz != had_odr:
            self._grid_us, self._sample, self._out_sample, self._fifo_next = now_us, -1, -1, 0
            self._block = self._block.restarted()
        if not self._setup.latch:
            self._latched = None
        if self._setup.fifo and not had_fifo:
            self._fifo_next = self._sample + 1

    def _read_register(self, address: int) -> int:
        if address == OUT_X_L:
            self._take_sample()
        if OUT_X_L <= address <= OUT_Z_H:
            return self._out[address - OUT_X_L]
        if address == WHO_AM_I:
            return 0x33 if self.fault != "wrong-id" else 0x32
        if address == STATUS:
            unread = self._sample - self._out_sample
            return 0xFF if unread > 1 else 0x0F if unread == 1 else 0x00
        if address == FIFO_SRC:
            return self._fifo_source()
        if address == INT1_SRC:
            source, self._latched = self._source(), None
            return source
        if address == REFERENCE:
            self._drop_future()
            self._block = self._block.settled()
        return self._registers[address] if address < len(self._registers) else 0

    def _take_sample(self) -> None:
        """Bring the sample that the bus reads next into the output registers."""
        self._fifo_next = max(self._fifo_next, self._sample + 1 - FIFO_LEVELS)
        at = min(self._fifo_next, self._sample) if self._setup.fifo else self._sample
        self._out_sample = at
        if self.fault == "full-scale":
            self._out = _FULL_SCALE
        elif self.fault != "stuck":
            self._out = self._worn(self._block.output(at)) if at >= 0 else bytes(6)

    def _worn(self, out: bytes) -> bytes:
        if not self.noise_mg and not self.bias_mg:
            return out
        values = np.frombuffer(out, "<i2").astype(np.float64) / _MG
        values += self._chance.normal(0.0, self.noise_mg, 3) + np.array([0.0, 0.0, self.bias_mg])
        return (np.clip(np.rint(values), -2048, 2047).astype("<i2") * _MG).astype("<i2").tobytes()

    def _fifo_source(self) -> int:
        if not self._setup.fifo:
            return 0x20
        level = min(self._sample + 1 - self._fifo_next, FIFO_LEVELS)
        full = level == FIFO_LEVELS
        stored = min(level, FIFO_LEVELS - 1)
        watermark = self._registers[FIFO_CTRL] & 0x1F
        return (0x80 if level > watermark else 0) | (0x40 if full else 0) | (0x20 if level == 0 else 0) | stored

    def _source(self) -> int:
        """INT1_SRC as it stands: 0 when the interrupt is not active."""
        if self._setup.latch:
            return self._latched or 0
        return self._block.source(self._sample)

    def _latest(self, now_us: int) -> int:
        return (now_us - self._grid_us) * self._setup.odr_hz // 1_000_000 - 1

    def _advance(self, now_us: int) -> None:
        """Take the samples until now into account."""
        last = self._latest(now_us)
        if last <= self._sample:
            return
        self._ensure(last)
        if self._setup.latch and self._latched is None:
            hits = self._block.hits
            at = bisect_right(hits, self._sample)
            if at < len(hits) and hits[at] <= last:
                self._latched = self._block.source(hits[at])
        self._sample = last

    def _ensure(self, last: int) -> None:
        """Have the samples up to ``last`` computed, under the present registers and scene."""
        if last >= self._block.end or self._block.generation != self._scene.generation:
            self._drop_future()
            self._block = self._block.following(last, self._grid_us, self._setup)

    def _drop_future(self) -> None:
        self._low_until_us = 0
        self._block = self._block.until(self._sample)

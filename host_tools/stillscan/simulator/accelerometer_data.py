"""The samples of the LIS3DH, computed a block ahead: quantisation, high-pass filter, interrupt condition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from stillscan.simulator.hand import FloatArray
from stillscan.simulator.scene import Scene

NOISE_G = 0.003  # rms at 400 Hz in high resolution; grows with the root of the bandwidth
_NOISE_TABLE = 65521  # samples after which the noise repeats: 164 s at 400 Hz
_BLOCK = 1024  # samples computed at once: 2.6 s at 400 Hz
_KEPT = 33  # samples kept of the past: the FIFO's 32 and the one being read
_CHUNK = 64  # samples that are filtered by one product of matrices

_ODR_HZ = (0, 1, 10, 25, 50, 100, 200, 400, 1600, 1344)
"""By the bits ODR of CTRL_REG1 (datasheet); 1600 in low-power mode only."""
_LSB_MG = (1, 2, 4, 12)  # of 12 bit at 2, 4, 8, 16 g (datasheet, table 4)
_THRESHOLD_MG = (16, 32, 62, 186)  # of a step of the threshold at 2, 4, 8, 16 g (datasheet)


@dataclass(frozen=True)
class Setup:
    """What the registers ask for; thresholds and steps in mg."""

    odr_hz: int
    bits: int
    lsb_mg: int
    axes: tuple[bool, bool, bool]
    filter_share: float
    filter_output: bool
    filter_interrupt: bool
    fifo: bool
    latch: bool
    config: int
    threshold_mg: int
    duration: int

    @classmethod
    def of(cls, registers: bytearray) -> Setup:
        """From the register file 0x00..0x3F."""
        ctrl1, ctrl2, ctrl4, ctrl5 = registers[0x20], registers[0x21], registers[0x23], registers[0x24]
        rate, scale = ctrl1 >> 4, ctrl4 >> 4 & 3
        low_power = bool(ctrl1 & 0x08)
        odr_hz = _ODR_HZ[rate] if rate < len(_ODR_HZ) else 0
        if rate == 9 and low_power:
            odr_hz = 5376
        bits = 8 if low_power else 12 if ctrl4 & 0x08 else 10
        # AN3308: the cut-off is ODR/50, halved by each step of HPCF.
        share = 1.0 - float(np.exp(-2 * np.pi / (50 << (ctrl2 >> 4 & 3))))
        return cls(
            odr_hz=0 if rate == 8 and not low_power else odr_hz,
            bits=bits,
            lsb_mg=_LSB_MG[scale] << (12 - bits),
            axes=(bool(ctrl1 & 1), bool(ctrl1 & 2), bool(ctrl1 & 4)),
            filter_share=share,
            filter_output=bool(ctrl2 & 0x08),
            filter_interrupt=bool(ctrl2 & 0x01),
            fifo=bool(ctrl5 & 0x40) and registers[0x2E] >> 6 == 2,
            latch=bool(ctrl5 & 0x08),
            config=registers[0x30],
            threshold_mg=(registers[0x32] & 0x7F) * _THRESHOLD_MG[scale],
            duration=registers[0x33] & 0x7F,
        )


def sample_us(sample: int, grid_us: int, odr_hz: int) -> int:
    """Moment of a sample: whole microseconds, never early."""
    return grid_us - (-(sample + 1) * 1_000_000) // odr_hz


class Noise:
    """The chip's noise in g at 400 Hz by the number of the sample; drawn in order, as far as it is asked for."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 500])
        self._table = np.empty((_NOISE_TABLE, 3))
        self._drawn = 0

    def of(self, samples: NDArray[np.int64]) -> FloatArray:
        """(n, 3) of the (n,) samples."""
        at = samples % _NOISE_TABLE
        last = int(at.max())
        if last >= self._drawn:
            end = min(last + _BLOCK, _NOISE_TABLE)
            self._table[self._drawn : end] = NOISE_G * self._rng.standard_normal((end - self._drawn, 3))
            self._drawn = end
        found: FloatArray = self._table[at]
        return found


@dataclass(frozen=True)
class SampleBlock:
    """Samples ``first``..``end - 1``, and the state after each from which computing can go on.

    ``outputs``: 6 bytes a sample, from sample ``first`` - kept on; ``low_mg``: (n + 1, 3) slow part that the filter
    takes away, before the first sample and after each; ``runs``: (n + 1,) how many samples in a row meet the condition;
    ``sources``: (n + 1,) likewise, INT1_SRC, 0 where the interrupt is not active; ``hits``: the samples where it is.
    """

    scene: Scene
    noise: Noise
    generation: int
    first: int
    end: int
    kept: int
    outputs: bytes
    values_mg: FloatArray
    low_mg: FloatArray
    runs: NDArray[np.int64]
    sources: bytes
    hits: list[int]

    @classmethod
    def empty(cls, scene: Scene) -> SampleBlock:
        """Nothing sampled yet."""
        none = np.zeros((1, 3))
        return cls(scene, Noise(scene.seed), -1, 0, 0, 0, b"", none, none, np.zeros(1, dtype=np.int64), bytes(1), [])

    def output(self, sample: int) -> bytes:
        """OUT_X_L..OUT_Z_H of a sample."""
        at = 6 * (sample - self.first + self.kept)
        return self.outputs[at : at + 6]

    def source(self, sample: int) -> int:
        """INT1_SRC of a sample, were it not latched."""
        return self.sources[sample - self.first + 1]

    def until(self, sample: int) -> SampleBlock:
        """Without the samples after ``sample``."""
        count = sample + 1 - self.first
        kept = min(count + self.kept, _KEPT)
        stop = 6 * (count + self.kept)
        return replace(
            self,
            first=sample + 1,
            end=sample + 1,
            kept=kept,
            outputs=self.outputs[stop - 6 * kept : stop],
            values_mg=self.values_mg[count : count + 1],
            low_mg=self.low_mg[count : count + 1],
            runs=self.runs[count : count + 1],
            sources=self.sources[count : count + 1],
            hits=[],
        )

    def restarted(self) -> SampleBlock:
        """With the count of samples begun anew, the filter as it stood."""
        none = np.zeros(1, dtype=np.int64)
        return replace(self, first=0, end=0, kept=0, outputs=b"", runs=none, sources=bytes(1))

    def settled(self) -> SampleBlock:
        """With the filter at rest on the present acceleration (REFERENCE was read); call ``until`` before."""
        return replace(self, low_mg=self.values_mg.copy())

    def following(self, last: int, grid_us: int, setup: Setup) -> SampleBlock:
        """The samples from ``end`` to ``last`` at least, computed with these registers; call ``until`` before."""
        first = self.end
        count = -(-max(_BLOCK, last + 1 - first + _BLOCK // 2) // _CHUNK) * _CHUNK
        samples = np.arange(first, first + count)
        times = grid_us + np.ceil((samples + 1) * 1e6 / setup.odr_hz)
        noise = self.noise.of(samples) * np.sqrt(setup.odr_hz / 400)
        accel = self.scene.acceleration(times) + np.array([0.0, 0.0, 1.0]) + noise
        top = 1 << (setup.bits - 1)
        steps = np.clip(np.rint(accel * (1000 / setup.lsb_mg)), -top, top - 1) * np.array(setup.axes)
        values = steps * setup.lsb_mg
        low = _slow_part(values, self.low_mg[0], setup.filter_share)
        fast = values - low
        shown = np.clip(np.rint(fast / setup.lsb_mg), -top, top - 1) if setup.filter_output else steps
        words = (shown.astype(np.int64) << (16 - setup.bits)).astype("<i2")
        events = _events(fast if setup.filter_interrupt else values, setup)
        wanted = setup.config & 0x3F
        met = (events == wanted) & (wanted != 0) if setup.config & 0x80 else events != 0
        runs = _run_lengths(met, int(self.runs[0]))
        active = runs > setup.duration
        return replace(
            self,
            generation=self.scene.generation,
            first=first,
            end=first + count,
            outputs=self.outputs + words.tobytes(),
            values_mg=np.concatenate([self.values_mg, values]),
            low_mg=np.concatenate([self.low_mg, low]),
            runs=np.concatenate([self.runs, runs]),
            sources=self.sources + np.where(active, events | 0x40, 0).astype(np.uint8).tobytes(),
            hits=(first + np.flatnonzero(active)).tolist(),
        )


def _events(values_mg: FloatArray, setup: Setup) -> NDArray[np.int64]:
    """Bits ZH ZL YH YL XH XL of each sample, the enabled ones only."""
    above = np.abs(values_mg) > setup.threshold_mg
    bits = np.where(above, 2, 1) << np.array([0, 2, 4])
    return np.asarray(bits.sum(axis=1) & setup.config & 0x3F, dtype=np.int64)


def _run_lengths(met: NDArray[np.bool_], before: int) -> NDArray[np.int64]:
    """How many samples in a row, up to each one, meet the condition; ``before`` did so before the first."""
    index = np.arange(len(met), dtype=np.int64)
    last_miss = np.maximum.accumulate(np.where(met, -1 - before, index))
    return np.asarray(index - last_miss, dtype=np.int64)


@cache
def _low_pass(share: float) -> tuple[FloatArray, FloatArray]:
    """What each sample of a chunk weighs in each low value (64, 64), and what is left there of the one before (64,)."""
    keep = 1.0 - share
    row, column = np.indices((_CHUNK, _CHUNK))
    weights = np.where(row >= column, share * keep ** np.maximum(row - column, 0), 0.0)
    return weights, np.asarray(keep ** np.arange(1, _CHUNK + 1), dtype=np.float64)


def _slow_part(values: FloatArray, start: FloatArray, share: float) -> FloatArray:
    """First-order low-pass low += share * (value - low) over a multiple of 64 rows, a chunk per matrix product."""
    weights, fade = _low_pass(share)
    low = weights @ values.reshape(-1, _CHUNK, 3)
    for chunk in low:
        chunk += fade[:, None] * start
        start = chunk[-1]
    return np.asarray(low.reshape(-1, 3), dtype=np.float64)

"""PAA5100JE optical-flow sensor at the level of SPI bytes.

Register numbers, identities, the burst's layout and the rejection rule (SQUAL < 0x19 and shutter high 0x1F) are from
the PMW3901/PAA5100JE datasheet and its public drivers; the figures marked UNCONFIRMED await a real sensor.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from stillscan.simulator.hand import FloatArray
from stillscan.simulator.scene import Scene

FRAME_US = 8264  # UNCONFIRMED: 121 frames per second
COUNTS_PER_MM = 20.0  # UNCONFIRMED: at the working distance of the kiosk
WORKING_MM = 25.0  # UNCONFIRMED: sensor to document; counts per mm shrink as the document comes away
LOST_LIFT_MM = 3.0  # from here on the surface is too far out of focus to be followed
LID_SQUAL, PAGE_SQUAL = 19, 105  # UNCONFIRMED: quality over nothing and over print
NOISE_SHARE = 0.015  # frames with a count too many or too few, in each axis

PRODUCT_ID, INVERSE_ID, RESET, BURST, BANK = 0x00, 0x5F, 0x3A, 0x16, 0x7F
"""Registers of the PAA5100, by the datasheet's names."""
_RESET_VALUE = 0x5A  # what starts it anew when written to RESET (datasheet)
_STEADY = 0.7  # of its jitter is left of a picture that is seen through haze: it is the same dirt in each
_MOVED = struct.Struct("<BBhh")  # of a burst: Motion, Observation, the deltas
_UNMOVED = _MOVED.pack(0, 0xBF, 0, 0)  # nothing has moved (datasheet, motion burst)
_SPIN = (100, -70)  # counts a frame: 0.7 m/s
_BLOCK = 128  # frames computed at once: 1.1 s, and most checks are over before the next
_TABLE = 4096  # frames of a document after which the noise repeats: 34 s


class Flow:
    """One sensor. ``fault``: None, "nak" (nobody drives MISO: 0xFF), "silent" (0x00), "stuck" (one burst for ever),
    "wrong-id", "spin" (deltas of a fast journey on top of the true ones), "opposite" (deltas with the wrong sign),
    "blank" (what lies there has no texture).

    What wears: ``scale``, its counts against a sound one's; ``noise``, false counts a frame and axis on top of its own;
    ``haze``, the share by which its SQUAL is less.

    Deltas come only after the reset 0x3A <- 0x5A.

    A model of another sensor is made from this one: it answers ``exchange`` by ``look``, which is what any such sensor
    sees, names in ``SIGNALS`` the further pins that it has, and hears of them by ``drive``.
    """

    SIGNALS: tuple[str, ...] = ()
    FAULTS: tuple[str, ...] = ("nak", "silent", "stuck", "wrong-id", "spin", "opposite", "blank")
    """Its ways to fail: of `simulator.kiosk.FAULTS`."""

    def __init__(self, scene: Scene, frame_us: int = FRAME_US, counts_per_mm: float = COUNTS_PER_MM) -> None:
        self._frame_us = frame_us
        self._counts_per_mm = counts_per_mm
        self.fault: str | None = None
        self.scale = 1.0
        self.noise = 0.0
        self.haze = 0.0
        self.told: Callable[[int], bytes] | None = None
        """Answers each look in the place of what there is to see: what a sensor said that was recorded."""
        self._left = [0.0, 0.0]  # of counts, by the scale
        self._chance = np.random.default_rng([scene.seed, 410])
        self._scene = scene
        rng = np.random.default_rng([scene.seed, 400])
        self._noise = rng.choice([-1, 0, 1], (_TABLE, 2), p=[NOISE_SHARE / 2, 1 - NOISE_SHARE, NOISE_SHARE / 2])
        self._jitter = rng.integers(-3, 4, (_TABLE, 5))  # squal, raw sum, raw max, raw min, shutter
        self._registers: dict[tuple[int, int], int] = {}
        self._bank = 0
        self._address: int | None = None
        self._burst: bytes | None = None
        self._sent = 0
        self._running = False
        self._stuck = b""
        self._frame = 0  # the frame up to which motion was read
        self._block_first, self._block_end, self._generation = 0, 0, -1
        self._counts: list[list[int]] = []  # of the block: x, y since power-on, noise included
        self._looks: list[bytes] = []  # of the block: SQUAL, raw sum, raw max, raw min, shutter high, shutter low
        self._exact: FloatArray = np.zeros((1, 2))
        self._read_counts = [0, 0]
        self._read_frame = 0
        self._latched = bytes(12)

    def select(self, now_us: int) -> None:
        """Chip select goes low: the next byte is an address."""
        self._address, self._burst = None, None

    def deselect(self, now_us: int) -> None:
        """Chip select goes high: ends a burst."""
        self._address, self._burst = None, None

    def drive(self, signal: str, level: int, now_us: int) -> None:
        """One of ``SIGNALS`` has this level from now on."""

    def reset(self, now_us: int) -> None:
        """Counting begins anew; before it nothing is counted."""
        self._registers.clear()
        self._running, self._latched = True, bytes(12)
        self._forward(now_us)
        self._read_counts = list(self._counts[self._frame - self._block_first])

    def look(self, now_us: int) -> bytes:
        """What has been counted since the last look, and what the picture is like: Motion, Observation, dx and dy (16
        bits, little-endian), SQUAL, raw sum, raw maximum, raw minimum, shutter (high, low). Zeros before ``reset``."""
        self._latch(now_us)
        return self._latched

    def exchange(self, data: bytes, now_us: int) -> bytes:
        """Full duplex: the bytes on MISO while ``data`` is on MOSI; a transaction may take several calls."""
        if self._burst is not None:
            self._sent += len(data)
            answer = self._burst[self._sent - len(data) : self._sent].ljust(len(data), b"\0")
        elif len(data) == 1:
            answer = bytes((self._byte(data[0], now_us),))
        else:
            answer = bytes([self._byte(value, now_us) for value in data])
        if self.fault in ("nak", "silent"):
            return (b"\xff" if self.fault == "nak" else b"\x00") * len(data)
        return answer

    def _byte(self, value: int, now_us: int) -> int:
        if self._burst is not None:  # begun by a byte before this one
            self._sent += 1
            return self._burst[self._sent - 1] if self._sent <= len(self._burst) else 0
        if self._address is None:
            self._address = value
            if value == BURST and self._bank == 0:
                self._latch(now_us)
                self._burst, self._sent = self._latched, 0
            return 0
        address, self._address = self._address, None
        if address & 0x80:
            self._write(address & 0x7F, value, now_us)
            return 0
        return self._read(address, now_us)

    def _write(self, address: int, value: int, now_us: int) -> None:
        if address == BANK:
            self._bank = value
        elif address == RESET and value == _RESET_VALUE and self._bank == 0:
            self.reset(now_us)
        else:
            self._registers[self._bank, address] = value

    def _read(self, address: int, now_us: int) -> int:
        if address == BANK:
            return self._bank
        if self._bank == 0:
            if address == PRODUCT_ID:
                return 0x49 if self.fault != "wrong-id" else 0x30
            if address == INVERSE_ID:
                return 0xB6 if self.fault != "wrong-id" else 0xCF
            if address == 0x02:  # reading Motion freezes the deltas that belong to it
                self._latch(now_us)
                return self._latched[0]
            if 0x03 <= address <= 0x0A:  # deltas, SQUAL, raw sum, max, min: in the order of the burst
                return self._latched[address - 1]
            if address in (0x0B, 0x0C):  # shutter low, shutter high: the other way round
                return self._latched[0x16 - address]
        return self._registers.get((self._bank, address), 0)

    def _latch(self, now_us: int) -> None:
        """Take the deltas since the last reading, and the picture's figures, into the burst."""
        if self.fault == "stuck" and self._stuck:
            self._latched = self._stuck
            return
        if not self._running:
            return
        if self.told is not None:
            self._latched = self.told(now_us)
            self._stuck = self._latched if self.fault == "stuck" else b""
            return
        self._forward(now_us)
        at = self._frame - self._block_first
        counts, look = self._counts[at], self._looks[at]
        dx, dy = counts[0] - self._read_counts[0], counts[1] - self._read_counts[1]
        if self.fault is not None or self.scale != 1.0 or self.noise or self.haze:
            dx, dy, look = self._altered((dx, dy), look, self._frame - self._read_frame)
        self._read_counts, self._read_frame = counts, self._frame
        if dx or dy:
            self._latched = _MOVED.pack(0x80, 0xBF, *(max(-32768, min(32767, count)) for count in (dx, dy))) + look
        else:
            self._latched = _UNMOVED + look
        self._stuck = self._latched if self.fault == "stuck" else b""

    def _altered(self, counts: tuple[int, int], look: bytes, frames: int) -> tuple[int, int, bytes]:
        """What a sensor that fails or is worn makes of the counts of so many frames, and of the picture's figures."""
        sign = -1 if self.fault == "opposite" else 1
        spun = frames if self.fault == "spin" else 0
        dx, dy = (
            max(-32768, min(32767, sign * count + spun * spin)) for count, spin in zip(counts, _SPIN, strict=True)
        )
        if self.scale != 1.0 or self.noise:
            dx, dy = self._worn((dx, dy), frames)
        if self.haze:
            middle = PAGE_SQUAL if look[0] > (PAGE_SQUAL + LID_SQUAL) // 2 else LID_SQUAL
            steady = middle + (look[0] - middle) * _STEADY
            look = bytes((round(steady * (1.0 - self.haze)), *look[1:]))
        if self.fault == "blank":
            dx, dy, look = 0, 0, bytes((LID_SQUAL - 4 + look[0] % 4, *look[1:4], 0x1F, look[5]))
        return dx, dy, look

    def _worn(self, counts: tuple[int, int], frames: int) -> tuple[int, int]:
        """What a sensor that is out of focus, or looks through haze, makes of its counts."""
        told = []
        for axis, count in enumerate(counts):
            wanted = count * self.scale + self._left[axis]
            false = self._chance.binomial(frames, min(1.0, self.noise)) if frames > 0 else 0
            self._left[axis] = wanted - round(wanted)
            told.append(round(wanted) + int((self._chance.integers(0, 2, false) * 2 - 1).sum()))
        return told[0], told[1]

    def _forward(self, now_us: int) -> None:
        """Make ``_frame`` the latest frame, inside a valid block."""
        frame = max(now_us // self._frame_us, self._frame)
        while self._generation != self._scene.generation or frame >= self._block_end:
            # The scene's past does not change, so the frames since the last reading may be computed (again) from it.
            within = self._frame - self._block_first if self._block_end else 0
            self._compute(self._frame, self._exact[within])
            self._frame = min(frame, self._block_end - 1)
        self._frame = frame

    def _compute(self, first: int, exact: FloatArray) -> None:
        """Block from frame ``first``, at which the exact position was ``exact`` counts."""
        frames = np.arange(first, first + _BLOCK)
        number, pose = self._scene.poses((frames * self._frame_us).astype(np.float64))
        lift = pose[:, 2]
        followed = (number[1:] == number[:-1]) & (lift[1:] < LOST_LIFT_MM) & (lift[:-1] < LOST_LIFT_MM)
        scale = self._counts_per_mm * WORKING_MM / (WORKING_MM + lift[1:])
        steps = np.diff(pose[:, :2], axis=0) * (scale * followed)[:, None]
        self._exact = exact + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
        near = lift < LOST_LIFT_MM
        # another page than a frame ago: no hand is so quick that it is not on its way for a frame, out of focus
        if number[0] != number[-1]:
            exchanged = self._scene.exchanged(number)
            exchanged[1:] &= near[1:] & near[:-1]
            lift = np.where(exchanged, LOST_LIFT_MM, lift)
        # Rounding the position, not the steps, carries the remainder; noise on the position cannot accumulate.
        # Drawn anew for each document: the same for a board that starts quickly and for one that takes its time.
        drawn = (frames - self._scene.since_us(number).astype(np.int64) // self._frame_us) % _TABLE
        noise = self._noise[drawn] * near[:, None]
        self._counts = (np.rint(self._exact).astype(np.int64) + noise).tolist()
        self._looks = _looks(lift, self._jitter[drawn])
        self._block_first, self._block_end, self._generation = first, first + _BLOCK, self._scene.generation


def _looks(lift_mm: FloatArray, jitter: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[bytes]:
    """SQUAL, raw sum, max, min and shutter of each frame: full at no lift, the lid's from ``LOST_LIFT_MM`` on."""
    part = np.clip(1.0 - lift_mm / LOST_LIFT_MM, 0.0, 1.0)
    squal = LID_SQUAL + (PAGE_SQUAL - LID_SQUAL) * part + jitter[:, 0] * (1 + 3 * part)
    squal = np.rint(squal).astype(np.int64)
    shutter = np.where(squal < 0x19, 0x1F00, 0x0180 + 0x800 * (1.0 - part)).astype(np.int64) + 0x40 + jitter[:, 4] * 8
    columns = [squal, 60 + 60 * part + jitter[:, 1], 110 + 80 * part + jitter[:, 2], 25 + 10 * part + jitter[:, 3]]
    table = np.stack([*columns, shutter >> 8, shutter & 0xFF], axis=1).astype(np.uint8)
    return [row.tobytes() for row in table]

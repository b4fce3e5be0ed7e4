"""What the kiosk takes from a board: for the type checker and for whoever adds a board. Never imported at run time."""

from array import array
from collections.abc import Callable
from typing import Protocol

from _mpy_shed.time_mp import _TicksMs, _TicksUs
from machine import Pin

from kiosk.drivers.beeper import Beeper
from kiosk.drivers.carriage import Carriage
from kiosk.drivers.cis import LineSensor
from kiosk.drivers.lamp import Lamp
from kiosk.drivers.lis3dh import Lis3dh
from kiosk.drivers.presence import Presence
from kiosk.drivers.ring import Ring

Idle = Callable[[], None]  # sleeps until the next interrupt, at most 1 ms
Feed = Callable[[], None]  # the watchdog's
# Writes a message's body into what it is handed and returns how many bytes; True: there is what it wrote there last.
Fill = Callable[[memoryview, bool], int]
Bytes = bytearray | memoryview
# The stubs keep ticks apart from numbers; int is for "not yet".
TicksMs = int | _TicksMs
TicksUs = int | _TicksUs


class Stepper(Protocol):
    """Counted, ramped pulse trains that need no Python while they run."""

    def start(self, direction: int, steps: int, start_hz: float, top_hz: float, accel_hz_per_s: float) -> None:
        """Run ``steps`` (0 or more) pulses, +1 away from home, -1 back. ``done`` counts from 0 again."""

    def stop(self) -> None:
        """No pulse after this returns; ``done`` keeps its count. Safe at any time."""

    def halt(self) -> None:
        """No pulse after this returns, but ``stop`` has to follow. From interrupts: allocates nothing."""

    def done(self) -> int:
        """Pulses of the current or last train so far."""
        ...

    def busy(self) -> bool:
        """Are pulses still to come?"""
        ...


class Lines(Protocol):
    """Lines of 8-bit samples into a few buffers in turn, without Python."""

    late: int  # so many lines may come before one is taken

    def free(self, line_us: int) -> None:
        """Lines one after another; ``count`` begins at 0."""

    def follow(self, stepper: Stepper, first_step: int, steps_per_line: int) -> None:
        """Line n is exposed from step ``first_step + n * steps_per_line`` of the next train; ``count`` begins at 0."""

    def count(self) -> int:
        """Lines complete so far. Allocates nothing."""
        ...

    def buffer(self, n: int) -> bytearray:
        """Samples of line n, whole for a line's time when no more than ``late`` came since. Allocates nothing."""
        ...

    def stop(self) -> None:
        """No line after this returns. Safe at any time."""


class Stream(Protocol):
    """Bytes to and from the host. Neither method allocates."""

    def write(self, buffer: bytearray, n: int) -> int:
        """Send ``buffer[:n]``; returns how many bytes were taken. May block for a second without progress."""
        ...

    def readinto(self, buffer: bytearray) -> int:
        """Take what has arrived, at most ``len(buffer)`` bytes; 0 when there is nothing. Never blocks."""
        ...


class Kernels(Protocol):
    """The steps that every line goes through. None allocates. `kiosk.kernels` has them for any chip."""

    def flat8(self, raw: Bytes, dark: Bytes, gain: array[int] | memoryview, out: Bytes, at: int, n: int) -> object:
        """Flat-field ``n`` (even) pixels into ``out[at:at+n]``: (raw - dark) * gain / 256, held within 0..255."""

    def flat4(self, raw: Bytes, dark: Bytes, gain: array[int] | memoryview, out: Bytes, at: int, n: int) -> object:
        """As flat8, rounded to 16 levels; two pixels a byte, the left one in the high nibble."""

    def crc32_append(self, data: Bytes, n: int, table: array[int] | memoryview) -> object:
        """Write the CRC-32 of ``data[:n]`` behind it, little-endian; ``table`` is kiosk.framing.CRC_TABLE.

        The data lie at a multiple of 4.
        """

    def stuff(self, data: Bytes, n: int, out: Bytes) -> int:
        """COBS between two delimiters: ``n`` bytes into ``out``, which holds n + n/254 + 4; returns how many."""
        ...

    def seal(self, key: array[int], data: Bytes, n: int) -> object:
        """Write the tag of ``data[:n]`` behind it: Chaskey-12, cut off after 64 bits.

        ``key`` is of kiosk.proof; the data lie at a multiple of 4, with room for 16 bytes behind them.
        """


class Watchdog(Protocol):
    def feed(self) -> None: ...


class Slots(Protocol):
    """Which installed version runs, and the decision about one on trial: of loader.py, which may be older than it."""

    trial: bool

    def told(self) -> tuple[int, str, str, int]: ...

    def confirm(self) -> None: ...

    def undo(self, why: int) -> None: ...


class Alarm(Protocol):
    """``rung`` is set by an interrupt; whoever waits for a line returns at once."""

    rung: bool


class Flow(Protocol):
    """The driver of an optical-flow sensor. After ``read``: ``dx``, ``dy`` counts since the last read, x to the right
    and y up the page; ``squal``, the quality of the surface 0..255; ``good`` False when the picture is no good."""

    dx: int
    dy: int
    squal: int
    good: bool

    def start(self) -> None:
        """Reset the sensor and see that it is the right one. PartError names the part and what is wrong."""

    def read(self) -> None:
        """Once a line: within 0.4 ms, and without allocating. PartError for one that is silent or frozen."""


class Board(Protocol):
    """boards/<board>/board.py has a class ``Board`` like this; ``Board()`` puts every output in its safe state.

    ServiceError, after that and before the watchdog starts, when the service button is held.
    """

    name: str  # at most 16 bytes, sent in HELLO
    capabilities: int  # wire.CAN_...
    settings: dict[str, int]  # defaults in which it differs from kiosk.settings
    boot_id: int  # 32 bits, another one at every start
    flow: Flow
    accelerometer: Lis3dh
    int1: Pin
    presence: Presence
    lamp: Lamp
    carriage: Carriage
    sensor: LineSensor
    ring: Ring
    beeper: Beeper

    @property
    def kernels(self) -> Kernels: ...

    @property
    def watchdog(self) -> Watchdog: ...

    @property
    def stream(self) -> Stream: ...

    def report(self, defect: Exception) -> None:
        """Print the traceback of a defect where a technician can read it, never on the link."""

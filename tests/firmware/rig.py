"""A kiosk in the simulator with a host that a test can make do anything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar
from unittest.mock import patch

import numpy as np

from kiosk import wire
from stillscan.link.messages import Abort, Band, Error, Hello, Message, State, SweepBegin, SweepEnd
from stillscan.link.session import Session
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page
from stillscan.simulator.hand import Motion
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.pins import PINS
from stillscan.simulator.process import Firmware
from stillscan.simulator.scene import Scene

_SIMULATOR = "stillscan.simulator"
_BITS = 9  # rows have numbers below 512
_FIELD_PX = LINE_PX // (_BITS + 1)

M = TypeVar("M", bound=Message)

EVENTS_ONLY = wire.STREAM_EVENTS
FROM_ROW_0 = b'{"first_row": 0}'  # tests count whole zones; test_first_row.py has the default
RESTART_ONLY: dict[str, bytes | None] = {"settings.json": b'{"restart_only": 1, "first_row": 0}'}
ALL = wire.STREAM_EVENTS | wire.STREAM_BANDS


def numbered_page(white: int = 255) -> Page:
    """Each row says its number: fields of black and white, in Gray code so that a neighbour changes one field."""
    rows = np.arange(ZONE_ROWS)
    grey = rows ^ rows >> 1
    page = np.full((ZONE_ROWS, LINE_PX), white, np.uint8)
    for bit in range(_BITS):
        page[grey >> bit & 1 == 1, bit * _FIELD_PX : (bit + 1) * _FIELD_PX] = 0
    return Page.from_array(page)


def row_seen(band: Band) -> int:
    """The number that the pixels of a one-line band say."""
    middles = [int(band.pixels[0, bit * _FIELD_PX + _FIELD_PX // 2]) for bit in range(_BITS)]
    grey = sum(1 << bit for bit, level in enumerate(middles) if level < 120)
    number = grey
    while grey := grey >> 1:
        number ^= grey
    return number


PAGE = numbered_page()


def along(*knots: tuple[float, ...]) -> Motion:
    """Motion through (t_ms since placement, dx_mm, dy_mm, lift_mm[, az_g])."""
    table = np.array([(*knot, 0.0)[:5] for knot in knots], dtype=np.float64)
    accel = np.zeros((len(table), 3))
    accel[:, 2] = table[:, 4]
    return Motion(table[:, 0] * 1000, table[:, 1:4].copy(), accel)


REST = along((0, 0, 0, 0))


def slip(at_ms: float, mm: float = 1.0, lasts_ms: float = 80.0) -> Motion:
    """Slides by ``mm`` along x; still before and after."""
    return along((at_ms, 0, 0, 0), (at_ms + lasts_ms, mm, 0, 0))


def bump(at_ms: float, g: float = 0.8) -> Motion:
    """A knock of 10 ms; the document lies still."""
    return along((at_ms, 0, 0, 0, 0), (at_ms + 5, 0, 0, 0, g), (at_ms + 10, 0, 0, 0, -g), (at_ms + 12, 0, 0, 0, 0))


def lift(at_ms: float, mm: float, lasts_ms: float = 1e6) -> Motion:
    """Raised within 1 ms for a while."""
    end = at_ms + lasts_ms
    return along((at_ms, 0, 0, 0), (at_ms + 1, 0, 0, mm), (end, 0, 0, mm), (end + 1, 0, 0, 0))


class Host(Session):
    """``credit`` decides how many bands of a sweep to grant at the message at hand; None grants as the product does."""

    credit: Callable[[Message], int | None] | None = None

    def _note(self, message: Message) -> None:
        if self.credit is None:
            super()._note(message)
        elif (granted := self.credit(message)) is not None:
            sweep = message.header.sweep if isinstance(message, Band) else getattr(message, "sweep", 0)
            self.send(wire.C_CREDIT, sweep, granted)


class Filled(tempfile.TemporaryDirectory[str]):
    """The board's file system as an earlier run left it: contents by name, None for a folder."""

    def __init__(self, files: dict[str, bytes | None], prefix: str) -> None:
        super().__init__(prefix=prefix)
        for name, content in files.items():
            path = Path(self.name) / name
            path.mkdir() if content is None else path.write_bytes(content)


class Rig:
    """Booted to EMPTY or FAULT, subscribed to ``streams``; ``heard`` is all that the device has said.

    ``files`` are on the board before it starts; ``script`` runs in place of main.py.
    """

    def __init__(
        self,
        motion: Motion = REST,
        page: Page = PAGE,
        seed: int = 1,
        fault: str | None = None,
        streams: int = ALL,
        files: dict[str, bytes | None] | None = None,
        script: str = "main.py",
        boot_id: int = 1,
        hum_g: float = 0.0,
    ) -> None:
        self.scene = Scene(page, motion, Dirt.profile("clean", seed), seed, hum_g=hum_g)
        with (
            patch(
                f"{_SIMULATOR}.process.tempfile.TemporaryDirectory",
                partial(Filled, {"settings.json": FROM_ROW_0, **(files or {})}),
            ),
            patch(f"{_SIMULATOR}.kiosk.Firmware", partial(Firmware, script=script)),
        ):
            self.kiosk = SimulatedKiosk(self.scene, boot_id=boot_id)
        self.bus = self.kiosk.bus
        if fault is not None:
            self.kiosk.fail(fault)
        self.heard: list[Message] = []
        self.host = Host(self.kiosk)
        try:
            self._boot(streams)
        except BaseException:
            self.kiosk.close()
            raise

    def _boot(self, streams: int) -> None:
        self.hello = self.host.open(streams)
        if streams & wire.STREAM_EVENTS:
            self.booted = self.next(State, 10_000)
            self.state = self.booted.state
            assert self.state in (wire.EMPTY, wire.FAULT)

    def connect(self, streams: int = ALL) -> Hello:
        """A host that starts anew."""
        self.host = Host(self.kiosk)
        return self.host.open(streams)

    @property
    def folder(self) -> Path:
        """The board's file system."""
        return Path(self.kiosk.firmware._folder.name)

    def place(self, motion: Motion | None = None) -> None:
        """Lay the document on the glass, now."""
        if motion is not None:
            self.scene.motion = motion
        self.scene.place(self.bus.now_us)

    def clear(self) -> None:
        """Take it away, now."""
        self.scene.clear(self.bus.now_us)

    def poll(self, timeout_ms: float) -> Message | None:
        """The next message, noted."""
        message = self.host.poll(timeout_ms)
        if message is not None:
            self.heard.append(message)
        if isinstance(message, State):
            self.state = message.state
        return message

    def next(self, kind: type[M], timeout_ms: float = 5000) -> M:
        """The next message of this kind; AssertionError when none comes in time."""
        end = self.bus.now_us + timeout_ms * 1000
        while self.bus.now_us < end:
            message = self.poll((end - self.bus.now_us) / 1000)
            if isinstance(message, kind):
                return message
        raise AssertionError(f"no {kind.__name__} within {timeout_ms} ms")

    def until(self, state: int, timeout_ms: float = 20_000) -> State:
        """Until this state is entered; AssertionError with the states that were entered instead."""
        began = len(self.heard)
        end = self.bus.now_us + timeout_ms * 1000
        while self.bus.now_us < end:
            message = self.poll((end - self.bus.now_us) / 1000)
            if isinstance(message, State) and message.state == state:
                return message
        raise AssertionError(f"no state {wire.STATES[state]}, but {self.path(began)}")

    def listen(self, ms: float) -> list[Message]:
        """All that comes within this time."""
        began = len(self.heard)
        end = self.bus.now_us + ms * 1000
        while self.bus.now_us < end:
            self.poll((end - self.bus.now_us) / 1000)
        return self.heard[began:]

    def ask(self, kind: int, *values: object) -> Error | None:
        """Send a command; the ERROR that comes within 50 ms, if any."""
        self.host.send(kind, *values)
        return next((m for m in self.listen(50) if isinstance(m, Error)), None)

    def setting(self, name: str, value: int) -> None:
        """Change a setting by name."""
        self.host.set(self.host.settings()[name].setting, value)

    def path(self, since: int = 0) -> list[str]:
        """The states entered, by name; one that was only reported again counts once."""
        states = [m.state for m in self.heard[since:] if isinstance(m, State)]
        return [wire.STATES[n] for n, before in zip(states, [-1, *states], strict=False) if n != before]

    def bands(self, sweep: int) -> list[Band]:
        return [m for m in self.heard if isinstance(m, Band) and m.header.sweep == sweep]

    def begins(self) -> list[SweepBegin]:
        return [m for m in self.heard if isinstance(m, SweepBegin)]

    def ends(self) -> list[SweepEnd]:
        return [m for m in self.heard if isinstance(m, SweepEnd)]

    def aborts(self) -> list[Abort]:
        return [m for m in self.heard if isinstance(m, Abort)]

    def ring(self) -> str:
        """The colour of the ring, by name."""
        return self.bus.ring.colour

    def lamp_on(self) -> bool:
        return bool(self.bus.outputs.get(PINS["infrared"], 0) or self.bus.outputs.get(PINS["white"], 0))

    def safe(self) -> bool:
        """No light, no step pulse to come."""
        return not self.lamp_on() and not self.bus.carriage.busy(self.bus.now_us)

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.kiosk.close()

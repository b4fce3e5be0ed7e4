"""One sweep: line after line from surface to host, until the last row, a movement, or a host that does not keep up."""

import time

import micropython

from kiosk import wire
from kiosk.band import BandBody
from kiosk.monotony import LOOK_ROWS, Monotony

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.drivers.presence import Presence
    from kiosk.health import Health
    from kiosk.link import Link
    from kiosk.looks import Looks
    from kiosk.motion import Motion
    from kiosk.parts import TicksMs
    from kiosk.settings import Settings
    from kiosk.surface import Surface

GOING_ON = -1


class Sweep:
    def __init__(
        self,
        surface: Surface,
        motion: Motion,
        looks: Looks,
        presence: Presence,
        link: Link,
        settings: Settings,
        health: Health,
    ) -> None:
        self._surface = surface
        self._line = surface.line  # bound once, because binding takes time
        self._motion = motion
        self._looks = looks
        self._sensing = motion.sensing
        self._displacement = motion.displacement
        self._presence = presence
        self._link = link
        self._settings = settings
        self._health = health
        self._monotony = Monotony()
        self._body = BandBody(surface.flat_field, surface.lamp, motion.displacement, motion.sensing.flow, settings)
        self._band = 0
        self._row = 0  # the first that was not sent yet
        self._last_row = 0
        self._paused = False
        self._paused_ms: TicksMs = 0

    def begin(self, attempt: int, first_row: int, last_row: int) -> None:
        """Announce the sweep; the carriage sets off with the first credit."""
        self._band = 0
        self._row = first_row
        self._last_row = last_row
        self._link.begin_sweep()
        self._body.sweep = self._link.sweep
        self._health.sweeps += 1
        self._link.event(
            wire.M_SWEEP_BEGIN,
            self._link.sweep,
            min(255, attempt),
            first_row,
            last_row,
            time.ticks_ms(),
            self._displacement.track,
        )
        self._motion.begin()
        self._monotony.begin()
        if attempt == 1:  # of another document: what held up the host may be over
            self._surface.hurry()
        self._paused = True
        self._paused_ms = time.ticks_ms()

    @micropython.native
    def step(self) -> int:
        """At most one line: wait, look at the sensors, send. GOING_ON, 0 when complete, or the cause to abort for.

        Allocates nothing.
        """
        if self._paused:
            return self._pause()
        if self._band >= self._link.granted:
            self._rest()
            return GOING_ON
        samples = self._line(self._sensing)
        cause = self._motion.poll()
        if not self._presence.seen():
            return wire.REMOVED
        if cause:
            return cause
        if samples is None:  # a line goes by only when a write has waited for the host; or the carriage gains speed
            self._looks.tell()
            return self._fall_behind() if self._surface.missed else GOING_ON
        body = self._body
        body.samples = samples
        body.band = self._band
        body.row = self._row
        if not self._link.send_filled(wire.M_BAND, body.fill):
            return wire.HOST_GONE
        if not self._row % LOOK_ROWS:
            self._monotony.look(samples)
        self._band += 1
        self._row += 1
        self._health.lines += 1
        return wire.NO_CAUSE if self._row > self._last_row else GOING_ON

    def _moved(self) -> int:
        cause = self._motion.poll()
        if not cause:  # else ``abort`` tells
            self._looks.tell()
        return cause if self._presence.seen() else wire.REMOVED

    def _fall_behind(self) -> int:
        """The host takes lines more slowly than they come: go back for those that went by, and come slower."""
        if self._surface.sensor.idle_ms() > self._settings.stall:
            return wire.HOST_STALLED
        self._surface.slow_down()
        self._rest()
        return GOING_ON

    def _rest(self) -> None:
        """The host is not ready: rest above the next row until it is; nothing is lost."""
        self._surface.stop()
        self._paused = True
        self._paused_ms = time.ticks_ms()
        self._health.credit_waits += 1

    def _pause(self) -> int:
        cause = self._moved()
        if cause:
            return cause
        if self._band >= self._link.granted:
            if time.ticks_diff(time.ticks_ms(), self._paused_ms) > self._settings.stall:
                return wire.HOST_STALLED
        elif self._surface.ready(self._row):
            self._paused = False
            self._surface.begin(self._row, self._last_row)
            return GOING_ON
        time.sleep_ms(1)
        return GOING_ON

    @property
    def row(self) -> int:
        """The row that comes next."""
        return self._row

    @property
    def bands(self) -> int:
        """How many the host got."""
        return self._band

    @property
    def monotonous(self) -> bool:
        """Did it see so much of the same that a part may have failed?"""
        return self._monotony.suspicious

    def end(self) -> None:
        """Everything off; the host is told how far it came."""
        self._surface.stop()
        self._link.event(wire.M_SWEEP_END, self._link.sweep, self._band, max(0, self._row - 1), time.ticks_ms())

    def abort(self, cause: int) -> None:
        """Carriage first, then light; the host is told why, where, and how long it took from the sensors' signal."""
        moved = self._displacement
        self._surface.stop()
        latency_us = time.ticks_diff(time.ticks_us(), self._sensing.rung_us) if self._motion.cause else 0
        self._looks.tell()
        self._health.aborts += 1
        self._health.note(wire.EV_ABORT, cause, self._row)
        self._link.event(
            wire.M_ABORT, self._link.sweep, cause, self._row, time.ticks_ms(), latency_us,
            max(-32767, min(32767, moved.dx_um)), max(-32767, min(32767, moved.dy_um)),
        )  # fmt: skip

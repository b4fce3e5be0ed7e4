"""The scan cycle: one state, one step function each, entered by ``_enter`` alone.

EMPTY -> PLACED -> STILL -> SCANNING -> DONE, and on movement SCANNING -> MOVED -> STILL;
MOVED -> GAVE_UP when attempts or time are used up; any state with nothing on the glass -> EMPTY; FAULT from anywhere.
"""

import time

from micropython import const

from kiosk import wire
from kiosk.errors import PartError
from kiosk.looks import Looks
from kiosk.plan import Plan
from kiosk.sweep import GOING_ON, Sweep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.drivers.presence import Presence
    from kiosk.health import Health
    from kiosk.link import Link
    from kiosk.motion import Motion
    from kiosk.parts import TicksMs
    from kiosk.policy import Policy
    from kiosk.settings import Settings
    from kiosk.signals import Signals
    from kiosk.surface import Surface

_UNSEEN_MS = const(5000)  # something is followed and not seen to be present: a hand that rests there is gone by then
_LINES = const(6)  # in one turn: commands are looked for once in so many, and what else a turn does takes a line less
_LET_GO_MS = const(200)  # absence after the verdict: nothing is to be finished, the next person may come


class Scan:
    def __init__(
        self,
        surface: Surface,
        motion: Motion,
        presence: Presence,
        link: Link,
        policy: Policy,
        settings: Settings,
        health: Health,
        signals: Signals,
    ) -> None:
        self._surface = surface
        self._motion = motion
        self._sensing = motion.sensing
        self._presence = presence
        self._link = link
        self._settings = settings
        self._health = health
        self._signals = signals
        self._looks = Looks(link, motion.sensing, presence)
        self._sweep = Sweep(surface, motion, self._looks, presence, link, settings, health)
        self._steps = (
            self._start, self._empty, self._placed, self._still, self._scanning, self._moved, self._done, self._gave_up,
            self._start, self._start,
        )  # fmt: skip
        self.state = wire.START
        self.cause = wire.NO_CAUSE
        self.part = wire.NO_PART
        self.fault = wire.NO_FAULT
        self.attempt = 0
        self._placed_ms: TicksMs = 0
        self._seen_ms: TicksMs = 0
        self._plan = Plan(motion.displacement, motion.sensing, policy, settings)
        self._again = False
        self.finished = False  # the host needs no more of this document
        self._well = True
        self._inspected = False  # the parts were looked at since this document came, and were well
        self._doubtful = False  # this document went so that they must be
        self._glanced = False  # what the flow sensor sees on an empty glass is the lid

    def step(self) -> None:
        """One turn of the loop: at most a few lines, or one look at the sensors. PartError when a part fails."""
        self._steps[self.state]()
        if self._doubtful and self.finished and self.state in (wire.DONE, wire.GAVE_UP):
            self._inspect()
        if self._sensing.blind != (self.part == wire.FLOW and self.state != wire.FAULT):
            if self._sensing.blind:
                if self.state in (wire.DONE, wire.GAVE_UP):
                    self._look_at_presence(bare=True)
                self._go_without(wire.FLOW, wire.NO_TEXTURE)
            elif self.fault == wire.NO_TEXTURE:
                self.part = wire.NO_PART
                self.fault = wire.NO_FAULT
        elif self._sensing.deaf and not self.part:
            self._go_without(wire.ACCELEROMETER, wire.IMPLAUSIBLE)

    def _inspect(self) -> None:
        """Look at the parts of a sweep, once a document; they are named if they failed."""
        self._doubtful = False
        if self._inspected:
            return
        self._inspected = self._surface.inspect()
        if not self._inspected:
            self._go_without(wire.CARRIAGE, wire.LOST_STEPS)

    def _look_at_presence(self, bare: bool) -> None:
        """The flow sensor contradicts the presence sensor: FAULT of the latter if the glass is ``bare``, or not."""
        if self._surface.bare() == bare:
            self._surface.inspect()  # a lamp that is out makes any glass look bare
            raise PartError(wire.PRESENCE, wire.STUCK)

    def _go_without(self, part: int, fault: int) -> None:
        """A part is of no use but not needed: logged, and named in every STATE that follows."""
        self.part = part
        self.fault = fault
        self._health.note(wire.EV_FAULT, part, fault)

    @property
    def sweeping(self) -> bool:
        """Do lines come, one after another?"""
        return self._surface.sweeping

    def report(self) -> None:
        """Tell the host the state (after SUBSCRIBE and on every change)."""
        self._link.event(
            wire.M_STATE, self.state, self.cause, self.part, self.fault, min(255, self.attempt), time.ticks_ms()
        )

    def _enter(self, state: int, cause: int = wire.NO_CAUSE) -> None:
        self.state = state
        self.cause = cause
        self._signal(state, cause)
        self._health.note(wire.EV_STATE, state, cause)
        self.report()

    def _signal(self, state: int, cause: int) -> None:
        if cause == wire.FINISHED and not self._well:
            state, cause = wire.GAVE_UP, wire.NO_CAUSE  # for who stands there it is the same
        self._signals.enter(state, cause)

    def begin(self) -> None:
        """All parts are started: wait for a document."""
        self.part = wire.NO_PART
        self.fault = wire.NO_FAULT
        self._enter(wire.EMPTY)

    def serve(self) -> bool:
        """A technician has the parts, until they are started again; False when the state does not allow it."""
        if self.state not in (wire.EMPTY, wire.FAULT):
            return False
        self._enter(wire.SERVICE)
        return True

    def fail(self, part: int, fault: int) -> None:
        """Outputs are safe already; a sweep that ran is aborted, the part is named."""
        if self.state == wire.SCANNING:
            self._sweep.abort(wire.PART_FAILED)
        self.part = part
        self.fault = fault
        self._health.faults += 1
        self._health.note(wire.EV_FAULT, part, fault)
        self._enter(wire.FAULT, wire.PART_FAILED)

    def want(self, first_row: int, last_row: int) -> bool:
        """The host asks for a sweep of these rows; False when the state does not allow it."""
        if self.state not in (wire.PLACED, wire.MOVED, wire.DONE) or self.finished:
            return False
        self._plan.rows(first_row, last_row)
        self._again = True
        self._doubtful = self.state == wire.DONE  # a whole sweep was not enough
        return True

    def finish(self, result: int) -> None:
        """The host needs no more: a running sweep ends early, no other starts before the glass was empty.

        ``result``: one of wire.RESULTS.
        """
        self._well = result not in (wire.REFUSED, wire.HOST_GAVE_UP)
        if result == wire.HOST_GAVE_UP:
            self._doubtful = True
        else:  # it was read
            self._surface.well()
            if self.fault == wire.LOST_STEPS:
                self.part = wire.NO_PART
                self.fault = wire.NO_FAULT
        if self.state == wire.DONE and not self.finished:
            self._signal(wire.DONE, wire.FINISHED)
        self.finished = True
        self._again = False
        if self.state == wire.SCANNING:
            self._end(wire.FINISHED)
        elif self.state in (wire.PLACED, wire.STILL, wire.MOVED):
            self._enter(wire.DONE, wire.FINISHED)

    def host_gone(self) -> None:
        """No one takes what is scanned; the host that comes has none of it."""
        if self.state == wire.SCANNING:
            self._abort(wire.HOST_GONE)
        elif self.state == wire.STILL:
            self._enter(wire.MOVED, wire.HOST_GONE)
        self._again = False
        self._plan.all_rows()

    # --- states ---------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """START, FAULT and SERVICE wait for App."""

    def _empty(self) -> None:
        self._surface.ready(self._plan.rest_row)
        self._motion.quiet_ms(empty=True)
        if not self._presence.seen():
            seen_ms = self._motion.lift.seen_ms()
            if seen_ms < _UNSEEN_MS:
                self._glanced = self._glanced and seen_ms > 0
            elif not self._glanced:
                self._glanced = True
                self._look_at_presence(bare=False)
            return
        self._placed_ms = self._seen_ms = time.ticks_ms()
        self._sensing.blind = False  # the next document may have texture
        self._motion.lose()
        self._plan.renew()
        self.attempt = 0
        self.finished = False
        self._again = False
        self._inspected = False
        self._doubtful = False
        self._enter(wire.PLACED)
        self._looks.begin()

    def _placed(self) -> None:
        quiet = self._quiet()
        if self._gone():
            return
        if not self._link.streams & wire.STREAM_BANDS:
            self._placed_ms = time.ticks_ms()  # the time limit is for scanning, not for waiting for a host
        elif self._late():
            self._enter(wire.GAVE_UP, wire.TIME)
        elif quiet:
            self._enter(wire.STILL)

    def _still(self) -> None:
        if self._doubtful:
            self._inspect()
        self._health.tidy()
        ready = self._surface.ready(self._plan.start_row)
        quiet_ms = self._motion.quiet_ms()
        self._looks.tell()
        if quiet_ms < self._plan.dwell_ms or not self._presence.seen():
            self._enter(wire.MOVED, self._motion.unrest)
            return
        if not ready:  # on its way from the white strip
            if self._late():
                self._enter(wire.GAVE_UP, wire.TIME)
            return
        self.attempt += 1
        self._again = False
        self._sweep.begin(self.attempt, self._plan.start_row, self._plan.last_row)
        self._plan.begun()
        self._enter(wire.SCANNING)

    def _scanning(self) -> None:
        cause = self._sweep.step()
        lines = 1
        while cause == GOING_ON and lines < _LINES and self._surface.sweeping:
            cause = self._sweep.step()
            lines += 1
        if cause == GOING_ON and not self._surface.sweeping and self._sweep.bands and self._late():
            cause = wire.HOST_STALLED  # who takes lines so slowly will not have them all
        if cause == GOING_ON:
            return
        if not cause and self._sweep.monotonous:
            self._inspect()  # before the host draws conclusions from what it shows
            if self._sensing.blind:
                self._look_at_presence(bare=True)
        if cause:
            self._abort(cause)
        else:
            self._end(cause)

    def _moved(self) -> None:
        quiet = self._quiet()
        if self._gone():
            return
        if not self._link.streams & wire.STREAM_BANDS:
            self._enter(wire.PLACED, self.cause)
        else:
            self._sweep_or_give_up(quiet)

    def _done(self) -> None:
        quiet = self._quiet()
        if not self._gone() and self._again:
            self._sweep_or_give_up(quiet)

    def _gave_up(self) -> None:
        self._motion.quiet_ms()
        self._gone()

    # --- what states share ----------------------------------------------------------------------------------------

    def _quiet(self) -> bool:
        """Quiet for the dwell time, with the document there and the carriage where the next sweep starts."""
        ready = self._surface.ready(self._plan.start_row) and self._presence.seen()
        quiet = self._motion.quiet_ms() >= self._plan.dwell_ms and ready
        if not self.finished:
            self._looks.tell()
        return quiet

    def _sweep_or_give_up(self, quiet: bool) -> None:
        """Another sweep once all is quiet, while attempts and time last."""
        if self.attempt >= self._settings.attempts:
            self._enter(wire.GAVE_UP, wire.ATTEMPTS)
        elif self._late():
            self._enter(wire.GAVE_UP, wire.HOST_STALLED if self.cause == wire.HOST_STALLED else wire.TIME)
        elif quiet:
            self._enter(wire.STILL)

    def _late(self) -> bool:
        return bool(time.ticks_diff(time.ticks_ms(), self._placed_ms) > self._settings.time_limit)

    def _gone(self) -> bool:
        """Nothing on the glass for the time that ends a check: EMPTY."""
        now = time.ticks_ms()
        if self._presence.seen():
            self._seen_ms = now
            return False
        limit = _LET_GO_MS if self.finished or self.state == wire.GAVE_UP else self._settings.removed
        if time.ticks_diff(now, self._seen_ms) < limit:
            return False
        if 2 * self._motion.lift.seen_ms() >= limit:  # what left the glass, or was laid on it, was out of sight
            self._look_at_presence(bare=False)
        self._enter(wire.EMPTY, wire.REMOVED)
        self._health.tidy()  # 26 ms, which whoever waits for EMPTY need not wait for
        return True

    def _end(self, cause: int) -> None:
        self._sweep.end()
        self._seen_ms = time.ticks_ms()
        self._enter(wire.DONE, cause)

    def _abort(self, cause: int) -> None:
        self._sweep.abort(cause)
        self._seen_ms = time.ticks_ms()
        self._plan.go_on(cause, self._sweep)
        self._enter(wire.MOVED, cause)

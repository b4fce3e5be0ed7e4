"""Motion monitor: the document slides (optical flow), is lifted (flow quality) or the kiosk is bumped (INT1).

What the sensors say is sensing.py's, how far the document has slid displacement.py's; slip.py and lift.py judge it. A
bump that the document did not follow is only counted. A document without texture (blank paper, shining foil) cannot be
followed: then bumps abort, and the host finds out by the lines whether it lay still. How much is tolerated at all is
the policy's.
"""

import time

import micropython

from kiosk import wire
from kiosk.floor import Floor
from kiosk.lift import Lift
from kiosk.slip import Slip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.displacement import Displacement
    from kiosk.policy import Policy
    from kiosk.sensing import Sensing
    from kiosk.settings import Settings


class Motion:
    """``cause``: what ends a sweep now (wire.CAUSES), or 0; ``unrest``: what broke the quiet last."""

    def __init__(self, sensing: Sensing, displacement: Displacement, policy: Policy, settings: Settings) -> None:
        self.sensing = sensing
        self.displacement = displacement
        self._policy = policy
        self._settings = settings
        self._floor = Floor(settings)
        self._slip = Slip(displacement, self._floor, policy, settings)
        self.lift = Lift(settings)
        self.cause = wire.NO_CAUSE
        self.unrest = wire.SLIP
        self._quiet_since = time.ticks_ms()

    def start(self) -> None:
        """Start both sensors; FAULT names the one that does not answer."""
        self._floor.reset()
        self.sensing.start(self._floor.bump_mg)
        self._quiet_since = time.ticks_ms()
        self.lose()
        self.begin()

    def lose(self) -> None:
        """The count of displacement starts anew: another document, or one that was lifted."""
        self.displacement.lose()
        self._slip.forget()
        self.lift.forget()

    def begin(self) -> None:
        """A sweep starts: what aborts it counts from here."""
        self.sensing.settle()
        self.sensing.rung = False
        self.cause = wire.NO_CAUSE
        self._slip.begin()

    @micropython.native
    def poll(self) -> int:
        """Look at the document once; the cause of an abort, or 0. Allocates nothing. FAULT when it cannot be."""
        sensing = self.sensing
        flow = sensing.flow
        flow.read()
        moved = flow.dx or flow.dy  # the sensor's own frames come once in three lines
        if moved and flow.good:  # a picture that is a little out of focus is still counted right
            self.displacement.add(flow.dx, flow.dy)
        if self.lift.flat(flow.good, flow.squal):
            sensing.blind = False
            if moved:
                sensing.believe(self._settings.flow_scale)
            self.cause = self._slip.judge()
        elif sensing.blind:
            self.cause = wire.NO_CAUSE
        elif self.lift.lifted:
            self.cause = wire.LIFTED
        if sensing.rung:
            self.cause = wire.BUMP
        elif self.cause:
            sensing.rung_us = time.ticks_us()
        return self.cause

    def quiet_ms(self, empty: bool = False) -> int:
        """How long document and kiosk have been quiet, in ms; call it every few ms while no sweep runs.

        With nothing on the glass (``empty``) what the sensors say is noise, and learned.
        """
        now = time.ticks_ms()
        sensing = self.sensing
        cause = self.poll()
        if sensing.bumped and not cause and self._policy.bump_aborts(not sensing.blind):
            cause = wire.BUMP
        if cause:
            self._quiet_since = now
            self.unrest = cause
            if cause == wire.LIFTED:
                self.lose()
            self.begin()
        else:
            sensing.settle()
        read_mg = sensing.acceleration()
        if self.lift.unseen(empty) and self._policy.scans_unfollowed():
            sensing.blind = True
        if empty:
            self._learn_floor(read_mg)
        return time.ticks_diff(now, self._quiet_since)

    def _learn_floor(self, read_mg: tuple[int, int, int] | None) -> None:
        if read_mg is not None:
            self._floor.acceleration(read_mg)
        self._floor.flow(self._slip.way_um())
        if self._floor.learn():
            self.sensing.threshold(self._floor.bump_mg)

"""Too far or too fast? What ends a sweep is speed, not distance: a slip moves the document by more than the setting
`slip` within 50 ms. Slow drift and an oscillating hand (tremor) are tolerated, as long as it stays in the window."""

import micropython
from micropython import const

from kiosk import wire
from kiosk.tremor import Tremor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.displacement import Displacement
    from kiosk.floor import Floor
    from kiosk.policy import Policy
    from kiosk.settings import Settings

_FAR_UM = const(8000)  # drifted out of the window


class Slip:
    """Judges a displacement against the noise floor. In counts, so that squares stay small."""

    def __init__(self, displacement: Displacement, floor: Floor, policy: Policy, settings: Settings) -> None:
        self._displacement = displacement
        self._floor = floor
        self._policy = policy
        self._settings = settings
        self._tremor = Tremor()
        self._anew = True  # what was judged last does not hold any more
        self._judged = wire.NO_CAUSE
        self._from_x = 0
        self._from_y = 0
        self._limit_2 = 0  # what a slip is, in counts squared; as of ``begin``
        self._far = 0  # what a drift is, in counts

    def forget(self) -> None:
        """Another track."""
        self._anew = True
        self._tremor.reset()

    def begin(self) -> None:
        """What ends a sweep counts from here."""
        self._from_x = self._displacement.x
        self._from_y = self._displacement.y
        self._anew = True
        scale = self._settings.flow_scale
        limit = self._floor.slip_um * scale // 1000
        self._limit_2 = limit * limit // 10000  # so that 2.6 counts are not rounded to 2
        self._far = _FAR_UM * scale // 100000

    @micropython.native
    def judge(self) -> int:
        """wire.SLIP, wire.DRIFT, or 0. Asked at every look at a document that lies flat. Allocates nothing."""
        displacement = self._displacement
        scale = self._settings.flow_scale
        kept = self._tremor.take(displacement.x, displacement.y, scale, self._floor)
        if kept or displacement.stale or self._anew:
            self._anew = False
            displacement.tell()
            self._judged = self._judge(displacement.x, displacement.y)
        return self._judged

    @micropython.native
    def _judge(self, x: int, y: int) -> int:
        dx = x - self._from_x
        dy = y - self._from_y
        limit = self._limit_2
        if self._policy.any_displacement_aborts():
            return wire.SLIP if dx * dx + dy * dy > limit else wire.NO_CAUSE
        far = self._far
        if abs(dx) > far or abs(dy) > far:
            return wire.DRIFT
        tremor = self._tremor
        if tremor.found:
            return wire.SLIP if tremor.beyond(x, y, limit) else wire.NO_CAUSE
        # what this hand has been seen to do trembling is no slip
        return wire.SLIP if tremor.way_2(x, y) > max(limit, 2 * tremor.span * tremor.span) else wire.NO_CAUSE

    def way_um(self) -> int:
        """How far the flow sensor has counted within 50 ms."""
        way = self._tremor.way_2(self._displacement.x, self._displacement.y)
        return 0 if not way else int(way**0.5 * 100000 / self._settings.flow_scale)

"""What the next sweep is for: which rows of the document, where they lie on the glass now, how long to wait first."""

from micropython import const

from kiosk import wire
from kiosk.surface import PITCH_NM, ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.displacement import Displacement
    from kiosk.policy import Policy
    from kiosk.sensing import Sensing
    from kiosk.settings import Settings
    from kiosk.sweep import Sweep

_NEAR_ROWS = const(4)  # the carriage is not sent on its way for less
_OVERLAP_ROWS = const(12)  # scanned again after an abort: the last lines came while the movement began


class Plan:
    """Rows are the document's: ``start_row`` and ``last_row`` say where they are on the glass after all it slid."""

    def __init__(self, displacement: Displacement, sensing: Sensing, policy: Policy, settings: Settings) -> None:
        self._displacement = displacement
        self._sensing = sensing
        self._policy = policy
        self._settings = settings
        self._first = settings.first_row
        self._last = ROWS - 1
        self._start = self._first
        self._track = 0
        self._fresh = True  # nothing of this document was scanned yet, or asked for
        self.dwell_ms = settings.dwell

    def renew(self) -> None:
        """Another document, with a track of its own: all rows where it may have text, after the full dwell."""
        self._track = self._displacement.track
        self.dwell_ms = self._settings.dwell
        self._fresh = True
        self.all_rows()
        self._start = self._first

    @property
    def rest_row(self) -> int:
        """Where the next document will be scanned from: the carriage waits there."""
        return self._settings.first_row

    def all_rows(self) -> None:
        """The whole zone, but of a new document only where it can have text.

        Of one that the flow sensor cannot follow two sweeps are compared, row for row: both begin at row 0.
        """
        self._first = self.rest_row if self._fresh and not self._sensing.blind else 0
        self._last = ROWS - 1

    def rows(self, first: int, last: int) -> None:
        """These rows of the document, both included."""
        self._first = first
        self._last = last
        self._fresh = False

    def _slid_rows(self) -> int:
        return self._displacement.dy_um * 1000 // PITCH_NM

    @property
    def start_row(self) -> int:
        """The row of the glass where the next sweep starts."""
        if self._track != self._displacement.track:  # lifted: no row of this document has its place any more
            self._track = self._displacement.track
            self.all_rows()
        if self._fresh and self._sensing.blind:
            self.all_rows()
        row = max(0, min(ROWS - 1, self._first - self._slid_rows())) if self._first else 0
        if abs(row - self._start) > _NEAR_ROWS or not row:
            self._start = row
        return self._start

    @property
    def last_row(self) -> int:
        """The row of the glass where it ends."""
        last = self._last - self._slid_rows() if self._last < ROWS - 1 else self._last
        return max(self._start, min(ROWS - 1, last))

    def begun(self) -> None:
        """A sweep begins."""
        self._fresh = False

    def go_on(self, cause: int, sweep: Sweep) -> None:
        """After an abort: which rows are missing, and how long to wait for quiet, as the policy has it."""
        lost = cause in (wire.LIFTED, wire.REMOVED)
        if self._policy.goes_on_where_it_was():
            missing = min(ROWS - 1, sweep.row + self._slid_rows() - _OVERLAP_ROWS)
            self._first = 0 if lost else max(self._first, missing)
        self.dwell_ms = self._settings.dwell if lost else self._policy.dwell(self.dwell_ms, sweep.bands)

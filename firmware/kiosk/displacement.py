"""How far the document has slid since its track began: counted from the placing, through slips and restarts, so that
every line has a place on the document. ``track`` changes when the count was lost (lifted, or another document)."""

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.settings import Settings


class Displacement:
    """``x``, ``y`` in counts of the flow sensor; ``dx_um``, ``dy_um`` as of the last ``tell``.

    ``stale``: more was counted since then.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.track = 0
        self.x = 0
        self.y = 0
        self.dx_um = 0
        self.dy_um = 0
        self.stale = False

    def lose(self) -> None:
        """The count starts anew."""
        self.track = (self.track + 1) & 0xFF
        self.x = self.y = 0
        self.dx_um = self.dy_um = 0

    @micropython.native
    def add(self, dx: int, dy: int) -> None:
        """So many counts more. Allocates nothing."""
        self.x += dx
        self.y += dy
        self.stale = True

    @micropython.native
    def tell(self) -> None:
        """In um, as of now. Allocates nothing."""
        self.stale = False
        scale = self._settings.flow_scale
        self.dx_um = self.x * 100000 // scale
        self.dy_um = self.y * 100000 // scale

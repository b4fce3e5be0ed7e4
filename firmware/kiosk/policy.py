"""What movement does to a scan: how much of it is tolerated, and how a sweep goes on afterwards.

The kiosk tolerates what does no harm and goes on with the rows that are missing. With the setting `restart_only` any
movement and any bump end a sweep, and the next begins anew: the way to compare with.
"""

import micropython
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.settings import Settings

_FRUITFUL_ROWS = const(24)  # twice what is scanned again after an abort: of a shorter sweep hardly a row is new


class Policy:
    """Answers by the settings as they are when it is asked. Allocates nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @micropython.native
    def bump_aborts(self, followed: bool) -> bool:
        """Does a bump end a sweep? Not while the flow sensor shows that the document has not ``followed`` it."""
        return self._settings.restart_only != 0 or not followed

    @micropython.native
    def any_displacement_aborts(self) -> bool:
        """Does displacement since the sweep began end it, however slow, and not its speed?"""
        return self._settings.restart_only != 0

    def scans_unfollowed(self) -> bool:
        """Is a document scanned that the flow sensor cannot follow?"""
        return self._settings.restart_only == 0

    def goes_on_where_it_was(self) -> bool:
        """Does the next sweep scan the rows that are missing, and not all of them again?"""
        return self._settings.restart_only == 0

    def dwell(self, former_ms: int, bands: int) -> int:
        """Quiet in ms before the sweep after one of ``bands`` that was aborted: doubled while hardly a row comes."""
        settings = self._settings
        if settings.restart_only:
            return settings.dwell
        return settings.dwell_again if bands >= _FRUITFUL_ROWS else min(settings.dwell, 2 * former_ms)

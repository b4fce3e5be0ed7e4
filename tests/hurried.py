"""A simulated scanner whose clock runs faster than the computer's: a check takes a third of a second.

Where the scanner is in the same program (`run` and `check` with ``--port sim``) its host reads that clock, too: all
waits of both are as long as ever by it.
"""

from __future__ import annotations

from stillscan.simulator.kiosk import SimulatedKiosk, hold_back

HURRY = 4
"""A cleaning takes a minute of the scanner's time; but a service ends when its host says nothing for 5 s of it."""
HURRIED = "STILLSCAN_TESTS_HURRIED"
"""In the environment of a process that is forked (see forked.py): how many times as fast its scanner is."""


class Hurried(SimulatedKiosk):
    """Its clock runs ``hurry`` times as fast as the computer's."""

    hurry: float = HURRY

    def hold_time(self) -> None:
        if self._began_s is not None:
            self._began_s = hold_back(self._began_s, self.bus.now_us / 1e6 / self.hurry)

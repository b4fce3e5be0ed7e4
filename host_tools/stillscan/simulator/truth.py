"""What really happened, as only the world knows it: how long after a movement the carriage stood still."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from stillscan.simulator.bus import Stop
from stillscan.simulator.flow import LOST_LIFT_MM
from stillscan.simulator.scene import Scene

OFF_GLASS_MM = 0.5  # lifted so far, an abort before the sensor's range is left comes early, not without reason
SLIP_UM = 200.0  # what counts as a slip that has to be noticed
UNDER_WAY_UM = 100.0  # slid so far, an abort comes early, not without reason
WINDOW_US = 50_000.0  # as in the firmware's motion monitor
_GRID_US = 50.0


class Witness(Protocol):
    """A simulated board, as far as it knows what happened."""

    scene: Scene

    @property
    def stops(self) -> list[Stop]: ...


def stop_before(bus: Witness, at_us: float, after_us: float) -> Stop | None:
    """The latest stop of a running sweep in (``after_us``, ``at_us``]; None when the carriage stood already."""
    found = [stop for stop in bus.stops if after_us < stop.stopped_us <= at_us]
    return found[-1] if found else None


def latency_ms(bus: Witness, stop: Stop, cause: str, slip_um: float = SLIP_UM) -> float | None:
    """From the event to "carriage stopped", in ms.

    The event is the INT1 edge for a bump; the moment when the document was lifted out of the flow sensor's range; for a
    slip the moment since when, without a break, it lay more than ``slip_um`` from where it had lain 50 ms before (or at
    the start of the sweep); 0 when it was on its way there, or back again. None when the scene shows no such event (a
    false alarm).
    """
    if cause == "bump":
        if stop.edge_us is None or stop.edge_us < stop.began_us:
            return None
        return (stop.stopped_us - stop.edge_us) / 1000
    times = np.arange(stop.began_us, stop.stopped_us + _GRID_US, _GRID_US)
    _, poses = bus.scene.poses(times)
    before = np.maximum(np.arange(len(times)) - round(WINDOW_US / _GRID_US), 0)
    way = np.hypot(poses[:, 0] - poses[before, 0], poses[:, 1] - poses[before, 1])
    event = (way > slip_um / 1000) | (poses[:, 2] > LOST_LIFT_MM)
    if not event[-1]:
        early = poses[-1, 2] > OFF_GLASS_MM or way[-1] > UNDER_WAY_UM / 1000
        return 0.0 if event.any() or early else None
    calm = np.flatnonzero(~event)
    first = int(calm[-1]) + 1 if len(calm) else 0
    return max(0.0, (stop.stopped_us - float(times[first])) / 1000)

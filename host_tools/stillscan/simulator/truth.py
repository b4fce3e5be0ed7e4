"""What really happened, as only the world knows it: how long after a movement the carriage stood still."""

from __future__ import annotations

import numpy as np

from stillscan.simulator.bus import Bus, Stop
from stillscan.simulator.flow import LOST_LIFT_MM

OFF_GLASS_MM = 0.5  # lifted so far, an abort before the sensor's range is left comes early, not without reason
_GRID_US = 50.0


def stop_before(bus: Bus, at_us: float, after_us: float) -> Stop | None:
    """The latest stop of a running sweep in (``after_us``, ``at_us``]; None when the carriage stood already."""
    found = [stop for stop in bus.stops if after_us < stop.stopped_us <= at_us]
    return found[-1] if found else None


def latency_ms(bus: Bus, stop: Stop, cause: str, slip_um: int) -> float | None:
    """From the event to "carriage stopped", in ms.

    The event is the INT1 edge for a bump; for all else the first moment of the sweep when the document lay more than
    ``slip_um`` from where it lay at its start, or was lifted out of the flow sensor's range. None when the scene shows
    no such event (a false alarm).
    """
    if cause == "bump":
        if stop.edge_us is None or stop.edge_us < stop.began_us:
            return None
        return (stop.stopped_us - stop.edge_us) / 1000
    times = np.arange(stop.began_us, stop.stopped_us + _GRID_US, _GRID_US)
    _, poses = bus.scene.poses(times)
    moved = np.hypot(poses[:, 0] - poses[0, 0], poses[:, 1] - poses[0, 1]) > slip_um / 1000
    event = np.flatnonzero(moved | (poses[:, 2] > LOST_LIFT_MM))
    if not len(event):
        return 0.0 if poses[-1, 2] > OFF_GLASS_MM else None
    return max(0.0, (stop.stopped_us - float(times[event[0]])) / 1000)

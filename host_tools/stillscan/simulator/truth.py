"""What really happened, as only the world knows it: how soon the carriage stood, and what nobody noticed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from stillscan.simulator.bus import Stop
from stillscan.simulator.flow import LOST_LIFT_MM
from stillscan.simulator.scene import Scene

OFF_GLASS_MM = 0.5  # lifted so far, an abort before the sensor's range is left comes early, not without reason
SLIP_UM = 200.0  # what counts as a slip that has to be noticed
UNDER_WAY_UM = 100.0  # slid so far, an abort comes early, not without reason
WINDOW_US = 50_000.0  # as in the firmware's motion monitor
_GRID_US = 50.0  # a thousandth of the window
MISSED_MM = 0.5  # a slip that no sweep called good may have slept through
_SLIP_MS, _TREMOR_MS = 80, 125  # how long a slip takes; a period of a tremor, over which its swing is evened out


class Witness(Protocol):
    """A simulated board, as far as it knows what happened."""

    scene: Scene

    @property
    def stops(self) -> Sequence[Stop]: ...


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


def slept_through(scene: Scene, first_us: float, last_us: float) -> bool:
    """Whether a slip of more than ``MISSED_MM`` began and ended between the first and the last line of a sweep.

    A slip is a step between the document's mean places before and after it, so that a tremor's swing is none, and one
    between its places within the sweep, so that what began or ended outside of it is none either.
    """
    times = np.arange(first_us - _TREMOR_MS * 1000, last_us + _TREMOR_MS * 1000, 1000.0)
    _, poses = scene.poses(times)
    sums = np.cumsum(np.pad(poses[:, :2], ((1, 0), (0, 0))), axis=0)
    means = (sums[_TREMOR_MS:] - sums[:-_TREMOR_MS]) / _TREMOR_MS
    within = poses[_TREMOR_MS:-_TREMOR_MS, :2]
    steps = within[_SLIP_MS:] - within[:-_SLIP_MS]
    lasting = means[_TREMOR_MS + _SLIP_MS :][: len(steps)] - means[: len(steps)]
    return bool(((np.hypot(*steps.T) > MISSED_MM) & (np.hypot(*lasting.T) > MISSED_MM)).any())

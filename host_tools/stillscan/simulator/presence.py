"""The reflective sensor that sees whether a document lies on the glass."""

from __future__ import annotations

from stillscan.simulator.scene import Scene

REACH_MM = 8.0  # UNCONFIRMED: a reflective sensor behind the glass; more than the 6 mm by which a simulated hand lifts


class Presence:
    """``fault``: None, "stuck-present", "stuck-absent"."""

    def __init__(self, scene: Scene) -> None:
        self.fault: str | None = None
        self._scene = scene

    def present(self, now_us: float) -> bool:
        """Whether something lies within reach of the sensor."""
        if self.fault is not None:
            return self.fault == "stuck-present"
        present, _, _, lift_mm = self._scene.pose(now_us)
        return present and lift_mm < REACH_MM

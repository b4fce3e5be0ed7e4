"""The stepper that moves the line sensor, its mechanical ends, and the home switch.

Step 0 is the home position; steps count downwards, away from home. Row r of the scan lies between the steps
``ROW0_STEP + 4 r`` and ``ROW0_STEP + 4 r + 4``.
"""

from __future__ import annotations

import math
from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from stillscan.errors import DeviceError
from stillscan.simulator.glass import PX_PER_MM, ZONE_HEIGHT_MM, ZONE_ROWS

STEPS_PER_ROW = 4  # as kiosk/drivers/carriage.py has it
STEP_MM = 1 / PX_PER_MM / STEPS_PER_ROW
ROW0_STEP = 227  # whole steps from home to the upper edge of the zone
HOME_Y_MM = ZONE_HEIGHT_MM + ROW0_STEP * STEP_MM  # 28.005
SWITCH_MM = 0.2  # the home switch closes this far before home: at step 9
UPPER_END_STEP = -30  # 0.6 mm behind home
_SLIP = 0.6  # the share of the pulses that a slipping carriage follows: neither stuck nor only a little late
_SWITCH_STEP = SWITCH_MM / STEP_MM  # where the home switch changes
_LONG = 200  # steps: longer than the ways at the home switch
_MOST_STEPS = 100_000  # of a train: sixty times the rail; a hundred times that would take a computer's memory
LOWER_END_STEP = ROW0_STEP + STEPS_PER_ROW * ZONE_ROWS + 150  # 150 steps, 3.2 mm, below the zone's last row


class Carriage:
    """Position over time under counted, ramped pulse trains; where it stands at power-on is seeded.

    ``fault``: None, "no-home" (the switch never closes), "home-stuck" (always closed), "jam" (pulses move nothing),
    "slip" (the rail goes hard: away from home it follows three pulses in five). Steps that it did not
    follow stay lost when the fault is mended.

    What wears: ``loses``, steps lost on each way from home of more than ``_LONG`` steps; ``scatter``, rms of where the
    home switch closes, in steps.
    """

    def __init__(self, seed: int) -> None:
        self.fault: str | None = None
        self.loses = 0
        self.scatter = 0.0
        self._edge_steps = 0.0
        self._chance = np.random.default_rng([seed, 310])
        self._base: float = float(np.random.default_rng([seed, 300]).integers(0, LOWER_END_STEP + 1))
        self._direction = 1
        self._start_us = 0
        self._pulses_us = [0.0]  # [0] is the start of the train, [i] the moment of its i-th pulse
        self._looked = 0.0  # pulses of this train until it was last looked at; faults show from one look to the next
        self._missed = 0.0  # of a pulse of ``step``
        self._lost = 0.0  # of these pulses, those that it did not follow

    def start(
        self, now_us: int, direction: int, steps: int, start_hz: float, top_hz: float, accel_hz_per_s: float
    ) -> None:
        """Run ``steps`` pulses, from ``start_hz`` up to ``top_hz`` and down again; +1 moves away from home.

        A train that still runs is stopped first. DeviceError where no rail is so long.
        """
        if steps > _MOST_STEPS:
            rail = LOWER_END_STEP - UPPER_END_STEP
            raise DeviceError(
                f"the firmware asks for {steps} steps of a rail of {rail}: look at ROW0_STEPS in board.py"
            )
        if direction not in (-1, 1) or steps < 0 or not 0 < start_hz <= top_hz or accel_hz_per_s <= 0:
            raise ValueError("a pulse train needs a direction of +-1, a count, and 0 < start_hz <= top_hz")
        self.stop(now_us)
        self._base = round(self.position_steps(now_us))
        if self.loses and direction > 0 and steps > _LONG:
            self._base -= self.loses
        if self.scatter:
            self._edge_steps = self.scatter * float(self._chance.standard_normal())
        self._direction, self._start_us = direction, now_us
        self._pulses_us = _train_us(steps, start_hz, top_hz, accel_hz_per_s).tolist()
        self._looked = self._lost = 0.0

    def stop(self, now_us: int) -> int:
        """End the pulses at once; the steps that the train has done."""
        done = self.steps_done(now_us)
        self._pulses_us = self._pulses_us[: done + 1]  # the rotor snaps back to the last full step
        return done

    def step(self, now_us: float, direction: int) -> None:
        """One pulse of a driver that is not told of trains: to the next full step, +1 away from home."""
        self._missed += 1.0 - self._followed(direction)
        if self._missed >= 1.0:
            self._missed -= 1.0
            return
        self._base = round(self.position_steps(now_us)) + direction
        self._pulses_us = [0.0]
        self._looked = self._lost = 0.0

    def steps_done(self, now_us: float) -> int:
        """Pulses of the current or last train until now."""
        return bisect_right(self._pulses_us, now_us - self._start_us) - 1

    def busy(self, now_us: float) -> bool:
        """Whether pulses are still to come."""
        return now_us < self.finish_us()

    def finish_us(self) -> int:
        """Moment of the last pulse of the current or last train."""
        return self._start_us + int(self._pulses_us[-1])

    def moments_us(self) -> list[float]:
        """Times of the current train: [0] its start, [i] its i-th pulse."""
        return [self._start_us + pulse_us for pulse_us in self._pulses_us]

    def position_steps(self, now_us: float) -> float:
        """Steps from home, fractional on the way from one step to the next; the ends of the rail stop it."""
        pulses = self._pulses(now_us - self._start_us)
        if pulses > self._looked:
            self._lost += (pulses - self._looked) * (1.0 - self._followed(self._direction))
            self._looked = pulses
        elif self.fault == "jam":
            pulses = self._looked
        moved = self._direction * (pulses - self._lost)
        return min(max(self._base + moved, UPPER_END_STEP), LOWER_END_STEP)

    def _pulses(self, t_us: float) -> float:
        """Pulses of the current or last train ``t_us`` after its start, with the way to the next one as a fraction."""
        moments = self._pulses_us
        if t_us >= moments[-1]:
            return float(len(moments) - 1)
        if t_us <= 0.0:
            return 0.0
        at = bisect_right(moments, t_us) - 1
        return (t_us - moments[at]) * (1.0 / (moments[at + 1] - moments[at])) + at

    def _followed(self, direction: int) -> float:
        """The share of the pulses that it follows."""
        if self.fault == "slip" and direction > 0:
            return _SLIP
        return 0.0 if self.fault == "jam" else 1.0

    def y_mm(self, now_us: float) -> float:
        """Height of the sensor's line on the glass."""
        return HOME_Y_MM - self.position_steps(now_us) * STEP_MM

    def heights_mm(self, times_us: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) of ``y_mm`` at (n,) moments of this train, as they will be if nothing goes wrong until then."""
        pulses = np.interp(times_us - self._start_us, self._pulses_us, np.arange(len(self._pulses_us)))
        steps = np.clip(self._base + self._direction * (pulses - self._lost), UPPER_END_STEP, LOWER_END_STEP)
        return np.asarray(HOME_Y_MM - steps * STEP_MM)

    def home(self, now_us: float) -> bool:
        """Whether the home switch is closed."""
        if self.fault in ("no-home", "home-stuck"):
            return self.fault == "home-stuck"
        return bool(self.y_mm(now_us) >= HOME_Y_MM - SWITCH_MM - self._edge_steps * STEP_MM)

    def home_holds_us(self, now_us: float) -> float:
        """A moment until which the home switch certainly stays as it is now; infinite when this train changes nothing.

        It holds as long as no train is started and no fault comes or goes.
        """
        if self.fault is not None:
            return now_us
        switch = _SWITCH_STEP + self._edge_steps
        at = self._lost + self._direction * (switch - self._base)  # the pulse with which it changes
        before, after = math.floor(at) - 1, math.ceil(at) + 1
        last = len(self._pulses_us) - 1
        if after < 0 or before >= last or now_us > self._start_us + self._pulses_us[min(after, last)]:
            return math.inf
        return max(now_us, self._start_us + self._pulses_us[max(before, 0)])


def _train_us(steps: int, start_hz: float, top_hz: float, accel_hz_per_s: float) -> NDArray[np.float64]:
    """(steps + 1,) the start at 0 and the moments of the pulses in us: a trapezoid of speed over distance."""
    index = np.arange(steps + 1, dtype=np.float64)
    ramp = min((top_hz**2 - start_hz**2) / (2 * accel_hz_per_s), steps / 2)

    def climb_s(distance: NDArray[np.float64]) -> NDArray[np.float64]:
        return (np.sqrt(start_hz**2 + 2 * accel_hz_per_s * distance) - start_hz) / accel_hz_per_s

    ramp_s = float(climb_s(np.array([ramp]))[0])
    total_s = 2 * ramp_s + (steps - 2 * ramp) / top_hz
    up, down = index <= ramp, index >= steps - ramp
    moments = ramp_s + (index - ramp) / top_hz
    moments[up] = climb_s(index[up])
    moments[down] = total_s - climb_s(steps - index[down])
    # Whole microseconds: the moment of a pulse and the clock that asks for it must never differ by a rounding error.
    return np.rint(moments * 1e6)

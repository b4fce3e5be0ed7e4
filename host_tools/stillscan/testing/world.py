"""What is around the kiosk: parts that break and age, lamp, dirt, a counter that hums; and the clock."""

from __future__ import annotations

from datetime import date, datetime

from stillscan.errors import InputError
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.kiosk import AGEING, FAULTS
from stillscan.testing.bounds import bounded
from stillscan.testing.driver import Driver

MOST_MS = 3_600_000.0  # an hour of virtual time: a test waits no longer
MOST_TIMES, MOST_G = 100.0, 8.0  # noise that leaves nothing to read; the accelerometer's range


class World:
    """What is set before the first document is laid down is so from power-on."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def fault(self, name: str, after_ms: float = 0.0) -> None:
        """Break or age a part, now or after so long: a name of `stillscan simulate --fault`."""
        if name not in FAULTS and name not in AGEING:
            raise InputError(f"world.fault: no fault '{name}'; there are: {', '.join((*FAULTS, *AGEING))}")
        bounded("world.fault: after_ms", after_ms, 0.0, MOST_MS)
        kiosk = self._driver.simulated(f"world.fault({name!r})")
        at_us = self._driver.now_us + round(after_ms * 1000)
        if after_ms:
            kiosk.fail_at(at_us, name)
        else:
            kiosk.fail(name)
        self._driver.timeline.step(at_us / 1000, f"world.fault({name!r})")

    def mend(self) -> None:
        """Mend all parts that are broken; what has aged stays so."""
        self._driver.simulated("world.mend()").fail("none")
        self._done("world.mend()")

    def light(self, share: float) -> None:
        """So much of its light does the lamp give: 1 is a new one's."""
        bounded("world.light: share", share, 0.0, 1.0)
        lamp = self._driver.simulated("world.light()").bus.lamp
        lamp.infrared = lamp.white = share
        self._done(f"world.light({share:g})")

    def noise(self, times: float) -> None:
        """The line sensor is so many times as noisy as a new one."""
        bounded("world.noise: times", times, 0.0, MOST_TIMES)
        self._driver.simulated("world.noise()").bus.line_sensor.noise = float(times)
        self._done(f"world.noise({times:g})")

    def hum(self, peak_g: float) -> None:
        """The counter hums at 50 Hz, so strongly; 0 ends it."""
        bounded("world.hum: peak_g", peak_g, 0.0, MOST_G)
        scene = self._driver.simulated("world.hum()").bus.scene
        scene.hum_g = float(peak_g)
        scene.generation += 1  # models that computed ahead drop it
        self._done(f"world.hum({peak_g:g})")

    def dirt(self, what: str) -> None:
        """Dirt on glass and sensor from now on, as `stillscan simulate --dirt`; "clean" wipes it off."""
        scene = self._driver.simulated("world.dirt()").bus.scene
        scene.dirt = Dirt.profile(what, scene.seed)
        scene.generation += 1
        self._done(f"world.dirt({what!r})")

    def _done(self, text: str) -> None:
        self._driver.timeline.step(self._driver.now_ms, text)


class Clock:
    """The virtual clock: it runs while something is expected, and by ``run``."""

    __slots__ = ("_driver",)  # a name that is mistyped sets nothing

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    @property
    def now_ms(self) -> float:
        """Since power-on."""
        return self._driver.now_ms

    def run(self, ms: float) -> None:
        """Let so much time pass."""
        bounded("clock.run: ms", ms, 0.0, MOST_MS)
        self._driver.session  # noqa: B018 - a kiosk that is off is switched on
        self._driver.pass_until(self._driver.now_us + round(ms * 1000))

    @property
    def today(self) -> date:
        """The day by which the rules judge; a test may set another. InputError."""
        return self._driver.today

    @today.setter
    def today(self, day: date) -> None:
        if not isinstance(day, date) or isinstance(day, datetime):
            raise InputError(f"clock.today is a datetime.date, not {type(day).__name__}")
        self._driver.today = day

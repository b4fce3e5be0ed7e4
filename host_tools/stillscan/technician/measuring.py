"""Measures every part of a scanner: numbers, and no judgement (limits.py). The glass is empty and clean."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Line, Sample, Value, named
from stillscan.technician.at_scanner import HERE, HOME, AtScanner, ServiceOverError
from stillscan.terminal.standstill import pressed_s

Samples = NDArray[np.float64]
Progress = Callable[[str], None]

_DARK, _WHITE, _INFRARED = 0, 1, 2  # MEASURE.lamp
_LINES = 48  # of each lamp: the noise of their mean is a seventh of a line's
_FIRST = 16  # lines after the lamp was switched that are looked at for how soon it has its light
_SETTLED = 0.98  # of the light that it has in the end
_SMOOTH_PX = 64  # 5 mm: wider than a speck, narrower than what a lamp's LED lights
_SHADED = 0.5  # of the light of its neighbours: what a speck of dirt leaves at most
_DEAD, _DEAD_PX = 0.05, 2  # of that light, and pixels side by side: dust lets more through, or is broader
_BESIDE = 40  # steps from home to another place of the strip, as kiosk/calibration.py has it
_STRIP = (("light against the calibration", 1), ("dark level against the calibration", 1))
_HOT_LSB = 20.0  # above the dark level of the others: four times the spread of a sound bar's pixels, and more
_PATTERNS = 240  # frames: a third of a megabyte
_FRAME_BYTES = 1476 + 12 + 7 + 8  # samples, head, frame and stuffing of a LINE
_LIVE = 150  # samples: three seconds
_INT1 = 20  # times
_TRIP_STEPS = 700  # half the carriage's way
TRIPS = 100  # the issue's, and a minute and a half on a board
_NO_INT1_US = 50_000  # that it never came counts as so long: as long as the device waits
_MOST_PPM = 2500.0  # USB 2.0, 7.1.11: nobody understands a device at full speed that is further off
_BUSY = 0.25  # of the time, in which programs waited for the computer: chosen, a simulated scanner is late then
_CLOCK_ASKED = 40  # times at each look, of which the quickest counts: some 0.1 s


class Measured(NamedTuple):
    """A number in the unit that the limits have; None: it could not be measured, ``why`` says."""

    part: str
    measurement: str
    value: float | None
    why: str = ""


def everything(
    at: AtScanner, progress: Progress, trips: int = TRIPS, only: Collection[str] | None = None
) -> list[Measured]:
    """All that an empty glass allows, or ``only`` some GROUPS. DeviceError: the scanner went away, or has taken its
    parts back."""
    clock = Clock(at) if only is None else None
    found = list(_controller(at)) if only is None or "controller" in only else []
    groups = [(words, measure) for name, (words, measure) in GROUPS.items() if only is None or name in only]
    if groups:
        with at.service():
            for what, measure in groups:
                progress(what)
                if clock is not None:
                    clock.look()
                try:
                    found += measure(at, trips)
                except ServiceOverError:
                    raise
                except PartError as error:
                    found.append(Measured(error.part, "answers", None, error.why))
    if clock is not None:
        found.append(clock.measured())
    return found


class PartError(DeviceError):
    """A part did not do what was asked for."""

    def __init__(self, part: int, fault: int) -> None:
        super().__init__(f"{named(wire.PARTS, part)}: {named(wire.FAULTS, fault)}")
        self.part = named(wire.PARTS, part)
        self.why = named(wire.FAULTS, fault)


class Clock:
    """The scanner's clock beside this computer's, from its making on, at each ``look``. DeviceError: it does not
    answer."""

    def __init__(self, at: AtScanner, pressed: Callable[[], float] = pressed_s) -> None:
        """``pressed``: seconds in which programs waited for this computer."""
        self._at = at
        self._pressed = pressed
        self._began_pressed_s = pressed()
        self._looks: list[_Look] = []
        self.look()

    def look(self) -> None:
        """Once more: the more often, the less is taken for the clock what is of a computer that stands still."""
        best: _Look | None = None
        for _ in range(_CLOCK_ASKED):
            before = self._at.session.transport.now_ms()
            uptime_ms = self._at.health().uptime_ms
            after = self._at.session.transport.now_ms()
            host_ms = (before + after) / 2
            look = _Look(after - before, host_ms, uptime_ms - host_ms)
            best = look if best is None or look.answer_ms < best.answer_ms else best
        assert best is not None
        self._looks.append(best)

    def measured(self) -> Measured:
        """By how much the scanner's clock is fast (above 0) or slow at least, in ppm: what its whole milliseconds and a
        quickest answer that took longer at one end may have added is left out, and so is what only one half of the time
        shows: a computer that stands still, or a simulated scanner that makes up for it, is no clock that is wrong.
        None: this computer had too much to do, or it would be off by more than a scanner can be
        that speaks USB."""
        self.look()
        first, last = self._looks[0], self._looks[-1]
        pressed_ms = (self._pressed() - self._began_pressed_s) * 1000
        if self._goes_on() and pressed_ms > _BUSY * (last.host_ms - first.host_ms):
            return Measured("controller", "clock drift", None)
        middle_ms = (first.host_ms + last.host_ms) / 2
        middle = min(self._looks[1:-1] or [last], key=lambda look: abs(look.host_ms - middle_ms))
        halves = [_ppm(*pair) for pair in ((first, middle), (middle, last)) if pair[0] is not pair[1]]
        agree = all(math.copysign(1.0, half) == math.copysign(1.0, halves[0]) for half in halves)
        ppm = math.copysign(round(min(map(abs, halves))), halves[0]) if agree else 0.0
        return Measured("controller", "clock drift", ppm + 0.0 if abs(ppm) <= _MOST_PPM else None)

    def _goes_on(self) -> bool:
        """Whether time passes though nobody asks: the computer's own, and not a simulator's virtual one."""
        before_ms = self._at.session.transport.now_ms()
        time.sleep(0.001)
        return self._at.session.transport.now_ms() > before_ms


class _Look(NamedTuple):
    """``host_ms``: in the middle of the ``answer_ms`` that the scanner's answer took; ``ahead_ms``: what the scanner's
    clock showed more then."""

    answer_ms: float
    host_ms: float
    ahead_ms: float


def _ppm(began: _Look, ended: _Look) -> float:
    """What the scanner's clock gained at the least from one look to another."""
    ahead_ms = ended.ahead_ms - began.ahead_ms
    unsure_ms = abs(ended.answer_ms - began.answer_ms) + 1.0
    return math.copysign(max(abs(ahead_ms) - unsure_ms, 0.0), ahead_ms) / (ended.host_ms - began.host_ms) * 1e6


def _controller(at: AtScanner) -> Iterator[Measured]:
    told = at.identity()
    health = at.health()
    yield Measured("controller", "temperature", told.temperature_c)
    yield Measured("controller", "supply", told.supply / 1000 if told.supply else None)
    yield Measured("controller", "heap free, lowest", health.heap_free_min / 1000)
    counters = at.counters()
    yield Measured("controller", "resets by the watchdog", float(counters[wire.WATCHDOG_RESETS]))


def _asked(at: AtScanner, what: int, count: int, place: int = HERE) -> list[Line | Sample | Value]:
    found, end = at.measure(what, count, place)
    if end.part:
        raise PartError(end.part, end.fault)
    return found


def _usb(at: AtScanner) -> Iterator[Measured]:
    reception = at.session.reception
    before = reception.damaged
    device_before = at.health()
    lines = [line for line in _asked(at, wire.PATTERN, _PATTERNS) if isinstance(line, Line)]
    device = at.health()
    errors = reception.damaged - before
    errors += device.bad_crc - device_before.bad_crc + device.short_writes - device_before.short_writes
    if len(lines) > 1:
        gaps_us = np.diff([line.header.t_us for line in lines]) % (1 << 30)
        yield Measured("usb", "throughput", round(_FRAME_BYTES * 1000 / float(np.median(gaps_us)), 0))
    yield Measured("usb", "errors", float(errors))


def _light(at: AtScanner) -> Iterator[Measured]:
    _, dark = at.lines(_LINES, HOME, _DARK)
    dark = dark[2:]  # the first hold light of before
    level = dark.mean(axis=0)
    yield Measured("line_sensor", "dark level", _rounded(np.median(level)))
    yield Measured("line_sensor", "dark noise", _rounded(np.median(dark.std(axis=0)), 2))
    yield Measured("line_sensor", "hot pixels", float((level > np.median(level) + _HOT_LSB).sum()))
    strip = [value.value for value in _asked(at, wire.STRIP, 1) if isinstance(value, Value)]
    if len(strip) == len(_STRIP):
        for (measurement, digits), value in zip(_STRIP, strip, strict=True):
            yield Measured("line_sensor", measurement, _rounded(value / 10, digits))
    for lamp, name in ((_INFRARED, "infrared"), (_WHITE, "white")):
        lines, lit = at.lines(_FIRST + _LINES, HOME, lamp)
        yield from _of_lamp(lines, lit, level, name)
        if lamp == _INFRARED:
            beside = at.lines(_FIRST + _LINES, _BESIDE, lamp)[1]
            yield from of_pixels(*((one[_FIRST:].mean(axis=0) - level) for one in (lit, beside)))


def _of_lamp(lines: list[Line], lit: Samples, dark: Samples, name: str) -> Iterator[Measured]:
    light = lit - dark
    mean = light[_FIRST:].mean(axis=0)
    smooth = _smooth(mean)
    yield Measured("lamp", f"{name} level", _rounded(np.median(mean)))
    yield Measured("lamp", f"{name} evenness", _rounded(smooth.min() / max(1.0, smooth.max()), 2))
    left, right = smooth[: len(smooth) // 8].mean(), smooth[-(len(smooth) // 8) :].mean()
    yield Measured("lamp", f"{name} asymmetry", _rounded(abs(left - right) / max(1.0, left, right), 2))
    by_line = np.median(light, axis=1)
    final = float(np.median(by_line[_FIRST:]))
    late = [n for n in range(min(_FIRST, len(by_line))) if by_line[n] < _SETTLED * final]
    settled_us = (lines[late[-1] + 1].header.t_us - lines[0].header.t_us) % (1 << 30) if late else 0
    yield Measured("lamp", f"{name} settle time", _rounded(settled_us / 1000))
    means = light[_FIRST:].mean(axis=1)
    yield Measured("lamp", f"{name} flicker", _rounded(100 * means.std() / max(1.0, float(means.mean())), 2))
    if name == "infrared":
        yield Measured("line_sensor", "light noise", _rounded(np.median(light[_FIRST:].std(axis=0)), 2))
        yield Measured("line_sensor", "peak level", _rounded(lit[_FIRST:].mean(axis=0).max()))


def _smooth(mean: Samples) -> Samples:
    """(width,) the light without what is narrow."""
    smooth = np.convolve(np.pad(mean, _SMOOTH_PX // 2, mode="edge"), np.ones(_SMOOTH_PX) / _SMOOTH_PX, "same")
    return smooth[_SMOOTH_PX // 2 : _SMOOTH_PX // 2 + len(mean)]


def of_pixels(home: Samples, beside: Samples) -> Iterator[Measured]:
    """What takes light from single pixels, by two places of the strip, (width,) LSB each: what is dark in both is the
    sensor's, and no dirt lets so little through a single pixel; what is dark in one lies on the strip there."""
    shaded = [mean < _SHADED * _smooth(mean) for mean in (home, beside)]
    both = shaded[0] & shaded[1]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], both.astype(np.int8), [0]))))
    runs = [slice(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True)]
    least = np.minimum(home, beside) / np.maximum(_smooth(home), 1.0)
    dead = sum(run.stop - run.start for run in runs if run.stop - run.start <= _DEAD_PX and least[run].max() < _DEAD)
    yield Measured("line_sensor", "dead pixels", float(dead))
    yield Measured("line_sensor", "dirt on its window", float(both.sum() - dead))
    yield Measured("line_sensor", "specks on the white strip", float((shaded[0] ^ shaded[1]).sum()))


def _live(at: AtScanner) -> Iterator[Measured]:
    samples = [sample for sample in _asked(at, wire.LIVE, _LIVE) if isinstance(sample, Sample)]
    moved = [abs(sample.dx) + abs(sample.dy) for sample in samples[1:]]  # the first counts from long before
    yield Measured("flow", "noise", _rounded(float(np.mean(moved)), 2))
    yield Measured("flow", "quality of the empty glass", float(np.median([sample.squal for sample in samples])))
    g = np.array([(sample.x_mg, sample.y_mg, sample.z_mg) for sample in samples], dtype=np.float64)
    yield Measured("accelerometer", "noise", _rounded(g.std(axis=0).max()))
    yield Measured("accelerometer", "gravity", _rounded(np.linalg.norm(g.mean(axis=0)), 0))


def _int1(at: AtScanner) -> Iterator[Measured]:
    values = [value for value in _asked(at, wire.INT1, _INT1) if isinstance(value, Value)]
    took = [_NO_INT1_US if value.value < 0 else value.value for value in values]
    yield Measured("accelerometer", "INT1 latency", _rounded(max(took) / 1000))
    yield Measured("accelerometer", "INT1 not released", float(sum(value.flag for value in values)))


def _trips(at: AtScanner, trips: int) -> Iterator[Measured]:
    values = [value.value for value in _asked(at, wire.TRIPS, trips, _TRIP_STEPS) if isinstance(value, Value)]
    yield from of_trips(values)


def of_trips(off: Sequence[int]) -> Iterator[Measured]:
    """What a carriage lacks, by how many steps it was ``off`` when it came home from each trip. Where its switch
    scatters, one trip is off as far one way as the next is the other: what is left on average is lost on each."""
    yield Measured("carriage", "home repeatability", _rounded(float(np.std(off)), 2))
    yield Measured("carriage", "lost steps in 100 trips", float(max(abs(value) for value in off)))
    yield Measured("carriage", "steps lost on each trip", _rounded(abs(float(np.mean(off))), 2))


def _rounded(value: float | np.floating, digits: int = 1) -> float:
    return round(float(value), digits)


GROUPS: dict[str, tuple[str, Callable[[AtScanner, int], Iterator[Measured]]]] = {
    "usb": ("USB", lambda at, _: _usb(at)),
    "light": ("lamps and line sensor", lambda at, _: _light(at)),
    "sensors": ("sensors", lambda at, _: _live(at)),
    "int1": ("interrupt", lambda at, _: _int1(at)),
    "trips": ("carriage", _trips),
}
"""What is measured while the parts are the technician's: a name, what it is called, and how (with so many trips)."""

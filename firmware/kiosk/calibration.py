"""Measures the flat-field at the white strip, and stores it. Loaded when that is asked for, or is needed.

Who asks for it has both lamps measured, and the strip looked at in two places: a speck on the strip is dark in one of
them, one on the sensor in both. What is dark in one place is taken from the other, so a speck on the strip becomes no
wrong gain. By itself, at a start or for a lamp that has aged, the device looks at one place, in 0.1 s, with the lamp
that it uses; what is known of the other one stays.
"""

import binascii
import json
import os
from array import array

from micropython import const

from kiosk import wire
from kiosk.drivers.cis import WIDTH_PX
from kiosk.errors import PartError
from kiosk.flat_field import MOST_LIGHT, WHITE_OUT, passed_over, sum_lines
from kiosk.seldom import borrow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.flat_field import FlatField
    from kiosk.surface import Surface

    Specks = tuple[list[list[int]], list[list[int]]]

_LINES = const(16)  # averaged: noise of 1.2 LSB falls to 0.3
_LINES_TWICE = const(64)  # of who asks for it and waits: to 0.15 at each place
_LEAST_LIGHT = const(40)  # LSB above dark in the middle of the line
_MOST_GAIN = const(16 << 8)  # the ends of a lamp that just gives enough light need 12; what sees nothing stays dark
_MOST_SUM = const(65535)
_BOTH = 5 * WIDTH_PX + 4  # bytes of a file with both lamps
OLD, BACK = ".old", ".back"  # behind the path: the former one; the one in force while the former is brought back
_NEW = ".new"
_LAMP = ".lamp"  # the other lamp's gains, until both are in one file; after a power cut nobody looks at it
_BESIDE_STEPS = const(40)  # from home to the second place: 0.85 mm, wider than a speck, and well within the strip
_DARKER = const(32)  # parts: a pixel that has a 32nd less light in one place is under a speck there; noise is a 500th
_EVERY_PX = const(8)  # of a median: enough of them
_NEAR_PX = const(24)  # to either side: what a pixel is compared with to tell a speck on the sensor
_MOST_SPECKS = const(16)  # that are told of each place


def calibrate(surface: Surface, when: int) -> None:
    """Measure and store. FAULT names the part; OSError when the file system is full: the former one stays in force.

    By itself (``when`` 0) one that a power cut left between two renames is taken first, if it holds.
    """
    flat_field = surface.flat_field
    if not when and _completed(flat_field) and surface.holds():
        return
    former = bytes(flat_field.dark), bytes(flat_field.gain), flat_field.check, flat_field.kind
    used = surface.settings.infrared
    path = flat_field.path
    try:
        other = _measure_other(surface, 1 - used) if when else _stored(path, used)
        specks = Measuring(surface, used).run(twice=when != 0)
        flat_field.kind = used
        _write(flat_field, path + _NEW, other)
        if when:
            _tell(flat_field, former[2], when, specks)
        _swap(path, path + _NEW)
    except OSError:
        flat_field.dark[:] = former[0]
        flat_field.gain = array("H", former[1])
        flat_field.check, flat_field.kind = former[2:]
        raise


def _measure_other(surface: Surface, lamp: int) -> tuple[str, int] | None:
    """Gains of the lamp that is not used, aside; None of one that gives no light: no check needs it."""
    flat_field = surface.flat_field
    try:
        Measuring(surface, lamp).run(twice=True)
    except PartError as error:
        if error.part != wire.LAMP:
            raise
        return None
    finally:
        surface.carriage.home()
    with open(flat_field.path + _LAMP, "wb") as file:
        file.write(flat_field.gain)
    return flat_field.path + _LAMP, 0


def _stored(path: str, used: int) -> tuple[str, int] | None:
    """Where the gains of the lamp that is not used are stored: file and offset."""
    try:
        return (path, WIDTH_PX + 2 * WIDTH_PX * used) if os.stat(path)[6] == _BOTH else None
    except OSError:
        return None


def _write(flat_field: FlatField, path: str, other: tuple[str, int] | None) -> None:
    """Dark, gains of the infrared lamp, of the white one, and the check. Needs no large buffer."""
    with open(path, "wb") as file:
        file.write(flat_field.dark)
        crc = binascii.crc32(flat_field.dark)
        for lamp in (1, 0):
            if lamp == flat_field.kind:
                file.write(flat_field.gain)
                crc = binascii.crc32(flat_field.gain, crc)
            elif other is None:
                nothing = bytes(WIDTH_PX // 6)
                for _ in range(12):
                    file.write(nothing)
                    crc = binascii.crc32(nothing, crc)
            else:
                with open(other[0], "rb") as stored:
                    stored.seek(other[1])
                    crc = passed_over(stored, crc, file)
        flat_field.check = crc.to_bytes(4, "little")
        file.write(flat_field.check)


def _swap(path: str, spare: str) -> None:
    """``spare`` comes into force, and what was in force is the former one. Between the renames see ``_completed``."""
    try:
        os.rename(path, path + OLD)
    except OSError:
        pass  # there was none
    os.rename(spare, path)


def _completed(flat_field: FlatField) -> bool:
    """Take the one that power was lost over: a new one, or the one that was in force before going back."""
    path = flat_field.path
    try:
        os.stat(path)
        return False
    except OSError:
        pass  # it lies under another name, or there never was one
    for spare in (_NEW, BACK):
        try:
            os.rename(path + spare, path)
            return flat_field.load(flat_field.kind)
        except OSError:
            pass
    return False


def go_back(flat_field: FlatField) -> bool:
    """Bring the former one into force; the present one becomes the former. False: there is none that is whole."""
    path = flat_field.path
    try:
        os.stat(path + OLD)
    except OSError:
        try:
            os.rename(path + BACK, path + OLD)  # power was lost before the last rename below
        except OSError:
            return False
    try:
        os.remove(path + _NEW)  # of a calibration that was cut off: it is not to be taken for what lies aside now
    except OSError:
        pass  # as it should be
    os.rename(path, path + BACK)
    os.rename(path + OLD, path)
    whole = flat_field.load(flat_field.kind)
    if whole:
        os.rename(path + BACK, path + OLD)
        return True
    os.rename(path + BACK, path)
    flat_field.load(flat_field.kind)
    return False


def _tell(flat_field: FlatField, former_check: bytes, when: int, specks: Specks) -> None:
    """Of a calibration that was asked for: when, how warm the chip was, what dirt there was. Before it is in force.

    Each is noted under the check of its flat-field, so whichever is in force finds its own.
    """
    try:
        temperature = borrow("vitals").temperature()
    except ImportError:
        temperature = wire.NO_TEMPERATURE  # a board that tells nothing of itself
    identity = borrow("kiosk.identity")
    told = {}
    for check in (identity.check_of(flat_field.path + OLD), former_check.hex()):  # until it is in force, these two are
        before = identity.told_of(check)
        if before["when"]:
            told[check] = before
    told[flat_field.check.hex()] = {
        "when": when, "temperature": temperature, "strip": specks[0], "sensor": specks[1]
    }  # fmt: skip
    with open(identity.TOLD + _NEW, "w") as file:
        json.dump(told, file)
    os.rename(identity.TOLD + _NEW, identity.TOLD)


class Measuring:
    """``run`` fills the flat-field and says where specks are: on the strip, on the sensor, as [first pixel, pixels]."""

    def __init__(self, surface: Surface, lamp: int) -> None:
        self._surface = surface
        self._lamp = lamp
        self._flat_field = surface.flat_field
        self._count = _LINES
        self._unlit = array("H")

    def run(self, twice: bool) -> Specks:
        """Dark and white lines, the carriage at home. FAULT "no_light" or "too_bright" names the lamp."""
        dark = self._flat_field.dark
        lines = self._count = _LINES_TWICE if twice else _LINES
        total = self._lines(lit=False)
        for i in range(WIDTH_PX):
            dark[i] = (total[i] + lines // 2) // lines
        self._unlit = total
        total = self._lines(lit=True)
        middle = total[WIDTH_PX // 2] // lines
        if middle - dark[WIDTH_PX // 2] < _LEAST_LIGHT:
            raise PartError(wire.LAMP, wire.NO_LIGHT)
        if middle > MOST_LIGHT:
            raise PartError(wire.LAMP, wire.TOO_BRIGHT)
        self._without_dark(total)
        specks: Specks = ([], [])
        if twice:
            other = self._beside()
            strip = self._bridge(total, other)
            specks = _runs(strip), _runs(_shaded(total))
        gain = self._flat_field.gain
        for i in range(WIDTH_PX):
            light = total[i]
            gain[i] = min(_MOST_GAIN, ((WHITE_OUT << 8) * lines + light // 2) // light)
        return specks

    def _lines(self, lit: bool) -> array[int]:
        """Sums of so many lines."""
        surface = self._surface
        settings = surface.settings
        total = array("H", bytes(2 * WIDTH_PX))
        surface.lamp.off()
        if lit:
            surface.lamp.on(settings.lamp, self._lamp)
        try:
            sum_lines(surface.sensor, settings.line, total, surface.feed, self._count)
        finally:
            surface.lamp.off()
        return total

    def _without_dark(self, total: array[int]) -> None:
        unlit = self._unlit
        for i in range(WIDTH_PX):
            total[i] = max(self._count, total[i] - unlit[i])

    def _beside(self) -> array[int]:
        """The light at the second place."""
        carriage = self._surface.carriage
        carriage.move(carriage.home_steps + _BESIDE_STEPS)
        carriage.arrive()
        total = self._lines(lit=True)
        self._without_dark(total)
        self._surface.feed()
        return total

    def _bridge(self, light: array[int], other: array[int]) -> bytearray:
        """The light of a clean strip into ``light``, from both places; 1 where one of them has a speck."""
        found = bytearray(WIDTH_PX)
        parts = sorted([light[i] * 1024 // other[i] for i in range(0, WIDTH_PX, _EVERY_PX)])
        part = parts[len(parts) // 2]  # as bright as a whole, whatever the specks
        for i in range(WIDTH_PX):
            a = light[i]
            b = other[i] * part // 1024
            if a < b - b // _DARKER:
                light[i] = min(_MOST_SUM, b)
                found[i] = 1
            elif b < a - a // _DARKER:
                found[i] = 1
            else:
                light[i] = (a + b) // 2
        self._surface.feed()
        return found


def _shaded(light: array[int]) -> bytearray:
    """1 where a pixel has three quarters of the light of its neighbours, or less: a speck on the sensor."""
    found = bytearray(WIDTH_PX)
    for i in range(WIDTH_PX):
        left = light[max(0, i - _NEAR_PX)]
        right = light[min(WIDTH_PX - 1, i + _NEAR_PX)]
        found[i] = light[i] * 4 < max(left, right) * 3
    return found


def _runs(found: bytearray) -> list[list[int]]:
    """[first pixel, pixels] of each run of ones, at most _MOST_SPECKS."""
    runs: list[list[int]] = []
    for i in range(WIDTH_PX):
        if not found[i]:
            continue
        if runs and i <= runs[-1][0] + runs[-1][1] + 1:
            runs[-1][1] = i - runs[-1][0] + 1
        elif len(runs) < _MOST_SPECKS:
            runs.append([i, 1])
    return runs

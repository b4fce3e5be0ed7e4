"""In place of main.py: what a board says of itself, and what a flow sensor's driver does in the line loop. It must not
raise, allocate or take long, nor print, ask, look at files or collect garbage (on a board what is printed goes to the
host, in the middle of a frame), and has to give what kiosk.parts.Flow says.

The first thing that is wrong ends the program, with the traceback on the console. Driver code runs as bytecode here:
native code has no lines.
"""

import builtins
import gc
import sys

gc.threshold(4096)  # while modules are compiled, as main.py does

import bus
import micropython
import wiring
from micropython import const

from kiosk.errors import PartError

_START_US = const(1000000)  # from power-on to HELLO (boards/README.md); where the board is made only chips are switched
_BLOCKED_US = const(20000)  # some seven lines: no sensor is waited for so long
_TAKES_US = const(400)  # of a line (kiosk.parts, Flow)
_SETTLED = const(50)  # reads: at first the sensor's first picture is waited for
_COUNTS = const(32768)  # of a read: what the widest registers of flow sensors hold, 16 bits
_BEST = const(255)  # squal, a byte on the wire
_MEMBERS = ("name", "capabilities", "settings", "boot_id", "flow", "accelerometer", "int1", "presence", "lamp",
            "carriage", "sensor", "ring", "beeper", "kernels", "watchdog", "stream", "report")  # fmt: skip
"""Of kiosk.parts.Board."""
_QUIET = ("const", "opt_level", "heap_locked", "stack_use")
"""Functions of modules that may be called in a read: they take no time and tell nobody."""

_spend, _wait = bus.spend, bus.wait
_until = _START_US  # what is done now may take until then; -1: nothing is watched
_late = "takes longer than 1000 ms before the scanner could answer"
_reading = False
_reads = 0
_locked = False
_told = False


def _unlock() -> None:
    global _locked
    if _locked:
        _locked = False
        micropython.heap_unlock()


def _spends(us: int) -> int:
    _look_at_time(us)
    return _spend(us)


def _waits(us: int) -> bool:
    _look_at_time(us)
    return _wait(us)


def _look_at_time(us: int) -> None:
    """Something takes so much more: before the watchdog bites."""
    if 0 <= _until < _spend(0) + us:
        _unlock()
        raise RuntimeError(_late)


def _see() -> None:
    """What was read is what it has to be."""
    flow = _parts.flow
    for name, low, high in (("dx", -_COUNTS, _COUNTS - 1), ("dy", -_COUNTS, _COUNTS - 1), ("squal", 0, _BEST)):
        value = getattr(flow, name, None)
        if type(value) is not int or not low <= value <= high:
            print("PROVED gives", name, repr(value)[:20], low, high)
            raise SystemExit


def _forbid(called: str, name: str) -> None:
    """Nobody does this in a read."""
    if _reading:
        _unlock()
        raise RuntimeError(called + name + " in the line loop")


class _Function:
    """A function as it is, but that nobody calls it in a read."""

    def __init__(self, whole, called: str, name: str) -> None:  # type: ignore[no-untyped-def]
        self._whole = whole
        self._called = called
        self._name = name

    def __call__(  # type: ignore[no-untyped-def] # *args allocate
        self, a=None, b=None, c=None, d=None, e=None, f=None, g=None, h=None, sep=" ", end="\n", file=None
    ):
        _forbid(self._called, self._name)
        given = [_itself(one) for one in (a, b, c, d, e, f, g, h) if one is not None]
        if self._name == "print":
            return self._whole(*given, sep=sep, end=end, file=_itself(file) or sys.stdout)
        return self._whole(*given)


class _Module:
    """A module as it is, but for what its functions do in a read. What reads it then, allocates nothing."""

    def __init__(self, whole: object, called: str) -> None:
        self._whole = whole
        self._called = called + "."
        for name in ("stdin", "stdout", "stderr", "buffer"):
            if hasattr(whole, name):
                setattr(self, name, _Stream(getattr(whole, name), self._called + name))

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        value = getattr(self._whole, name)
        if name in _QUIET or not callable(value) or isinstance(value, type):
            return value
        _forbid(self._called, name)
        return _Function(value, self._called, name)


class _Stream(_Module):
    """All that a stream has are functions, and to look for one allocates."""

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        _forbid(self._called, name)
        return _Function(getattr(self._whole, name), self._called, name)


def _itself(value):  # type: ignore[no-untyped-def]
    return value._whole if isinstance(value, (_Module, _Function)) else value


def _read() -> None:
    global _until, _reading, _locked, _reads, _told
    began = _spend(0)
    _until = began + _BLOCKED_US
    _reads += 1
    _locked = True
    _reading = True
    micropython.heap_lock()
    try:
        _whole()
    except PartError:
        raise
    except BaseException as error:
        _unlock()
        if not _told:  # a driver that calls itself comes by here once a call
            sys.print_exception(error, sys.stderr)
        _told = True
        raise SystemExit from None
    finally:
        _until = -1
        _reading = False
        _unlock()
    took = _spend(0) - began
    _see()
    if took > _TAKES_US and _reads > _SETTLED:
        print("PROVED takes", took)
        raise SystemExit from None


def _wired(self, pins, sensor_px, row0_steps) -> None:  # type: ignore[no-untyped-def]
    """What a board hands to its wiring."""
    print("BOARD SENSOR_PX", repr(sensor_px))
    print("BOARD ROW0_STEPS", repr(row0_steps))
    _made(self, pins, sensor_px, row0_steps)


_made = wiring.WiredBoard.__init__
wiring.WiredBoard.__init__ = _wired  # type: ignore[method-assign]
for _name in ("print", "input", "open", "help"):
    if hasattr(builtins, _name):
        setattr(builtins, _name, _Function(getattr(builtins, _name), "", _name))
for _name in ("sys", "os", "gc", "micropython"):
    sys.modules[_name] = _Module(__import__(_name), _name)
bus.spend, bus.wait = _spends, _waits

import board

_parts = board.Board()
for _name in _MEMBERS:
    if not hasattr(_parts, _name):
        print("PROVED lacks Board", _name)
        raise SystemExit
for _name in ("start", "read"):
    if not hasattr(_parts.flow, _name):
        print("PROVED lacks", type(_parts.flow).__name__, _name)
        raise SystemExit
for _name in ("name", "capabilities", "settings"):
    print("BOARD", _name, repr(getattr(_parts, _name)))

from kiosk.app import App

_app = App(_parts)
_until, _late = -1, "blocks the line loop"
gc.threshold(-1)
_whole = _parts.flow.read
_parts.flow.read = _read
_app.run()

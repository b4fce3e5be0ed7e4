"""In place of main.py: what a flow sensor's driver does in the line loop. It must not raise, allocate or take long, nor
print, ask or open a file (on a board what is printed goes to the host, in the middle of a frame), and has to give what
kiosk.parts.Flow says.

The first thing that is wrong ends the program, with the traceback on the console. Driver code runs as bytecode here:
native code has no lines.
"""

import builtins
import gc
import sys

gc.threshold(4096)  # while modules are compiled, as main.py does

import board
import bus
import micropython
from micropython import const

from kiosk.app import App
from kiosk.errors import PartError

_BLOCKED_US = const(20000)  # some seven lines: no sensor is waited for so long
_TAKES_US = const(400)  # of a line (kiosk.parts, Flow)
_SETTLED = const(50)  # reads: at first the sensor's first picture is waited for
_COUNTS = const(32768)  # of a read: what the widest registers of flow sensors hold, 16 bits
_BEST = const(255)  # squal, a byte on the wire

_parts = board.Board()
for _name in ("start", "read"):
    if not hasattr(_parts.flow, _name):
        print("PROVED lacks", type(_parts.flow).__name__, _name)
        raise SystemExit
_app = App(_parts)
gc.threshold(-1)
_whole = _parts.flow.read
_spend, _wait = bus.spend, bus.wait
_began = -1  # of a read
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
    """A read takes so much more: before the watchdog bites."""
    if _began >= 0 and _spend(0) + us - _began > _BLOCKED_US:
        _unlock()
        raise RuntimeError("blocks the line loop")


def _see() -> None:
    """What was read is what it has to be."""
    flow = _parts.flow
    for name, low, high in (("dx", -_COUNTS, _COUNTS - 1), ("dy", -_COUNTS, _COUNTS - 1), ("squal", 0, _BEST)):
        value = getattr(flow, name, None)
        if type(value) is not int or not low <= value <= high:
            print("PROVED gives", name, repr(value)[:20], low, high)
            raise SystemExit


def _forbid(name: str) -> None:
    """Nobody calls this function of MicroPython's in a read."""
    whole = getattr(builtins, name)

    def watched(  # type: ignore[no-untyped-def] # *args allocate
        a=None, b=None, c=None, d=None, e=None, f=None, g=None, h=None, sep=" ", end="\n", file=None
    ):
        if _began >= 0:
            _unlock()
            raise RuntimeError(name + " in the line loop")
        given = [one for one in (a, b, c, d, e, f, g, h) if one is not None]
        return whole(*given, sep=sep, end=end) if name == "print" else whole(*given)

    setattr(builtins, name, watched)


def _read() -> None:
    global _began, _locked, _reads, _told
    began = _spend(0)
    _began = began
    _reads += 1
    _locked = True
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
        _began = -1
        _unlock()
    took = _spend(0) - began
    _see()
    if took > _TAKES_US and _reads > _SETTLED:
        print("PROVED takes", took)
        raise SystemExit from None


for _name in ("print", "input", "open"):
    _forbid(_name)
bus.spend, bus.wait = _spends, _waits
_parts.flow.read = _read
_app.run()

"""In place of main.py: what a flow sensor's driver does in the line loop. It must not raise, allocate or take long.

The first thing that is wrong ends the program, with the traceback on the console. Driver code runs as bytecode here:
native code has no lines.
"""

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

_parts = board.Board()
_app = App(_parts)
gc.threshold(-1)
_whole = _parts.flow.read
_spend = bus.spend
_began = -1  # of a read
_reads = 0
_locked = False


def _unlock() -> None:
    global _locked
    if _locked:
        _locked = False
        micropython.heap_unlock()


def _watched(us: int) -> int:
    now = _spend(us)
    if _began >= 0 and now - _began > _BLOCKED_US:
        _unlock()
        raise RuntimeError("blocks the line loop")
    return now


def _read() -> None:
    global _began, _locked, _reads
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
        sys.print_exception(error, sys.stderr)
        raise SystemExit from None
    finally:
        _began = -1
        _unlock()
    took = _spend(0) - began
    if took > _TAKES_US and _reads > _SETTLED:
        print("PROVED takes", took)
        raise SystemExit from None


bus.spend = _watched
_parts.flow.read = _read
_app.run()

"""In place of main.py: the line loop, the arrival of CREDIT and the interrupt handler with the heap locked.

Boot id 1: as it is. 2: one allocation in the 50th line, 3: one in the interrupt handler; both must be noticed.
"""

import gc
import sys

gc.threshold(4096)  # as main.py does

import board
import bus
import micropython

from kiosk import wire
from kiosk.app import App

mode = int(sys.argv[3])
app = App(board.Board())
gc.threshold(-1)
sweep = app.scan._sweep
link = app.link
whole_step = sweep.step
whole_receive = link.receive
whole_edge = bus.on_edge
counts = {"lines": 0, "receives": 0, "edges": 0}


def step():
    if sweep._paused:  # announcing, resting and setting off may allocate; lines may not
        return whole_step()
    counts["lines"] += 1
    spoil = mode == 2 and counts["lines"] == 50
    micropython.heap_lock()
    try:
        if spoil:
            bytearray(100)
        result = whole_step()
    finally:
        micropython.heap_unlock()
    if result >= 0:
        print("locked", counts)
    return result


def receive():
    if app.scan.state != wire.SCANNING:
        return whole_receive()
    counts["receives"] += 1
    micropython.heap_lock()
    try:
        return whole_receive()
    finally:
        micropython.heap_unlock()


def edge():
    counts["edges"] += 1
    micropython.heap_lock()
    try:
        if mode == 3 and app.scan.state == wire.SCANNING:
            bytearray(100)
        whole_edge()
    finally:
        micropython.heap_unlock()


sweep.step = step
link.receive = receive
bus.on_edge = edge
app.run()

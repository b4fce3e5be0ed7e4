"""In place of main.py: a firmware that fails in the 50th line of a sweep, once (boot id 1) or from then on (2)."""

import gc
import sys

gc.threshold(4096)  # as main.py does

import board

from kiosk.app import App

app = App(board.Board())
gc.threshold(-1)
sweep = app.scan._sweep
whole = sweep.step
always = sys.argv[3] == "2"


def broken():
    if app.health.lines == 50:
        if not always:
            sweep.step = whole
        app.health.lines += 1
        raise RuntimeError("a defect")
    return whole()


def every_turn():
    if app.health.lines > 50 and always:
        raise RuntimeError("a defect")
    return poll()


sweep.step = broken
poll = app.commands.poll
app.commands.poll = every_turn
app.run()

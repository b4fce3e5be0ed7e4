"""Entry point on the board: the parts of this board, the application, the loop."""

import gc

import micropython

micropython.kbd_intr(
    -1
)  # bytes of the protocol are data, not Ctrl-C; MicroPython allows it anew for each file it starts
gc.threshold(16384)  # while modules are compiled: what they leave behind must not cut the heap into pieces

import board

from kiosk.app import App

app = App(board.Board())
gc.threshold(-1)
app.run()

"""Entry point on the board: the parts of this board, the application, the loop."""

import gc

gc.threshold(16384)  # while modules are compiled: what they leave behind must not cut the heap into pieces

import board

from kiosk.app import App

app = App(board.Board())
gc.threshold(-1)
app.run()

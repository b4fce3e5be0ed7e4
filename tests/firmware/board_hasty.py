"""In place of main.py: what is to outlive a power cut is stored every half second, not once a minute."""

import gc

gc.threshold(4096)  # as main.py does

import board

from kiosk import app

gc.threshold(-1)
app._KEEP_MS = 500
app.App(board.Board()).run()

"""In place of main.py: what is to outlive a power cut is stored every half second, not once a minute."""

import board

from kiosk import app

app._KEEP_MS = 500
app.App(board.Board()).run()

"""Entry point on the board: the parts of this board, the application, the loop."""

import board

from kiosk.app import App

App(board.Board()).run()

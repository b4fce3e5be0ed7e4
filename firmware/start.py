"""Entry point of a version: the parts of this board, the application, the loop."""

import gc

import board

from kiosk.app import App
from kiosk.errors import ServiceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import Slots


def run(slots: Slots) -> None:
    """For ever; returns when the service button is held."""
    try:
        parts = board.Board()
    except ServiceError:
        return
    app = App(parts, slots)
    gc.threshold(-1)
    app.run()

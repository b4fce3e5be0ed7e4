"""Reflective presence sensor under the glass: something lies there, or not."""

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin


class Presence:
    """``pin`` is a machine.Pin input that reads ``active`` while light comes back."""

    def __init__(self, pin: Pin, active: int = 1) -> None:
        self._pin = pin
        self._active = active

    @micropython.native
    def seen(self) -> bool:
        return self._pin() == self._active

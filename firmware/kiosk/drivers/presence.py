"""Reflective presence sensor under the glass: something lies there, or not."""


class Presence:
    """``pin`` is a machine.Pin input that reads ``active`` while light comes back."""

    def __init__(self, pin, active=1):
        # type: (object, int) -> None
        self._pin = pin
        self._active = active

    def seen(self):
        # type: () -> bool
        return self._pin() == self._active

"""MicroPython's ``neopixel`` as far as the drivers use it, over the simulator's bus."""

import bus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin


class NeoPixel:
    """``n`` pixels of three bytes: green, red, blue."""

    def __init__(self, pin: "Pin", n: int) -> None:
        self._number = pin._number
        self._n = n
        self.buf = bytearray(3 * n)

    def fill(self, colour: tuple[int, int, int]) -> None:
        red, green, blue = colour
        for at in range(0, 3 * self._n, 3):
            self.buf[at] = green
            self.buf[at + 1] = red
            self.buf[at + 2] = blue

    def write(self) -> None:
        bus.post(bus.PIXELS, self._number, 0, self.buf, len(self.buf))

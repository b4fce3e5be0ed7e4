"""Ring of WS2812 pixels around the glass, all in one colour.

A write holds interrupts off for 30 us a pixel, so the pixels are only told what they do not show yet.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from neopixel import NeoPixel

PIXELS = 12


class Ring:
    """``pixels`` is a neopixel.NeoPixel of PIXELS."""

    def __init__(self, pixels: NeoPixel) -> None:
        self._pixels = pixels
        self._shown = -1
        self.show((0, 0, 0), 0)

    def show(self, colour: tuple[int, int, int], percent: int) -> None:
        """Red, green and blue, 0..255, at ``percent`` of their brightness (0..100); above 0 no colour goes out."""
        red, green, blue = colour
        red, green, blue = _dimmed(red, percent), _dimmed(green, percent), _dimmed(blue, percent)
        packed = red << 16 | green << 8 | blue
        if packed != self._shown:
            self._shown = packed
            self._pixels.fill((red, green, blue))
            self._pixels.write()


def _dimmed(level: int, percent: int) -> int:
    """Rounded up: a faint amber stays amber."""
    return (level * percent + 99) // 100

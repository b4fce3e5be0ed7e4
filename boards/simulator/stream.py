"""The byte stream to the host, over the simulator's bus. As boards/rp2/stream.py is used."""

import sys

import bus


def boot_id() -> int:
    """Another number at every start: whoever runs the simulation counts them."""
    return int(sys.argv[3])


class Usb:
    """The byte stream to the host, with the chip's manners: a write blocks until the FIFO drains, at most a second."""

    def write(self, buffer: bytearray, n: int) -> int:
        return bus.ask(bus.USB_WRITE, 0, 0, buffer, n)

    def readinto(self, buffer: bytearray) -> int:
        if not bus.answer[2] & bus.USB_BYTES:
            return 0
        return bus.ask(bus.USB_READ, 0, len(buffer), None, 0, buffer, len(buffer))

"""The byte stream to the host, over the simulator's bus. As boards/rp2/stream.py is used."""

import sys
import time

import bus
import micropython
from micropython import const

_SHORT = const(256)  # bytes: what MicroPython's buffer for the host takes at once; a longer message pays for each byte
_BYTES = const(6)  # are on the cable as soon
_IN_US = const(10)  # as these microseconds are over; stillscan/simulator/bus.py has the same
_MESSAGE_US = const(900)  # STATE takes 850 to 950 us on the emulated RP2040: pack, CRC, stuff, write


def boot_id() -> int:
    """Another number at every start: whoever runs the simulation counts them."""
    return int(sys.argv[3])


class Usb:
    """The byte stream to the host, with the chip's manners: a write blocks until the FIFO drains, at most a second."""

    @micropython.native
    def write(self, buffer: bytearray, n: int) -> int:
        if n <= _SHORT:
            time.sleep_us(_MESSAGE_US)
        if bus.answer[2] & bus.OPEN and bus.wait(max(0, n - _SHORT) * _IN_US // _BYTES):
            bus.post(bus.USB_WRITE, bus.WRITTEN, 0, buffer, n)
            return n
        return bus.ask(bus.USB_WRITE, 0, 0, buffer, n)

    @micropython.native
    def readinto(self, buffer: bytearray) -> int:
        if not bus.answer[2] & bus.USB_BYTES:
            return 0
        return bus.ask(bus.USB_READ, 0, len(buffer), None, 0, buffer, len(buffer))

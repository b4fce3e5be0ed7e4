"""The byte stream to the host."""

import select
import sys

import micropython


class Usb:
    """The byte stream to the host: the USB serial port of MicroPython's own console, without its text conversions."""

    def __init__(self) -> None:
        self._out = sys.stdout.buffer
        self._in = sys.stdin.buffer
        self._ready = select.poll()
        self._ready.register(sys.stdin, select.POLLIN)
        self._one = bytearray(1)

    def write(self, buffer: bytearray, n: int) -> int:
        """Send ``buffer[:n]``; returns how many bytes were taken: fewer after 500 ms without progress."""
        return self._out.write(buffer, n) or 0

    @micropython.native
    def readinto(self, buffer: bytearray) -> int:
        """Take what has arrived, byte by byte: a longer read would wait until it is full. 0 when there is nothing."""
        taken = 0
        while taken < len(buffer) and self._waiting():
            self._in.readinto(self._one)
            buffer[taken] = self._one[0]
            taken += 1
        return taken

    @micropython.native
    def _waiting(self) -> bool:
        for _ in self._ready.ipoll(0):
            return True
        return False

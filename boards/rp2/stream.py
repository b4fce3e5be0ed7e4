"""The byte stream to the host."""

import os
import select
import sys

import micropython


def boot_id() -> int:
    """Another number, of 32 bits, at every start: by it the host knows that the board has restarted."""
    return int.from_bytes(os.urandom(4), "little")


class Usb:
    """The byte stream to the host: the USB serial port of MicroPython's own console, without its text conversions."""

    def __init__(self) -> None:
        self._out = sys.stdout.buffer
        ready = select.poll()
        ready.register(sys.stdin, select.POLLIN)
        self._look = ready.ipoll
        self._take = sys.stdin.buffer.readinto
        self._one = bytearray(1)

    def write(self, buffer: bytearray, n: int) -> int:
        """Send ``buffer[:n]``; returns how many bytes were taken: fewer after a second without progress.

        MicroPython waits for half a second, and once more when a part was taken.
        """
        return self._out.write(buffer, n) or 0

    @micropython.native
    def readinto(self, buffer: bytearray) -> int:
        """Take what has arrived, byte by byte: a longer read would wait until it is full. 0 when there is nothing."""
        look = self._look
        take = self._take
        one = self._one
        taken = 0
        room = len(buffer)
        while taken < room:
            for _ in look(0):
                take(one)
                buffer[taken] = one[0]
                taken += 1
                break
            else:
                break
        return taken

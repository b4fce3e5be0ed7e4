"""On MicroPython: the stream of a file through ``Link.receive``. Prints every accepted frame, then the counters."""

import binascii
import sys

from kiosk.link import Link


class Stream:
    """The file in the chunks that a host would write."""

    def __init__(self, file):
        self._file = file

    def readinto(self, buffer):
        return self._file.readinto(buffer)


class Recorder(Link):
    """Notes what passed the CRC, CREDIT included."""

    def _finish(self):
        before = self.frames_in
        kind = super()._finish()
        if self.frames_in != before:
            print(self._frame[0], self._frame[1] | self._frame[2] << 8, binascii.crc32(self.body()))
        return kind


with open(sys.argv[1], "rb") as file:
    link = Recorder(Stream(file), None)
    while True:
        kind = link.receive()
        if not kind and not link._pending:
            break
print("counters", link.bad_crc, link.bad_frame, link.oversized, link.frames_in)

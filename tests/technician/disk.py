"""On MicroPython: a board whose file system is littlefs in an image file; every write to the flash is noted in a log.

Arguments: image, log. An entry of the log is block u16, offset u16 and 256 bytes, or 0xFFFF as offset for an erasure.
"""

import os
import struct
import sys

import vfs

BLOCK = 4096


class Disk:
    """What rp2.Flash is on the chip."""

    def __init__(self, image, log):
        self._file = open(image, "r+b")  # noqa: SIM115 - open as long as the board runs
        self._log = open(log, "ab")  # noqa: SIM115
        self._count = os.stat(image)[6] // BLOCK

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * BLOCK + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self._file.seek(block * BLOCK + offset)
        self._file.write(buffer)
        self._file.flush()
        for at in range(0, len(buffer), 256):
            self._log.write(struct.pack("<HH", block, offset + at))
            self._log.write(memoryview(buffer)[at : at + 256])
        self._log.flush()

    def ioctl(self, operation, argument):
        if operation == 4:
            return self._count
        if operation == 5:
            return BLOCK
        if operation == 6:
            self._file.seek(argument * BLOCK)
            self._file.write(b"\xff" * BLOCK)
            self._file.flush()
            self._log.write(struct.pack("<HH", argument, 0xFFFF))
            self._log.flush()
        return 0


vfs.mount(vfs.VfsLfs2(Disk(sys.argv[1], sys.argv[2]), progsize=256), "/flash")
os.chdir("/flash")
sys.path[0] = ""
if "main.py" in os.listdir():
    with open("main.py") as file:
        source = file.read()
    exec(source, {"__name__": "__main__"})

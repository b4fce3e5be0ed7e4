"""On MicroPython: power fails after every write of a log; what does the loader start then, and is it whole?

Arguments: image, log. Prints for every cut: the folder that starts, 1 if it is on trial, its build if it is whole. A
write that power cuts in its middle leaves half of it: those cuts have a line of their own.
"""

import binascii
import hashlib
import os
import struct
import sys

import vfs

BLOCK = 4096
sys.modules["machine"] = sys  # not asked for anything: nothing raises here


class Start:
    """In place of a version's module ``start``."""

    @staticmethod
    def run(slots):
        Start.slots = slots
        Start.trial = slots.trial  # an end without a word takes the trial back


class Disk:
    """Blocks in memory; what is written after ``freeze`` is forgotten by the next one."""

    def __init__(self, image):
        self.image = image
        self.later = {}

    def _block(self, block):
        if block in self.later:
            return memoryview(self.later[block])
        return memoryview(self.image)[block * BLOCK : (block + 1) * BLOCK]

    def readblocks(self, block, buffer, offset=0):
        while len(buffer):
            n = min(len(buffer), BLOCK - offset)
            buffer[:n] = self._block(block)[offset : offset + n]
            buffer, block, offset = memoryview(buffer)[n:], block + 1, 0

    def writeblocks(self, block, buffer, offset=0):
        if block not in self.later:
            self.later[block] = bytearray(self._block(block))
        self.later[block][offset : offset + len(buffer)] = buffer

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.image) // BLOCK
        if operation == 5:
            return BLOCK
        if operation == 6:
            self.writeblocks(argument, b"\xff" * BLOCK)
        return 0


def whole(folder):
    """Every file of the manifest is there, to the byte, and the manifest is what the build is named after."""
    with open(folder + "/manifest", "rb") as file:
        manifest = file.read()
    for line in manifest.decode().split("\n")[:-1]:
        wanted, path = line.split("  ")
        with open(folder + "/" + path, "rb") as file:
            if binascii.hexlify(hashlib.sha256(file.read()).digest()).decode() != wanted:
                return ""
    return binascii.hexlify(hashlib.sha256(manifest).digest()).decode()[:16]


def boot(disk):
    disk.later.clear()
    vfs.mount(vfs.VfsLfs2(disk, readsize=1024, progsize=256), "/flash")
    os.chdir("/flash")
    path = sys.path[:]
    sys.path[0] = ""
    sys.modules["start"] = Start
    sys.modules.pop("loader", None)
    with open("main.py") as file:
        source = file.read()
    slots = None
    try:
        exec(source, {"__name__": "__main__"})
        slots = Start.slots
        print(slots.name, int(Start.trial), whole(slots.name) or "damaged")
    except Exception as error:
        print("failed", type(error).__name__, error)
    sys.path[:] = path
    os.chdir("/")
    vfs.umount("/flash")


with open(sys.argv[1], "rb") as file:
    disk = Disk(bytearray(file.read()))
with open(sys.argv[2], "rb") as file:
    log = file.read()
at = 0
boot(disk)
while at < len(log):
    block, offset = struct.unpack_from("<HH", log, at)
    at += 4
    erased = offset == 0xFFFF
    start = block * BLOCK + (0 if erased else offset)
    data = b"\xff" * BLOCK if erased else log[at : at + 256]
    at += 0 if erased else 256
    half = len(data) // 2
    disk.image[start : start + half] = data[:half]
    boot(disk)
    disk.image[start + half : start + len(data)] = data[half:]
    boot(disk)

"""On MicroPython: what the firmware keeps, on littlefs; power fails after each write to the flash, and within it.

Each task is carried out once while its writes are noted; then every cut of them is mounted, the board's own start reads
what is there, and it has to be the state before or after. Prints a line for each task: its name, cuts, before, after;
"WRONG" and what was found for a cut that is neither.
"""

import os
import sys

import vfs

from kiosk import calibration, identity, lifetime, wire
from kiosk.flat_field import FlatField
from kiosk.settings import Settings

BLOCK = 4096
COUNT = 48  # blocks: 192 KiB, so that littlefs comes round to those that it used before
PROG = 256
EVENTS = 10  # between two times that the life is kept: a record of 86 bytes
BY_ITSELF = 99  # level of a flat-field that was measured because there was none


class Disk:
    """Blocks in memory; ``writes`` are (place, bytes) since it was cleared, None while nothing is noted."""

    def __init__(self):
        self.image = bytearray(b"\xff" * (BLOCK * COUNT))
        self.writes = None

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.image[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self._put(block * BLOCK + offset, bytes(buffer))

    def _put(self, at, data):
        for part in range(0, len(data), PROG):
            piece = data[part : part + PROG]
            if self.writes is not None:
                self.writes.append((at + part, piece))
            self.image[at + part : at + part + len(piece)] = piece

    def ioctl(self, operation, argument):
        if operation == 4:
            return COUNT
        if operation == 5:
            return BLOCK
        if operation == 6:
            data = b"\xff" * BLOCK
            if self.writes is not None:
                self.writes.append((argument * BLOCK, data))
            self.image[argument * BLOCK : (argument + 1) * BLOCK] = data
        return 0


class Measured:
    """In place of the measurement at the white strip: every pixel has this level."""

    level = 1

    def __init__(self, surface, lamp):
        self._flat_field = surface.flat_field
        self._lamp = lamp

    def run(self, twice):
        for i in range(len(self._flat_field.dark)):
            self._flat_field.dark[i] = self.level
            self._flat_field.gain[i] = 256 + self.level + 1000 * self._lamp
        return ([[Measured.level, 2]], [])


calibration.Measuring = Measured


class Carriage:
    def home(self):
        return True


class Lamps:
    infrared = 1


class Surface:
    carriage = Carriage()
    settings = Lamps()

    def __init__(self):
        self.flat_field = FlatField(None)

    def holds(self):
        return True


class Board:
    boot_id = 7


class Health:
    """As kiosk.health has it, as far as it is kept."""

    def __init__(self):
        self.stores = self.sweeps = self.lines = self.logged = 0
        self.told = [0, 0, 0, 0]
        self.told_ms = 0
        self.life = [0] * wire.COUNTERS_KEPT
        self.entries = []

    def lit_ms(self):
        return 0

    def note(self, number):
        entry = number.to_bytes(4, "little") + bytes((wire.EV_SETTING, 1)) + number.to_bytes(2, "little")
        self.entries.append(entry)
        self.logged += 1

    def log(self, most):
        return b"".join(self.entries[len(self.entries) - most :] if most else [])


def mount(disk):
    vfs.mount(vfs.VfsLfs2(disk, readsize=1024, progsize=PROG), "/flash")
    os.chdir("/flash")


def unmount():
    os.chdir("/")
    vfs.umount("/flash")


def flat_field():
    """What a start comes up with: the level in force, its date; and the same of the former one, by going back."""
    surface = Surface()
    if not surface.flat_field.load(1):
        Measured.level = BY_ITSELF
        calibration.calibrate(surface, 0)
    found = [surface.flat_field.dark[0], identity.told_of(surface.flat_field.check.hex())["when"]]
    again = FlatField(None)
    if not again.load(1) or again.dark[0] != found[0]:
        found.append("not stored")
    if again.gain[0] != 1256 + found[0] or (again.load(0) and again.gain[0] > 1000):
        found.append("one lamp's gains for the other's")
    if calibration.go_back(surface.flat_field):
        found += [surface.flat_field.dark[0], identity.told_of(surface.flat_field.check.hex())["when"]]
    return found


def life():
    """Number of sweeps for life, and the events that are kept, newest last."""
    health = Health()
    numbers = []
    content = b""
    total = 1
    while len(content) < total:
        total, part = lifetime.history(len(content))
        if not part:
            break
        content += part
    at = 0
    while at + 6 <= len(content):
        end = at + 2 + content[at + 1]
        if content[end : end + 4] == lifetime._check(content[at:end]):
            if content[at] == 2:
                body = content[at + 2 : end]
                numbers += [int.from_bytes(body[i : i + 4], "little") for i in range(0, len(body), 8)]
            at = end + 4
        else:
            at += 1
    return lifetime.counters(health)[wire.SWEEPS], numbers


def setting():
    return Settings().slip


def try_task(name, disk, task, read, fits=None):
    """Carry it out; every cut of it has to read as before or as after, or as ``fits`` says of both."""
    image = bytes(disk.image)
    mount(disk)
    before = read_on_copy(disk, read)
    disk.writes = []
    task()
    writes, disk.writes = disk.writes, None
    unmount()
    after = read_on_copy(disk, read, mounted=False)
    either = lambda found: found in (before, after)  # noqa: E731
    fits = fits or either
    cut = Disk()
    cut.image = bytearray(image)
    count = 0
    seen = set()
    for at, data in writes:
        half = len(data) // 2
        for share in (data[:half], data):
            cut.image[at : at + len(share)] = share
            found = read_on_copy(cut, read, mounted=False)
            count += 1
            seen.add(str(found))
            if not fits(found):
                print("WRONG", name, found, "is neither", before, "nor", after)
    print(name, count, len(seen), "" if fits != either else f"{before} -> {after}")


def read_on_copy(disk, read, mounted=True):
    """On a copy, for reading may write: a start completes what was cut off."""
    if mounted:
        unmount()
    copy = Disk()
    copy.image = bytearray(disk.image)
    try:
        mount(copy)
        found = read()
        unmount()
    except OSError as error:
        found = f"no file system: {error}"
    if mounted:
        mount(disk)
    return found


def calibrating(level, when):
    def task():
        Measured.level = level
        surface = Surface()
        surface.flat_field.load(1)
        calibration.calibrate(surface, when)

    return task


def going_back():
    surface = Surface()
    surface.flat_field.load(1)
    calibration.go_back(surface.flat_field)


disk = Disk()
vfs.VfsLfs2.mkfs(disk, readsize=1024, progsize=PROG)
try_task("settings-first", disk, lambda: Settings().set(3, 200), setting)
try_task("settings", disk, lambda: Settings().set(3, 300), setting)
mount(disk)
calibrating(1, 0)()
unmount()
try_task("calibrate-first", disk, calibrating(2, 1000), flat_field)
try_task("calibrate", disk, calibrating(3, 2000), flat_field)
try_task("back", disk, going_back, flat_field)
try_task("forth", disk, going_back, flat_field)
try_task("lamp-aged", disk, calibrating(4, 0), flat_field)
try_task("calibrate-again", disk, calibrating(5, 3000), flat_field)

health = Health()
for turn in range(70):  # events fill their 2 KiB three times

    def task(turn=turn):
        for number in range(EVENTS):
            health.note(EVENTS * turn + number)
        health.sweeps += 1
        lifetime.keep(health, Board)

    def whole(found, turn=turn):
        """No event of before is lost but the oldest ones, and no counter goes back."""
        if isinstance(found, str):
            return False
        sweeps, numbers = found
        most = EVENTS * (turn + 1)
        last = numbers[-1] + 1 if numbers else 0
        together = numbers == list(range(last - len(numbers), last))
        enough = len(numbers) >= min(EVENTS * turn, 2000 // 90 * EVENTS)  # one file's worth at least
        return sweeps in (turn, turn + 1) and last in (EVENTS * turn, most) and together and enough

    try_task(f"life-{turn}", disk, task, life, whole)
sys.exit(0)

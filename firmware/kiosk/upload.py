"""A version over the wire, into the folder that does not run. Loaded for it, while the host has the parts.

The folder loses its manifest first and gets it back last, and only then the state file names it, by a rename: power may
fail at any moment. Whether what came is a version that starts is the loader's business, as with any other.
"""

import hashlib
import json
import os
import struct
import time

import machine
from micropython import const

from kiosk import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from kiosk.commands import Commands
    from kiosk.parts import Slots

_BEGIN = const(1)  # of UPLOADS, as those below
_TAKE = const(2)
_WRITE = const(3)
_CLOSE = const(4)
_DONE = const(5)
_START = const(6)
_HEADER = const(6)  # bytes of an UPLOAD's body before its data
_SAID_MS = const(20)  # until an answer has left by USB
_FOLDERS = ("a", "b")  # of loader.py, as the names below
_MANIFEST, _STATE, _NEW = "manifest", "slots.json", ".new"
_BUFFER = const(512)  # bytes read at a time
_FOLDER = const(0x4000)  # as os.ilistdir tells
_DIGITS = const(66)  # of a line of the manifest, before the path
_MOST_PATH = const(64)  # characters: twice those of the longest


class Upload:
    """One version that comes. OSError: the file system takes nothing; ValueError: not now, or no place of a version."""

    def __init__(self, slots: Slots) -> None:
        self._run, _, self._to = _places(slots)
        self._path = ""
        self._file: BinaryIO | None = None
        self._size = 0
        self._remove(_MANIFEST)

    def take(self, path: str) -> None:
        """The file that comes next; one that the running version has alike is there already."""
        self.close()
        if not 0 < len(path) <= _MOST_PATH or ".." in path or path[0] == "/":
            raise ValueError
        self._path = path
        at = 0
        while True:
            at = path.find("/", at) + 1
            if not at:
                break
            self._make(path[: at - 1])
        if not _exists(self._to + path) and _exists(self._run + path):
            self._copy(path)

    def write(self, at: int, data: bytes) -> int:
        """A piece from there on; how far the file is now. A piece that came before is left alone."""
        if not self._path:
            raise ValueError
        if at == 0 and self._file is None:
            self._file = open(self._to + self._path, "wb")  # noqa: SIM115 - closed by `close`
            self._size = 0
        if at == self._size and self._file is not None:
            self._file.write(data)
            self._size += len(data)
        return self._size

    def close(self) -> None:
        """The file that came is whole."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def told(self) -> bytes:
        """The first 8 bytes of the file's SHA-256; zeros of none."""
        if not self._path or not _exists(self._to + self._path):
            return bytes(8)
        sum_ = hashlib.sha256()
        buffer = bytearray(_BUFFER)
        with open(self._to + self._path, "rb") as file:
            while True:
                n = file.readinto(buffer)
                if not n:
                    found: bytes = sum_.digest()
                    return found[:8]
                sum_.update(memoryview(buffer)[:n])

    def done(self) -> None:
        """All has come, and the manifest as "manifest.new": what it does not name goes, and it is in force."""
        self.close()
        if not _exists(self._to + _MANIFEST + _NEW):
            return  # asked again
        with open(self._to + _MANIFEST + _NEW) as file:
            named = {line[_DIGITS:].rstrip() for line in file}
        self._tidy("", named)
        os.rename(self._to + _MANIFEST + _NEW, self._to + _MANIFEST)

    def _tidy(self, below: str, named: set[str]) -> bool:
        """Whether nothing is left below this folder."""
        empty = True
        for entry in list(os.ilistdir((self._to + below).rstrip("/"))):
            path = below + entry[0]
            if entry[1] == _FOLDER:
                if self._tidy(path + "/", named):
                    os.rmdir(self._to + path)
                else:
                    empty = False
            elif path in named or path == _MANIFEST + _NEW:
                empty = False
            else:
                os.remove(self._to + path)
        return empty

    def _make(self, folder: str) -> None:
        if not _exists(self._to + folder):
            os.mkdir(self._to + folder)

    def _copy(self, path: str) -> None:
        buffer = bytearray(_BUFFER)
        with open(self._run + path, "rb") as source, open(self._to + path, "wb") as target:
            while True:
                n = source.readinto(buffer)
                if not n:
                    return
                target.write(memoryview(buffer)[:n])

    def _remove(self, path: str) -> None:
        if not _exists(self._to.rstrip("/")):
            os.mkdir(self._to.rstrip("/"))
        elif _exists(self._to + path):
            os.remove(self._to + path)


def _places(slots: Slots) -> tuple[str, str, str]:
    """The running version's folder, its build, and the other folder."""
    number, build, _, _ = slots.told()
    if not number or slots.trial:
        raise ValueError
    return _FOLDERS[number - 1] + "/", build, _FOLDERS[2 - number] + "/"


def _start(slots: Slots, build: str) -> None:
    """From now on the board starts what came, on trial."""
    run, running, to = _places(slots)
    if not _exists(to + _MANIFEST):
        raise ValueError
    run, to = run[0], to[0]
    with open(_STATE + _NEW, "w") as file:
        json.dump({"run": run, run: running, "new": to, to: build, "starts": 0}, file)
    os.rename(_STATE + _NEW, _STATE)


def answer(commands: Commands, step: int, at: int, size: int) -> int:
    """Carry out a step and say so; or an error of wire.ERRORS, else 0."""
    data = commands.link.body()[_HEADER : _HEADER + size]
    service, slots = commands.service, commands.slots
    if len(data) < size:
        return wire.E_MALFORMED
    idle = commands.scan.state in (wire.EMPTY, wire.FAULT)
    if slots is None or (service is None) != (step == _START) or (service is None and not idle):
        return wire.E_WRONG_STATE
    try:
        if service is None:
            _start(slots, data.decode())
            commands.link.send(wire.M_UPLOADED, step, 0, 0, 0)
            time.sleep_ms(_SAID_MS)
            machine.reset()
            return 0
        if step == _BEGIN:
            service.upload = Upload(slots)
        if service.upload is None:
            return wire.E_WRONG_STATE
        commands.link.send(wire.M_UPLOADED, step, *_carry_out(service.upload, step, at, data))
    except ValueError:
        return wire.E_OUT_OF_RANGE
    except OSError:
        return wire.E_NOT_STORED
    return 0


def _carry_out(upload: Upload, step: int, at: int, data: bytes) -> tuple[int, int, int]:
    """What UPLOADED says of a step."""
    if step == _WRITE:
        return upload.write(at, data), 0, 0
    if step == _TAKE:
        upload.take(data.decode())
    elif step == _CLOSE:
        upload.close()
    elif step == _DONE:
        upload.done()
    elif step != _BEGIN:
        raise ValueError
    high, low = struct.unpack(">II", upload.told())
    return 0, high, low


def _exists(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True

"""Starts the newest version that works. Two folders, `a` and `b`, hold a whole version each; boards without them start
what lies beside this file, or is frozen into their MicroPython.

A folder is started only when its files are exactly those of its manifest, to the bit, looked at at each start. One
that is damaged is left for the other; when there is none, the board waits at its prompt for `stillscan flash`.

A version that was installed last is on trial: it has two starts, within which it confirms itself (kiosk/trial.py). One
that raises, or is reset by the watchdog, or takes too long, is left for the one before it; a timer of the chip ends one
that never comes to its own loop. What was decided stands in
one small file that is written whole beside itself and then renamed: a power cut leaves the old or the new one.

This file is not kept twice. It asks nothing of a version but ``start.run(slots)``.
"""

import binascii
import hashlib
import json
import os
import sys

import machine
import vfs
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO, Protocol

    class Start(Protocol):
        def run(self, slots: "Slots") -> None: ...


_PATH = "slots.json"
_FOLDERS = ("a", "b")
_STORED = (("run", str), ("new", str), ("starts", int), ("failed", str), ("why", int), ("a", str), ("b", str))
_STARTS = const(2)
_BUILD_DIGITS = const(16)  # of the manifest's digest, as stillscan.boards.versions names a build
_DEFECT = const(1)  # of wire.ROLLBACKS, as those below
_RESETS = const(2)
_LATE = const(3)
_DAMAGED = const(4)
_HUNG_MS = const(31000)  # later than the version's own limit
_MANIFEST = "manifest"
_MOST_MANIFEST = const(16384)  # bytes: four times that of all the firmware; what is longer is none, and takes no memory
_DIGITS = const(64)  # of a SHA-256 in the manifest
_BUFFER = const(1024)  # bytes read at a time: larger ones are no faster
_FOLDER = const(0x4000)  # as os.ilistdir and os.stat tell, and the next
_FILE = const(0x8000)
_REST_OF_STAT = (0,) * 9  # of which an import asks nothing
_ENOENT = const(2)  # of errno, as the next
_EIO = const(5)
_VERSION = "/version"  # where imports find the version that starts
_BLINK_MS = const(250)  # on and off again twice a second: seen as blinking from across a room
_NOTHING_FITS = (
    "stillscan: no version on this board fits its manifest, so none is started. Put one there with: stillscan flash"
)

_kept: list[object] = []  # a timer that nobody holds is collected, and never fires


class Slots:
    """What is installed. ``state`` has "run": the folder of the confirmed version, "new": that of one on trial,
    "starts": how many it had, "failed" and "why": the build that was left and why, and each folder's build."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        try:
            with open(_PATH) as file:
                stored = json.load(file)
            self.state = {name: stored[name] for name, kind in _STORED if type(stored.get(name)) is kind}
        except (OSError, ValueError, AttributeError):
            pass  # a new board, or a damaged file: whatever is whole is started
        self.name = ""
        self.build = ""  # of what starts, measured
        self.trial = False
        self._damaged: str | None = None  # the build of a folder that should have started and does not fit

    def candidates(self) -> Iterator[str]:
        """The folders to start, the one wanted most first; the next is asked for only when one turned out damaged."""
        new = self.state.get("new")
        if new and self.state.get("starts", 0) >= _STARTS:
            self._leave(_RESETS)
        elif new:
            self.state["starts"] = self.state.get("starts", 0) + 1
            self.trial = self._store()  # what cannot be counted is not tried
            if self.trial:
                yield new
                self.trial = False
                self._leave(_DAMAGED)
        run = self.state.get("run") or ""
        for folder in (run,) + tuple(other for other in _FOLDERS if other != run):
            yield folder
            should = folder in _FOLDERS and (folder == run or _exists(folder + "/" + _MANIFEST))
            if should and self._damaged is None:
                self._damaged = self.state.get(folder) or ""

    def told(self) -> tuple[int, str, str, int]:
        """What a host may know: number of the folder (0: none), its build, the build that was left, and why."""
        number = _FOLDERS.index(self.name) + 1 if self.name else 0
        if self._damaged is not None:
            return number, self.build, self._damaged, _DAMAGED
        return number, self.build, self.state.get("failed") or "", self.state.get("why") or 0

    def confirm(self) -> None:
        """The version on trial is the one that runs from now on."""
        self.trial = False
        self.state["run"] = self.state.pop("new")
        self._forget("starts", "failed", "why")

    def guard(self) -> None:
        """Leave the version on trial although it may never come to its own loop."""
        if self.trial and hasattr(machine, "Timer"):  # the simulator has none
            _kept.append(machine.Timer(-1, period=_HUNG_MS, mode=machine.Timer.ONE_SHOT, callback=self._late))

    def _late(self, _: object) -> None:
        if self.trial:
            self.undo(_LATE)

    def uncount(self) -> None:
        """This start says nothing about the version: it was asked not to run."""
        self.trial = False
        self.state["starts"] -= 1
        self._store()

    def undo(self, why: int) -> None:
        """Leave the version on trial and start the one before it (wire.ROLLBACKS). Does not return."""
        self._leave(why)
        machine.reset()

    def _leave(self, why: int) -> None:
        self.state["failed"] = self.state.get(self.state.get("new", ""), "")
        self.state["why"] = why
        self._forget("new", "starts")

    def _forget(self, *names: str) -> None:
        for name in names:
            self.state.pop(name, None)
        self._store()

    def _store(self) -> bool:
        try:
            with open(_PATH + ".new", "w") as file:
                json.dump(self.state, file)
            os.rename(_PATH + ".new", _PATH)
        except OSError:
            return False
        return True


class Checked:
    """A version's folder as ``import`` sees it: the files of its manifest and no others, each held against it, to the
    bit, when it is opened. So every file is opened once, not once to be looked at and once to be loaded.

    ``damaged``: something was found that does not fit.
    """

    def __init__(self, folder: str) -> None:
        self.damaged = False
        self.build = ""
        self._folder = "/".join((os.getcwd().rstrip("/"), folder))
        self._files: dict[str, int] = {}  # where its line in the manifest begins
        self._folders: set[str] = set()
        self._unseen: set[str] = set()
        self._manifest = b""
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        try:
            if folder not in _FOLDERS:
                raise ValueError
            with open(self._folder + "/" + _MANIFEST, "rb") as file:
                self._manifest = file.read(_MOST_MANIFEST)
            # Lines of different files differ: when each stands there, and together they are as long, there is no other.
            if not self._manifest or self._list("") != len(self._manifest):
                raise ValueError
            self.build = binascii.hexlify(hashlib.sha256(self._manifest).digest()).decode()[:_BUILD_DIGITS]
        except Exception:  # whatever cannot be read does not fit
            self.damaged = True

    def _list(self, below: str) -> int:
        """Length of the manifest's lines for all files ``below`` a place. ValueError: one has none."""
        length = 0
        for entry in os.ilistdir(self._folder + "/" + below if below else self._folder):
            path = below + entry[0]
            if entry[1] == _FOLDER:
                if ("  " + path + "/").encode() not in self._manifest:  # an empty one hides the module of its name
                    raise ValueError
                self._folders.add("/" + path)
                length += self._list(path + "/")
            elif path != _MANIFEST:
                name = ("  " + path + "\n").encode()
                at = self._manifest.find(name) - _DIGITS
                if at < 0 or (at and self._manifest[at - 1] != 10):
                    raise ValueError
                self._files["/" + path] = at
                self._unseen.add("/" + path)
                length += _DIGITS + len(name)
        return length

    def whole(self) -> bool:
        """Does all of it fit, also what was not imported?"""
        try:
            while self._unseen and not self.damaged:
                self.open(self._unseen.pop(), "rb").close()
        except OSError:
            self.damaged = True
        return not self.damaged

    # --- what MicroPython asks of a file system (vfs.mount) -----------------------------------------------------------

    def mount(self, readonly: bool, mkfs: bool) -> None: ...

    def umount(self) -> None: ...

    def stat(self, path: str) -> tuple[int, ...]:
        if path in self._files:
            return (_FILE,) + _REST_OF_STAT
        if path in self._folders:
            return (_FOLDER,) + _REST_OF_STAT
        raise OSError(_ENOENT)

    def open(self, path: str, mode: str) -> BinaryIO:
        file: BinaryIO = open(self._folder + path, "rb")  # noqa: SIM115 - handed to whoever imports
        sum_ = hashlib.sha256()
        while True:
            n = file.readinto(self._buffer)
            if not n:
                break
            sum_.update(self._view[:n])
        at = self._files[path]
        if binascii.hexlify(sum_.digest()) != self._manifest[at : at + _DIGITS]:
            self.damaged = True
            raise OSError(_EIO)
        self._unseen.discard(path)
        file.seek(0)
        return file


def _exists(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def _wait() -> None:
    """Say at the prompt, and by the board's own light, that there is nothing to start."""
    print(_NOTHING_FITS)
    try:
        light = machine.Pin("LED", machine.Pin.OUT)
        _kept.append(machine.Timer(-1, period=_BLINK_MS, callback=lambda _: light.toggle()))
    except (AttributeError, ValueError, TypeError):
        pass  # a board without a light or a timer: the prompt says it


def _load(version: Checked) -> Start | None:
    """The module ``start`` of a version, all of which fits; None when not all does. Else whatever its modules raise."""
    path, modules = sys.path[:], set(sys.modules)
    vfs.mount(version, _VERSION)
    sys.path[:] = [_VERSION, ".frozen"]  # nothing that is not looked at is imported
    try:
        import start
    except Exception:
        if version.whole():
            raise
    finally:
        vfs.umount(_VERSION)
        sys.path[:] = path
    if version.whole():
        return start
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    return None


def run() -> None:
    """Ends when the service button was held at power-on, a confirmed version fails, or none fits: there is a prompt."""
    slots = Slots()
    if not slots.state and not any(_exists(folder) for folder in _FOLDERS):
        import start

        start.run(slots)
        return
    for folder in slots.candidates():
        version = Checked(folder)
        slots.guard()
        try:
            found = None if version.damaged else _load(version)
            if found is not None:
                slots.name, slots.build = folder, version.build
                del version
                for name in ("Checked", "_load", "_wait"):  # the heap is the version's: their code is some 2 kB
                    globals().pop(name)
                sys.path[:] = [folder, ".frozen"]
                found.run(slots)
        except Exception as defect:
            if not slots.trial:
                raise
            sys.print_exception(defect)
            slots.undo(_DEFECT)
        if found is not None:
            if slots.trial:
                slots.uncount()
            return
    _wait()

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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PATH = "slots.json"
_FOLDERS = ("a", "b")
_STORED = (("run", str), ("new", str), ("starts", int), ("failed", str), ("why", int), ("a", str), ("b", str))
_STARTS = 2
_BUILD_DIGITS = 16  # of the manifest's digest, as stillscan.boards.versions names a build
_DEFECT, _RESETS, _LATE, _DAMAGED = 1, 2, 3, 4  # of wire.ROLLBACKS
_HUNG_MS = 31000  # later than the version's own limit
_MANIFEST = "manifest"
_MOST_MANIFEST = 16384  # bytes: four times that of all the firmware; what is longer is none, and takes no memory
_FOLDER = 0x4000  # as os.ilistdir tells
_BLINK_MS = 250  # on and off again twice a second: seen as blinking from across a room
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

    def choose(self) -> None:
        """Decide what starts, and count it if it is on trial."""
        new = self.state.get("new")
        if new and self.state.get("starts", 0) >= _STARTS:
            self._leave(_RESETS)
        elif new:
            self.build = build_of(new)
            if not self.build:
                self._leave(_DAMAGED)
            else:
                self.state["starts"] = self.state.get("starts", 0) + 1
                self.trial = self._store()  # what cannot be counted is not tried
        if self.trial:
            self.name = new or ""
        else:
            self._choose_confirmed()

    def _choose_confirmed(self) -> None:
        run = self.state.get("run") or ""
        for folder in (run,) + tuple(other for other in _FOLDERS if other != run):
            self.build = build_of(folder)
            if self.build:
                self.name = folder
                return
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


def build_of(folder: str) -> str:
    """The build in ``folder``, by what lies there: "" unless its files are exactly those that its manifest names."""
    if folder not in _FOLDERS:
        return ""
    try:
        with open(folder + "/" + _MANIFEST, "rb") as file:
            manifest = file.read(_MOST_MANIFEST)
        # Lines of different files differ: when each stands there, and together they are as long, there is no other.
        if not manifest or _listed(folder, "", manifest, bytearray(1024)) != len(manifest):
            return ""
        return binascii.hexlify(hashlib.sha256(manifest).digest()).decode()[:_BUILD_DIGITS]
    except Exception:  # whatever cannot be read does not fit
        return ""


def _listed(folder: str, below: str, manifest: bytes, buffer: bytearray) -> int:
    """Length of the manifest's lines for all files ``below`` a place in ``folder``. ValueError: one is not listed."""
    length = 0
    for entry in os.ilistdir(folder + "/" + below if below else folder):
        path = below + entry[0]
        if entry[1] == _FOLDER:
            if ("  " + path + "/").encode() not in manifest:  # an empty one hides the module of its name
                raise ValueError
            length += _listed(folder, path + "/", manifest, buffer)
        elif path != _MANIFEST:
            line = _digest(folder + "/" + path, buffer) + ("  " + path + "\n").encode()
            at = manifest.find(line)
            if at < 0 or (at and manifest[at - 1] != 10):
                raise ValueError
            length += len(line)
    return length


def _digest(path: str, buffer: bytearray) -> bytes:
    """SHA-256 of a file, hexadecimal."""
    sum_ = hashlib.sha256()
    view = memoryview(buffer)
    with open(path, "rb") as file:
        while True:
            n = file.readinto(buffer)
            if not n:
                return binascii.hexlify(sum_.digest())
            sum_.update(view[:n])


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


def run() -> None:
    """Ends when the service button was held at power-on, a confirmed version fails, or none fits: there is a prompt."""
    slots = Slots()
    slots.choose()
    if slots.name:
        sys.path[:] = [slots.name, ".frozen"]  # nothing that was not looked at is imported
    elif slots.state or any(_exists(folder) for folder in _FOLDERS):
        _wait()
        return
    slots.guard()
    try:
        import start

        start.run(slots)
    except Exception as defect:
        if not slots.trial:
            raise
        sys.print_exception(defect)
        slots.undo(_DEFECT)
    if slots.trial:
        slots.uncount()

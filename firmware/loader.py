"""Starts the newest version that works. Two folders, `a` and `b`, hold a whole version each; boards without them start
what lies beside this file, or is frozen into their MicroPython.

A version that was installed last is on trial: it has two starts, within which it confirms itself (kiosk/trial.py). One
that raises, or is reset by the watchdog, or takes too long, is left for the one before it; a timer of the chip ends one
that never comes to its own loop. What was decided stands in
one small file that is written whole beside itself and then renamed: a power cut leaves the old or the new one.

This file is not kept twice. It asks nothing of a version but ``start.run(slots)``.
"""

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
_DEFECT, _RESETS, _LATE = 1, 2, 3  # of wire.ROLLBACKS
_HUNG_MS = 31000  # later than the version's own limit


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
        self.name: str = self.state.get("run") or ""
        self.trial = False
        self._timer: object = None

    def choose(self) -> None:
        """Decide what starts, and count it if it is on trial."""
        new = self.state.get("new")
        if new and self.state.get("starts", 0) >= _STARTS:
            self._leave(_RESETS)
        elif new and self._whole(new):
            self.state["starts"] = self.state.get("starts", 0) + 1
            self.trial = self._store()  # what cannot be counted is not tried
            if self.trial:
                self.name = new
        if not self._whole(self.name):
            self.name = next((folder for folder in _FOLDERS if self._whole(folder)), "")

    def told(self) -> tuple[int, str, str, int]:
        """What a host may know: number of the folder (0: none), its build, the build that was left, and why."""
        number = _FOLDERS.index(self.name) + 1 if self.name else 0
        state = self.state
        return number, state.get(self.name) or "", state.get("failed") or "", state.get("why") or 0

    def confirm(self) -> None:
        """The version on trial is the one that runs from now on."""
        self.trial = False
        self.state["run"] = self.state.pop("new")
        self._forget("starts", "failed", "why")

    def guard(self) -> None:
        """Leave the version on trial although it may never come to its own loop."""
        if self.trial and hasattr(machine, "Timer"):  # the simulator has none
            # Kept: a timer that nobody holds is collected, and never fires.
            self._timer = machine.Timer(-1, period=_HUNG_MS, mode=machine.Timer.ONE_SHOT, callback=self._late)

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

    @staticmethod
    def _whole(folder: str) -> bool:
        """Is there a complete version? Its manifest is written last and removed first."""
        try:
            os.stat(folder + "/manifest")
        except OSError:
            return False
        return folder in _FOLDERS


def run() -> None:
    """Ends only when the service button was held at power-on, or a confirmed version fails: then there is a prompt."""
    slots = Slots()
    slots.choose()
    if slots.name:
        sys.path.insert(0, slots.name)
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

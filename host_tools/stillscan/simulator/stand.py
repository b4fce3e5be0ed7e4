"""A simulated scanner on its stand: board, cable, people and misfortunes, until somebody ends it.

Misfortunes are one line each, which ``command`` carries out (host_tools/docs/trials.md says it to users):

| line                | what happens                                                                            |
|---------------------|-----------------------------------------------------------------------------------------|
| `customer FILE`     | the next person comes, with this picture as the passport; nobody comes uncalled any more |
| `hurry FILE`        | the same, and they lay it down at once, whatever the lights show                        |
| `leave`             | who stands there goes, with the passport                                                |
| `fault NAME [S]`    | a part breaks (the names of `simulate --fault`), for S seconds or for good              |
| `mend`              | all parts are whole again                                                               |
| `reboot`            | the board starts anew, with another boot_id; the port stays                             |
| `unplug S`          | the cable is out for S seconds; the port goes and comes back under the same link        |
| `power S`           | the same, and the board is without power                                                |
| `busy S`            | the cable is put in anew, and another program holds the port for S seconds              |
| `mute S`            | nothing passes the cable, either way                                                    |
| `noise S`           | bytes are altered, lost and added, both ways                                            |
| `garbage S`         | the host hears noise without end                                                        |
| `stranger S`        | the host hears another device, which is no scanner                                      |
| `status`            | the state of all this, as JSON                                                          |

S are seconds of the wall clock, 0 to 3600. The answer is "ok", JSON, or "error: " and why.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from stillscan.errors import DeviceError, InputError
from stillscan.simulator.glass import Page
from stillscan.simulator.kiosk import AGEING, FAULTS
from stillscan.simulator.pty_port import PtyPort
from stillscan.simulator.visitors import Visitors

_MOST_S = 3600.0  # an hour: a trial waits no longer
_SHORT_LIFE_US = 2_000_000  # a board that ends so soon after its start will not do better the next time


class Stand:
    """``step`` is called for ever and takes a few milliseconds. The kiosk of ``port`` is paced."""

    def __init__(self, port: PtyPort, visitors: Visitors) -> None:
        self.port = port
        self.kiosk = port.kiosk
        self.kiosk.visitors = self._visitors = visitors
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._started_us = 0
        self._commands: dict[str, Callable[[str], str | None]] = {
            "customer": self._customer, "hurry": self._hurry, "leave": self._leave, "fault": self._fault,
            "mend": self._mend, "reboot": self._reboot, "unplug": self._unplug, "power": self._power,
            "busy": self._busy, "mute": self._cable("mute"), "noise": self._cable("noise"),
            "garbage": self._cable("garbage"), "stranger": self._cable("stranger"), "status": self._status,
        }  # fmt: skip

    def step(self) -> None:
        """Some milliseconds of it all. A firmware that ends starts anew, as its watchdog would make it. DeviceError."""
        now_s = time.monotonic()
        due, self._later = (
            [act for at_s, act in self._later if at_s <= now_s],
            [one for one in self._later if one[0] > now_s],
        )
        for act in due:
            act()
        try:
            self.port.step()
        except DeviceError as ended:
            if self.kiosk.bus.now_us - self._started_us < _SHORT_LIFE_US:
                raise
            print(f"stillscan device: {ended}; it starts anew", file=sys.stderr, flush=True)
            self._start_anew(by_watchdog=True)

    def command(self, line: str) -> str:
        """Carry out one line of the table above; the answer."""
        name, _, rest = line.strip().partition(" ")
        try:
            if name not in self._commands:
                raise InputError(f"no command '{name}'; there are: {', '.join(self._commands)}")
            return self._commands[name](rest.strip()) or "ok"
        except InputError as error:
            return f"error: {error}"

    # --- people -----------------------------------------------------------------------------------------------------

    def _customer(self, text: str) -> None:
        self._visitors.come(self.kiosk.bus, Page.load(text))

    def _hurry(self, text: str) -> None:
        self._visitors.hurry(self.kiosk.bus, Page.load(text))

    def _leave(self, _: str) -> None:
        self._visitors.leave(self.kiosk.bus)

    # --- board ------------------------------------------------------------------------------------------------------

    def _fault(self, text: str) -> None:
        name, _, seconds = text.partition(" ")
        if name not in FAULTS and name not in AGEING:
            raise InputError(f"no fault '{name}'; there are: {', '.join((*FAULTS, *AGEING))}")
        self.kiosk.fail(name)
        if seconds:
            self._after(_seconds(seconds), lambda: self.kiosk.fail("none"))

    def _mend(self, _: str) -> None:
        self.kiosk.fail("none")

    def _reboot(self, _: str) -> None:
        self._start_anew()

    def _start_anew(self, by_watchdog: bool = False) -> None:
        self.kiosk.reboot(by_watchdog)
        self._started_us = self.kiosk.bus.now_us

    # --- cable ------------------------------------------------------------------------------------------------------

    def _unplug(self, text: str) -> None:
        self._out_for(_seconds(text), self.port.plug)

    def _power(self, text: str) -> None:
        def again() -> None:
            self._start_anew()
            self.port.plug()

        self._out_for(_seconds(text), again)

    def _busy(self, text: str) -> None:
        seconds = _seconds(text)
        self.port.plug(busy=True)
        self._after(seconds, lambda: self.port.hold(False))

    def _out_for(self, seconds: float, then: Callable[[], None]) -> None:
        self.port.unplug()
        self._after(seconds, then)

    def _cable(self, kind: str) -> Callable[[str], None]:
        return lambda text: self.port.cable.break_for(kind, _seconds(text))

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, act))

    def _status(self, _: str) -> str:
        bus = self.kiosk.bus
        return json.dumps(
            {
                "light": bus.ring.colour,
                "customer": self._visitors.here,
                "lying": self._visitors.lying,
                "plugged": self.port.plugged,
                "cable": self.port.cable.fault,
                "boots": self.kiosk.boot_id,
                "firmware": self.kiosk.firmware.process_id,
                "up_s": (bus.now_us - self._started_us) / 1e6,
            }
        )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise InputError("how many seconds?") from None
    if not 0 <= value <= _MOST_S:
        raise InputError(f"seconds: 0 to {_MOST_S:g}")
    return value

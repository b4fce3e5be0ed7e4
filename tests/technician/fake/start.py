"""In place of firmware/start.py: the real link, commands and trial on a board without parts, as MODE says."""

import os
import select
import sys
import time

from kiosk import kernels, wire
from kiosk.commands import Commands
from kiosk.health import Health
from kiosk.link import Link
from kiosk.settings import Settings
from kiosk.trial import Trial

MODE = "works"


class Stream:
    def __init__(self):
        self._out = sys.stdout.buffer
        self._in = sys.stdin.buffer
        self._ready = select.poll()
        self._ready.register(sys.stdin, select.POLLIN)
        self._one = bytearray(1)

    def write(self, buffer, n):
        return self._out.write(memoryview(buffer)[:n])

    def readinto(self, buffer):
        taken = 0
        while taken < len(buffer) and self._ready.poll(0):
            self._in.readinto(self._one)
            buffer[taken] = self._one[0]
            taken += 1
        return taken


class Scan:
    state = wire.FAULT if MODE == "fault" else wire.EMPTY

    def __init__(self, link):
        self._link = link

    def host_gone(self):
        pass

    def serve(self):
        self.state = wire.SERVICE
        self.report()
        return True

    def begin(self):
        self.state = wire.EMPTY
        self.report()

    def report(self):
        part, fault = (wire.FLOW, wire.NO_ANSWER) if self.state == wire.FAULT else (0, 0)
        self._link.event(wire.M_STATE, self.state, 0, part, fault, 0, time.ticks_ms())


class Lamp:
    lit_ms = 0


class Board:
    name = "fake"
    capabilities = 0
    boot_id = 7


def run(slots):
    if MODE == "raises":
        raise RuntimeError("a defect")
    if MODE == "service":
        return
    if hasattr(os, "getenv"):
        try:
            os.remove(os.getenv("SERVICE"))  # the button was held, and is let go
            return
        except OSError:
            pass
    settings = Settings()
    link = Link(Stream(), kernels)
    scan = Scan(link)
    commands = Commands(Board, link, scan, settings, Health(Lamp()), scan.begin, None, slots)
    trial = Trial(slots, commands, scan)
    while True:
        commands.poll()
        commands.serve()
        trial.step()
        time.sleep_ms(1)

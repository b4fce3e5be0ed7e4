"""A page whose kiosk holds a simulated scanner with the real firmware: what a technician does there reaches it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import weakref
from importlib.resources import files
from pathlib import Path
from typing import Any

from played import Played

from stillscan.link.inbox import DrainedInbox
from stillscan.link.messages import State
from stillscan.link.session import Session
from stillscan.records.clock import utc_now
from stillscan.records.services import ServiceDone
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import profile
from stillscan.simulator.scene import Scene
from stillscan.technician.glass import Glass
from stillscan.technician.procedures.guided import Guided
from stillscan.technician.relay import Relay
from stillscan.technician.room import Room
from stillscan.web.pages import application
from stillscan.web.scanner_port import ScannerPort
from stillscan.web.server import NAMES, PageServer
from stillscan.web.service import ServicePage
from tests.hurried import Hurried

PAGE = Path(str(files("stillscan.samples"))) / "nor-clean.png"
SECRET = "of the note"
_POLL_MS = 200.0


class Held(Played):
    """``lay`` puts a document on the glass. Enter to serve; it ends with its scanner."""

    def __init__(self, *, scanner: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.relay = Relay(lambda: bool(self.counter.look(lambda visit, _: visit.step == "tracking")))
        self.room = Room(self.relay)
        self.glass = Glass(None, utc_now)
        self.signed: list[ServiceDone] = []
        self.folder = Path(tempfile.mkdtemp(prefix="service-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        more = [
            *ServicePage(self.counter, self.sessions, self.room, self.glass, self.guided()).routes(),
            *ScannerPort(self.relay, self.sessions, SECRET, self.glass.looked).routes(),
        ]
        self.program = application(self.counter, NAMES, self.browsers, self.sessions, more, glass=self.glass)
        self._server = PageServer(self.program, 0)
        self._ending = threading.Event()
        self._scanner = scanner
        if scanner:
            self._scene = Scene(Page.load(PAGE), profile("still", 1, 60), Dirt.profile("clean", 1), 1)
            self._kiosk = Hurried(self._scene, paced=True)
            self._scene.clear(self._kiosk.bus.now_us)
            self._empty = threading.Event()
            self._thread = threading.Thread(target=self._follow, daemon=True)
            self._thread.start()
            self._empty.wait()

    def guided(self) -> Guided:
        """Procedures as a program that has just started knows them."""
        return Guided(self.folder, self.room, self.note)

    def note(self, done: ServiceDone) -> int:
        """The entry of a report that was signed."""
        self.signed.append(done)
        return len(self.signed)

    def _follow(self) -> None:
        with contextlib.closing(Session(self._kiosk, DrainedInbox)) as session:
            session.open()
            while not self._ending.is_set():
                self.relay.turn(session)
                message = session.poll(_POLL_MS)
                if message is not None:
                    self.relay.heard(message)
                    self.counter.message(message)
                if isinstance(message, State) and message.state == 1:
                    self._empty.set()

    def lay(self) -> None:
        """A document is laid down, whatever the lights show."""
        self._scene.place(self._kiosk.bus.now_us)

    def job_done(self, most_s: float | None = None) -> None:
        """Wait until the task that goes on, if there is one, has ended, or ``most_s`` are over."""
        for thread in threading.enumerate():
            if thread.name == "task":
                thread.join(most_s)

    def stop(self) -> None:
        """The program ends."""
        super().stop()
        self._ending.set()
        if self._scanner:
            self._thread.join()

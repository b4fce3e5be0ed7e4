"""Composition of the kiosk and its one loop. A failing part or a defect puts every output in its safe state first."""

import time

import micropython
from micropython import const

from kiosk import wire
from kiosk.commands import Commands
from kiosk.displacement import Displacement
from kiosk.errors import PartError
from kiosk.flat_field import FlatField
from kiosk.health import Health
from kiosk.link import Link
from kiosk.motion import Motion
from kiosk.policy import Policy
from kiosk.proof import Proof, stored
from kiosk.scan import Scan
from kiosk.seldom import borrow, let_go
from kiosk.sensing import Sensing
from kiosk.settings import Settings
from kiosk.signals import Signals
from kiosk.surface import Surface
from kiosk.trial import Trial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import Board, Slots

_LONGEST = const(1536)  # bytes of a frame: a band at 8 bits takes 1511 of them with its tag
_PAIRING = "pairing.json"  # beside the folders of the versions, so that it outlives an update
_IDLE_MS = const(5)
_BUSY = (wire.SCANNING, wire.SERVICE)  # the signals are left as they are
_AT_REST = (wire.EMPTY, wire.DONE, wire.GAVE_UP, wire.FAULT)  # nobody waits for 0.1 s
_KEEP_MS = 60000  # 1440 writes a day: what that wears is reckoned in boards/README.md; tests have less, so no const


class App:
    """``board`` comes from boards/<board>/board.py and holds the drivers on their pins, ``slots`` from loader.py."""

    def __init__(self, board: Board, slots: Slots | None = None) -> None:
        self.board = board
        self.settings = Settings(of_board=board.settings)
        self.health = Health(board.lamp)
        self.link = Link(board.stream, board.kernels, _LONGEST)
        self.link.proof = _proof(board)
        policy = Policy(self.settings)
        sensing = Sensing(board.flow, board.accelerometer, board.int1, policy)
        self.motion = Motion(sensing, Displacement(self.settings), policy, self.settings)
        self.surface = Surface(
            board.lamp, board.sensor, board.carriage, FlatField(board.kernels), self.settings, board.watchdog.feed
        )
        sensing.halt = self.surface.halt
        self.signals = Signals(board.ring, board.beeper, self.settings)
        self.scan = Scan(
            self.surface, self.motion, board.presence, self.link, policy, self.settings, self.health, self.signals
        )
        self.commands = Commands(
            board, self.link, self.scan, self.settings, self.health, self.start_parts, self.surface, slots
        )
        self._trial = Trial(slots, self.commands, self.scan) if slots is not None and slots.trial else None
        self._health_ms = self._kept_ms = time.ticks_ms()

    def start_parts(self) -> None:
        """Start every part; the first that fails is named by FAULT, the link works all the same."""
        self.signals.silence()  # the next turn, which would end a tone, is seconds away
        try:
            self.surface.start()
            self.motion.start()  # while the carriage is on its way
        except PartError as error:
            self.fail(error.part, error.fault)
        else:
            self.scan.begin()
        self.health.tidy()

    def fail(self, part: int, fault: int) -> None:
        self.surface.stop()
        self.scan.fail(part, fault)

    @micropython.native
    def step(self) -> None:
        """One turn: signals, commands, health, the scan cycle. Only one that came to its end feeds the watchdog."""
        if self.scan.state not in _BUSY:
            self.signals.tick()
        try:
            self.commands.poll()
            self._now_and_then()
            self.scan.step()
            if self.commands.service is not None:
                self.commands.serve()
            if self._trial is not None:
                self._trial.step()
        except PartError as error:
            self.fail(error.part, error.fault)
        if self.scan.state != wire.SCANNING:
            time.sleep_ms(_IDLE_MS)
        self.board.watchdog.feed()

    def _now_and_then(self) -> None:
        """HEALTH once in `health` ms, what is to outlive a power cut once in a minute; neither while scanning."""
        if self.scan.state == wire.SCANNING:
            return
        now = time.ticks_ms()
        if self.link.streams & wire.STREAM_HEALTH and time.ticks_diff(now, self._health_ms) >= self.settings.health:
            self._health_ms = now
            self.commands.send_health()
        if time.ticks_diff(now, self._kept_ms) >= _KEEP_MS and self.scan.state in _AT_REST:
            self._kept_ms = now
            self._keep()

    def _keep(self, defect: Exception | None = None) -> None:
        try:
            borrow("kiosk.lifetime").keep(self.health, self.board, defect)
        except (OSError, MemoryError, ImportError):
            pass  # it is tried again in a minute
        let_go()

    def run(self) -> None:
        """For ever. A defect (any other exception) becomes FAULT "firmware"; only a power cut or a reset ends it."""
        self.health.note(wire.EV_BOOT)
        self.commands.poll()  # a host that waits is answered before the parts start, which takes a second
        turn = self.start_parts
        while True:
            try:
                turn()
            except Exception as defect:
                self.surface.stop()
                self.board.report(defect)
                self.scan.fail(wire.FIRMWARE, wire.INTERNAL)
                if turn == self.step or not self.health.stores:
                    self._keep(defect)
                time.sleep_ms(_IDLE_MS)  # the watchdog is not fed: a defect in every turn ends in a reset
            except BaseException:  # interrupt from a terminal, end of the simulation
                self.surface.stop()
                self.signals.silence()
                raise
            turn = self.step


def _proof(board: Board) -> Proof | None:
    """Of a board that was paired."""
    pairing = stored(_PAIRING)
    return Proof(board.kernels, *pairing) if pairing else None

"""Answers to the host's commands. A command that cannot be carried out gets an ERROR with a code, never silence."""

import time

from micropython import const

from kiosk import settings as settings_table
from kiosk import wire
from kiosk.drivers.cis import WIDTH_PX
from kiosk.health import ENTRIES
from kiosk.seldom import borrow, let_go
from kiosk.surface import PITCH_NM, ROWS
from kiosk.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.health import Health
    from kiosk.link import Link
    from kiosk.parts import Board, Slots
    from kiosk.scan import Scan
    from kiosk.service import Service
    from kiosk.surface import Surface

_AT_REST = (wire.EMPTY, wire.DONE, wire.GAVE_UP, wire.FAULT, wire.SERVICE)  # no check waits for what takes time
_MOST = const(8)  # commands in one turn


class Commands:
    def __init__(
        self,
        board: Board,
        link: Link,
        scan: Scan,
        settings: settings_table.Settings,
        health: Health,
        start_parts: Callable[[], None],
        surface: Surface,
        slots: Slots | None = None,
    ) -> None:
        self.board = board
        self.link = link
        self.scan = scan
        self.settings = settings
        self.health = health
        self._start_parts = start_parts
        self.surface = surface
        self.slots = slots
        self._answers: dict[int, Callable[..., None]] = {
            wire.C_HELLO: self._hello,
            wire.C_SUBSCRIBE: self._subscribe,
            wire.C_SWEEP: self._sweep,
            wire.C_FINISH: self._finish,
            wire.C_SETTING_GET: self._get,
            wire.C_SETTING_SET: self._set,
            wire.C_HEALTH: self.send_health,
            wire.C_LOG: self._log,
            wire.C_CALIBRATE: self._on_calibrate,
            wire.C_RECOVER: self._recover,
            wire.C_INSTALLED: self._installed,
        }
        self.service: Service | None = None  # a technician has the parts
        self.spoken = False  # a host of our major version has said HELLO

    def poll(self) -> None:
        """Answer what has arrived, or the first part of much: a host that never stops must not hold up the loop."""
        for _ in range(_MOST):
            kind = self.link.receive()
            if not kind:
                return
            answer = self._answers.get(kind)
            if answer is None and not wire.C_IDENTITY <= kind <= wire.C_UPLOAD:
                self.link.unknown += 1
                continue
            if kind in wire.PROVEN and not self._proven():
                self._error(wire.E_NOT_PAIRED, kind)
                continue
            try:
                values = wire.unpack(kind, self.link.body())
            except ValueError:
                self.link.bad_frame += 1
                self._error(wire.E_MALFORMED, kind)
                continue
            if answer is None:
                self._seldom(kind, values)
            else:
                answer(*values)

    def _error(self, code: int, about: int) -> None:
        self.link.send(wire.M_ERROR, code, about)

    def _proven(self) -> bool:
        """May whoever sent this command ask for it? Of a board that is paired only the host that it is paired with."""
        link = self.link
        proof = link.proof
        if proof is None or link.proven(proof.now):
            return True
        offered = proof.offered
        if offered is None or not link.proven(offered):
            return False
        self._begin_session()
        link.sealing = proof.accept(offered)
        return True

    def _begin_session(self) -> None:
        """Whoever listened before does not any more."""
        self.scan.host_gone()
        if self.service is not None:
            self.service.end(wire.HOST)
        self.link.streams = 0

    def _hello(self, major: int, minor: int, nonce: bytes) -> None:
        proof = self.link.proof
        if proof is None:
            self._begin_session()
        elif proof.now is not None and self.scan.sweeping:
            return  # anybody can say HELLO: it must not cost a line, nor end a session before it has proven something
        self.spoken = major == wire.MAJOR
        self.health.note(wire.EV_HOST, major, minor)
        board = self.board
        answer = wire.pack(
            wire.M_HELLO, wire.MAJOR, wire.MINOR, VERSION[0], VERSION[1], VERSION[2], board.name.encode(),
            board.boot_id, WIDTH_PX, ROWS, PITCH_NM, self.settings.line_us, wire.MAX_FRAME, 1, board.capabilities,
            proof.nonce() if proof else b"", proof.scanner if proof else b"", self.link.epoch,
        )  # fmt: skip
        if proof is not None:
            proof.offer(self.link.body(), answer, self.link.received)
        self.link.send_unproven(wire.M_HELLO, answer)
        if not self.spoken:
            self._error(wire.E_VERSION, wire.C_HELLO)

    def _subscribe(self, streams: int) -> None:
        if not self.spoken:
            self._error(wire.E_VERSION, wire.C_SUBSCRIBE)
            return
        self.link.streams = streams
        if not streams & wire.STREAM_BANDS:
            self.scan.host_gone()
        self.scan.report()

    def _sweep(self, first_row: int, last_row: int) -> None:
        if not self.link.streams:
            self._error(wire.E_NOT_SUBSCRIBED, wire.C_SWEEP)
        elif not first_row <= last_row < ROWS:
            self._error(wire.E_OUT_OF_RANGE, wire.C_SWEEP)
        elif not self.scan.want(first_row, last_row):
            self._error(wire.E_WRONG_STATE, wire.C_SWEEP)

    def _finish(self, result: int) -> None:
        if not self.link.streams:
            self._error(wire.E_NOT_SUBSCRIBED, wire.C_FINISH)
        else:
            self.scan.finish(result)

    def _get(self, setting: int) -> None:
        if setting == wire.ALL_SETTINGS:
            for number in range(len(settings_table.TABLE)):
                self._send_setting(number)
        elif setting < len(settings_table.TABLE):
            self._send_setting(setting)
        else:
            self._error(wire.E_UNKNOWN_SETTING, setting)

    def _send_setting(self, number: int) -> None:
        name, unit, _, low, high = settings_table.TABLE[number]
        default = self.settings.default(number)
        self.link.send(
            wire.M_SETTING, number, self.settings.get(number), default, low, high, name.encode(), unit.encode()
        )

    def _set(self, setting: int, value: int) -> None:
        if setting >= len(settings_table.TABLE):
            self._error(wire.E_UNKNOWN_SETTING, setting)
        elif self.scan.state == wire.SCANNING:  # storing stops both cores of the chip
            self._error(wire.E_WRONG_STATE, wire.C_SETTING_SET)
        else:
            try:
                self.settings.set(setting, value)
            except ValueError:
                self._error(wire.E_OUT_OF_RANGE, setting)
                return
            except settings_table.ClashError:
                self._error(wire.E_CLASH, setting)
                return
            except OSError:
                self._error(wire.E_NOT_STORED, setting)
                return
            self.health.note(wire.EV_SETTING, setting, value)
            self._send_setting(setting)

    def send_health(self) -> None:
        link = self.link
        health = self.health
        link.send(
            wire.M_HEALTH, time.ticks_ms(), health.heap_free, health.heap_free_min, health.sweeps, health.lines,
            health.aborts, health.faults & 0xFFFF, link.frames_in, link.bad_crc & 0xFFFF, link.bad_frame & 0xFFFF,
            link.oversized & 0xFFFF, link.unknown & 0xFFFF, link.short_writes & 0xFFFF, health.credit_waits & 0xFFFF,
            link.streams, self.board.boot_id,
        )  # fmt: skip

    def _log(self) -> None:
        entries = self.health.log(ENTRIES)
        self.link.send_body(wire.M_LOG, bytes((len(entries) // 8,)) + entries)

    def _on_calibrate(self, when: int, back: int) -> None:
        if back:
            self._seldom(wire.C_CALIBRATE, ())
            return
        if self.scan.state != wire.EMPTY:
            self._error(wire.E_WRONG_STATE, wire.C_CALIBRATE)
            return
        try:
            self.surface.calibrate(when)
        except OSError:
            self._error(wire.E_NOT_STORED, wire.C_CALIBRATE)
            return
        self.health.note(wire.EV_CALIBRATED)
        self.scan.report()

    def _recover(self) -> None:
        if self.scan.state != wire.FAULT:
            self._error(wire.E_WRONG_STATE, wire.C_RECOVER)
            return
        self.health.note(wire.EV_RECOVERED)
        self._start_parts()

    def _installed(self) -> None:
        slot, build, failed, why = self.slots.told() if self.slots is not None else (0, "", "", 0)
        trial = self.slots is not None and self.slots.trial
        self.link.send(wire.M_INSTALLED, slot, int(trial), build.encode(), failed.encode(), why)

    def _seldom(self, kind: int, values: tuple[object, ...]) -> None:
        """What a technician asks: its code is loaded for the answer, when no check needs the time that it takes."""
        state = self.scan.state
        if state not in _AT_REST and (state != wire.PLACED or self.link.streams & wire.STREAM_BANDS):
            self._error(wire.E_WRONG_STATE, kind)
            return
        try:
            code = borrow("kiosk.requests").answer(self, kind, *values)
        except (OSError, MemoryError, ImportError):
            code = wire.E_FAILED
        if code:
            self._error(code, kind)
        if self.service is None:
            let_go()

    def serve(self) -> None:
        """A turn of the service. When it is over its code is let go of, and all parts are started."""
        service = self.service
        if service is None:
            return
        if not service.over:
            service.step()
            return
        self.service = None
        self.health.note(wire.EV_SERVICE, 0, service.over)
        service = None  # what the stack still holds is not collected
        let_go()
        if self.scan.state == wire.SERVICE:
            self._start_parts()

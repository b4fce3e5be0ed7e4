"""All that goes over a scanner's cable, recorded as it goes, and a transport that plays such a recording.

For a bug that one board alone shows: its side of the talk is played to another program, at its own pace.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from os import PathLike
from typing import BinaryIO

from kiosk import wire
from stillscan.errors import DeviceError, InputError
from stillscan.files import opened_to_write, refuse_kept, trouble
from stillscan.link.framing import Decoder, Frame, encode
from stillscan.link.messages import parse
from stillscan.link.transport import LinkLostError, Transport
from stillscan.recordings.file import LINK, MOST_BYTES, Recording, Written
from stillscan.recordings.frames import frame
from stillscan.recordings.rows import NUMBERS, Row, of_command, of_message

_FLUSH_MS = 250.0  # so much is lost at most when the program is killed, or the power goes
_UNTIMED = (wire.C_CREDIT, wire.C_HEALTH, wire.C_SERVICE)
"""Commands that are said again and again, by the host's own clock: nothing waits for them."""
_PATIENCE_MS = 10_000.0  # for a command that the recording has: the longest that a person is asked to be quick
_SLEEP_S = 0.005  # between two looks: less than two lines
_MOST_HEARD = 256  # commands that the recording does not have; the newest are kept


class LinkFile:
    """The file of one link, over all its connections. It grows as it goes: what is lost with a crash is a moment."""

    def __init__(self, name: str | PathLike[str]) -> None:
        """InputError, EnvironmentTroubleError: it cannot be written."""
        try:
            refuse_kept(name)
            self._file: BinaryIO = opened_to_write(name)  # closed in close()
        except (OSError, ValueError) as error:
            raise trouble(name, error, "written") from None
        self._written = Written(LINK)
        self._lock = threading.Lock()  # one thread reads the port, another writes to it
        self._began_ms: float | None = None
        self._flushed_ms = time.monotonic() * 1000
        self._connections = 0
        self._lost: OSError | None = None  # why no more can be written
        self._file.write(self._written.head)

    def tapped(self, connect: Callable[[], Transport]) -> Callable[[], Transport]:
        """What opens the port, so that all is recorded."""

        def opened() -> Transport:
            transport = connect()
            if self._connections:
                self.row(["lost"], transport.now_ms())
            self._connections += 1
            return _Recorded(transport, self)

        return opened

    def listen(self, cable: Transport) -> None:
        """Record what goes over the cable of a simulated scanner from now on, by its clock."""
        tap = _Recorded(cable, self)
        for name, method in (("read", tap.read), ("write", tap.write)):
            setattr(cable, name, method)  # of this one object

    def row(self, row: Row, at_ms: float) -> None:
        """One more, by its transport's clock; none beyond the most that a file has. A disk that is full costs the
        recording alone."""
        now_ms = time.monotonic() * 1000
        with self._lock:
            if self._file.closed or self._written.size > MOST_BYTES:
                return
            self._began_ms = at_ms if self._began_ms is None else self._began_ms
            try:
                self._file.write(self._written.row(at_ms - self._began_ms, row))
                if now_ms - self._flushed_ms > _FLUSH_MS:
                    self._file.flush()
                    self._flushed_ms = now_ms
            except OSError as error:
                self._lost = error
                with suppress(OSError):  # what it still held cannot be written either
                    self._file.close()

    def close(self) -> None:
        """The link is over. EnvironmentTroubleError: its end cannot be written, or could not before."""
        with self._lock:
            if self._lost is not None:
                raise trouble(self._file.name, self._lost, "written") from None
            if self._file.closed:
                return
            try:
                with self._file:
                    self._file.write(self._written.end())
            except OSError as error:
                raise trouble(self._file.name, error, "written") from None


class _Recorded:
    """See Transport: another one, and every frame of both ways goes into the file."""

    def __init__(self, transport: Transport, file: LinkFile) -> None:
        self._read, self._write, self._file = transport.read, transport.write, file
        self._in, self._out = Decoder(), Decoder()
        self._next: int | None = None
        self._damaged = (0, 0)
        self.name, self.pseudo = transport.name, transport.pseudo
        self.now_ms, self.close = transport.now_ms, transport.close

    def read(self, timeout_ms: float) -> bytes:
        """See Transport."""
        data = self._read(timeout_ms)
        for one in self._in.feed(data):
            if self._next is not None and one.sequence != self._next:
                self._row(["gap", (one.sequence - self._next) & 0xFFFF])
            self._next = (one.sequence + 1) & 0xFFFF
            row = _said(one)
            if row is not None:
                self._row(row)
        damaged = self._in.bad_crc, self._in.bad_frame
        if damaged != self._damaged:
            self._row(["damaged", *(now - then for now, then in zip(damaged, self._damaged, strict=True))])
            self._damaged = damaged
        return data

    def write(self, data: bytes) -> None:
        """See Transport."""
        for one in self._out.feed(data):
            try:
                row = of_command(one.kind, one.body)
            except ValueError:
                continue
            if row is not None:
                self._row(row)
        self._write(data)

    def _row(self, row: Row) -> None:
        self._file.row(row, self.now_ms())


def _said(one: Frame) -> Row | None:
    """What a frame says, with or without the tag of paired ends; None for what nobody knows."""
    for body in (one.body, one.body[: -wire.TAG]):
        try:
            message = parse(one.kind, body)
        except ValueError:
            continue
        return None if message is None else of_message(message)
    return None


class Player:
    """``open`` gives one connection of the recording after another."""

    def __init__(self, name: str, recording: Recording, *, paced: bool = True) -> None:
        """``paced``: by the computer's clock; else time passes while it is read. InputError: it is of a visit."""
        if recording.kind != LINK:
            raise InputError(f"{name}: is a recording of a visit: 'stillscan replay' runs it again; this plays links")
        self._name, self._paced = name, paced
        self._parts: deque[list[tuple[float, Row]]] = deque([[]])
        for t_ms, row in recording.rows:
            if row[0] == "lost":
                self._parts.append([])
            else:
                self._parts[-1].append((t_ms, row))

    def open(self) -> Transport:
        """The next connection. DeviceError: there is none."""
        if not self._parts:
            raise DeviceError(f"play:{self._name}: the recording is over", "missing")
        return Played(self._name, self._parts.popleft(), self._paced)


class Played:
    """See Transport. What the scanner said comes as long after what it was told as it did then."""

    pseudo = True

    def __init__(self, name: str, rows: list[tuple[float, Row]], paced: bool) -> None:
        self.name = f"play:{name}"
        self._rows = deque(rows)
        self._paced = paced
        self._virtual_ms = 0.0
        self._behind_ms: float | None = None  # of the recording, against this clock
        self._waits_ms: float | None = None  # since when a command is waited for
        self._heard: deque[int] = deque(maxlen=_MOST_HEARD)
        self._decoder = Decoder()
        self._sequence = 0

    def now_ms(self) -> float:
        """See Transport."""
        return time.monotonic() * 1000 if self._paced else self._virtual_ms

    def write(self, data: bytes) -> None:
        """See Transport."""
        self._heard.extend(one.kind for one in self._decoder.feed(data))

    def close(self) -> None:
        """See Transport."""

    def read(self, timeout_ms: float) -> bytes:
        """See Transport."""
        end_ms = self.now_ms() + timeout_ms
        while True:
            said = self._due()
            if said or self.now_ms() >= end_ms:
                return said
            if self._paced:
                time.sleep(min(_SLEEP_S, max(0.0, (end_ms - self.now_ms()) / 1000)))
            else:
                self._virtual_ms = min(end_ms, self._next_ms())

    def _next_ms(self) -> float:
        """When the next row is due, at the earliest."""
        if self._waits_ms is not None or not self._rows:
            return float("inf")
        return max(self._rows[0][0] + (self._behind_ms or 0.0), self._virtual_ms)

    def _due(self) -> bytes:
        """The next frame, if it is time. LinkLostError: there is no more, or it waits for what is not said."""
        now_ms = self.now_ms()
        while self._rows:
            t_ms, row = self._rows[0]
            self._behind_ms = now_ms - t_ms if self._behind_ms is None else self._behind_ms
            if row[0].startswith(">"):
                if not self._was_told(row, t_ms, now_ms):
                    return b""
            elif t_ms + self._behind_ms > now_ms:
                return b""
            self._rows.popleft()
            said = self._frame(row)
            if said:
                return said
        raise LinkLostError(f"{self.name}: the recording is over", "gone")

    def _was_told(self, row: Row, t_ms: float, now_ms: float) -> bool:
        kind = NUMBERS[row[0]]
        if kind in _UNTIMED:
            return True
        if kind in self._heard:
            self._heard.remove(kind)
            self._behind_ms, self._waits_ms = now_ms - t_ms, None
            return True
        self._waits_ms = now_ms if self._waits_ms is None else self._waits_ms
        if now_ms - self._waits_ms > _PATIENCE_MS:
            raise LinkLostError(
                f"{self.name}: the recording goes on with {row[0][1:].upper()}, which this program does not say", "lost"
            )
        return False

    def _frame(self, row: Row) -> bytes:
        if row[0] == "gap" and len(row) > 1:
            self._sequence += int(row[1])
        if row[0] == "damaged":
            return b"\0\x03\x01\x01\0"  # shorter than a frame
        made = frame(row)
        if made is None:
            return b""
        self._sequence += 1
        return encode(made[0], self._sequence - 1, made[1])

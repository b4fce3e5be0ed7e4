"""Visits as they go by, each one file in a ring of the last ones: a display beside others, and a tap on the port.

A visit is from a document's placing to the empty glass. Nothing that goes wrong here is the check's trouble.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

from kiosk import wire
from stillscan.errors import DeviceTrouble, StillscanError
from stillscan.files import trouble, write_whole
from stillscan.link.framing import Decoder
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Abort, Band, Hello, Installed, Message, Setting, State, SweepBegin, SweepEnd
from stillscan.link.session import EVERYTHING
from stillscan.link.transport import Transport
from stillscan.recordings.file import VISIT, Written
from stillscan.recordings.light import light_row
from stillscan.recordings.rows import Row, code, of_command, of_message
from stillscan.scanning.inspection import NoticeKind
from stillscan.scanning.result import Result

_LOG = logging.getLogger(__name__)
STREAMS = EVERYTHING | wire.STREAM_SAMPLES
"""What a scanner is to send to who records: firmware before 1.3 sends no SAMPLE with it."""
SUFFIX = ".recording"
KEEP = 20
"""Visits that are kept where nobody says how many: an hour's, and 2 MB."""
MOST_BYTES = 1_000_000
"""Of one file: sixteen whole sweeps. Of a visit that goes on longer the bands that come after that are left out."""
_MOST_ALL = 2 * MOST_BYTES  # then it ends: a scanner that talks without end fills no memory
_NAME = re.compile(rf"visit-(\d{{1,12}}){re.escape(SUFFIX)}")
_AWAY = (wire.EMPTY, wire.START, wire.SERVICE)
_OWNER_ONLY = 0o700  # what the kiosk did is for who looks after it


class Ring:
    """The newest ``keep`` files of a folder, which is made."""

    def __init__(self, folder: Path, keep: int) -> None:
        """InputError, EnvironmentTroubleError: the folder cannot be made."""
        self.folder, self.keep = folder, keep
        try:
            folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise trouble(folder, error, "made") from None

    def add(self, content: bytes) -> Path:
        """One more, whole or not at all; the oldest go. InputError, EnvironmentTroubleError."""
        there = files(self.folder)
        path = self.folder / f"visit-{(_number(there[-1]) if there else 0) + 1:06}{SUFFIX}"
        write_whole(path, content)
        for old in [*there, path][: -self.keep]:
            old.unlink(missing_ok=True)
        return path


def files(folder: Path) -> list[Path]:
    """The visits in a folder, the oldest first; none where there is no such folder."""
    try:
        found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file()]
    except OSError:
        return []
    return sorted(found, key=_number)


def _number(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


class Recorder:
    """A Display. ``done`` gets each visit's file when it is over; ``now_ms`` is any clock that never goes back."""

    def __init__(self, done: Callable[[bytes], object], now_ms: Callable[[], float] | None = None) -> None:
        self._done = done
        self._now_ms = now_ms or (lambda: time.monotonic() * 1000)
        self._known: dict[object, Row] = {}  # what was said of the scanner before a visit
        self._written: Written | None = None
        self._lines: list[bytes] = []
        self._began_ms = 0.0
        self._pitch_mm = 0.0
        self._sweep: list[Band] = []
        self._full = False
        self._pause = False  # this visit is longer than a recording
        self._judged = self._over = False  # it has its result; the document is gone

    def tapped(self, connect: Callable[[], Transport]) -> Callable[[], Transport]:
        """What opens the port, so that what is said to the scanner is recorded too."""
        return lambda: _Tapped(connect(), self._command)

    # --- what a display is told -------------------------------------------------------------------------------------

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        """See Display."""
        self.close()
        self._known = {"hello": of_message(hello)}
        self._pitch_mm = hello.pitch_nm / 1e6

    def message(self, message: Message) -> None:
        """See Display."""
        if isinstance(message, State):
            self._state(message)
            return
        if isinstance(message, Setting | Installed):
            self._known[message.setting if isinstance(message, Setting) else "installed"] = of_message(message)
        elif isinstance(message, SweepBegin):
            self._sweep = []
        elif isinstance(message, Band):
            self._band(message)
            return
        self._keep(of_message(message))
        if isinstance(message, SweepEnd | Abort):
            self._light()

    def not_read(self, reason: str) -> None:
        """See Display."""
        self._keep(["not_read", code(reason)])

    def result(self, result: Result) -> None:
        """See Display. The sweep that was read goes on while the scanner hears that it is enough."""
        self._light()
        self._keep(result_row(result))
        self._judged = True
        if self._over:
            self.close()

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        """See Display."""
        self._keep(["lost"])
        self.close()

    def notice(self, text: str, kind: NoticeKind) -> None:
        """See Display: it says nothing about a visit."""

    # --- the visit --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the visit that is under way, if any."""
        written, self._written = self._written, None
        if written is None:
            return
        self._lines.append(written.end())
        try:
            self._done(b"".join(self._lines))
        except StillscanError as error:
            _LOG.warning("a visit was not recorded: %s", error)
        self._lines = []

    def _state(self, state: State) -> None:
        if state.state in _AWAY:
            self._keep(of_message(state))
            self._over, self._pause = True, False
            if self._judged:
                self.close()
            return
        if self._over:
            self.close()
        if self._written is None and not self._pause:
            self._judged = self._over = False
            self._written, self._began_ms, self._full = Written(VISIT), self._now_ms(), False
            self._lines = [self._written.head]
            for row in self._known.values():
                self._keep(row)
        self._keep(of_message(state))

    def _band(self, band: Band) -> None:
        if self._written is not None and self._written.size > MOST_BYTES and not self._full:
            self._full = True
            self._keep(["full"])
        if not self._full and self._written is not None:
            self._sweep.append(band)
            self._keep(of_message(band))

    def _light(self) -> None:
        sweep, self._sweep = self._sweep, []
        row = light_row(sweep, self._pitch_mm)
        if row is not None:
            self._keep(row)

    def _command(self, kind: int, body: bytes) -> None:
        try:
            row = of_command(kind, body)
        except ValueError:
            return
        if row is not None:
            self._keep(row)

    def _keep(self, row: Row) -> None:
        written = self._written
        if written is None:
            return
        self._lines.append(written.row(self._now_ms() - self._began_ms, row))
        if written.size > _MOST_ALL:
            self._pause = True
            self.close()


def result_row(result: Result) -> Row:
    """["result", outcome, reason, format, attempts, qualities, sensors, still_ms, last_row_ms].

    Both times are before the verdict: since the document lay still, and since the last row that the reading rests on.
    """
    verdict_ms = result.verdict_ms

    def before(ms: float | None) -> float | None:
        return None if ms is None or verdict_ms is None else round(verdict_ms - ms, 1)

    quality = sorted({code(finding.code) for finding in result.quality})
    sensors = [code(sensor) for sensor in result.sensors]
    form = None if result.format is None else code(result.format)
    times = [before(result.still_ms), before(result.last_row_ms)]
    return ["result", result.outcome, code(result.reason), form, result.attempts, quality, sensors, *times]


class _Tapped:
    """See Transport: another one, and whatever is written to it is told, frame by frame."""

    def __init__(self, transport: Transport, heard: Callable[[int, bytes], None]) -> None:
        self._transport, self._heard = transport, heard
        self._decoder = Decoder()
        self.name, self.pseudo = transport.name, transport.pseudo
        self.read, self.now_ms, self.close = transport.read, transport.now_ms, transport.close

    def write(self, data: bytes) -> None:
        """See Transport."""
        self._transport.write(data)
        for frame in self._decoder.feed(data):
            self._heard(frame.kind, frame.body)

"""A session with one scanner: handshake, subscription, commands, credit; counts whatever went wrong on the line."""

from __future__ import annotations

from collections import deque
from typing import TypeVar

from kiosk import wire
from stillscan import __version__
from stillscan.errors import DeviceError
from stillscan.link.framing import Decoder, encode
from stillscan.link.messages import (
    Band,
    Error,
    Health,
    Hello,
    Installed,
    Log,
    Message,
    Setting,
    State,
    SweepBegin,
    named,
    parse,
)
from stillscan.link.transport import Transport

WINDOW = 96  # bands granted ahead: 0.28 s of lines
_REFRESH = 24
_ANSWER_MS = 1000.0
_HELLO_TRIES = 3
_INSTANT_MS = 0.0005  # what floating-point leaves of a wait; a simulated clock would never come to its end

M = TypeVar("M", bound=Message)


class Session:
    """``open`` first. ``poll`` gives the messages one by one; credit for bands is granted as they are taken."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.decoder = Decoder()
        self.hello: Hello | None = None
        self.lost_frames = 0
        self.unknown = 0
        self.malformed = 0
        self._sequence = 0
        self._expected: int | None = None
        self._messages: deque[Message] = deque()
        self._granted = 0

    def open(self, streams: int = wire.STREAM_EVENTS | wire.STREAM_BANDS) -> Hello:
        """Handshake and subscribe. DeviceError: nobody answers, or a firmware of another major version does."""
        for _ in range(_HELLO_TRIES):
            self.send(wire.C_HELLO, wire.MAJOR, wire.MINOR)
            hello = self._wait(Hello, _ANSWER_MS)
            if hello is not None:
                break
        else:
            raise DeviceError(f"{self.transport.name}: no stillscan scanner answers there")
        if hello.major != wire.MAJOR:
            raise DeviceError(
                f"{self.transport.name}: the scanner's firmware {hello.firmware} speaks protocol "
                f"{hello.major}.{hello.minor}, stillscan {__version__} speaks {wire.MAJOR}: update the "
                + ("computer" if hello.major > wire.MAJOR else "scanner")
            )
        self._messages.clear()  # what came before was said to an earlier host
        self.hello = hello
        self.send(wire.C_SUBSCRIBE, streams)
        return hello

    def send(self, kind: int, *values: object) -> None:
        """One command (wire.C_...). LinkLostError."""
        self.transport.write(encode(kind, self._sequence, wire.pack(kind, *values)))
        self._sequence = (self._sequence + 1) & 0xFFFF

    def poll(self, timeout_ms: float) -> Message | None:
        """The next message, waiting at most so long; None when there is none. LinkLostError."""
        end = self.transport.now_ms() + timeout_ms
        while not self._messages:
            left = end - self.transport.now_ms()
            data = self.transport.read(max(0.0, left))
            if data:
                self._take(data)
            elif left < _INSTANT_MS:
                return None
        message = self._messages.popleft()
        self._grant(message)
        return message

    def health(self) -> Health | None:
        """Ask for counters; None when the device does not answer. Other messages stay queued."""
        self.send(wire.C_HEALTH)
        return self._wait(Health, _ANSWER_MS)

    def installed(self) -> Installed | None:
        """Ask which version runs; None when the device does not answer: it is older than the question."""
        self.send(wire.C_INSTALLED)
        return self._wait(Installed, _ANSWER_MS)

    def log(self) -> Log | None:
        """Ask for the event log; None when the device does not answer."""
        self.send(wire.C_LOG)
        return self._wait(Log, _ANSWER_MS)

    def settings(self) -> dict[str, Setting]:
        """All settings of the device by name."""
        self.send(wire.C_SETTING_GET, wire.ALL_SETTINGS)
        self.send(wire.C_HEALTH)  # answered last: no guess when the list is complete
        found: dict[str, Setting] = {}
        while isinstance(setting := self._wait((Setting, Health), _ANSWER_MS), Setting):
            found[setting.name.rstrip(b"\0").decode("ascii", "replace")] = setting
        return found

    def set(self, setting: int, value: int) -> None:
        """Change a setting by number. DeviceError when the device refuses."""
        self.send(wire.C_SETTING_SET, setting, value)
        end = self.transport.now_ms() + _ANSWER_MS
        while (left := end - self.transport.now_ms()) > 0:
            answer = self._wait((Setting, Error), left)
            if isinstance(answer, Setting) and answer.setting == setting:
                return
            if isinstance(answer, Error):
                raise DeviceError(f"the scanner refuses setting {setting}: {named(wire.ERRORS, answer.code)}")
        raise DeviceError(f"the scanner did not answer to setting {setting}")

    def _wait(self, kind: type[M] | tuple[type[M], ...], timeout_ms: float) -> M | None:
        end = self.transport.now_ms() + timeout_ms
        while True:
            for i, message in enumerate(self._messages):
                if isinstance(message, kind):
                    del self._messages[i]
                    return message
            left = end - self.transport.now_ms()
            if left < _INSTANT_MS:
                return None
            self._take(self.transport.read(left))

    def _take(self, data: bytes) -> None:
        for frame in self.decoder.feed(data):
            if self._expected is not None:
                self.lost_frames += (frame.sequence - self._expected) & 0xFFFF
            self._expected = (frame.sequence + 1) & 0xFFFF
            try:
                message = parse(frame.kind, frame.body)
            except ValueError:
                self.malformed += 1
                continue
            if message is None:
                self.unknown += 1
            else:
                self._messages.append(message)

    def _grant(self, message: Message) -> None:
        if isinstance(message, SweepBegin):
            self._granted = WINDOW
            self.send(wire.C_CREDIT, message.sweep, self._granted)
        elif isinstance(message, Band) and message.header.band + WINDOW - self._granted >= _REFRESH:
            self._granted = message.header.band + WINDOW
            self.send(wire.C_CREDIT, message.header.sweep, self._granted)


def describe(state: State) -> str:
    """A fault in plain words: the part and what is wrong with it."""
    return f"{named(wire.PARTS, state.part)}: {named(wire.FAULTS, state.fault)}"

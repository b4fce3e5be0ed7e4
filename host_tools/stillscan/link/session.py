"""A session with one scanner: handshake, subscription, commands, credit, and whether the scanner still lives."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from kiosk import wire
from stillscan.errors import DeviceError, DeviceTrouble
from stillscan.link.conduct import Conduct
from stillscan.link.framing import encode
from stillscan.link.greeting import identity, nobody_there, see_that_it_can_be_used, unproven
from stillscan.link.identity import Admission, ScannerIdentity, anybody
from stillscan.link.inbox import Arrived, DirectInbox, Inbox
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
    plain,
)
from stillscan.link.proof import NONCE, Proof, Sealed
from stillscan.link.transport import LinkLostError, Transport
from stillscan.link.verified import VerifiedBands

WINDOW = 96
"""Bands granted ahead: 0.28 s of lines, ten times the pause that a busy computer makes now and then."""
_REFRESH = 24
"""Bands after which credit is renewed: a quarter of the window, so that one lost CREDIT does no harm."""
_MOST_BANDS = 65535  # CREDIT counts them in 16 bits (PROTOCOL.md)
_ANSWER_MS = 1000.0  # for an answer that PROTOCOL.md promises within 20 ms: fifty times that, for a busy computer
_STARTING_MS = 4000.0
"""For an answer while parts are started (PROTOCOL.md: within 3 s)."""
_SILENCE_MS = 1250.0
"""Without a message for so long the scanner is asked: it sends HEALTH every second, but for while it scans."""
_HELLO_TRIES = 3  # the first may end in a frame that was cut off before, the second be lost on the line
_MANY_BYTES = 64
"""More than a line end or two: something else talks there."""
_TICKS = 1 << 30  # of the scanner's clock in ms
_INSTANT_MS = 0.0005  # what floating-point leaves of a wait; a simulated clock would never come to its end
EVERYTHING = wire.STREAM_EVENTS | wire.STREAM_BANDS | wire.STREAM_HEALTH  # that a check needs

M = TypeVar("M", bound=Message)


class Session:
    """``open`` first. ``poll`` gives the messages one by one; credit for bands is granted as they are taken.

    Whatever tells that the link is lost ends in LinkLostError: the port went away, the scanner is silent, was started
    anew, has ended the subscription, or sends what does not fit. The way back is always a new session.
    """

    def __init__(
        self,
        transport: Transport,
        inbox: Callable[[Transport], Inbox] = DirectInbox,
        answer_ms: float = _ANSWER_MS,
        admission: Admission = anybody,
    ) -> None:
        """``inbox`` makes what drains the transport; ``answer_ms`` is the longest wait for an answer; ``admission``
        says which scanners are let in, and with which key."""
        self.transport = transport
        self.inbox = inbox(transport)
        self.reception = self.inbox.reception
        self.hello: Hello | None = None
        self.identity: ScannerIdentity | None = None
        self._answer_ms = answer_ms
        self._admission = admission
        self._asked_hello = wire.pack(wire.C_HELLO, wire.MAJOR, wire.MINOR, secrets.token_bytes(NONCE))
        self._proof: Proof | None = None
        self._bands: VerifiedBands | None = None
        self._sequence = 0
        self._messages: deque[Arrived] = deque()
        self._granted = 0
        self._conduct: Conduct | None = None
        self._streams = 0
        self._starting = False
        self._health: Health | None = None
        self._asked = False

    def open(self, streams: int = EVERYTHING) -> Hello:
        """Handshake and subscribe. DeviceError: nobody answers, or something that cannot be worked with does.

        NotPairedError: a scanner that is not let in, or does not prove that it is the one that it says.
        """
        hello = self._greeted()
        see_that_it_can_be_used(hello, self.transport.name)
        key = self._admission(hello, self.transport)
        self._messages.clear()  # what came before was said to an earlier host
        self.hello = hello
        self._conduct = Conduct(hello)
        self._starting = True  # until it says another state
        build = ""
        if key is None:
            self.send(wire.C_SUBSCRIBE, streams)
        else:
            hello, build = self._prove_scanner(hello, key, streams)
        self.identity = identity(hello, self._asked_hello, proven=key is not None, build=build)
        self._streams = streams
        return hello

    def _greeted(self) -> Hello:
        """The scanner's answer to HELLO. DeviceError: there is none."""
        noise = self.reception.noise
        for _ in range(_HELLO_TRIES):
            self.send_body(wire.C_HELLO, self._asked_hello)
            if self._wait(Hello, self._answer_ms) is not None:
                return self.reception.greetings[-1][0]
        raise nobody_there(self.transport.name, self.reception.noise - noise > _MANY_BYTES, self.reception.at_prompt)

    def _prove_scanner(self, admitted: Hello, key: bytes, streams: int) -> tuple[Hello, str]:
        """Subscribe, and let the scanner prove itself by its answer: the HELLO of this session, the build that runs.

        Who knows only the id cannot: NotPairedError. LinkLostError: it falls silent. One that stood still answers
        every HELLO that it was sent meanwhile, and what came between them: each begins anew, and the last one counts.
        """
        until_ms = self.transport.now_ms() + _STARTING_MS
        while True:
            hello = self._demand(key)
            if hello.scanner != admitted.scanner:
                raise unproven(admitted, self.transport.name)
            doubtful = self.reception.unproven
            self.send(wire.C_SUBSCRIBE, streams)
            self.send(wire.C_INSTALLED)
            answer = self._wait((Installed, Hello), max(0.0, until_ms - self.transport.now_ms()))
            if isinstance(answer, Installed):
                return hello, plain(answer.build)
            if self.reception.greetings[-1][0] is hello:
                if self.reception.unproven > doubtful:
                    raise unproven(hello, self.transport.name)
                raise self._lost("does not answer any more")

    def _demand(self, key: bytes) -> Hello:
        """From now on both ends prove what they say, by the newest HELLO."""
        hello, frame = self.reception.greetings[-1]
        self._proof = Proof(key, self._asked_hello, frame, hello.epoch)
        self.hello = hello
        self._conduct = Conduct(hello)
        self._bands = VerifiedBands(self._proof, self._conduct)
        self.inbox.demand(self._proof)
        self._messages.clear()
        return hello

    def see_that_it_is_admitted(self) -> None:
        """Ask once more whether this scanner may be used. NotPairedError: not any more."""
        if self.hello is not None:
            self._admission(self.hello, self.transport)

    def close(self) -> None:
        """Stop draining, and give the port back."""
        self.inbox.close()
        self.transport.close()

    def send(self, kind: int, *values: object) -> None:
        """One command (wire.C_...). LinkLostError."""
        self.send_body(kind, wire.pack(kind, *values))

    def send_body(self, kind: int, body: bytes) -> None:
        """One command whose body is packed. LinkLostError."""
        if self._proof is not None:
            body = self._proof.seal(kind, self._sequence, body)
        self.transport.write(encode(kind, self._sequence, body))
        self._sequence = (self._sequence + 1) & 0xFFFF
        if kind in (wire.C_RECOVER, wire.C_CALIBRATE):
            self._starting = True

    def poll(self, timeout_ms: float) -> Message | None:
        """The next message, waiting at most so long; None when there is none, or when ``inbox.wake`` was called.

        LinkLostError as soon as anything tells that the link is lost. Of a paired scanner the bands are not verified
        yet: see ``prove``.
        """
        end = self.transport.now_ms() + timeout_ms
        while not self._messages:
            left = end - self.transport.now_ms()
            if not self._take(max(0.0, left)) and left < _INSTANT_MS:
                return None
        message = self._messages.popleft()
        if isinstance(message, Sealed):
            self._note_sealed(message)
            return message.band
        if message is not None:
            self._note(message)
        return message

    def prove(self) -> list[Band]:
        """Verify all bands that ``poll`` has given; those that were not the scanner's since this was asked last.

        They count as lost. LinkLostError: there are too many of them. None of a scanner that is not paired.
        """
        if self._bands is None:
            return []
        self._bands.verify()
        self._see_that_few_failed(self._bands)
        failed = self._bands.take_failed()
        self.reception.unproven += len(failed)
        return failed

    def health(self) -> Health | None:
        """Ask for counters; None when the device does not answer. Other messages stay queued."""
        self.send(wire.C_HEALTH)
        return self._wait(Health, self._answer_ms)

    def installed(self) -> Installed | None:
        """Ask which version runs; None when the device does not answer: it is older than the question."""
        self.send(wire.C_INSTALLED)
        return self._wait(Installed, self._answer_ms)

    def log(self) -> Log | None:
        """Ask for the event log; None when the device does not answer."""
        self.send(wire.C_LOG)
        return self._wait(Log, self._answer_ms)

    def settings(self) -> dict[str, Setting]:
        """All settings of the device by name."""
        self.send(wire.C_SETTING_GET, wire.ALL_SETTINGS)
        self.send(wire.C_INSTALLED)  # answered last, and never sent unasked; one before them is of an earlier question
        found: dict[str, Setting] = {}
        while isinstance(said := self._wait((Setting, Installed), self._answer_ms), Setting) or (said and not found):
            if isinstance(said, Setting):
                found[plain(said.name)] = said
        return found

    def set(self, setting: int, value: int) -> None:
        """Change a setting by number. DeviceError when the device refuses."""
        self.send(wire.C_SETTING_SET, setting, value)
        end = self.transport.now_ms() + self._answer_ms
        while (left := end - self.transport.now_ms()) > 0:
            answer = self._wait((Setting, Error), left)
            if isinstance(answer, Setting) and answer.setting == setting:
                return
            if isinstance(answer, Error):
                why = named(wire.ERRORS, answer.code)
                if answer.code == wire.E_NOT_PAIRED:
                    why += ", it takes settings from the kiosk that it is paired with; or hold its service button"
                raise DeviceError(f"the scanner refuses setting {setting}: {why}", "faulty")
        raise DeviceError(f"the scanner did not answer to setting {setting}", "faulty")

    def _wait(self, kind: type[M] | tuple[type[M], ...], timeout_ms: float) -> M | None:
        """The next message of a kind; the others stay queued."""
        end = self.transport.now_ms() + timeout_ms
        while True:
            for i, message in enumerate(self._messages):
                if isinstance(message, kind):
                    del self._messages[i]
                    return message
            left = end - self.transport.now_ms()
            if left < _INSTANT_MS:
                return None
            self._take(left)

    def _take(self, timeout_ms: float) -> bool:
        """Let messages arrive for so long, or until it is time to look whether the scanner lives; whether any came."""
        if self._streams & wire.STREAM_HEALTH:
            timeout_ms = min(timeout_ms, max(_INSTANT_MS, self._patience_ms() - self.inbox.silent_ms))
        messages = self.inbox.take(timeout_ms)
        self._messages.extend(messages)
        for message in messages:
            if isinstance(message, Health):
                self._judge(message)
        if self._streams & wire.STREAM_HEALTH and self.inbox.silent_ms >= self._patience_ms() - _INSTANT_MS:
            if self._asked:
                raise self._lost("does not answer any more")
            self._asked = True
            self.send(wire.C_HEALTH)
        return bool(messages)

    def _patience_ms(self) -> float:
        """How long the line may be silent before something is to be done about it."""
        answer_ms = _STARTING_MS if self._starting else self._answer_ms
        return _SILENCE_MS + answer_ms if self._asked else _SILENCE_MS

    def _judge(self, health: Health) -> None:
        """Whether the scanner still is the one that was subscribed to. LinkLostError."""
        former, self._health = self._health, health
        asked, self._asked = self._asked, False
        if not self._streams & wire.STREAM_HEALTH:
            return
        if former is not None and health.short_writes != former.short_writes:
            raise self._lost("could not get rid of a message and has ended the subscription")
        if self.hello is not None and health.boot_id not in (None, self.hello.boot_id):
            raise self._lost("was started anew")
        if former is not None and (health.uptime_ms - former.uptime_ms) % _TICKS > _TICKS // 2:
            raise self._lost("was started anew")
        if health.streams is None:
            if asked:  # it would have sent its health by itself
                raise self._lost("answers, but does not send by itself any more")
        elif health.streams & self._streams != self._streams:
            raise self._lost("has ended the subscription")

    def _note(self, message: Message) -> None:
        """Grant credit for what was taken; see that it can be. LinkLostError."""
        if isinstance(message, State):
            self._starting = message.state == wire.START
        conduct = self._conduct
        if conduct is None:
            return
        wrong = conduct.note(message, self._granted, self.transport.now_ms())
        if wrong is not None:
            raise self._lost(wrong)
        if isinstance(message, SweepBegin):
            if self._bands is not None:
                self._bands.begin_sweep()
            self._grant(WINDOW)
        elif isinstance(message, Band):
            self._extend_credit(message)

    def _note_sealed(self, sealed: Sealed) -> None:
        """A band of a paired scanner, which is verified later. LinkLostError."""
        if self._bands is None:
            raise AssertionError("a sealed band comes in a session of paired ends")
        wrong = self._bands.take(sealed, self._granted, self.transport.now_ms())
        self._see_that_few_failed(self._bands)
        if wrong is not None:
            raise self._lost(wrong)
        self._extend_credit(sealed.band)

    def _see_that_few_failed(self, bands: VerifiedBands) -> None:
        if bands.too_many:
            raise self._lost("sends bands that do not prove that they are its own", "unproven")

    def _extend_credit(self, band: Band) -> None:
        wanted = band.header.band + WINDOW
        if self._conduct is not None and self._conduct.sweep is not None and wanted - self._granted >= _REFRESH:
            self._grant(wanted)

    def _grant(self, bands: int) -> None:
        self._granted = min(bands, _MOST_BANDS)
        self.send(wire.C_CREDIT, self._conduct.sweep if self._conduct else 0, self._granted)

    def _lost(self, why: str, kind: DeviceTrouble = "lost") -> LinkLostError:
        return LinkLostError(f"{self.transport.name}: the scanner {why}", kind)


def describe(state: State) -> str:
    """A fault in plain words: the part and what is wrong with it."""
    return f"{named(wire.PARTS, state.part)}: {named(wire.FAULTS, state.fault)}"

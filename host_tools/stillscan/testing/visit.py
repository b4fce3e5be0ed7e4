"""One visit in virtual time from power-on to the empty glass, recorded as a kiosk records it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Message, State
from stillscan.link.session import Session, describe
from stillscan.recordings.visit import STREAMS, Recorder
from stillscan.scanning.check import Check
from stillscan.scanning.result import Result
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.testing.modelled_reader import ModelledReader, ReadingTime
from stillscan.testing.simulate import REST_MS, TODAY, boot, decider, set_by_name

_STAYS_MS = 1000.0  # with the verdict on the glass: as the simulated visitors wait
_GOES_MS = 4000.0  # until the scanner has seen that the glass is empty: `removed` is 1.5 s by default
_POLL_MS = 1000.0  # the longest wait for one message; a scanner that rests sends its health so often


@dataclass
class Options:
    """``faults``: (ms after the placing, name), at 0 from power-on; ``frame_us``, ``phase_us``: the placing is at
    ``phase_us`` before a multiple of ``frame_us`` on the scanner's clock; ``stays``: nobody takes the
    document away."""

    faults: Sequence[tuple[float, str]] = ()
    settings: Mapping[str, int] = field(default_factory=dict)
    read_ms: ReadingTime = None
    most_s: float = 30.0
    today: date = TODAY
    recipient: str | None = None
    frame_us: int = 1
    phase_us: float = 0.0
    stays: bool = False
    noise: float = 1.0
    """Of the line sensor, against a new one's."""


def visit(
    world: Scene,
    options: Options,
    switch_on: Callable[[Scene], SimulatedKiosk] = SimulatedKiosk,
    heard: Callable[[Message, int], None] = lambda message, placed_us: None,
) -> bytes:
    """The file of the recording. ``heard`` gets each message, and when the document was placed. DeviceError."""
    made: list[bytes] = []
    with switch_on(world) as kiosk:
        if options.noise != 1.0:  # else one that has aged stays so
            kiosk.bus.line_sensor.noise = options.noise
        for at_ms, fault in options.faults:
            if at_ms <= 0:
                kiosk.fail(fault)
        recorder = Recorder(made.append, kiosk.now_ms)
        session = Session(recorder.tapped(lambda: kiosk)())
        state = _started(session, recorder, options.settings)
        _pass(session, REST_MS)
        placed_us = _placing_us(kiosk.bus.now_us, options)
        world.place(placed_us)
        for at_ms, fault in options.faults:
            if at_ms > 0:
                kiosk.fail_at(placed_us + int(at_ms * 1000), fault)
        listener = _Listener(recorder, lambda message: heard(message, placed_us))
        if state.state == wire.FAULT:
            listener.message(state)
            recorder.result(Result("fault", describe(state)))
        else:
            _check(kiosk, session, options, listener, recorder)
            if not options.stays:
                _pass(session, _STAYS_MS, listener)
                world.clear(kiosk.bus.now_us)
            _until_empty(session, listener)
        recorder.close()
    if not made:
        raise DeviceError("the scanner said nothing of the document")
    return made[0]


def _started(session: Session, recorder: Recorder, wanted: Mapping[str, int]) -> State:
    """The first state after power-on; the scanner is set as wanted, and the recorder knows it."""
    hello = session.open(STREAMS)
    if session.identity is None:
        raise AssertionError("the session is open")
    recorder.connected(hello, session.identity)
    state = boot(session)
    settings = session.settings()
    for name, value in wanted.items():
        if name in settings and settings[name].value != value:
            set_by_name(session, settings, name, value)
    told = [*session.settings().values(), session.installed()]
    for message in told:
        if message is not None:
            recorder.message(message)
    return state


class _Listener:
    """See check.Listener."""

    def __init__(self, recorder: Recorder, heard: Callable[[Message], None]) -> None:
        self._recorder, self._heard = recorder, heard
        self.not_read = recorder.not_read
        self.state = wire.START

    def message(self, message: Message) -> None:
        """To the recorder, and whoever else listens."""
        if isinstance(message, State):
            self.state = message.state
        self._recorder.message(message)
        self._heard(message)


def _placing_us(now_us: int, options: Options) -> int:
    """The next moment that lies right in the flow sensor's frames."""
    return now_us + round((-now_us - options.phase_us) % options.frame_us)


def _check(kiosk: SimulatedKiosk, session: Session, options: Options, listener: _Listener, recorder: Recorder) -> None:
    reader = ModelledReader(kiosk.now_ms, options.read_ms)
    judge = decider(options.recipient, options.today)
    recorder.result(Check(session, reader, judge, listener).run(options.most_s * 1000))


def _pass(session: Session, ms: float, listener: _Listener | None = None) -> None:
    end = session.transport.now_ms() + ms
    while (left := end - session.transport.now_ms()) > 0:
        message = session.poll(min(left, _POLL_MS))
        if isinstance(message, State) and listener is not None:
            listener.message(message)


def _until_empty(session: Session, listener: _Listener) -> None:
    """As the kiosk waits between two documents."""
    end = session.transport.now_ms() + _GOES_MS
    while listener.state != wire.EMPTY and (left := end - session.transport.now_ms()) > 0:
        message = session.poll(min(left, _POLL_MS))
        if isinstance(message, State):
            listener.message(message)

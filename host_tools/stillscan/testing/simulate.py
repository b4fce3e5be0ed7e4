"""One check in virtual time, from power-on to the verdict, as one record: what ``stillscan simulate --json`` prints."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from kiosk import wire
from stillscan import RELEASED
from stillscan.errors import DeviceError, InputError
from stillscan.link.messages import Setting, State
from stillscan.link.session import Session, describe
from stillscan.mrz import Reading, parse
from stillscan.scanning.check import Check, Judge
from stillscan.scanning.policy import RESTART_ONLY, Policy
from stillscan.scanning.result import Judgement, Result
from stillscan.simulator import truth
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.testing.modelled_reader import ModelledReader, ReadingTime
from stillscan.testing.plot import Recorder
from stillscan.verify.rules import decide_document

if TYPE_CHECKING:  # of the extra `chip`
    from stillscan.simulator.chip.kiosk import ChipKiosk

BOOT_MS = 10_000.0  # of virtual time: starting all parts takes up to 3 s (PROTOCOL.md)
REST_MS = 50.0  # from "lay it here" to the placing; the carriage is still on its way for the first 11 of them
TODAY = date.fromisoformat(RELEASED)  # of the simulated world: the same seed gives the same verdict next year
RESTART_ONLY_ATTEMPTS = 3  # the scanner of the page that the product grew out of: a few restarts, then it gives up


@dataclass(frozen=True)
class Options:
    """How one check is run. ``most_s`` counts virtual seconds from the placing; ``fault`` is a name of kiosk.FAULTS,
    from power-on or from ``fault_ms`` after the placing; ``settings`` are the device's, by name, in their units;
    ``read_ms`` is how long a reading takes (see ReadingTime)."""

    policy: Policy = field(default_factory=Policy)
    most_s: float = 30.0
    recipient: str | None = None
    today: date = TODAY
    fault: str | None = None
    fault_ms: float | None = None
    read_ms: ReadingTime = None
    test_mode: bool = False
    settings: Mapping[str, int] = field(default_factory=dict)


Simulated: TypeAlias = "SimulatedKiosk | ChipKiosk"


def decider(recipient: str | None, today: date, test_mode: bool = False) -> Judge:
    """What a certain reading leads to by the rules about a document alone: the outcome, and its reason codes."""

    def judge(reading: Reading) -> tuple[Judgement, str]:
        mrz = parse(reading.lines) if reading.lines else None
        ruling = decide_document(mrz, reading.accepted, recipient, today, test_mode)
        return ("verified" if ruling.verdict == "release" else "refused"), ",".join(ruling.reasons)

    return judge


def boot(session: Session) -> State:
    """The first state after start-up: EMPTY or FAULT. DeviceError when the firmware does not come up."""
    end = session.transport.now_ms() + BOOT_MS
    while (left := end - session.transport.now_ms()) > 0:
        message = session.poll(left)
        if isinstance(message, State) and message.state != wire.START:
            return message
    raise DeviceError("the firmware did not start up within 10 s")


def _listen(session: Session, recorder: Recorder, ms: float) -> None:
    """Let so much time pass."""
    end = session.transport.now_ms() + ms
    while (left := end - session.transport.now_ms()) > 0:
        message = session.poll(left)
        if message is not None:
            recorder.message(message)


def simulate(
    scene: Scene,
    options: Options,
    recorder: Recorder | None = None,
    switch_on: Callable[[Scene], Simulated] = SimulatedKiosk,
) -> dict[str, object]:
    """Run one check over ``scene`` and return the record; DeviceError when the firmware itself ends.

    ``switch_on`` makes the kiosk that the scene lies on.
    """
    recorder = recorder or Recorder()
    began_s = time.perf_counter()
    with switch_on(scene) as kiosk:
        if options.fault is not None and options.fault_ms is None:
            kiosk.fail(options.fault)
        session = Session(kiosk)
        hello = session.open()
        state = boot(session)
        recorder.message(state)
        settings = session.settings()
        recorder.bump_g = settings["bump"].value / 1000
        if options.policy == RESTART_ONLY:
            session.set(settings["attempts"].setting, RESTART_ONLY_ATTEMPTS)
            session.set(settings["restart_only"].setting, 1)
        for name, value in options.settings.items():
            set_by_name(session, settings, name, value)
        _listen(session, recorder, REST_MS)  # it waits for its first document as for any other: the carriage rests
        placed_us = kiosk.bus.now_us
        scene.place(placed_us)
        if options.fault is not None and options.fault_ms is not None:
            kiosk.fail_at(placed_us + int(options.fault_ms * 1000), options.fault)
        reader = ModelledReader(kiosk.now_ms, options.read_ms, lambda now_ms, reading: recorder.read(now_ms, reading))
        judge = decider(options.recipient, options.today, options.test_mode)
        check = Check(session, reader, judge, recorder, options.policy)
        failed = state.state == wire.FAULT
        result = Result("fault", describe(state)) if failed else check.run(options.most_s * 1000)
        health = session.health()
        record = _record(kiosk, result, placed_us)
        record |= {
            "virtual_ms": round(kiosk.now_ms(), 1),
            "wall_ms": round((time.perf_counter() - began_s) * 1000, 1),
            "seed": scene.seed,
            "firmware": hello.firmware,
            "heap_free_min": health.heap_free_min if health else None,
        }
        _listen(session, recorder, recorder.after_ms)
        recorder.lights, recorder.tones = kiosk.bus.ring.lights, kiosk.bus.beeper.tones
    return record


def set_by_name(session: Session, settings: Mapping[str, Setting], name: str, value: int) -> None:
    """Change one of the device's ``settings``, in its unit. InputError: no such one, or out of its range."""
    if name not in settings:
        raise InputError(f"no setting '{name}'; there are: {', '.join(settings)}")
    known = settings[name]
    if not known.low <= value <= known.high:
        unit = known.unit.rstrip(b"\0").decode("ascii", "replace")
        raise InputError(f"setting '{name}': {known.low} to {known.high} {unit}".rstrip())
    session.set(known.setting, value)


def _record(kiosk: Simulated, result: Result, placed_us: int) -> dict[str, object]:
    def since(ms: float | None) -> float | None:
        return None if ms is None else round(ms - placed_us / 1000, 1)

    aborts = []
    after_us = 0.0
    for abort in result.aborts:
        stop = truth.stop_before(kiosk.bus, abort.at_ms * 1000, after_us)
        after_us = abort.at_ms * 1000
        latency = truth.latency_ms(kiosk.bus, stop, abort.cause) if stop else 0.0
        aborts.append(
            {
                "t_ms": since(stop.stopped_us / 1000 if stop else abort.at_ms),
                "cause": abort.cause,
                "row": abort.row,
                "latency_ms": None if latency is None else round(latency, 2),
            }
        )
    return {
        "outcome": result.outcome,
        "reason": result.reason,
        "mrz": list(result.lines) if result.lines else None,
        "format": result.format,
        "attempts": result.attempts,
        "aborts": aborts,
        "sensors": result.sensors,
        "t_still_ms": since(result.still_ms),
        "t_verdict_ms": since(result.verdict_ms),
    }

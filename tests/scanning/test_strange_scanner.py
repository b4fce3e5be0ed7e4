"""A scanner that says what it likes: a check ends all the same, and keeps no more than a document can need."""

from __future__ import annotations

import pytest
from bench.scripted import HELLO, Answer, Scripted, polite

from kiosk import wire
from stillscan.link.framing import Frame
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.scanning.check import Check
from stillscan.testing.modelled_reader import ModelledReader
from stillscan.testing.simulate import TODAY, decider

EVERYTHING = wire.STREAM_EVENTS | wire.STREAM_BANDS | wire.STREAM_HEALTH


def subscribed(*said: tuple[int, ...]) -> Answer:
    """In good health; says all this when it is subscribed to."""

    def answer(device: Scripted, frame: Frame) -> None:
        polite(device, frame)
        if frame.kind == wire.C_SUBSCRIBE:
            for kind, *values in said:
                device.say(kind, *values)
        if frame.kind == wire.C_HEALTH:
            device.say(wire.M_HEALTH, *[0] * 14, EVERYTHING, HELLO[6])

    return answer


def ended(device: Scripted) -> str:
    """Why a check with this scanner was lost."""
    session = Session(device)
    session.open()
    with pytest.raises(LinkLostError) as lost:
        Check(session, ModelledReader(device.now_ms), decider(None, TODAY)).run(60_000)
    return str(lost.value)


def state(number: int) -> tuple[int, ...]:
    return (wire.M_STATE, number, 0, 0, 0, 0, 0)


def test_a_scanner_that_does_not_sweep_when_it_is_asked_is_told_within_ten_seconds() -> None:
    device = Scripted(subscribed(state(wire.PLACED), state(wire.DONE)))
    assert ended(device) == "scripted: the scanner does not begin the sweep that it is asked for"
    assert device.now_ms() < 10_000


def test_sweeps_without_end_are_not_kept() -> None:
    sweeps = [(wire.M_SWEEP_BEGIN, number, number & 255, 0, 273, 0, 1) for number in range(300)]
    device = Scripted(subscribed(state(wire.PLACED), *sweeps))
    assert ended(device) == "scripted: the scanner begins more sweeps of one document than any scanner does"

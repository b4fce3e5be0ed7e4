"""The state SERVICE: a technician has the parts, never in mid-check, and it ends by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk import wire
from stillscan.link.messages import (
    Error,
    Identity,
    Line,
    Measured,
    Message,
    Sample,
    Service,
    State,
    SweepBegin,
    Value,
)

from .rig import ALL, Rig

pytestmark = pytest.mark.process
HERE = -1


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig() as made:
        yield made


def begin(rig: Rig, seconds: int = 60) -> Service:
    rig.host.send(wire.C_SERVICE, seconds)
    return rig.next(Service)


def measure(rig: Rig, what: int, count: int, place: int = HERE, lamp: int = 0, level: int = 100) -> list[Message]:
    """All that a measurement says; MEASURED is the last."""
    began = len(rig.heard)
    rig.host.send(wire.C_MEASURE, what, lamp, level, place, count)
    rig.next(Measured, 60_000)
    return rig.heard[began:]


def of(kind: type[Message], said: list[Message]) -> list[Message]:
    return [message for message in said if isinstance(message, kind)]


def test_it_is_a_state_and_ends_when_asked(rig: Rig) -> None:
    assert begin(rig, 60) == Service(1, 60, 0, 218)
    assert rig.state == wire.SERVICE
    assert rig.ring() == "amber"
    assert begin(rig, 120).left == 120, "prolonged"
    rig.host.send(wire.C_SERVICE, 0)
    assert rig.next(Service) == Service(0, 0, wire.ASKED, 218)
    rig.until(wire.EMPTY)
    rig.place()
    rig.until(wire.DONE)


def test_lines_have_no_flat_field_and_the_lamp_asked_for(rig: Rig) -> None:
    begin(rig)
    levels = {}
    for lamp, level in ((0, 100), (1, 100), (2, 100), (2, 50)):
        said = measure(rig, wire.LINES, 8, 0, lamp, level)
        lines = of(Line, said)
        assert [line.header.number for line in lines] == list(range(8))
        assert {(line.header.place, line.header.lamp, line.header.level) for line in lines} == {(0, lamp, level)}
        assert said[-1] == Measured(wire.LINES, 8, 0, 0)
        assert not rig.lamp_on()
        levels[lamp, level] = sum(float(line.samples.mean()) for line in lines[2:]) / 6
    assert levels[0, 100] < 14
    assert levels[2, 100] > 150
    assert levels[1, 100] > 150
    assert abs((levels[2, 50] - levels[0, 100]) / (levels[2, 100] - levels[0, 100]) - 0.5) < 0.05


def test_lines_at_a_chosen_place(rig: Rig) -> None:
    """The white strip at home, and the lid below row 0."""
    row0 = begin(rig).row0_steps
    strip = of(Line, measure(rig, wire.LINES, 4, 0, 2))[-1]
    lid = of(Line, measure(rig, wire.LINES, 4, row0 + 400, 2))[-1]
    assert isinstance(strip, Line)
    assert isinstance(lid, Line)
    assert strip.samples.mean() > 4 * lid.samples.mean()
    assert abs(rig.bus.carriage.position_steps(rig.bus.now_us) - (9 + row0 + 400)) <= 2


def test_live_samples_come_fifty_times_a_second(rig: Rig) -> None:
    begin(rig)
    samples = [s for s in measure(rig, wire.LIVE, 50) if isinstance(s, Sample)]
    took_ms = (samples[-1].t_us - samples[0].t_us) / 1000
    assert len(samples) == 50
    assert took_ms == pytest.approx(980, abs=15)
    assert all(900 < s.z_mg < 1100 for s in samples)


def test_steps_and_the_home_switch(rig: Rig) -> None:
    begin(rig)
    values = [v for v in measure(rig, wire.STEPS, 20, 0) if isinstance(v, Value)]
    assert [v.value for v in values] == list(range(1, 21))
    assert values[-1].flag == 0
    back = [v for v in measure(rig, wire.STEPS, 100, -1) if isinstance(v, Value)]
    assert back[0].value == 19
    assert back[-1].value > -14, "it ends before the rail does"
    assert back[-1].flag == 1


def test_trips_find_home_where_it_was_and_lost_steps(rig: Rig) -> None:
    begin(rig)
    assert {v.value for v in measure(rig, wire.TRIPS, 3, 700) if isinstance(v, Value)} <= {-1, 0, 1}
    rig.kiosk.fail("carriage-slip")
    said = measure(rig, wire.TRIPS, 1, 300)
    assert abs(next(v for v in said if isinstance(v, Value)).value) > 50


def test_the_accelerometers_interrupt(rig: Rig) -> None:
    begin(rig)
    values = [v for v in measure(rig, wire.INT1, 5) if isinstance(v, Value)]
    assert len(values) == 5
    assert all(0 < v.value < 4000 and v.flag == 0 for v in values), "a sample lasts 2.5 ms"


def test_the_strip_against_the_calibration(rig: Rig) -> None:
    begin(rig)
    for aged, light, dark in (
        (None, 1000, 0),
        ("lamp-aged", 550, 0),
        ("line-sensor-gain", 715, 0),
        ("line-sensor-offset", 715, 140),
    ):
        if aged is not None:
            rig.kiosk.fail(aged)
        found = [v.value for v in measure(rig, wire.STRIP, 1) if isinstance(v, Value)]
        assert found[0] == pytest.approx(light, abs=15), aged
        assert found[1] == pytest.approx(dark, abs=6), aged


def test_ring_and_beeper(rig: Rig) -> None:
    begin(rig)
    measure(rig, wire.RING, 1)
    assert rig.ring() == "red"
    rig.host.send(wire.C_MEASURE, wire.BEEPER, 0, 50, HERE, 300)
    rig.listen(100)
    assert rig.bus.beeper.sounds
    rig.listen(400)
    assert not rig.bus.beeper.sounds


def test_a_part_that_fails_ends_the_measurement_and_no_more(rig: Rig) -> None:
    begin(rig)
    rig.kiosk.fail("accelerometer-nak")
    assert measure(rig, wire.LIVE, 10)[-1] == Measured(wire.LIVE, 0, wire.ACCELEROMETER, wire.NO_ANSWER)
    rig.kiosk.fail("carriage-no-home")
    assert measure(rig, wire.LINES, 4, 300)[-1] == Measured(wire.LINES, 0, wire.CARRIAGE, wire.NO_HOME)
    assert rig.safe()
    rig.kiosk.fail("none")
    assert measure(rig, wire.LIVE, 2)[-1] == Measured(wire.LIVE, 2, 0, 0)


def test_out_of_fault_it_leads_to_a_new_start() -> None:
    with Rig(fault="lamp-dark") as rig:
        assert rig.state == wire.FAULT
        begin(rig)
        rig.kiosk.fail("none")
        rig.host.send(wire.C_SERVICE, 0)
        rig.until(wire.EMPTY)


@pytest.mark.parametrize("fault", ["flow-wrong-id", "flow-silent", "lamp-dark", "carriage-jam"])
def test_of_one_part_that_failed_at_the_start_no_other_is_accused(fault: str) -> None:
    """The sensors are started after what failed: a technician's measurement finds them awake all the same."""
    with Rig(fault=fault) as rig:
        begin(rig)
        assert measure(rig, wire.LIVE, 100)[-1] == Measured(wire.LIVE, 100, 0, 0) or fault == "flow-silent"
        assert measure(rig, wire.INT1, 2)[-1] == Measured(wire.INT1, 2, 0, 0)
        latencies = [value.value for value in of(Value, rig.heard)]
        assert min(latencies[-2:]) >= 0, "the event came"


def test_it_ends_by_its_time_limit(rig: Rig) -> None:
    begin(rig, 2)
    assert rig.next(Service, 2500) == Service(0, 0, wire.TIME_OVER, 218)
    rig.until(wire.EMPTY)


def test_it_ends_when_a_document_is_laid_down(rig: Rig) -> None:
    begin(rig)
    rig.host.send(wire.C_MEASURE, wire.LINES, 2, 100, 0, 60_000)
    rig.listen(200)
    rig.place()
    assert rig.next(Service) == Service(0, 0, wire.DOCUMENT, 218)
    assert rig.safe()
    rig.until(wire.DONE)


def test_it_ends_when_the_host_is_silent(rig: Rig) -> None:
    begin(rig, 900)
    assert rig.next(Service, 6000) == Service(0, 0, wire.HOST, 218)
    rig.until(wire.EMPTY)


def test_it_ends_when_nobody_takes_what_is_sent(rig: Rig) -> None:
    begin(rig)
    rig.host.send(wire.C_MEASURE, wire.LINES, 2, 100, 0, 60_000)
    rig.listen(200)
    rig.bus.usb.stalled = True
    rig.kiosk.pass_time(4000)
    rig.bus.usb.stalled = False
    assert rig.safe()
    rig.connect()
    assert rig.next(State).state == wire.EMPTY


def test_it_ends_with_its_session(rig: Rig) -> None:
    begin(rig)
    rig.connect(ALL)
    rig.until(wire.EMPTY)
    assert rig.ask(wire.C_MEASURE, wire.LIVE, 0, 0, HERE, 1) == Error(wire.E_WRONG_STATE, wire.C_MEASURE)
    assert rig.ask(wire.C_UPLOAD, 1, 0, 0) == Error(wire.E_WRONG_STATE, wire.C_UPLOAD), "no folder for a second version"


def test_never_in_the_middle_of_a_check(rig: Rig) -> None:
    rig.place()
    for state in (wire.PLACED, wire.SCANNING):
        rig.until(state)
        asked = (
            (wire.C_SERVICE, (60,)),
            (wire.C_MEASURE, (wire.LINES, 2, 100, 0, 10)),
            (wire.C_IDENTITY, ()),
            (wire.C_COUNTERS, ()),
            (wire.C_HISTORY, (0,)),
        )
        for kind, values in asked:
            rig.host.send(kind, *values)
        assert [rig.next(Error) for _ in asked] == [Error(wire.E_WRONG_STATE, kind) for kind, _ in asked]
    rig.until(wire.DONE)
    assert not rig.aborts()
    assert rig.ask(wire.C_SERVICE, 60) == Error(wire.E_WRONG_STATE, wire.C_SERVICE), "the document still lies there"
    rig.host.send(wire.C_IDENTITY)
    assert rig.next(Identity).serial_bytes == 8
    assert len(rig.begins()) == 1
    assert isinstance(rig.begins()[0], SweepBegin)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ((99, 0, 0, HERE, 1), wire.E_OUT_OF_RANGE),
        ((wire.LINES, 3, 100, 0, 1), wire.E_OUT_OF_RANGE),
        ((wire.LINES, 2, 101, 0, 1), wire.E_OUT_OF_RANGE),
        ((wire.LINES, 2, 100, 2000, 1), wire.E_OUT_OF_RANGE),
        ((wire.TRIPS, 0, 0, -2, 1), wire.E_OUT_OF_RANGE),
    ],
)
def test_what_cannot_be_measured(rig: Rig, values: tuple[int, ...], code: int) -> None:
    assert rig.ask(wire.C_MEASURE, *values) == Error(wire.E_WRONG_STATE, wire.C_MEASURE), "not in service"
    begin(rig)
    assert rig.ask(wire.C_MEASURE, *values) == Error(code, wire.C_MEASURE)


def test_without_a_subscription_there_is_no_service() -> None:
    with Rig() as rig:
        rig.connect(0)
        assert rig.ask(wire.C_SERVICE, 60) == Error(wire.E_NOT_SUBSCRIBED, wire.C_SERVICE)


def test_what_it_took_of_the_heap_is_given_back(rig: Rig) -> None:
    free = []
    began = rig.host.health()
    assert began is not None
    for _ in range(12):
        begin(rig)
        measure(rig, wire.LINES, 4, 0, 2)
        rig.host.send(wire.C_SERVICE, 0)
        rig.until(wire.EMPTY)
        health = rig.host.health()
        assert health is not None
        free.append(health.heap_free)
    assert min(free[4:]) >= max(free[4:]) - 256, "what a conservative collector may see or not"
    # Names stay for ever in MicroPython: some 60 of them here. Its table of them doubles when they are 1,270 (14 kB on
    # this computer), which is why constants of the firmware are const(): they have no name at run time.
    assert min(free) >= began.heap_free - 2500, "the names of what was loaded stay, its 30 kB of code do not"

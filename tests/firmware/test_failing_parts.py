"""Every part that can fail, at every moment of a check: it is named, and a host that reads nothing is never told so for
a reason that lies in the scanner. A part that comes back is taken again, and the next document is scanned whole."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk import wire
from stillscan.link.messages import State, SweepEnd
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page
from stillscan.simulator.kiosk import FAULTS
from tests.covering import covering

from .rig import REST, Rig, row_seen

LOOKS = 3  # of a host that cannot read what it gets, before it gives up
MOST_MS = 12_000  # from the failure: three looks of a second each and at the parts, and 3 s of an empty glass
NAMED = {
    "flow-nak": "flow no_answer",
    "flow-silent": "flow no_answer",
    "flow-stuck": "flow stuck",
    "flow-spin": "flow implausible",
    "flow-blank": "flow no_texture",  # goes on without
    "accelerometer-nak": "accelerometer no_answer",
    "accelerometer-stuck": "accelerometer stuck",
    "accelerometer-full-scale": "accelerometer implausible",  # goes on without
    "line-sensor-stuck": "line_sensor stuck",
    "line-sensor-saturated": "line_sensor stuck",
    "line-sensor-stripes": "line_sensor stuck",
    "line-sensor-streaks": "line_sensor stuck",
    "line-sensor-half": "line_sensor stuck",
    "line-sensor-dark": "lamp no_light",  # from outside it is the same
    "lamp-dark": "lamp no_light",
    "lamp-dim": "lamp no_light",
    "carriage-jam": "carriage no_home",
    "carriage-slip": "carriage lost_steps",
    "carriage-no-home": "carriage no_home",
    "carriage-home-stuck": "carriage home_stuck",
    "presence-stuck-present": "presence stuck",
    "presence-stuck-absent": "presence stuck",
}
GOES_ON = ("flow-blank", "accelerometer-full-scale")
# The identity is read when a part starts; the host finds out by the picture which way the flow counts.
ELSEWHERE = ("flow-wrong-id", "accelerometer-wrong-id", "flow-opposite")
MOMENTS = {"idle": -400.0, "dwell": 60.0, "early in the sweep": 300.0, "late in the sweep": 650.0, "way back": 1300.0}


def blank(grey: int = 235) -> Page:
    return Page.from_array(np.full((ZONE_ROWS, LINE_PX), grey, np.uint8))


def names_it(state: State, fault: str) -> bool:
    return bool(state.part) and (state.state == wire.FAULT or fault in GOES_ON)


class Reader:
    """A host that reads nothing: it asks for looks, gives up, and has the next customer lay the document anew."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._looks = 0

    def turn(self) -> State | None:
        """The next state that is heard, answered as the host does."""
        rig = self.rig
        message = rig.poll(2000)
        if not isinstance(message, State):
            return None
        if message.state == wire.DONE and message.cause == wire.NO_CAUSE:
            self._looks += 1
            if self._looks < LOOKS:
                rig.host.send(wire.C_SWEEP, 0, 273)
            else:
                rig.host.send(wire.C_FINISH, wire.HOST_GAVE_UP)
                rig.clear()
        elif message.state == wire.EMPTY:
            self._looks = 0
            rig.place(REST)
        return message


def test_no_fault_is_left_out() -> None:
    assert set(FAULTS) == {*NAMED, *ELSEWHERE}


@pytest.mark.parametrize(("fault", "moment"), covering(NAMED, MOMENTS, each=1))
def test_named_within_two_sweeps(fault: str, moment: str) -> None:
    with Rig() as rig:
        at_us = rig.bus.now_us + 500_000 + int(MOMENTS[moment] * 1000)
        rig.kiosk.fail_at(at_us, fault)
        rig.listen(500)
        rig.place()
        reader = Reader(rig)
        named = None
        while rig.bus.now_us < at_us + MOST_MS * 1000:
            named = next((m for m in rig.heard if isinstance(m, State) and names_it(m, fault)), None)
            if named is not None:
                break
            reader.turn()
        assert named is not None, rig.path()
        assert f"{wire.PARTS[named.part]} {wire.FAULTS[named.fault]}" == NAMED[fault]
        if fault in GOES_ON:
            return
        assert rig.safe()
        rig.kiosk.fail("none")
        rig.clear()
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
        rig.place(REST)
        end = rig.next(SweepEnd)
        assert [row_seen(b) for b in rig.bands(end.sweep)] == list(range(274))


@pytest.mark.parametrize(
    ("fault", "at_ms"), covering(["lamp-dark", "line-sensor-stripes", "carriage-jam"], [150, 300, 450], each=1)
)
def test_out_for_a_moment(fault: str, at_ms: int) -> None:
    """Gone for 0.2 s within a sweep: whatever that one shows, the next shows every row in its place."""
    with Rig() as rig:
        rig.place()
        placed_us = rig.bus.now_us
        rig.kiosk.fail_at(placed_us + at_ms * 1000, fault)
        rig.kiosk.fail_at(placed_us + (at_ms + 200) * 1000, "none")
        reader = Reader(rig)
        while len(rig.ends()) < 2:
            state = reader.turn()
            assert state is None or state.state != wire.FAULT
        assert [row_seen(b) for b in rig.bands(rig.ends()[1].sweep)] == list(range(274))


def test_a_blank_page_is_no_fault() -> None:
    """Stripes too, and every part is well: the parts are looked at once, and the sweep counts."""
    with Rig(page=blank()) as rig:
        rig.place()
        first = rig.until(wire.DONE)
        assert first.part == wire.NO_PART
        assert rig.ask(wire.C_SWEEP, 0, 273) is None
        again = rig.until(wire.DONE)
        assert again.t_ms - first.t_ms < 2000, "not looked at again"
        assert not rig.aborts()


def test_a_closed_passport_is_no_fault() -> None:
    """Black all over, but seen by flow and presence sensor."""
    with Rig(page=blank(10)) as rig:
        rig.place()
        assert rig.until(wire.DONE).part == wire.NO_PART
        rig.host.send(wire.C_FINISH, wire.HOST_GAVE_UP)
        rig.listen(2000)
        rig.clear()
        rig.until(wire.EMPTY)
        rig.listen(8000)
        assert rig.state == wire.EMPTY

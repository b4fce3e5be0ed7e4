"""Rings open one after another, and a roll-out stands still when it should."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillscan.errors import InputError
from stillscan.fleet.rollout import orders, plan, quiet, rings
from stillscan.fleet.rollout.judge import Judgement
from stillscan.fleet.rollout.orders import Does
from stillscan.fleet.rollout.plan import Plan, RolloutError, Rules, Seen, State, advance
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.fleet.rollout.rings import STANDARD, Member
from tests.covering import examples

RELEASE = Release(Kind.KNOWN, "v7", 7)
HOUR = "2026-11-29T10"
FINE = Judgement(0.01, 30, 900, 0.02, 0.021)
WORSE = Judgement(400.0, 30, 900, 0.1, 0.021)
NOBODY = Seen(0, 0, 0, 0)
FULL = Seen(30, 30, 0, 900)


def planned(open_: int = 0, count: int = 3, state: State = State.RUNNING, **rules: object) -> Plan:
    return Plan("week-48", RELEASE, rings.parse(STANDARD[:count]), Rules(**rules), state, open_, HOUR, HOUR)  # type: ignore[arg-type]


def seen(*rings_: Seen) -> list[Seen]:
    return [*rings_, *[NOBODY] * (3 - len(rings_))]


def test_ring_after_ring_to_the_end() -> None:
    now = planned()
    for number in (1, 2, 3):
        now = advance(now, seen(*[FULL] * now.open), FINE, HOUR)
        assert (now.state, now.open) == (State.RUNNING, number)
        assert now.order.does is Does.INSTALL
    assert advance(now, seen(*[FULL] * 3), FINE, HOUR).state is State.DONE


@pytest.mark.parametrize(
    ("ring", "says"),
    [
        (Seen(30, 26, 0, 900), "ring 1: 26 of 30 kiosks have it, 900 checks since"),
        (Seen(30, 30, 0, 299), "ring 1: 30 of 30 kiosks have it, 299 checks since"),
    ],
)
def test_a_ring_that_is_not_through_opens_no_other(ring: Seen, says: str) -> None:
    after = advance(planned(1), seen(ring), FINE, HOUR)
    assert (after.open, after.state, after.why) == (1, State.RUNNING, says)


@pytest.mark.parametrize(
    ("ring", "judgement", "says"),
    [
        (Seen(30, 20, 3, 900), FINE, "3 of 30 kiosks could not take it"),
        (Seen(1, 0, 1, 0), None, "1 of 1 kiosks could not take it"),
        (FULL, WORSE, "30 kiosks that have it fail in 10.0% of 900 checks, and 2.1% were to be expected"),
    ],
)
def test_it_stops_by_itself(ring: Seen, judgement: Judgement | None, says: str) -> None:
    after = advance(planned(1), seen(ring), judgement, HOUR)
    assert (after.state, after.why) == (State.STOPPED, says)
    assert after.order.does is Does.WAIT
    assert advance(after, seen(FULL), FINE, HOUR) == after
    with pytest.raises(RolloutError, match=r"could not take it|fail in"):
        plan.resume(after)
    assert plan.back(after).order.does is Does.BACK


def test_few_that_could_not_take_it_stop_nothing() -> None:
    assert advance(planned(1), seen(Seen(30, 28, 2, 900)), FINE, HOUR).open == 2


def test_better_is_not_worse() -> None:
    assert not Judgement(400.0, 30, 900, 0.01, 0.02).worse


def test_each_ring_waits_for_a_person_where_that_is_wanted() -> None:
    now = planned(approve=True)
    for number in (1, 2, 3):
        now = advance(now, seen(*[FULL] * now.open), FINE, HOUR)
        assert (now.state, now.open) == (State.WAITING, number - 1)
        now = plan.approve(now, HOUR)
        assert (now.state, now.open) == (State.RUNNING, number)
    assert advance(now, seen(*[FULL] * 3), FINE, HOUR).state is State.DONE


def test_a_ring_whose_kiosks_are_gone_waits_for_a_person() -> None:
    after = advance(planned(1), seen(NOBODY), None, HOUR)
    assert (after.state, after.why) == (
        State.WAITING,
        "waits for approval to go on: ring 1 (1%) has no kiosk, so nobody tries it",
    )


def test_pause_and_resume() -> None:
    paused = plan.pause(planned(2))
    assert (paused.state, paused.order.does) == (State.PAUSED, Does.WAIT)
    assert advance(paused, seen(FULL, FULL), WORSE, HOUR) == paused
    assert plan.resume(paused).state is State.RUNNING


@pytest.mark.parametrize(
    ("how", "states"),
    [
        (plan.pause, {State.RUNNING, State.WAITING}),
        (plan.resume, {State.PAUSED}),
        (lambda one: plan.approve(one, HOUR), {State.WAITING}),
        (plan.back, set(State)),
    ],
)
def test_what_can_be_done_where(how: Callable[[Plan], Plan], states: set[State]) -> None:
    for state in State:
        if state in states:
            how(planned(1, state=state))
        else:
            with pytest.raises(RolloutError):
                how(planned(1, state=state))


def test_what_nobody_has_is_not_taken_back() -> None:
    with pytest.raises(RolloutError, match="no kiosk has it yet"):
        plan.back(planned())


def test_a_plan_is_read_as_it_was_kept() -> None:
    for state in State:
        kept = planned(2, state=state, approve=True, success=0.5)
        assert plan.read(kept.record()) == kept


@pytest.mark.parametrize("damaged", [{}, {"name": 3}, {"state": "flying"}, {"rings": []}, {"rules": {"success": 2}}])
def test_a_damaged_plan_is_told(damaged: dict[str, object]) -> None:
    record = planned().record() | damaged if damaged else {}
    if damaged == {"name": 3}:
        record.pop("since")
    with pytest.raises(InputError):
        plan.read(record)


# --- rings ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True), min_size=1, max_size=50, unique=True), st.text())
def test_every_kiosk_is_in_the_same_one_ring_wherever_that_is_asked(kiosks: list[str], rollout: str) -> None:
    drawn = rings.members(rings.parse(STANDARD), rollout, map(Member, kiosks))
    assert sorted(member.kiosk for ring in drawn for member in ring) == sorted(kiosks)
    read = orders.parse(orders.written([planned().order]))[0].rings
    for kiosk in kiosks:
        assert rings.ring_of(read, rollout, Member(kiosk)) == rings.ring_of(planned().rings, rollout, Member(kiosk))


def test_rings_are_as_large_as_they_are_called() -> None:
    fleet = [Member(f"kiosk-{number}") for number in range(3000)]
    sizes = [len(ring) for ring in rings.members(rings.parse(STANDARD), "week-48", fleet)]
    assert sum(sizes) == 3000
    for size, wanted in zip(sizes, (30, 120, 450, 900, 1500), strict=True):
        assert abs(size - wanted) < 4 * wanted**0.5
    other = rings.members(rings.parse(STANDARD), "week-49", fleet)
    assert not {one.kiosk for one in other[0]} <= {
        one.kiosk for one in rings.members(rings.parse(STANDARD), "week-48", fleet)[0]
    }


def test_offices_and_boards_are_rings() -> None:
    mixed = rings.parse(["office:0001 Oslo, 5003 Bergen", "board:rpi_pico2", "50%", "100%"])
    assert rings.ring_of(mixed, "x", Member("a", "5003 Bergen", "rpi_pico")) == 0
    assert rings.ring_of(mixed, "x", Member("a", "7010 Trondheim", "rpi_pico2")) == 1
    assert rings.ring_of(mixed, "x", Member("a", "7010 Trondheim", "rpi_pico")) in (2, 3)
    assert rings.ring_of(mixed[:2], "x", Member("a", "7010 Trondheim", "rpi_pico")) is None


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["0%"],
        ["101%"],
        ["5"],
        ["x%"],
        ["nan%"],
        ["0.001%"],
        ["5%", "5%"],
        ["20%", "5%"],
        ["office:"],
        ["office: "],
        ["place:x"],
        ["1%"] * 17,
    ],
)
def test_rings_that_nobody_can_mean(texts: list[str]) -> None:
    with pytest.raises(InputError):
        rings.parse(texts)


# --- quiet hours ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "at", "quiet_"),
    [
        ("20:00-06:00", "19:59", False),
        ("20:00-06:00", "20:00", True),
        ("20:00-06:00", "00:00", True),
        ("20:00-06:00", "06:00", False),
        ("01:00-05:00", "00:59", False),
        ("01:00-05:00", "04:59", True),
        ("01:00-05:00", "12:00", False),
    ],
)
def test_quiet_hours(hours: str, at: str, quiet_: bool) -> None:
    parsed = quiet.parse(hours)
    assert parsed.has(datetime.fromisoformat(f"2026-11-29T{at}:00")) is quiet_
    assert str(parsed) == hours


@pytest.mark.parametrize(
    "text", ["", "20-6", "20:00-24:00", "20:60-06:00", "20:00-20:00", "2O:00-06:00", "20:00-06:00 "]
)
def test_quiet_hours_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="quiet hours"):
        quiet.parse(text)

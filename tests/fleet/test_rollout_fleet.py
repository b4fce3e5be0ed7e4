"""A whole roll-out in one process: the centre's state, the signed repository, and kiosks that do what is for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select

from stillscan.errors import InputError
from stillscan.fleet.events import CountsData, hour_of
from stillscan.fleet.rollout import orders, plan, rings
from stillscan.fleet.rollout.client import Client
from stillscan.fleet.rollout.conducting import AGAIN, Conductor
from stillscan.fleet.rollout.fetching import FolderSource
from stillscan.fleet.rollout.installing import Kiosk as Installing
from stillscan.fleet.rollout.plan import Plan, RolloutError, Rules, State
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.fleet.rollout.rings import Member
from stillscan.fleet.rollout.roles import ONLINE, ROLLOUTS
from stillscan.fleet.store import Store
from stillscan.fleet.tables import ABOUT, ROLLOUT

from .kiosks import Kiosk, check
from .places import ON_BOTH
from .releases import Clock, Kept, Publisher, listed

pytestmark = pytest.mark.slow

RULES = Rules(checks=40)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Office:
    """A kiosk that tells the centre of its checks and of what it has."""

    def __init__(self, name: str, fleet: Fleet) -> None:
        self.fleet, self.key, self.kept = fleet, Kiosk(name), Kept()
        self.key.enrol(fleet.store, f"office {name}")
        public = fleet.publisher.repository
        self.member = Member(name, f"office {name}", "rpi_pico")
        self.installing = Installing(
            lambda: self.member,
            lambda: Client(FolderSource(public.folder / "public"), fleet.folder / name, public.root(), fleet.clock),
            {Kind.KNOWN: self.kept},
            fleet.folder / f"{name}.json",
            lambda: True,
        )

    def night(self) -> None:
        """Install what is ordered, and tell it."""
        if self.installing.turn():
            told = CountsData(counts=self.installing.reported())
            self._tell(self.key.tell(told, "versions", hour_of(self.fleet.clock.now)))

    def day(self, checks: int, every: int) -> None:
        """Of so many checks each so-many-th fails."""
        hour = hour_of(self.fleet.clock.now)
        for number in range(checks):
            self._tell(self.key.tell(check(read=bool(number % every)), hour=hour))

    def _tell(self, arrived: object) -> None:
        self.fleet.waiting.append(arrived)


class Fleet:
    def __init__(self, folder: Path, store: Store, clock: Clock, offices: int) -> None:
        self.folder, self.store, self.clock, self.waiting = folder, store, clock, []
        self.publisher = Publisher(folder / "repository", clock)
        self.release = Release(Kind.KNOWN, "v1", 1)
        self.publisher.repository.add(self.release, listed(1), clock.now)
        self.publisher.sign()
        self.published: list[bytes | None] = []
        self.conductor = Conductor(store, self)
        self.offices = [Office(f"kiosk-{number:02}", self) for number in range(offices)]

    def __call__(self, content: bytes | None) -> None:
        (online,), (rollouts,) = self.publisher.keys[ONLINE], self.publisher.keys[ROLLOUTS]
        self.published.append(content)
        self.publisher.repository.publish(online, rollouts, self.clock.now, content)

    def ordered(self) -> bytes | None:
        return self.publisher.repository.orders()

    def plan(self, *texts: str, **rules: object) -> Plan:
        return Plan("week-48", self.release, rings.parse(texts or ["25%", "100%"]), Rules(checks=40, **rules))  # type: ignore[arg-type]

    def pass_day(self, every: int = 50, with_it: int = 50) -> list[Plan]:
        """A day of checks and a night of installing; ``with_it``: of those that have the release."""
        for office in self.offices:
            has = office.kept.installed and office.kept.installed[-1] == listed(1)
            office.day(20, with_it if has else every)
        self.arrive()
        changed = self.conductor.turn(self.clock.now)
        self.clock.pass_(hours=12)
        for office in self.offices:
            office.night()
        self.arrive()
        self.clock.pass_(hours=12)
        return changed

    def arrive(self) -> None:
        self.store.take(self.waiting, self.clock.now)
        self.waiting.clear()

    def having(self) -> int:
        return sum(bool(office.kept.installed) and office.kept.installed[-1] == listed(1) for office in self.offices)

    def now(self) -> Plan:
        return self.conductor.rollouts(self.clock.now)[0].plan


@pytest.fixture
def fleet(tmp_path: Path, store: Store, clock: Clock) -> Fleet:
    made = Fleet(tmp_path, store, clock, 10)
    for office in made.offices:
        office.day(1, 50)
    made.arrive()
    return made


def first_ring(fleet: Fleet) -> int:
    return len(rings.members(fleet.now().rings, "week-48", [office.member for office in fleet.offices])[0])


@pytest.mark.slow
def test_a_sound_release_comes_to_everybody_ring_by_ring(fleet: Fleet) -> None:
    fleet.pass_day()
    fleet.pass_day()
    fleet.conductor.plan(fleet.plan())
    fleet.pass_day()
    assert 0 < fleet.having() == first_ring(fleet) < 10
    fleet.pass_day()
    fleet.pass_day()
    assert fleet.having() == 10
    for _ in range(3):
        fleet.pass_day()
    assert fleet.now().state is State.DONE
    assert all(office.kept.installed == [listed(1)] for office in fleet.offices)


@ON_BOTH
@pytest.mark.slow
def test_a_bad_one_stops_before_the_second_ring_and_is_taken_back(fleet: Fleet) -> None:
    fleet.pass_day()
    fleet.pass_day()
    fleet.conductor.plan(fleet.plan())
    fleet.pass_day()
    ring = first_ring(fleet)
    fleet.pass_day(with_it=2)
    assert fleet.now().state is State.STOPPED
    assert "fail in 5" in fleet.now().why
    fleet.pass_day(with_it=2)
    assert fleet.having() == ring
    fleet.conductor.change("week-48", plan.back)
    fleet.pass_day()
    assert fleet.having() == 0
    assert sum(office.kept.installed == [listed(1), b""] for office in fleet.offices) == ring


@ON_BOTH
def test_who_has_it_is_what_kiosks_said_last(fleet: Fleet) -> None:
    fleet.conductor.plan(fleet.plan("100%"))
    fleet.conductor.turn(fleet.clock.now)
    kiosk, hour = fleet.offices[0], hour_of(fleet.clock.now)
    said = [{"release_known": 1}, {"release_known": 0, "refused_known": 1}, {"release_known": 1}, {"release_known": 0}]
    expected = [(1, 0), (0, 1), (1, 0), (0, 0)]
    for counts, wanted in zip(said, expected, strict=True):
        kiosk._tell(kiosk.key.tell(CountsData(counts=counts), "versions", hour))
        kiosk._tell(kiosk.key.tell(CountsData(counts={"starts": 3}), "versions", hour))
        fleet.arrive()
        (seen,) = fleet.conductor.rollouts(fleet.clock.now)[0].watched.rings
        assert (seen.installed, seen.refused) == wanted
        assert seen.kiosks == 10


def test_kiosks_that_are_silent_are_not_waited_for(fleet: Fleet) -> None:
    fleet.conductor.plan(fleet.plan("100%"))
    fleet.conductor.turn(fleet.clock.now)
    fleet.clock.pass_(days=3)
    fleet.offices[0].day(1, 50)
    fleet.arrive()
    assert fleet.conductor.rollouts(fleet.clock.now)[0].watched.rings[0].kiosks == 1


def test_a_kiosk_that_is_heard_of_counts_whatever_its_clock_says(fleet: Fleet) -> None:
    fleet.conductor.plan(fleet.plan("100%"))
    fleet.conductor.turn(fleet.clock.now)
    fleet.waiting.append(fleet.offices[1].key.tell(check(), hour="2099-01-01T00"))
    fleet.arrive()
    fleet.clock.pass_(days=3)
    for office in fleet.offices[2:4]:
        fleet.waiting.append(office.key.tell(check(), hour="2025-11-29T10"))
    fleet.arrive()
    assert fleet.conductor.rollouts(fleet.clock.now)[0].watched.rings[0].kiosks == 2


def test_firmware_waits_for_no_kiosk_with_another_board(fleet: Fleet) -> None:
    for office in fleet.offices[:3]:
        fleet.waiting.append(office.key.tell(check(board="rpi_pico2"), hour=hour_of(fleet.clock.now)))
    fleet.arrive()
    firmware = Release(Kind.FIRMWARE, "v1", 1, "rpi_pico2")
    fleet.conductor.plan(replace(fleet.plan("100%"), release=firmware))
    fleet.conductor.turn(fleet.clock.now)
    assert fleet.conductor.rollouts(fleet.clock.now)[0].watched.rings[0].kiosks == 3


def test_what_is_valid_is_signed_anew_before_it_runs_out(fleet: Fleet) -> None:
    fleet.conductor.turn(fleet.clock.now)
    fleet.clock.pass_(seconds=AGAIN.total_seconds())
    count = len(fleet.published)
    for _ in range(3):
        fleet.conductor.turn(fleet.clock.now)
    assert fleet.published[count:] == [None]
    fleet.clock.pass_(seconds=AGAIN.total_seconds())
    fleet.conductor.turn(fleet.clock.now)
    assert fleet.published[count:] == [None, None]


def test_what_cannot_be_published_has_not_happened(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise InputError("the folder of releases is not there")

    fleet.conductor.plan(fleet.plan())
    monkeypatch.setattr(Fleet, "__call__", fails)
    with pytest.raises(InputError):
        fleet.conductor.turn(fleet.clock.now)
    assert fleet.now().open == 0


def test_a_copy_that_is_killed_between_publishing_and_keeping_leaves_nothing_strange(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = Fleet.__call__

    def killed(self: Fleet, content: bytes | None) -> None:
        publish(self, content)
        raise InputError("killed")

    fleet.conductor.plan(fleet.plan())
    monkeypatch.setattr(Fleet, "__call__", killed)
    with pytest.raises(InputError):
        fleet.conductor.turn(fleet.clock.now)
    assert fleet.now().open == 0
    monkeypatch.setattr(Fleet, "__call__", publish)
    fleet.conductor.turn(fleet.clock.now)
    assert (fleet.now().state, fleet.now().open) == (State.RUNNING, 1)


Backup = dict[Table, list[dict[str, Any]]]


def back_to(store: Store, kept: Backup | None = None) -> Backup:
    """What a backup has of roll-outs; with ``kept`` it is put back."""
    with store.writing() as connection:
        for table, rows in (kept or {}).items():
            connection.execute(delete(table))
            if rows:
                connection.execute(insert(table), rows)
        tables = (ABOUT, ROLLOUT)
        return {table: [dict(row) for row in connection.execute(select(table)).mappings()] for table in tables}


@pytest.mark.parametrize(
    ("meanwhile", "state", "does"),
    [
        (plan.back, State.BACK, orders.Does.BACK),
        (plan.pause, State.PAUSED, orders.Does.WAIT),
        (lambda one: replace(one, state=State.STOPPED), State.PAUSED, orders.Does.WAIT),
        (lambda one: replace(one, open=2), State.PAUSED, orders.Does.WAIT),
    ],
)
def test_a_state_that_was_put_back_undoes_nothing(
    fleet: Fleet, store: Store, meanwhile: Callable[[Plan], Plan], state: State, does: orders.Does
) -> None:
    fleet.conductor.plan(fleet.plan())
    fleet.conductor.turn(fleet.clock.now)
    yesterday = back_to(store)
    opened = fleet.conductor.change("week-48", meanwhile).open
    back_to(store, yesterday)
    assert (fleet.now().state, fleet.now().open) == (State.RUNNING, 1)
    for _ in range(2):  # after the first look it is known
        fleet.conductor.turn(fleet.clock.now)
        (order,) = orders.parse(fleet.ordered() or b"")
        assert (fleet.now().state, fleet.now().open, order.does, order.open) == (state, opened, does, opened)
    if state is State.PAUSED:
        assert "put back" in fleet.now().why
        assert fleet.conductor.change("week-48", plan.resume).state is State.RUNNING


def test_a_roll_out_that_a_backup_knows_nothing_of_goes_no_further(
    fleet: Fleet, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    yesterday = back_to(store)
    fleet.conductor.plan(fleet.plan())
    fleet.conductor.turn(fleet.clock.now)
    assert len(orders.parse(fleet.ordered() or b"")) == 1
    back_to(store, yesterday)
    fleet.conductor.turn(fleet.clock.now)
    assert orders.parse(fleet.ordered() or b"") == []
    assert "knows nothing of week-48" in caplog.text


@ON_BOTH
def test_a_persons_word_is_told_at_once(fleet: Fleet) -> None:
    fleet.conductor.plan(fleet.plan())
    fleet.conductor.turn(fleet.clock.now)
    fleet.conductor.change("week-48", plan.pause)
    assert fleet.published[-1] is not None
    (order,) = orders.parse(fleet.published[-1])
    assert order.does is orders.Does.WAIT
    with pytest.raises(InputError, match="no roll-out 'week-49'; there are: week-48"):
        fleet.conductor.change("week-49", plan.pause)


def test_a_ring_without_kiosks_is_refused(fleet: Fleet) -> None:
    with pytest.raises(InputError, match=r"ring 1 \(office:Nowhere\) has no kiosk: nobody would try it there"):
        fleet.conductor.plan(fleet.plan("office:Nowhere", "100%"))
    other = Plan("x", Release(Kind.FIRMWARE, "v1", 1, "rpi_pico2"), rings.parse(["100%"]), Rules())
    with pytest.raises(InputError, match=r"ring 1 \(100%\) has no kiosk"):
        fleet.conductor.plan(other)
    assert fleet.conductor.rollouts(fleet.clock.now) == []


@ON_BOTH
def test_one_roll_out_of_a_kind_at_a_time(fleet: Fleet) -> None:
    fleet.conductor.plan(fleet.plan("100%"))
    second = Plan("week-49", Release(Kind.KNOWN, "v2", 2), rings.parse(["100%"]), Rules())
    with pytest.raises(RolloutError, match=r"week-48 brings known/v1\.toml"):
        fleet.conductor.plan(second)
    with pytest.raises(InputError, match="each is given once"):
        fleet.conductor.plan(fleet.plan("100%"))
    fleet.conductor.plan(Plan("slow", Release(Kind.SETTINGS, "v1", 1), rings.parse(["100%"]), Rules()))
    fleet.conductor.turn(fleet.clock.now)
    fleet.conductor.change("week-48", plan.back)
    fleet.conductor.plan(second)


def test_the_hour_of_a_plan_is_one_that_events_have() -> None:
    assert datetime.fromisoformat(f"{hour_of(datetime(2026, 11, 29, 10, tzinfo=UTC))}:00+00:00").hour == 10

"""Whatever order and however often events come: each counts once, and what is of now is the newest."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kiosks import HOUR, NOW, Kiosk, check
from places import ON_BOTH
from sqlalchemy import func, select

from stillscan.errors import InputError
from stillscan.fleet import events, place
from stillscan.fleet import store as stores
from stillscan.fleet.batch import Arrived
from stillscan.fleet.events import CountsData, HeadData, parse
from stillscan.fleet.refusals import Refusal
from stillscan.fleet.store import Store
from stillscan.fleet.tables import AHEAD, CHECK, HEAD, KIOSK, NOTE, REFUSAL, UNREAD
from stillscan.records.canonical import canonical
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from tests.covering import examples


def row(store: Store, name: str = "oslo-1") -> dict[str, object]:
    """A kiosk as it stands."""
    with store.reading() as connection:
        return dict(connection.execute(select(KIOSK).where(KIOSK.c.kiosk == name)).one()._mapping)


def rows(store: Store, table: object) -> int:
    """How many rows a table has."""
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


@ON_BOTH
def test_a_check_is_counted_once_and_says_what_it_was(store: Store, kiosk: Kiosk) -> None:
    one = kiosk.tell(check(False, "NOR", 2029, quality=["glare"], failed_at=[[1, 44]], firmware="0.2.0"))
    assert store.take([one], NOW) == (1, 0, [], {"oslo-1": 1})
    assert store.take([one, one], NOW) == (0, 2, [], {"oslo-1": 1})
    with store.reading() as connection:
        found = connection.execute(select(CHECK)).one()
    assert (found.issuer, found.kind, found.expiry_year, found.ok, found.verdict) == ("NOR", "P", 2029, False, "rescan")
    assert '"failed_at":[[1,44]]' in found.what
    assert row(store) | {"checks": 1, "failed": 1, "firmware": "0.2.0", "last_hour": HOUR} == row(store)


@pytest.mark.slow
def test_any_order_any_repeats_in_any_batches_come_to_the_same(store: Store) -> None:
    numbers = itertools.count()

    @settings(max_examples=examples(30), deadline=None)
    @given(st.randoms(use_true_random=False), st.integers(1, 6))
    def try_it(dice: random.Random, size: int) -> None:
        number = next(numbers)
        kiosks = [Kiosk(f"a-{number}"), Kiosk(f"b.{number}")]
        events = [kiosk.tell(check(n % 3 > 0)) for kiosk in kiosks for n in range(12)]
        events += dice.sample(events, 9)
        dice.shuffle(events)
        for one in kiosks:
            one.enrol(store)
        new = sum(store.take(events[start : start + size], NOW).new for start in range(0, len(events), size))
        assert (new, rows(store, CHECK), rows(store, AHEAD)) == (24, 24 * (number + 1), 0)
        for one in kiosks:
            assert row(store, one.name) | {"highest": 12, "newest": 12, "checks": 12, "failed": 4} == row(
                store, one.name
            )

    try_it()


@ON_BOTH
def test_a_gap_is_seen_until_it_is_filled(store: Store, kiosk: Kiosk) -> None:
    first, second, third = (kiosk.tell(check()) for _ in range(3))
    assert store.take([third, first], NOW).highest == {"oslo-1": 1}
    assert row(store)["newest"] == 3
    assert store.take([second], NOW).highest == {"oslo-1": 3}
    assert rows(store, AHEAD) == 0


@pytest.mark.slow
@ON_BOTH
def test_what_is_gone_everywhere_is_waited_for_no_longer_and_counted(store: Store, kiosk: Kiosk) -> None:
    told = [kiosk.tell(check()) for _ in range(9)]
    store.take([*told[:2], told[4], told[6], told[8]], NOW)  # 1, 2, 5, 7, 9
    assert store.go_past("oslo-1", 6, NOW) == 3  # 3, 4 and 6
    assert (store.highest("oslo-1"), rows(store, AHEAD)) == (7, 1)
    assert (store.go_past("oslo-1", 6, NOW), store.go_past("moss-1", 6, NOW)) == (0, 0)
    with store.reading() as connection:
        found = connection.execute(select(REFUSAL.c.kiosk, REFUSAL.c.reason, REFUSAL.c.count)).all()
    assert found == [("oslo-1", "lost", 3)]
    assert store.take([told[7]], NOW).highest == {"oslo-1": 9}


@ON_BOTH
def test_unknown_and_revoked_kiosks_are_refused_and_counted(store: Store, kiosk: Kiosk) -> None:
    stranger = Kiosk("bergen-1").tell(check())
    assert [why for _, why in store.take([stranger], NOW).refused] == ["unknown"]
    assert store.revoke("oslo-1")
    taken = store.take([kiosk.tell(check())], NOW)
    assert [why for _, why in taken.refused] == ["revoked"]
    assert store.highest("oslo-1") is None
    given = [Refusal(number, "bergen-1", "unknown") for number in (1, 2, 2)]
    assert (store.refused(given, NOW), store.refused(given, NOW)) == (2, 0)
    with store.reading() as connection:
        assert connection.execute(select(REFUSAL.c.kiosk, REFUSAL.c.reason, REFUSAL.c.count)).all() == [
            ("bergen-1", "unknown", 2)
        ]


@ON_BOTH
def test_a_name_is_not_taken_over_by_another_key(store: Store, kiosk: Kiosk) -> None:
    kiosk.enrol(store, "0002 Oslo")
    assert row(store)["office"] == "0002 Oslo"
    with pytest.raises(RecordsError, match="another key"):
        Kiosk("oslo-1").enrol(store)
    with pytest.raises(InputError, match="longer than 64"):  # as no event of it could name it
        Kiosk("oslo-2").enrol(store, "x" * 65)


@ON_BOTH
def test_notes_and_versions_are_kept(store: Store, kiosk: Kiosk) -> None:
    store.take([kiosk.tell(CountsData(versions={"firmware": "0.9"}, counts={"sweeps": 7}), "versions")], NOW)
    assert rows(store, NOTE) == 1
    assert row(store)["firmware"] == "0.9"


@ON_BOTH
@pytest.mark.parametrize(
    ("ends", "back"),
    [
        ([(5, "a"), (9, "b")], 0),
        ([(5, "a"), (5, "a")], 0),
        ([(9, "b"), (5, "a")], 2),
        ([(5, "a"), (5, "b")], 2),
    ],
)
def test_a_chain_that_goes_backwards_or_is_another_is_seen(
    store: Store, kiosk: Kiosk, ends: list[tuple[int, str]], back: int
) -> None:
    told = [kiosk.tell(HeadData(seq=seq, digest=of * 64), "head") for seq, of in ends]
    for order in (told, told[::-1]):  # two copies of a centre may take them in another order
        store.take(order[:1], NOW)
        store.take(order, NOW)
    assert (row(store)["head_back"], rows(store, HEAD)) == (back, 2)


@ON_BOTH
def test_heads_that_come_in_another_order_are_no_alarm(store: Store, kiosk: Kiosk) -> None:
    first, second = (kiosk.tell(HeadData(seq=seq, digest="a" * 64), "head") for seq in (5, 9))
    store.take([second], NOW)
    store.take([first], NOW)
    assert (row(store)["head_back"], row(store)["head"]) == (0, 9)


def newer(n: int, data: object, kind: str = "check") -> Arrived:
    """An event of schema 2, as it arrives."""
    body = canonical({"v": 2, "kiosk": "oslo-1", "n": n, "kind": kind, "hour": HOUR, "office": "x", "data": data})
    return Arrived(parse(body), body, "00")


@ON_BOTH
def test_an_event_of_a_newer_schema_is_kept_until_it_is_understood(
    store: Store, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    read = check(False, firmware="0.9").model_dump(mode="json", exclude_none=True)
    taken = [newer(1, read), newer(2, {"counts": {"a": 1}}, "health"), newer(3, {"read": "perhaps"})]
    taken += [newer(4, {"seq": 7, "digest": "a" * 64}, "head"), newer(5, read | {"firmware": "1.0", "read": True})]
    assert store.take(taken, NOW).highest == {"oslo-1": 5}
    assert (rows(store, UNREAD), rows(store, CHECK)) == (5, 0)
    assert store.understand(NOW) == 0
    assert rows(store, UNREAD) == 5
    monkeypatch.setitem(events._DATA, 2, events._DATA[1])  # as a newer stillscan has it
    monkeypatch.setattr("stillscan.fleet.store._KEPT", stores._KEPT.limit(2))
    assert (store.understand(NOW), store.understand(NOW)) == (4, 0)
    assert [rows(store, table) for table in (UNREAD, CHECK, NOTE, HEAD)] == [1, 2, 1, 1]
    assert "event 3 of oslo-1 stays as it came" in caplog.text
    now = {"checks": 2, "failed": 1, "head": 7, "firmware": "1.0", "highest": 5, "newest": 5}
    assert row(store) | now == row(store)
    assert store.take(taken, NOW)[:2] == (0, 5)


@ON_BOTH
def test_what_an_older_event_said_of_versions_is_overtaken(
    store: Store, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = newer(1, check(firmware="0.1").model_dump(mode="json", exclude_none=True))
    store.take([old], NOW)
    store.take([kiosk.tell(check(firmware="0.2"), n=2)], NOW)
    monkeypatch.setitem(events._DATA, 2, events._DATA[1])
    assert store.understand(NOW) == 1
    assert row(store) | {"firmware": "0.2", "checks": 2} == row(store)


@ON_BOTH
def test_a_clock_that_is_a_year_off_is_seen_and_old_events_are_no_wrong_clock(store: Store, kiosk: Kiosk) -> None:
    late = kiosk.tell(check(), hour="2026-11-20T10")
    store.take([late], NOW)
    assert row(store)["clock_hours"] == 0
    store.take([kiosk.tell(check(), hour="2025-11-29T10")._replace(sent_hour="2025-11-29T10")], NOW)
    assert row(store)["clock_hours"] == -365 * 24


@ON_BOTH
def test_a_state_is_opened_again_as_it_was_and_a_newer_one_is_left_alone(
    store: Store, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    there: str | Path = request.getfixturevalue("place")
    again = Store(there, create=False)
    assert place.place(again) == place.place(store)
    again.close()
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE fleet_about SET value = '2' WHERE name = 'schema'")
    with pytest.raises(RecordsError, match="newer"):
        Store(there)
    with pytest.raises(InputError, match="no state"):
        Store(tmp_path / "other.db", create=False)


@ON_BOTH
def test_a_place_is_renewed_once_and_who_had_the_one_before_keeps_nothing(store: Store) -> None:
    for word in ("old", "a", "b"):
        place.enter(store, word)
    for word in ("a", "b"):  # two copies that start together, of which the first is faster
        place.renew(store, "", "monday", word)
    first = place.place(store)
    assert (first.made, first.floor) == ("monday", 0)
    assert [place.knows(store, word) for word in ("old", "a", "b")] == [False, True, False]
    assert place.keep(store, first.place, "b", 7)
    assert place.keep(store, first.place, "b", 5)
    assert (place.place(store).floor, place.knows(store, "b")) == (7, True)
    place.begin_anew(store, first.place, "tuesday")
    assert not place.keep(store, first.place, "b", 9)
    assert place.place(store)[2:] == ("tuesday", 0, 0)


def test_records_become_no_state(tmp_path: Path) -> None:
    Database(tmp_path / "records.db").close()
    before = (tmp_path / "records.db").read_bytes()
    with pytest.raises(InputError, match="holds the records"):
        Store(tmp_path / "records.db")
    assert (tmp_path / "records.db").read_bytes() == before


@ON_BOTH
def test_a_state_that_was_read_only_is_written_again_once_it_can_be(store: Store, kiosk: Kiosk) -> None:
    """What a connection found when it was opened stays with it: how SQLite opens a file, PostgreSQL's default."""
    postgresql = store.url.get_backend_name() == "postgresql"
    with store._engine.connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = on" if postgresql else "PRAGMA query_only = ON")
        connection.commit()
    one = kiosk.tell(check())
    with pytest.raises(RecordsError, match="cannot be written to; nothing was written"):
        store.take([one], NOW)
    assert store.take([one], NOW).new == 1

"""What a kiosk has to tell is written with the check, or not at all, and holds nothing of anybody."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from kiosks import NOW
from sqlalchemy import event

from stillscan.fleet import offices
from stillscan.fleet.events import PURPOSE, CountsData, parse, payload_of
from stillscan.fleet.offices import BAD, Office, Passport
from stillscan.fleet.outbox import Outbox
from stillscan.mrz.compose import compose
from stillscan.mrz.series import Series
from stillscan.records import schema
from stillscan.records.database import Database
from stillscan.records.errors import FieldError, RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.verification import verify

READ, UNREAD = Passport(BAD, True), Passport(BAD, False)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office with three letters."""
    office = Office(tmp_path / "office", 1, 3)
    yield office
    office.close()


def told(office: Office) -> list[dict[str, object]]:
    """The data of the checks that wait to be sent."""
    bodies = [json.loads(row.body) for row in office.outbox.waiting(0, 1000)]
    return [body["data"] for body in bodies if body["kind"] == "check"]


@pytest.mark.slow
def test_each_check_has_one_event_signed_and_numbered(office: Office) -> None:
    dice = random.Random(1)
    for passport in (READ, UNREAD, READ):
        office.serve(passport, dice)
    rows = office.outbox.waiting(0, 100)
    assert [row.n for row in rows] == [1, 2, 3, 4]  # the first one says which versions are there
    assert all(office.keyring.signed("kiosk-0001", PURPOSE, row.body, row.signature) for row in rows)
    assert {parse(row.body).kind for row in rows} == {"versions", "check"}
    checks = told(office)
    assert {one["end"]["seq"] for one in checks} == office.recorded()  # type: ignore[index]
    assert [one["read"] for one in checks] == [True, False, True]
    assert [one["series"] for one in checks] == [{"issuer": "UTO", "kind": "P", "expiry_year": 2031}] * 3
    assert checks[1] | {"attempts": 3, "aborts": {"slip": 2}, "quality": ["worn-ink"], "failed_at": [[2, 20], [2, 29]],
                        "verdict": "rescan", "firmware": "0.2.0", "board": "simulator"} == checks[1]  # fmt: skip


class People:
    """Invented customers, each another: what their documents and letters say are canaries."""

    def __init__(self, seed: int) -> None:
        self._dice, self.canaries = random.Random(seed), set[str]()
        self.letters: list[str] = []
        self._came = 0

    def _kept(self, canary: str) -> str:
        self.canaries.add(canary)
        return canary

    def _word(self, length: int) -> str:
        return self._kept("".join(self._dice.choices("QXZJKWVY", k=length)))

    def _digits(self, length: int) -> str:
        return self._kept(str(self._dice.randrange(10 ** (length - 1), 10**length)))

    def brought(self, office: int, numbers: range, name: str) -> bytes:
        """In place of the simulated letters: recipient, order and tracking number are canaries."""
        rows = []
        for one in numbers:
            self.letters.append(f"{self._word(7)} {self._word(8)}")
            tracking = self._kept(offices._tracking(office, one))
            rows.append(f"{tracking},{self._word(9)},{self.letters[-1]},{date.today() + timedelta(14)},{name}")
        return "\n".join(["tracking,order,recipient,deadline,office", *rows]).encode()

    def lines(self, series: Series) -> tuple[str, ...]:
        """In place of the simulated passport: names, number, birth date and day of expiry are canaries."""
        given, _, surname = self.letters[self._came].partition(" ")
        self._came += 1
        birth = self._kept(
            f"{self._dice.randrange(40, 99)}{self._dice.randrange(10, 13)}{self._dice.randrange(10, 28)}"
        )
        until = self._kept(f"{series.expiry_year % 100}{self._dice.randrange(10, 13)}{self._dice.randrange(10, 28)}")
        made = compose(
            "TD3", code=series.kind, issuer=series.issuer, primary=surname, secondary=given, number=self._word(9),
            nationality=series.issuer, birth=birth, sex="F", expiry=until,
        )  # fmt: skip
        self.canaries.update(made)
        return made


@pytest.mark.slow
def test_nothing_about_people_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    people = People(21)
    monkeypatch.setattr(offices, "_letters", people.brought)
    monkeypatch.setattr(offices, "_lines", people.lines)
    office = Office(tmp_path / "office", 1, 60)
    with caplog.at_level("DEBUG"):
        for number in range(60):
            office.serve((READ, UNREAD)[number % 2], random.Random(number))
        office.outbox.tell("health", NOW, office._telling.health())
    rows = office.outbox.waiting(0, 1000)
    assert len(rows) == 62
    assert [one["read"] for one in told(office)] == [True, False] * 30
    assert len(people.canaries) >= 500
    sent = b"".join(payload_of(row.body, row.signature, "2026-11-29T10") for row in rows).decode()
    without_digests = re.sub("[0-9a-f]{64,128}", "", sent + caplog.text).upper()
    assert not [one for one in {"CLERK-1", *people.canaries} if one in without_digests]
    office.close()


@pytest.mark.slow
def test_a_check_that_is_not_recorded_is_not_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillscan.records.audit.Appender.seal", lambda _: (_ for _ in ()).throw(OSError))
    with pytest.raises(OSError):  # noqa: PT011 - the one that was raised above
        office.serve(READ, random.Random(1))
    assert (told(office), office.recorded()) == ([], set())


@pytest.mark.slow
def test_an_event_that_cannot_be_made_stops_no_check(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillscan.fleet.checks.__version__", "no version at all")
    office.serve(READ, random.Random(1))
    assert (told(office), len(office.recorded())) == ([], 1)


@pytest.mark.slow
def test_rows_stay_until_they_are_taken_and_numbers_go_on(office: Office) -> None:
    box = office.outbox
    for passport in (READ, READ):
        office.serve(passport, random.Random(1))
    assert (box.first(), box.last(), office.waits) == (1, 3, True)
    box.taken(2)
    assert [row.n for row in box.waiting(0, 10)] == [3]
    box.taken(3)
    assert (box.first(), box.last(), office.waits) == (4, 3, False)
    office.serve(READ, random.Random(1))
    assert [row.n for row in box.waiting(3, 10)] == [4]


def test_kiosks_on_one_database_count_by_themselves(tmp_path: Path) -> None:
    database = Database(tmp_path / "records.db")
    boxes = [Outbox(database, Keyring(tmp_path / "keys", name), "0001 Oslo") for name in ("a", "b")]
    assert [box.tell("health", NOW, CountsData()) for box in (*boxes, boxes[0])] == [1, 1, 2]
    boxes[0].taken(9)
    assert [row.n for row in boxes[1].waiting(0, 9)] == [1]
    database.close()


def test_a_database_of_the_first_version_gets_its_outbox(tmp_path: Path) -> None:
    database = Database(tmp_path / "records.db")
    with database.writing() as connection:  # as the first version made it
        for table in ("outbox", "outbox_end"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("UPDATE schema_version SET version = 1")
    database.close()
    database, keyring = Database(tmp_path / "records.db"), Keyring(tmp_path / "keys", "a")
    assert Outbox(database, keyring, "x").last() == 0
    assert verify(database, keyring).findings == []
    with database.reading() as connection:
        assert schema.is_current(connection, "")
    database.close()


def with_room(office: Office, pages: int) -> list[int]:
    """Its disk takes so many pages more; what is given says how many at all, and may be changed."""
    with office._database.reading() as connection:
        most = [connection.exec_driver_sql("PRAGMA page_count").scalar() + pages]
    event.listen(
        office._database._engine, "checkout", lambda c, *_: c.execute(f"PRAGMA max_page_count = {most[0]}").close()
    )
    office._database.close()
    return most


@pytest.mark.slow
@pytest.mark.parametrize("passport", [READ, UNREAD])
def test_a_full_disk_stops_check_and_event_together_and_nobody_is_forgotten(tmp_path: Path, passport: Passport) -> None:
    office = Office(tmp_path / "office", 1, 60)
    most, came = with_room(office, 4), 0

    def serve_all() -> None:
        nonlocal came
        for _ in range(60):
            office.serve(passport, random.Random(1))
            came += 1

    with pytest.raises(RecordsError, match="full"):
        serve_all()
    assert 0 < len(told(office)) == len(office.recorded()) == came < 60
    for _ in range(3):
        with pytest.raises(RecordsError, match="full"):
            office.serve(passport, random.Random(1))
    most[0] *= 100
    office.serve(passport, random.Random(1))
    assert len(told(office)) == len(office.recorded()) == came + 2  # who waited, and the next one
    office.close()


@pytest.mark.parametrize("name", ["x" * 65, "", "a\nb", "x\u202ey"])
def test_an_office_whose_name_no_event_could_hold_is_refused_at_once(tmp_path: Path, name: str) -> None:
    database = Database(tmp_path / "records.db")
    with pytest.raises(FieldError, match="office"):
        Outbox(database, Keyring(tmp_path / "keys", "a"), name)
    box = Outbox(database, Keyring(tmp_path / "keys", "a"), "ø" * 64)
    assert box.tell("health", NOW, CountsData()) == 1
    database.close()

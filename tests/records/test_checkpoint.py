"""Checkpoints: a start that follows only what came after, and nothing that anybody could make it believe."""

import contextlib
import json
import os
import shutil
from pathlib import Path

import pytest
from desk import CLERK, GOOD, NOW, PIN, UNREAD, Clock, Place, csv, tracking

from stillscan.records import changes, checkpoint, retention
from stillscan.records.audit import appending, reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.consignments import find
from stillscan.records.errors import RecordsError
from stillscan.records.exchanging import rotate
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.staff import StaffList
from stillscan.records.verification import verify

pytestmark = pytest.mark.slow


@pytest.fixture
def place(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place whose checkpoints are made every two entries: one of each start, and of each verify."""
    monkeypatch.setattr(checkpoint, "EVERY", 2)
    boss = place.supervisor("boss")
    StaffList(place.database, place.keyring, now=lambda: NOW).add(CLERK.staff, CLERK.role, PIN)
    assert place.finish(0) == "release"
    changes.record(changes.withdrawal("x"), tracking(1), boss, place.database, place.keyring)
    assert verify(place.database, place.keyring).findings == []
    assert (place.keyring.folder / "kiosk-1.checkpoint").exists()
    return place


def path(place: Place) -> Path:
    return checkpoint.path_of(place.keyring)


def started(place: Place) -> ChainState:
    """What a program that starts now knows."""
    chain = ChainState()
    with reading_chain(place.database, Keyring(place.keyring.folder, "kiosk-1"), chain):
        return chain


def followed(place: Place) -> ChainState:
    """The same, without any checkpoint."""
    aside = path(place).with_suffix(".aside")
    path(place).rename(aside)
    try:
        return started(place)
    finally:
        aside.rename(path(place))


def test_a_start_knows_the_same_with_and_without_one(place: Place, clock: Clock) -> None:
    clock.goes(days=1)
    load(csv(range(10, 30)), place.database, place.keyring, "f")
    for number in (10, 11, 2):
        assert place.finish(number) == "release"
    place.finish(12, UNREAD)
    clock.goes(days=100)
    retention.purge(place.database, place.keyring, 90)
    short, long = started(place), followed(place)
    assert short.checkpoint > long.checkpoint == 0
    assert (short.end, short.time) == (long.end, long.time)
    assert list(short.known.numbers()) == list(long.known.numbers())
    assert all(short.letter(number) == long.letter(number) for number in long.known.numbers())
    assert (short.known.count, short.known.released) == (long.known.count, long.known.released)
    assert {seq: time for seq, time in short.known.personal.items() if time} == {
        seq: time for seq, time in long.known.personal.items() if time
    }
    assert short.kept("staff") == long.kept("staff")
    assert short.letter(tracking(77)) is None


def test_letters_that_are_in_the_file_are_held_in_no_memory(place: Place) -> None:
    chain = ChainState()
    with appending(place.database, place.keyring, chain):
        assert chain.checkpoint == chain.end.seq
        assert chain.known.letters == {}
        assert [one.tracking for one in find_all(place, chain)] == [tracking(n) for n in range(3)]


def find_all(place: Place, chain: ChainState) -> list[changes.StoredConsignment]:
    with place.database.reading() as connection:
        return list(find(connection, place.keyring, chain))


def test_what_stands_before_it_still_decides(place: Place) -> None:
    again = Place(place.path.parent, letters=0)
    assert again.desk.finish(tracking(0), GOOD, CLERK).reasons == ("already_released",)
    assert again.desk.finish(tracking(1), GOOD, CLERK).reasons == ("consignment_withdrawn",)
    assert again.desk.finish(tracking(2), GOOD, CLERK).verdict == "release"
    assert again.desk._chain.checkpoint > 0
    again.database.close()


def altered(content: bytes) -> list[bytes]:
    """The file with something changed: each part of it, a bit, a line, its end."""
    header, signature, rest = content.split(b"\n", 2)
    facts = json.loads(header)
    facts["released"] = 0
    forged = json.dumps(facts).encode()
    return [
        b"",
        b"\n\n",
        content[:-1],
        content[: len(content) // 2],
        content.replace(b'"released":1', b'"released":0'),
        b"\n".join([forged, signature, rest]),
        b"\n".join([header, signature[::-1], rest]),
        b"\n".join([header, signature.upper(), rest]),
        b"\n".join([header, b"\xff", rest]),
        b"\n".join([b"[" * 100_000, signature, rest]),
        b"\n".join([header, signature, rest.replace(b"released", b"waiting!")]),
        b"\n".join([header, signature, rest.replace(b"withdrawn", b"waiting!!")]),
    ]


@pytest.mark.parametrize("n", range(12))
def test_one_that_was_altered_is_found_and_releases_nothing(place: Place, n: int) -> None:
    content = path(place).read_bytes()
    changed = altered(content)[n]
    assert changed != content
    path(place).write_bytes(changed)
    os.chmod(path(place), 0o600)
    again = Place(place.path.parent, letters=0)
    for number in (0, 1):
        with contextlib.suppress(RecordsError):
            assert again.finish(number) == "refuse"
    again.database.close()
    path(place).write_bytes(changed)
    found = [str(one) for one in verify(place.database, place.keyring).findings]
    assert len(found) == 1
    assert "checkpoint" in found[0]
    path(place).unlink()
    assert verify(place.database, place.keyring).findings == []


def test_one_of_another_key_is_none(place: Place, tmp_path: Path) -> None:
    """Somebody who writes to the folder, and has no key of this kiosk."""
    thief = Keyring(tmp_path / "thief", "kiosk-1")
    chain = followed(place)
    chain.known.letters[tracking(0)] = chain.known.letters[tracking(0)]._replace(state="waiting", ended=0)
    checkpoint.write(thief, *checkpoint.made(chain.end, chain.time, chain.known, checkpoint.NOTHING_CONFIRMED))
    shutil.copy(checkpoint.path_of(thief), path(place))
    assert place.finish(0) == "refuse"
    again = Place(place.path.parent, letters=0)
    assert again.finish(0) == "refuse"
    again.database.close()


def test_one_that_lies_is_found_by_verify(place: Place) -> None:
    """Signed by this kiosk, and not what the entries say: only who has the key can do that, and verify still tells."""
    chain = followed(place)
    chain.known.letters[tracking(0)] = chain.known.letters[tracking(0)]._replace(state="waiting", ended=0)
    checkpoint.write(place.keyring, *checkpoint.made(chain.end, chain.time, chain.known, checkpoint.NOTHING_CONFIRMED))
    assert [str(one) for one in verify(place.database, place.keyring).findings] == [
        "the checkpoint of kiosk kiosk-1 does not say what the entries say; remove it"
    ]


def test_an_older_one_only_makes_the_way_longer(place: Place) -> None:
    older = path(place).read_bytes()
    assert place.finish(2) == "release"
    assert verify(place.database, place.keyring).findings == []
    path(place).write_bytes(older)
    again = Place(place.path.parent, letters=0)
    assert again.finish(2) == "refuse"
    again.database.close()
    assert verify(place.database, place.keyring).findings == []


def test_one_that_is_ahead_of_the_database_tells_of_a_roll_back(place: Place, tmp_path: Path) -> None:
    place.database.forget()
    shutil.copy(place.path, tmp_path / "before")
    for _ in range(3):
        place.finish(2, UNREAD)
    assert verify(place.database, place.keyring).findings == []
    place.database.close()
    for one in tmp_path.glob("records.db*"):
        one.unlink()
    shutil.copy(tmp_path / "before", place.path)
    place.keyring.head.unlink()  # the note is gone too
    again = Place(place.path.parent, letters=0)
    with pytest.raises(RecordsError, match="entries are missing at its end"):
        again.finish(2)
    again.database.close()
    assert verify(place.database, place.keyring).findings


@pytest.mark.parametrize("table", ["audit_entry", "release"])
def test_a_signature_that_was_found_good_and_is_another_now_is_found(place: Place, table: str) -> None:
    column = "seq" if table == "audit_entry" else "entry"
    with place.database.reading() as connection:
        seq = connection.exec_driver_sql(f"SELECT min({column}) FROM {table}").scalar()
    place.tamper(f"UPDATE {table} SET signature = '{'0' * 128}' WHERE {column} = {seq}")
    found = verify(place.database, place.keyring).findings
    assert (found[0].entry, "was not signed" in found[0].problem) == (seq, True)


def test_signatures_that_are_the_same_are_not_calculated_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    signed = Keyring.signed

    def counting(self: Keyring, kiosk: str, purpose: str, *rest: object) -> bool:
        asked.append(purpose)
        return signed(self, kiosk, purpose, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Keyring, "signed", counting)
    place.finish(2)
    asked.clear()
    assert verify(place.database, place.keyring).findings == []
    few = asked.count("audit entry 1")
    asked.clear()
    found = verify(place.database, place.keyring, anew=True)
    assert (few, asked.count("audit entry 1")) == (1, found.entries)


def test_a_checkpoint_that_cannot_be_written_is_in_nobodys_way(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RecordsError("the disk is full", "full")

    path(place).unlink()
    monkeypatch.setattr(checkpoint, "write", full)
    again = Place(place.path.parent, letters=0)
    assert again.finish(2) == "release"
    assert not path(place).exists()
    again.database.close()


def test_a_long_running_program_lets_go_of_what_it_followed(place: Place, clock: Clock) -> None:
    load(csv(range(10, 20)), place.database, place.keyring, "f")
    again = Place(place.path.parent, letters=0)
    assert again.finish(10) == "release"
    for number in range(11, 16):
        clock.goes(days=1)  # the purge of the day brings a checkpoint along
        assert again.finish(number) == "release"
    assert len(again.desk._chain.known.letters) <= 2
    assert again.desk.finish(tracking(10), GOOD, CLERK).reasons == ("already_released",)
    assert verify(again.database, again.keyring).findings == []
    again.database.close()


def test_one_of_the_key_before_is_passed_over_and_made_anew(place: Place) -> None:
    rotate(place.database, place.keyring, {"staff": "boss", "role": "supervisor"})
    assert checkpoint.load(path(place), place.keyring, "kiosk-1") is None
    assert started(place).checkpoint == 0
    assert verify(place.database, place.keyring).findings == []
    assert checkpoint.load(path(place), place.keyring, "kiosk-1") is not None
    assert started(place).checkpoint > 0

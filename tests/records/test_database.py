"""Database trouble: each kind ends in one plain error, nothing is lost, nothing is released."""

import contextlib
import gc
import sqlite3
from pathlib import Path

import pytest
from desk import Place, csv
from sqlalchemy import event

from stillscan.errors import InputError
from stillscan.records import schema
from stillscan.records.database import WAIT_S, Database
from stillscan.records.errors import RecordsError
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.trouble import plainly
from stillscan.records.verification import verify


def unharmed(place: Place) -> None:
    """Three letters that wait, and a whole chain."""
    assert [letter.released for letter in place.stored()] == [False] * 3
    assert verify(place.database, place.keyring)[:2] == ([], 3)


def test_commits_are_durable(place: Place) -> None:
    with place.database.reading() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        found = [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in pragmas]
    assert found == ["wal", 2, 1, 1]  # 2: FULL


def test_locked(place: Place) -> None:
    place.database = Database(place.path, wait_s=0.01)
    place.desk._database = place.database
    other = sqlite3.connect(place.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsError, match="another program is writing to it and does not finish; nothing was written"):
        place.finish(1)
    other.execute("ROLLBACK")
    other.close()
    unharmed(place)


def test_whoever_waits_for_others_looks_again_in_equal_steps(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits ever longer loses its turn to those that come and go meanwhile."""
    other = sqlite3.connect(place.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    looks: list[float] = []

    def passes(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 50:
            other.execute("ROLLBACK")

    monkeypatch.setattr("stillscan.records.database.time.sleep", passes)
    third = sqlite3.connect(place.path, isolation_level=None, timeout=0)
    with contextlib.closing(third), place.database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 1000 * WAIT_S
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            third.execute("BEGIN IMMEDIATE")
    assert len(looks) == 50
    assert len(set(looks)) == 1
    other.close()


def test_full_disk(place: Place) -> None:
    with place.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    place.database.close()
    event.listen(place.database._engine, "connect", lambda c, _: c.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(RecordsError, match="the disk is full; nothing was written"):
        load(csv(range(10, 200)), place.database, place.keyring, "f")
    unharmed(place)


def test_no_room_for_the_index_of_the_log_is_a_full_disk_too() -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
    with pytest.raises(RecordsError, match="the disk is full; nothing was written") as caught, plainly("records.db"):
        raise error
    assert caught.value.kind == "full"


def test_read_only(place: Place) -> None:
    place.database.close()
    event.listen(place.database._engine, "connect", lambda c, _: c.execute("PRAGMA query_only = ON"))
    with pytest.raises(RecordsError, match="it cannot be written to; nothing was written"):
        place.finish(1)
    unharmed(place)


def test_corrupt(place: Place) -> None:
    place.database.forget()
    place.database.close()
    content = bytearray(place.path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 16] = b"\xff" * 16
    place.path.write_bytes(content)
    with pytest.raises(RecordsError, match="the file is damaged"):
        place.finish(1)
    with pytest.raises(RecordsError, match="the file is damaged"):
        place.stored()


def test_damage_that_queries_do_not_meet_is_found_by_verify(place: Place) -> None:
    place.tamper("CREATE INDEX more ON audit_entry (salt)")
    with sqlite3.connect(place.path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE INDEX more ON audit_entry (body)' WHERE name = 'more'"
        )
    connection.close()
    found = [str(finding) for finding in verify(place.database, place.keyring).findings]
    assert found
    assert found[0].startswith("the database file is damaged: ")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"not a database, but long enough to be taken for one" * 10, "this is no database file"),
        (b"x", "this is no database file"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(content)
    with pytest.raises(RecordsError, match=problem):
        Database(path)
    assert path.read_bytes() == content


def test_who_is_gone_holds_no_connection(place: Place) -> None:
    database = Database(place.path)
    with database.reading():
        pass
    pool = database._engine.pool
    assert pool.checkedin() == 1
    del database
    gc.collect()
    assert pool.checkedin() == 0


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "f") as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(RecordsError, match="is a database of another program"):
        Database(tmp_path / "f")


@pytest.mark.slow
def test_places_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such database"):
        Database(tmp_path / "none", create=False)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="is a folder, not a database"):
        Database(tmp_path)
    (tmp_path / "file").touch()
    for beneath in ("x.db", "folder/x.db"):
        with pytest.raises(InputError, match="cannot be made: "):
            Database(tmp_path / "file" / beneath)
    for url in ("mysql://x/y", "sqlite://", "sqlite+nothing:///x", "://", "postgresql+none://x"):
        with pytest.raises(InputError, match="--database"):
            Database(url)
    with pytest.raises(RecordsError, match="the server cannot be reached") as caught:
        Database("postgresql+psycopg://user:secret@127.0.0.1:9/none")
    assert "secret" not in str(caught.value)


def test_a_newer_database_is_left_alone(place: Place) -> None:
    place.tamper("UPDATE schema_version SET version = 99")
    with pytest.raises(RecordsError, match="was made by a newer stillscan"):
        Database(place.path)


def test_an_older_database_is_brought_up_to_date(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.finish(1)
    monkeypatch.setitem(schema.MIGRATIONS, 3, lambda c: c.exec_driver_sql("CREATE TABLE more (x INTEGER)"))
    newer = Database(place.path)
    with newer.reading() as connection:
        assert connection.exec_driver_sql("SELECT version FROM schema_version").scalar() == 3
        assert connection.exec_driver_sql("SELECT * FROM more").all() == []
    found = verify(newer, place.keyring)  # the models of this version know nothing of that table
    assert ([str(one) for one in found.findings], found.entries) == (
        ["there is something that is not ours: table 'more'"],
        4,
    )
    newer.close()


def test_a_failed_migration_leaves_the_old_database(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schema.MIGRATIONS, 3, lambda c: c.exec_driver_sql("CREATE TABLE more (x INTEGER)"))
    monkeypatch.setitem(schema.MIGRATIONS, 4, lambda c: c.exec_driver_sql("DROP TABLE nothing"))
    with pytest.raises(RecordsError):
        Database(place.path)
    monkeypatch.undo()
    with place.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT version FROM schema_version").scalar() == 2
        assert connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'more'").all() == []


@pytest.mark.parametrize("name", ["kiosk-1.key", "kiosk-1.pub", "secret", "kiosk-1.head"])
def test_damaged_key_files(place: Place, name: str) -> None:
    place.finish(0)
    (place.keyring.folder / name).write_bytes(b"x")
    again = Place(place.path.parent, letters=0)
    with pytest.raises(RecordsError, match=name):
        again.finish(1)
    again.database.close()


@pytest.mark.slow
def test_another_kiosks_key_is_needed_to_trust_it(place: Place, tmp_path: Path) -> None:
    stranger = Keyring(tmp_path / "elsewhere", "kiosk-2")
    with pytest.raises(RecordsError, match=r"the key of the kiosk 'kiosk-1' is not in .*elsewhere"):
        load(csv(range(9, 10)), place.database, stranger, "f")
    found = verify(place.database, stranger).findings
    assert str(found[0]).startswith("entry 1: the key of the kiosk 'kiosk-1' is not in ")
    assert [one.entry for one in found if "the key of" in one.problem] == [1]  # told once
    stranger.trust("kiosk-1", place.keyring.public_pem())
    place.keyring.trust("kiosk-2", stranger.public_pem())
    assert load(csv(range(9, 10)), place.database, stranger, "f").new == 1
    assert place.finish(1) == "release"
    assert verify(place.database, stranger).kiosks == ["kiosk-1", "kiosk-2"]
    with pytest.raises(RecordsError, match="another key is trusted for this kiosk"):
        place.keyring.trust("kiosk-2", place.keyring.public_pem())
    with pytest.raises(RecordsError, match="is no Ed25519 public key"):
        place.keyring.trust("kiosk-3", b"x")
    with pytest.raises(InputError):
        Keyring(tmp_path, "../x")

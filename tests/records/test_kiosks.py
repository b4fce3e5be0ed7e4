"""Several kiosks on one database, SQLite or PostgreSQL: one letter, one hand-over, one chain."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import CLERK, GOOD, UNREAD, csv, later, tracking

from stillscan.records import retention
from stillscan.records.audit import reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.consignments import find
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify
from stillscan.records.witness import Seen, noted, noting
from tests.forked import Program

pytestmark = pytest.mark.process

_LETTERS = 12


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield str(tmp_path / "records.db")
        return
    with request.getfixturevalue("server").database() as made:
        yield made


def test_two_kiosks_hand_out_each_letter_once(url: str, tmp_path: Path) -> None:
    """Both open the empty database at the same moment, and want every letter at the same moment."""
    keys = tmp_path / "keys"
    together = threading.Barrier(2)
    released: list[tuple[str, int]] = []
    failed: list[BaseException] = []

    def kiosk(name: str) -> None:
        try:
            together.wait()
            database = Database(url, wait_s=60)
            keyring = Keyring(keys, name)
            keyring.public_pem()
            together.wait()
            load(csv(range(_LETTERS)), database, keyring, "f")  # both import the same file: harmless
            desk = Desk(database, keyring, "1473 Oppsal")
            for number in range(_LETTERS):
                together.wait()
                if desk.finish(tracking(number), GOOD, CLERK).verdict == "release":
                    released.append((name, number))
            database.close()
        except BaseException as error:
            failed.append(error)
            together.abort()

    threads = [threading.Thread(target=kiosk, args=(f"kiosk-{n}",)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(number for _, number in released) == list(range(_LETTERS))
    database = Database(url)
    found = verify(database, Keyring(keys, "auditor"))
    assert (found.findings, found.entries, found.kiosks) == ([], 3 * _LETTERS, ["kiosk-1", "kiosk-2"])
    database.close()


def test_everything_works_on_each_kind(url: str, tmp_path: Path) -> None:
    database, keyring = Database(url), Keyring(tmp_path / "keys", "kiosk-1")
    load(csv(range(3)), database, keyring, "f")
    desk = Desk(database, keyring, "1473 Oppsal")
    assert desk.finish(tracking(0), GOOD, CLERK).verdict == "release"
    assert desk.finish(tracking(1), UNREAD, CLERK).verdict == "rescan"
    assert retention.purge(database, keyring, 30, later(40)) == 4
    assert verify(database, keyring)[:2] == ([], 6)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE audit_entry SET body = body || ' ' WHERE seq = 2")
    assert str(verify(database, keyring).findings[0]) == "entry 2: its contents do not fit its digest"
    with pytest.raises(RecordsError, match="entry 2 was altered"):
        Desk(database, keyring, "1473 Oppsal").finish(tracking(2), GOOD, CLERK)
    database.close()
    assert url not in str(database) or "://" not in url


def test_two_processes_open_one_new_file(tmp_path: Path) -> None:
    program = Program("import sys; from stillscan.records.database import Database; Database(sys.argv[1])")
    command = [sys.executable, "-c", program, str(tmp_path / "records.db")]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate()[1] for process in running] == [b""] * 3


def test_a_new_file_opened_at_one_moment(tmp_path: Path) -> None:
    """SQLite answers BUSY at once, without its own patience, to one of two that turn a new file's log on."""
    together = threading.Barrier(4, timeout=60)
    failed: list[BaseException] = []

    def kiosk() -> None:
        for number in range(25):
            together.wait()
            try:
                Database(tmp_path / f"{number}.db", wait_s=60).close()
            except RecordsError as error:
                failed.append(error)

    threads = [threading.Thread(target=kiosk) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def _office(folder: Path, name: str) -> tuple[Database, Keyring, Desk]:
    """A kiosk with a folder of keys of its own, on the one database."""
    database, keyring = Database(folder / "records.db"), Keyring(folder / f"keys-{name}", name)
    return database, keyring, Desk(database, keyring, "1473 Oppsal")


def test_what_any_kiosk_saw_cannot_be_rolled_back(tmp_path: Path) -> None:
    """One kiosk releases, the other only looks; then the database is put back to the copy from before, head and all."""
    first, second = (_office(tmp_path, name) for name in ("kiosk-1", "kiosk-2"))
    first[1].trust("kiosk-2", second[1].public_pem())
    second[1].trust("kiosk-1", first[1].public_pem())
    load(csv(range(3)), first[0], first[1], "f")
    first[0].forget()
    before = (tmp_path / "records.db").read_bytes()
    assert first[2].finish(tracking(0), GOOD, CLERK).verdict == "release"
    chain = ChainState()
    with reading_chain(second[0], second[1], chain) as connection:  # as a page that looks a letter up
        assert [letter.released for letter in find(connection, second[1], chain, [tracking(0)])] == [True]
    for database, _, _ in (first, second):
        database.close()
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    (tmp_path / "records.db").write_bytes(before)
    for name in ("kiosk-1", "kiosk-2"):
        database, keyring, desk = _office(tmp_path, name)
        assert [str(one) for one in verify(database, keyring).findings] == [
            f"entry 4: it is missing, and kiosk {name} remembers it"
        ]
        for number in (0, 1):
            with pytest.raises(RecordsError, match=f"kiosk {name} saw entry 4, and it is gone or another"):
                desk.finish(tracking(number), GOOD, CLERK)
        with (
            pytest.raises(RecordsError, match=f"kiosk {name} saw entry 4"),
            reading_chain(database, keyring),
        ):
            pass
        database.close()


def test_a_kiosk_that_still_runs_tells_of_a_roll_back(tmp_path: Path) -> None:
    """The same file, put back in place by SQLite itself: what the process knows is ahead of what it finds."""
    first, second = (_office(tmp_path, name) for name in ("kiosk-1", "kiosk-2"))
    first[1].trust("kiosk-2", second[1].public_pem())
    second[1].trust("kiosk-1", first[1].public_pem())
    load(csv(range(3)), first[0], first[1], "f")
    copy, file = sqlite3.connect(tmp_path / "copy"), sqlite3.connect(tmp_path / "records.db")
    file.backup(copy)
    assert first[2].finish(tracking(0), GOOD, CLERK).verdict == "release"
    assert second[2].finish(tracking(1), GOOD, CLERK).verdict == "release"
    copy.backup(file)
    for one in (copy, file):
        one.close()
    for database, keyring, desk in (first, second):
        with pytest.raises(RecordsError, match="the audit chain is broken: "):
            desk.finish(tracking(2), GOOD, CLERK)
        assert verify(database, keyring).findings
        database.close()


def test_a_note_only_moves_forward(tmp_path: Path) -> None:
    with noting(tmp_path / "k.head", writes=True) as (_, note), noting(tmp_path / "k.head", writes=True) as (_, other):
        note(Seen(7, "7" * 64))
        other(Seen(6, "6" * 64))
        other(Seen(0, "0" * 64))
        assert noted(tmp_path) == {"k": Seen(7, "7" * 64)}
        other(Seen(8, "8" * 64))
    assert noted(tmp_path) == {"k": Seen(8, "8" * 64)}
    with noting(tmp_path / "none" / "k.head", writes=False) as (notes, note):
        note(Seen(1, "1" * 64))
        assert notes == {}
    assert not (tmp_path / "none").exists()

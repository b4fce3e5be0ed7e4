"""Several kiosks on one database, SQLite or PostgreSQL: one letter, one hand-over, one chain."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import GOOD, UNREAD, csv, later, tracking

from stillscan.records import retention
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify

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
                if desk.finish(tracking(number), GOOD, name).verdict == "release":
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
    assert desk.finish(tracking(0), GOOD, "s").verdict == "release"
    assert desk.finish(tracking(1), UNREAD, "s").verdict == "rescan"
    assert retention.purge(database, keyring, 30, later(40)) == 4
    assert verify(database, keyring)[:2] == ([], 6)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE audit_entry SET body = body || ' ' WHERE seq = 2")
    assert str(verify(database, keyring).findings[0]) == "entry 2: its contents do not fit its digest"
    with pytest.raises(RecordsError, match="entry 2 was altered"):
        Desk(database, keyring, "1473 Oppsal").finish(tracking(2), GOOD, "s")
    database.close()
    assert url not in str(database) or "://" not in url


def test_two_processes_open_one_new_file(tmp_path: Path) -> None:
    program = "import sys; from stillscan.records.database import Database; Database(sys.argv[1])"
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

"""A database that is moved, removed or replaced while it is open is noticed before anything is written or read."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from desk import CLERK, GOOD, Place, csv, tracking
from servers import Server

from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify


def moved(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def removed(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").replace(path)


def all_removed(path: Path) -> None:
    for one in path.parent.glob("records.db*"):
        if one.is_file():
            one.unlink()


def removed_and_made_anew(path: Path) -> None:
    all_removed(path)
    sqlite3.connect(path).close()
    path.touch()


def folder_moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("other"))


def log_removed(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def log_replaced(path: Path) -> None:
    replaced(Path(f"{path}-wal"))


def index_removed(path: Path) -> None:
    Path(f"{path}-shm").unlink()


@pytest.mark.parametrize(
    "happens",
    [
        moved,
        removed,
        replaced,
        all_removed,
        removed_and_made_anew,
        folder_moved,
        log_removed,
        log_replaced,
        index_removed,
    ],
)
@pytest.mark.parametrize("begun", [True, False])
def test_a_file_that_is_another_takes_nothing(tmp_path: Path, happens: object, begun: bool) -> None:
    (tmp_path / "data").mkdir()
    place = Place(tmp_path / "data")
    place.keyring = Keyring(tmp_path / "keys", "kiosk-1")  # the keys stay where they are
    place.desk = Desk(place.database, place.keyring, "1473 Oppsal")
    shutil.copytree(tmp_path / "data" / "keys", tmp_path / "keys")
    if begun:
        assert place.finish(0) == "release"
    open_file = open(place.path, "rb")  # noqa: SIM115 - to look into it after its name is gone
    log = open(f"{place.path}-wal", "rb")  # noqa: SIM115
    before = open_file.read(), log.read()
    assert callable(happens)
    happens(place.path)
    for work in (
        lambda: place.finish(1),
        lambda: load(csv(range(7, 9)), place.database, place.keyring, "f"),
        place.stored,
        lambda: verify(place.database, place.keyring),
    ):
        with pytest.raises(RecordsError, match=r"is gone; stop|is another file than the one that was opened; stop"):
            work()
    for file in (open_file, log):
        file.seek(0)
    assert (open_file.read(), log.read()) == before, "something was written into a file that nobody finds again"
    open_file.close()
    log.close()
    place.database.close()


def test_what_is_moved_while_a_check_is_finished_is_not_committed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs = place.keyring.sign

    def sign(purpose: str, message: bytes) -> str:
        if purpose == "release 1":
            moved(place.path)
        return signs(purpose, message)

    monkeypatch.setattr(place.keyring, "sign", sign)
    with pytest.raises(RecordsError, match="is gone; stop"):
        place.finish(1)
    place.path.with_name("elsewhere.db").rename(place.path)
    monkeypatch.undo()
    assert place.finish(1) == "release"
    assert verify(place.database, place.keyring)[:2] == ([], 4)


def test_a_file_that_is_put_back_is_the_same(place: Place) -> None:
    moved(place.path)
    with pytest.raises(RecordsError):
        place.finish(1)
    place.path.with_name("elsewhere.db").rename(place.path)
    assert place.finish(1) == "release"


def test_a_log_that_sqlite_itself_makes_anew_is_no_other(place: Place) -> None:
    """When nobody has the file open, as after a connection was given up, SQLite removes its log."""
    with place.database._engine.connect() as connection:
        connection.invalidate()
    other = sqlite3.connect(place.path)
    other.execute("SELECT count(*) FROM sqlite_master").fetchall()
    other.close()
    assert place.finish(1) == "release"


@pytest.mark.process
def test_a_servers_database_that_was_made_anew_is_another(server: Server, tmp_path: Path) -> None:
    with server.database() as url:
        database, keyring = Database(url), Keyring(tmp_path / "keys", "kiosk-1")
        load(csv(range(2)), database, keyring, "f")
        desk = Desk(database, keyring, "1473 Oppsal")
        assert desk.finish(tracking(0), GOOD, CLERK).verdict == "release"
        server.make_anew(str(database.url.database))
        Database(url).close()  # somebody makes tables there
        for _ in range(2):
            with pytest.raises(RecordsError, match="the server's database is another than the one that was opened"):
                desk.finish(tracking(1), GOOD, CLERK)
        database.close()

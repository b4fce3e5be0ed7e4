"""A database that hangs: every question to it ends, and what the clerk was told and what is recorded agree."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desk import CLERK, GOOD, LINES, Place, csv, paired, tracking
from servers import Server
from sqlalchemy import event
from starlette.testclient import TestClient

from stillscan.counter.book import Book
from stillscan.counter.counter import Counter
from stillscan.records.audit import entries
from stillscan.records.database import Database
from stillscan.records.errors import OutcomeUnknownError, RecordsError
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk, new_check
from stillscan.records.staff import Person, Role
from stillscan.records.verification import verify
from stillscan.web import sessions
from stillscan.web.browsers import Browsers
from stillscan.web.pages import application
from stillscan.web.sessions import Sessions

pytestmark = pytest.mark.process
WAIT_S = 1.0  # of these tests: as long as nothing, on a busy machine, needs for one statement
_PATIENCE_S = 120.0


class Staff:
    """A clerk for whom the database is asked, whenever it is asked whether she may go on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sign_in(self, staff: str, pin: str, /) -> Person:
        return Person(staff, Role.CLERK)

    def is_active(self, staff: str, /) -> Role | None:
        with self._database.reading():
            return Role.CLERK


class Office:
    """A counter over a database on a server that can be stopped."""

    def __init__(self, url: str, server: Server, folder: Path) -> None:
        self.server = server
        self.database = Database(url, wait_s=WAIT_S)
        self.keyring = Keyring(folder / "keys", "kiosk-1")
        load(csv(range(3)), self.database, self.keyring, "letters.csv")
        self.desk = Desk(self.database, self.keyring, "1473 Oppsal")
        self.counter = Counter(Book(self.database, self.keyring, "1473 Oppsal", False), "1473 Oppsal")
        self.counter.visit.scanner = paired(self.database, self.keyring)
        browsers = Browsers(self.keyring.folder)
        program = application(self.counter, ["127.0.0.1"], browsers, Sessions(Staff(self.database)))
        self.client = TestClient(program, base_url="http://127.0.0.1")
        self.client.get(f"/?key={browsers.invite()}")
        assert self.client.post("/signin", data={"staff": "staff-7", "pin": "1"}).url.path == "/"

    def at(self, moment: str, do: Callable[[], None]) -> None:
        """Do it at the next "begin" or "commit" of a transaction that writes, before the server hears of it."""
        done: list[bool] = []

        @event.listens_for(self.database._engine, moment)
        def once(connection: object) -> None:
            if not done and connection.get_execution_options().get("writing"):  # type: ignore[attr-defined]
                done.append(True)
                do()

    def to_face(self) -> None:
        """A letter is asked for and a passport read: the last question is open."""
        self.counter.answer(lambda visit: visit.enter(tracking(1), visit.turn), CLERK)
        self.counter.look(lambda visit, _: visit.read(LINES))
        assert self.step() == "face"

    def say_yes(self, turn: int | None = None) -> int:
        """The clerk says that it is the same person; the status of the answer."""
        turn = self.counter.visit.turn if turn is None else turn
        form = {"turn": str(turn), "boot": self.counter.boot, "same_person": "yes"}
        return self.client.post("/face", data=form, headers={"X-Panel": "en"}).status_code

    def step(self) -> str:
        """What the page asks."""
        return str(self.counter.look(lambda visit, _: visit.step))

    def until(self, step: str) -> None:
        """Wait until the page asks that."""
        end = time.monotonic() + _PATIENCE_S
        while self.step() != step:
            assert time.monotonic() < end, f"it is still at {self.step()}"
            threading.Event().wait(0.02)

    def checks(self) -> list[str]:
        """The verdicts that are recorded."""
        with self.database.reading() as connection:
            facts = [entry.facts for entry in entries(connection)]
        return [one["verdict"] for one in facts if one["kind"] == "check"]


@pytest.fixture
def office(own_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(sessions, "_ASK_S", 0.05)  # a server that was stopped for longer rolls a transaction back
    with own_server.database() as url:
        made = Office(url, own_server, tmp_path)
        yield made
        made.counter.end()
        made.server.go_on()
        made.database.close()


def test_a_server_that_says_nothing_is_given_up(office: Office) -> None:
    """Whatever is asked: an open connection, a new one, a transaction in its middle."""
    office.server.stop()
    with pytest.raises(RecordsError, match="the server does not answer; nothing was written"):
        office.desk.finish(tracking(0), GOOD, CLERK)
    with pytest.raises(RecordsError, match="the server does not answer"), office.database.reading():
        pass
    with pytest.raises(RecordsError, match="the server does not answer"):
        Database(office.database.url.render_as_string(False), wait_s=WAIT_S)
    office.server.go_on()
    office.at("begin", office.server.stop)
    with pytest.raises(RecordsError, match="the server does not answer; nothing was written"):
        office.desk.finish(tracking(0), GOOD, CLERK)
    office.server.go_on()
    assert office.desk.finish(tracking(0), GOOD, CLERK).verdict == "release"
    assert verify(office.database, office.keyring)[:2] == ([], 5)  # three letters, a pairing, this check


def test_a_check_that_was_recorded_after_all_is_told_as_it_ended(office: Office) -> None:
    """The server stops when it is asked to commit, and commits when it goes on: the letter is released."""
    office.to_face()
    office.at("commit", office.server.stop)
    assert office.say_yes() == 503
    assert office.step() == "unknown"
    page = office.client.get("/?language=en").text
    assert "Do not hand the letter over yet" in page
    assert "it is not known whether the record was kept" in page
    assert 'action="/next"' not in page
    office.server.go_on()
    office.until("verdict")
    assert office.checks() == ["release"]
    assert "verdict release" in office.client.get("/?language=en").text
    assert verify(office.database, office.keyring).findings == []


def test_a_check_that_was_lost_is_asked_again(office: Office) -> None:
    """The server loses power while it is asked to commit: the question comes back, and is answered once more."""
    office.to_face()
    office.at("commit", lambda: (office.server.stop(), office.server.kill_what_works()))
    assert office.say_yes() == 503
    office.until("unknown")
    office.server.go_on()
    office.until("face")
    assert office.checks() == []
    assert "the database did not keep it" in office.client.get("/?language=en").text
    assert office.say_yes() == 200
    assert (office.step(), office.checks()) == ("verdict", ["release"])


def test_nothing_else_is_answered_while_it_is_not_known(office: Office) -> None:
    office.to_face()
    office.at("commit", office.server.stop)
    office.say_yes()
    assert office.say_yes() == 409
    turn = office.counter.visit.turn
    form = {"turn": str(turn), "boot": office.counter.boot}
    assert office.client.post("/next", data=form).status_code == 409
    assert office.client.post("/end", data=form).status_code == 409
    office.counter.look(lambda visit, _: visit.read(LINES))
    assert office.step() == "unknown"


def test_pages_are_answered_while_a_record_waits(office: Office) -> None:
    """And a second answer to the question that is being recorded is no second record."""
    office.to_face()
    stopped = threading.Event()
    office.at("begin", lambda: (office.server.stop(), stopped.set()))
    asked = office.counter.visit.turn
    told: list[int] = []
    first = threading.Thread(target=lambda: told.append(office.say_yes(asked)))
    first.start()
    stopped.wait(_PATIENCE_S)
    assert office.step() == "recording"
    assert "The check is being recorded" in office.client.get("/?language=en").text
    assert office.say_yes(asked) == 409
    assert office.say_yes() == 409
    assert told == []  # all of this while the first one waits
    first.join()
    office.server.go_on()
    assert told == [503]
    assert (office.step(), office.checks()) == ("face", [])
    assert "nothing was written" in office.client.get("/?language=en").text


def test_the_scanner_waits_for_no_record(office: Office) -> None:
    """A reading that ends the check is judged by the rules; the record of it is made beside."""
    from stillscan.mrz import Reading

    other = ("P<NORHANSEN<<KARI<<<<<<<<<<<<<<<<<<<<<<<<<<<", LINES[1])
    office.counter.answer(lambda visit: visit.enter(tracking(1), visit.turn), CLERK)
    office.at("begin", office.server.stop)
    reading = Reading(format="TD3", lines=other, valid=True, accepted=True, confidence=1.0)
    assert office.counter.judge(reading) == ("refused", "name_mismatch,face_not_confirmed")
    office.server.go_on()
    while office.step() == "recording":
        threading.Event().wait(0.02)


def test_a_name_that_no_check_has(office: Office) -> None:
    check = new_check()
    assert office.desk.recorded(check) is None
    done = office.desk.finish(tracking(0), GOOD, CLERK, check)
    assert office.desk.recorded(check) == done
    assert office.desk.recorded(new_check()) is None


def test_whoever_asks_waits_for_the_one_that_still_writes(office: Office) -> None:
    """ "Not recorded" is an answer for ever: it is not given while a transaction is open that may yet commit."""
    check = new_check()
    database = Database(office.database.url.render_as_string(False), wait_s=WAIT_S)
    desk = Desk(database, office.keyring, "1473 Oppsal")
    seen: list[str] = []

    def ask() -> None:
        try:
            seen.append(str(desk.recorded(check)))
        except RecordsError as error:
            seen.append(str(error))

    office.at("commit", ask)
    done = office.desk.finish(tracking(0), GOOD, CLERK, check)
    assert "another program is writing to it and does not finish" in seen[0]
    assert desk.recorded(check) == done
    database.close()


def test_an_sqlite_file_that_another_program_holds(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.database = Database(place.path, wait_s=0.05)
    counter = Counter(Book(place.database, place.keyring, "1473 Oppsal", False), "1473 Oppsal")
    counter.visit.scanner = paired(place.database, place.keyring)
    counter.answer(lambda visit: visit.enter(tracking(1), visit.turn), CLERK)
    counter.look(lambda visit, _: visit.read(LINES))
    other = sqlite3.connect(place.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsError, match="another program is writing to it and does not finish; nothing was written"):
        counter.answer(lambda visit: visit.face(True, visit.turn))
    assert counter.visit.step == "face"
    other.execute("ROLLBACK")
    other.close()
    counter.answer(lambda visit: visit.face(True, visit.turn))
    assert counter.visit.verdict is not None
    place.database.close()


def test_an_sqlite_commit_that_the_disk_fails_is_unknown(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk in a commit leaves open what is on it; the chain is asked, as for a server."""

    def fails(connection: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error

    monkeypatch.setattr(place.database._engine.dialect, "do_commit", fails)
    check = new_check()
    with pytest.raises(OutcomeUnknownError, match="it is not known whether the record was kept"):
        place.desk.finish(tracking(1), GOOD, CLERK, check)
    monkeypatch.undo()
    assert place.desk.recorded(check) is None
    place.database.close()

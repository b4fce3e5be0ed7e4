"""Tries at a PIN are limited, across programs and restarts, and nobody is locked out for ever by a stranger."""

import contextlib
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from desk import NOW, later
from staffed import PIN, SUPERVISORS, WRONG, Office

from stillscan.records import attempts, staff
from stillscan.records.errors import RecordsError
from stillscan.records.staff import Role, SignInError, StaffList
from tests.forked import Program
from tests.pins import CHEAP

pytestmark = pytest.mark.slow


def test_tries_are_limited_whichever_program_is_asked_and_however_often_it_is_started(office: Office) -> None:
    assert [office.tried() for _ in range(attempts.FREE)] == ["signin_wrong"] * attempts.FREE
    assert office.tried(PIN) == "signin_wait", "the right PIN waits too: otherwise one could tell it"
    waited = []
    for _ in range(attempts.FREE, attempts.MOST - 1):
        with pytest.raises(SignInError) as told:
            office.anew().sign_in("anna", WRONG)
        assert (told.value.key, told.value.seconds > 0) == ("signin_wait", True)
        waited.append(told.value.seconds)
        office.wait(told.value.seconds)
        assert office.tried() == "signin_wrong"
    assert waited == sorted(set(waited)), "longer each time"
    office.wait(10_000)
    before = len(office.entries())
    assert office.tried() == "signin_locked"
    office.wait(100_000)
    assert [office.tried(PIN), office.tried(), office.tried()] == ["signin_locked"] * 3
    assert len(office.entries()) == before + 1, "one entry, not one a try"
    assert office.entries()[-1].facts["cause"] == "attempts"
    office.people.unlock("anna")
    assert [office.tried() for _ in range(2)] == ["signin_wrong"] * 2
    assert office.tried(PIN) == "clerk"
    assert [office.tried() for _ in range(attempts.FREE)] == ["signin_wrong"] * attempts.FREE, "counted anew"


def test_unlocking_and_a_new_pin_end_a_wait(office: Office) -> None:
    for mend in (office.people.unlock, lambda who: office.people.reset_pin(who, PIN)):
        for _ in range(attempts.FREE):
            office.tried()
        assert office.tried(PIN) == "signin_wait"
        mend("anna")
        assert office.tried(PIN) == "clerk"


def test_an_id_that_is_nobodys_is_answered_alike(office: Office) -> None:
    answers: dict[str, list[str]] = {"anna": [], "nobody": []}
    for _ in range(attempts.MOST + 3):
        for who, said in answers.items():
            said.append(office.tried(WRONG, who))
            said.append(office.tried(WRONG, who))
        office.wait(1000)
    assert answers["anna"] == answers["nobody"]
    assert answers["anna"][-1] == "signin_locked"


def test_an_id_that_is_nobodys_takes_as_long(
    office: Office, monkeypatch: pytest.MonkeyPatch, real_hasher: PasswordHasher
) -> None:
    """The same work with the same parameters, whatever the id."""
    costs: list[list[str]] = []

    class Watched:
        def verify(self, hashed: str, pin: str) -> bool:
            costs.append(hashed.split("$")[1:4])
            return bool(CHEAP.verify(hashed, pin))

        def hash(self, pin: str) -> str:
            return real_hasher.hash(pin)

    monkeypatch.setattr(staff, "HASHER", Watched())
    office.people.reset_pin("anna", PIN)
    assert [office.tried(WRONG, who) for who in ("anna", "nobody", "no id")] == ["signin_wrong"] * 3
    assert costs[0] == costs[1] == costs[2]
    assert len(costs) == 3


def test_nobody_locks_the_last_supervisor_out(office: Office) -> None:
    """Somebody has to be able to unlock the others; the waits grow to a quarter of an hour."""
    for _ in range(3 * attempts.MOST):
        assert office.tried(WRONG, "sup") in ("signin_wrong", "signin_wait")
        office.wait(100)
    office.wait(900)
    assert office.tried(SUPERVISORS, "sup") == "supervisor"


def test_many_ids_of_nobody_fill_no_disk_and_free_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_STRANGERS", 20)
    for _ in range(attempts.FREE):
        office.tried()
    counts = attempts.Attempts(office.place.keyring)
    for number in range(30):
        counts.begin(f"nobody-{number}", 0, NOW, spared=False)
    with contextlib.closing(sqlite3.connect(counts.file)) as connection:
        assert connection.execute("SELECT count(*) FROM attempt WHERE entry = 0").fetchone() == (20,)
    assert office.tried(PIN) == "signin_wait"


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_jumps_ends_no_wait_for_ever(office: Office, days: int) -> None:
    for _ in range(attempts.FREE):
        office.tried()
    office.clock.now = later(days)
    if days < 0:
        assert office.tried(PIN) == "signin_wait"
        office.wait(3)
    assert office.tried(PIN) == "clerk"


def test_many_tries_at_once_are_no_more_than_one_after_another(office: Office) -> None:
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda n: office.tried(f"{n:04}"), range(40)))
    assert sorted(said) == ["signin_wait"] * 37 + ["signin_wrong"] * 3


def test_a_try_that_is_cut_off_counts(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    class Dying:
        def verify(self, hashed: str, pin: str) -> bool:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(staff, "HASHER", Dying())
        for _ in range(attempts.FREE):
            with pytest.raises(Killed):
                office.anew().sign_in("anna", WRONG)
    assert office.tried(PIN) == "signin_wait"


def test_a_lock_that_could_not_be_recorded_is_recorded_by_the_next_try(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(attempts.MOST - 1):
        office.tried()
        office.wait(1000)
    with monkeypatch.context() as patch:
        patch.setattr(
            StaffList, "_lock_tried", lambda self, member: (_ for _ in ()).throw(RecordsError("no disk", "full"))
        )
        with pytest.raises(RecordsError):
            office.anew().sign_in("anna", WRONG)
    assert office.people.is_active("anna") is Role.CLERK
    assert office.tried(PIN) == "signin_locked"
    assert office.people.is_active("anna") is None


def test_counts_that_are_damaged_let_nobody_in(office: Office) -> None:
    office.tried()
    file = office.place.keyring.folder / "attempts.db"
    file.write_bytes(b"what was here before is gone" * 100)
    with pytest.raises(RecordsError, match="is damaged; remove it"):
        office.anew().sign_in("anna", PIN)
    file.unlink()
    assert office.tried(PIN) == "clerk"


TRIER = Program("""
import sys
from datetime import datetime
from pathlib import Path
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.staff import SignInError, StaffList

folder, moment = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
people = StaffList(Database(folder / "records.db"), Keyring(folder / "keys", "kiosk-1"), now=lambda: moment)
try:
    print(people.sign_in("anna", sys.argv[3]).role)
except SignInError as error:
    print(error.key)
""")


@pytest.mark.process
def test_programs_that_try_at_once_and_end_have_no_more_tries_than_one(office: Office) -> None:
    folder = office.place.path.parent

    def program(pin: str) -> str:
        command = [sys.executable, "-c", TRIER, str(folder), NOW.isoformat(), pin]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(program, [f"{number:04}" for number in range(5)]))
    assert sorted(said) == ["signin_wait"] * 2 + ["signin_wrong"] * 3
    assert program(PIN) == "signin_wait"
    office.wait(3)
    assert office.tried(PIN) == "clerk"

"""Staff and checks, and several programs at once: who may hand letters out, and of two changes one."""

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from desk import GOOD, csv, tracking
from staffed import PIN, WRONG, Office

from stillscan.records.errors import FieldError
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.staff import NotAllowedError, Person, Role, SignInError, StaffList
from stillscan.records.verification import verify

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("began_by", [None, Person("anna", Role.CLERK), Person("sup", Role.SUPERVISOR)])
def test_a_check_says_who_was_signed_in_and_who_began(office: Office, began_by: Person | None) -> None:
    load(csv(range(1)), office.place.database, office.place.keyring, "letters.csv")
    done = office.place.desk.finish(tracking(0), GOOD, office.people.sign_in("anna", PIN), began_by=began_by)
    facts = office.entries()[done.entry - 1].facts
    assert (facts["staff"], facts["role"]) == ("anna", "clerk")
    assert facts.get("began_by") == ("sup" if began_by and began_by.staff == "sup" else None)
    assert verify(office.place.database, office.place.keyring).findings == []


def test_who_was_locked_meanwhile_hands_nothing_out(office: Office) -> None:
    """And who has another role now does what that may."""
    load(csv(range(1)), office.place.database, office.place.keyring, "letters.csv")
    anna = office.people.sign_in("anna", PIN)
    before = len(office.entries())
    for person in (Person("nobody", Role.CLERK), Person("", Role.CLERK)):
        with pytest.raises((SignInError, FieldError)):
            office.place.desk.finish(tracking(0), GOOD, person)
    office.people.lock("anna")
    with pytest.raises(SignInError, match="is locked"):
        office.place.desk.finish(tracking(0), GOOD, anna)
    office.people.unlock("anna")
    office.people.set_role("anna", Role.TECHNICIAN)
    with pytest.raises(NotAllowedError):
        office.place.desk.finish(tracking(0), GOOD, anna)
    assert len(office.entries()) == before + 3
    office.people.set_role("anna", Role.SUPERVISOR)
    done = office.place.desk.finish(tracking(0), GOOD, anna)
    assert (done.verdict, office.entries()[-1].facts["role"]) == ("release", "supervisor")


def test_of_a_lock_and_a_check_at_once_whichever_is_first_counts(office: Office) -> None:
    load(csv(range(12)), office.place.database, office.place.keyring, "letters.csv")
    anna = office.people.sign_in("anna", PIN)
    together = threading.Barrier(3)

    def checks(numbers: range) -> None:
        desk = Desk(office.place.database, office.place.keyring, "1473 Oppsal")
        together.wait()
        for number in numbers:
            with contextlib.suppress(SignInError):
                desk.finish(tracking(number), GOOD, anna)

    running = [threading.Thread(target=checks, args=(range(first, 12, 2),)) for first in range(2)]
    for one in running:
        one.start()
    together.wait()
    office.anew().lock("anna")
    for one in running:
        one.join()
    kinds = [entry.facts["kind"] for entry in office.entries()]
    locked = max(seq for seq, kind in enumerate(kinds) if kind == "staff")
    assert "check" not in kinds[locked:]


@pytest.mark.process
def test_of_three_programs_that_add_the_same_id_one_does(tmp_path: Path) -> None:
    place = str(tmp_path / "records.db")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "stillscan.cli", "staff", "add", "anna", "--role", "clerk", "--database", place],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    told: dict[int, tuple[str, str]] = {}

    def talk(number: int) -> None:
        told[number] = running[number].communicate(f"4711{number}\n")

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = [one.returncode for one in running]
    assert sorted(codes) == [0, 1, 1]
    refused = [told[number][1] for number in range(3) if codes[number]]
    assert all("anna: is there already" in words for words in refused)
    assert not any("Traceback" in words for words in refused)
    listed = subprocess.run(
        [sys.executable, "-m", "stillscan.cli", "staff", "list", "--json", "--database", place],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(listed.stdout)["entry"] == 1


@pytest.mark.process
def test_a_program_that_is_killed_at_any_step_leaves_the_whole_change_or_none(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*args: object, **more: object) -> None:
        raise Killed

    for step in ("append", "seal"):
        with monkeypatch.context() as patch:
            patch.setattr(f"stillscan.records.audit.Appender.{step}", dies)
            with pytest.raises(Killed):
                office.people.add("bob", Role.CLERK, "7788")
        assert [one.staff for one in office.anew().people()] == ["anna", "sup"]
    with monkeypatch.context() as patch:  # after the commit, before the note
        patch.setattr("stillscan.records.witness.os.write", dies)
        with pytest.raises(Killed):
            office.people.add("bob", Role.CLERK, "7788")
    assert [one.staff for one in office.anew().people()] == ["anna", "bob", "sup"]
    assert verify(office.place.database, office.place.keyring).findings == []


def test_kiosks_on_two_computers_have_one_staff_and_one_lock(office: Office, tmp_path: Path) -> None:
    """Each has keys of its own; wrong PINs are counted by each, and the lock is for both."""
    here = office.place
    there = Keyring(tmp_path / "there", "kiosk-2")
    there.trust("kiosk-1", here.keyring.public_pem())
    here.keyring.trust("kiosk-2", there.public_pem())
    elsewhere = StaffList(here.database, there, now=office.clock)
    assert elsewhere.sign_in("anna", PIN).staff == "anna"
    said = ""
    while said != "signin_locked":
        with pytest.raises(SignInError) as told:
            elsewhere.sign_in("anna", WRONG)
        said = told.value.key
        office.wait(told.value.seconds)
    assert office.tried(PIN) == "signin_locked"
    office.people.unlock("anna")
    assert elsewhere.sign_in("anna", PIN).staff == "anna"
    assert verify(here.database, there).findings == []

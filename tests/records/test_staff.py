"""The staff: changes are entries, signing in follows the verified chain, and PINs are nowhere to be read."""

from pathlib import Path

import pytest
from desk import NOW, Place, later
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from staffed import PIN, SUPERVISORS, Office

from stillscan.errors import StillscanError
from stillscan.records import retention, staff
from stillscan.records.audit import appending, entries
from stillscan.records.errors import FieldError, RecordsError
from stillscan.records.export import export
from stillscan.records.staff import NotAllowedError, Person, Role, SignInError, StaffError, StaffList, require, weak
from stillscan.records.verification import verify
from tests.covering import examples


@pytest.mark.slow
def test_who_was_added_signs_in_with_the_right_pin_and_nobody_else(office: Office) -> None:
    assert office.people.sign_in("anna", PIN) == Person("anna", Role.CLERK)
    assert office.people.sign_in(" Anna", f" {PIN} ") == Person("anna", Role.CLERK)
    assert office.people.sign_in("anna", "4711-bla\u030a").staff == "anna", "another spelling of the same letters"
    pairs = [
        ("anna", "4711-bla"),
        ("anna", ""),
        ("anna", "\ud800" * 4),
        ("anna", "\0" * 9),
        ("sup", PIN),
        ("nobody", PIN),
    ]
    strange = [("", PIN), ("a\0b", PIN), ("\ud800", PIN), ("\u212aari", PIN), ("anna" * 50, PIN)]
    for who, pin in pairs + strange:
        office.wait(100)
        with pytest.raises(SignInError) as told:
            office.people.sign_in(who, pin)
        assert (told.value.key, told.value.exit_code) == ("signin_wrong", 1)
        assert str(told.value) == "this id and PIN do not belong together"


@pytest.mark.slow
def test_each_change_is_an_entry_that_every_program_follows(office: Office) -> None:
    other = office.anew()
    assert [(one.staff, one.role, one.active) for one in other.people()] == [
        ("anna", "clerk", True),
        ("sup", "supervisor", True),
    ]
    assert office.people.lock("anna", by="sup")
    assert not office.people.lock("anna")
    assert other.is_active("anna") is None
    assert office.tried(PIN) == "signin_locked"
    office.people.unlock("anna")
    assert other.is_active("anna") is Role.CLERK
    assert office.people.set_role("Anna", Role.TECHNICIAN)
    assert not office.people.set_role("anna", Role.TECHNICIAN)
    assert other.sign_in("anna", PIN).role is Role.TECHNICIAN
    office.people.lock("anna")
    office.people.reset_pin("anna", "7788")
    assert office.tried(PIN) == "signin_wrong"
    assert office.tried("7788") == "technician"
    facts = [entry.facts for entry in office.entries()]
    assert [(one["kind"], one["staff"], one["action"], one["role"], one["by"]) for one in facts] == [
        ("staff", "anna", "add", "clerk", None),
        ("staff", "sup", "add", "supervisor", None),
        ("staff", "anna", "lock", "clerk", "sup"),
        ("staff", "anna", "unlock", "clerk", None),
        ("staff", "anna", "role", "technician", None),
        ("staff", "anna", "lock", "technician", None),
        ("staff", "anna", "reset", "technician", None),
    ]
    assert verify(office.place.database, office.place.keyring).findings == []


def test_what_is_refused(office: Office) -> None:
    for change in (
        lambda: office.people.add("anna", Role.CLERK, "1234"),
        lambda: office.people.add("ANNA", Role.SUPERVISOR, "1234"),
        lambda: office.people.lock("bob"),
        lambda: office.people.unlock("bob"),
        lambda: office.people.set_role("bob", Role.CLERK),
        lambda: office.people.reset_pin("bob", "1234"),
        lambda: office.people.lock("sup"),
        lambda: office.people.set_role("sup", Role.CLERK),
    ):
        with pytest.raises(StaffError):
            change()
    for who, pin in (("a b", "1234"), ("", "1234"), ("../x", "1234"), ("x", "123"), ("x", "   "), ("x", "1" * 65)):
        with pytest.raises(FieldError):
            office.people.add(who, Role.CLERK, pin)
    assert len(office.entries()) == 2
    assert office.people.lock("sup", force=True)
    assert office.people.is_active("sup") is None


def test_a_role_is_needed_for_some_things() -> None:
    person = Person("anna", Role.CLERK)
    assert require(person, Role.SUPERVISOR, Role.CLERK) is person
    with pytest.raises(NotAllowedError, match="this is for a supervisor; anna is a clerk"):
        require(person, Role.SUPERVISOR)


# --- the PIN --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_pin_is_on_the_disk_or_in_what_is_exported(office: Office) -> None:
    office.tried("31415926")
    office.tried("nobody's PIN", "2718281828")  # typed into the wrong field
    place = office.place
    content = place.bytes() + b"".join(path.read_bytes() for path in place.keyring.folder.iterdir())
    for pin in (PIN, SUPERVISORS, "31415926", "nobody's PIN", "2718281828"):
        assert pin.encode() not in content
    with place.database.reading() as connection:
        exported = "\n".join(export(connection, place.keyring))
    assert "argon2" not in exported + "".join(entry.body for entry in office.entries())
    assert (place.keyring.folder / "attempts.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_pin_stays_as_long_as_it_is_in_force(office: Office) -> None:
    """And the one that it took the place of goes like every personal part."""
    office.people.reset_pin("anna", "7788")
    office.clock.now = later(400)
    assert retention.purge(office.place.database, office.place.keyring, 90, office.clock.now) == 1
    assert [entry.personal is None for entry in office.entries()] == [True, False, False, True]
    assert office.tried("7788") == "clerk"
    assert office.tried(SUPERVISORS, "sup") == "supervisor"
    assert verify(office.place.database, office.place.keyring).findings == []


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(st.text(max_size=80))
def test_a_pin_is_taken_or_refused_and_never_repeated(value: str) -> None:
    told, taken = "", ""
    try:
        taken = staff.pin(value)
    except FieldError as error:
        told = str(error)
    if taken:
        assert 4 <= len(taken) <= 64
        assert staff.pin(f" {taken}\t") == taken == taken.strip()
    else:
        assert told in (
            "PIN: is empty",
            "PIN: is 4 to 64 digits or other characters",
            "PIN: holds a character that cannot be seen",
        )


@pytest.mark.parametrize("pin", ["0000", "1234", "4321", "aaaaaa", "1987", "abcdef"])
def test_a_weak_pin_is_called_so(pin: str) -> None:
    assert weak(pin)


@pytest.mark.parametrize("pin", ["4711", "1235", "2580-x", "3987"])
def test_others_are_not(pin: str) -> None:
    assert weak(pin) is None


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=70).filter(lambda who: who.strip().lower() not in ("anna", "sup")))
def test_whatever_is_typed_as_an_id_signs_nobody_in(office: Office, who: str) -> None:
    assert office.tried(PIN, who).startswith("signin_")


# --- the database is edited -----------------------------------------------------------------------------------------

SWAPPED = (
    "UPDATE audit_entry SET salt = (SELECT salt FROM audit_entry o WHERE o.seq = 3 - audit_entry.seq), "
    "personal = (SELECT personal FROM audit_entry o WHERE o.seq = 3 - audit_entry.seq)"
)


@pytest.mark.parametrize(
    "edit",
    [
        SWAPPED,
        "UPDATE audit_entry SET personal = (SELECT personal FROM audit_entry WHERE seq = 2) WHERE seq = 1",
        "UPDATE audit_entry SET personal = NULL, salt = NULL WHERE seq = 1",
        "UPDATE audit_entry SET body = replace(body, '\"clerk\"', '\"supervisor\"') WHERE seq = 1",
        "UPDATE audit_entry SET body = replace(body, '\"anna\"', '\"sup\"') WHERE seq = 1",
        "DELETE FROM audit_entry WHERE seq = 1",
        "DELETE FROM audit_entry WHERE seq = 2",
        "UPDATE audit_entry SET seq = 3 WHERE seq = 1",
        "UPDATE audit_head SET entries = 1",
        "UPDATE audit_head SET signature = 'ab'",
    ],
)
def test_whoever_edits_the_database_signs_in_as_nobody(office: Office, edit: str) -> None:
    office.place.tamper(edit)
    for pin in (PIN, SUPERVISORS):
        with pytest.raises(RecordsError):
            office.anew().sign_in("anna", pin)
    assert verify(office.place.database, office.place.keyring).findings


def test_a_member_who_was_planted_is_nobody(office: Office, tmp_path: Path) -> None:
    """By somebody with the database and keys of their own."""
    (tmp_path / "elsewhere").mkdir()
    stranger = Place(tmp_path / "elsewhere", letters=0)
    people = StaffList(stranger.database, stranger.keyring, now=office.clock)
    for who in ("anna", "sup", "mallory"):
        people.add(who, Role.SUPERVISOR, "0000-mine")
    with stranger.database.reading() as connection:
        planted = list(entries(connection))
    office.place.change("DELETE FROM audit_entry")
    for entry in planted:
        office.place.change("INSERT INTO audit_entry VALUES (?, ?, ?, ?, ?, ?, ?)", *entry)
    office.place.change("UPDATE audit_head SET entries = 3, digest = ?", planted[-1].digest)
    for who in ("anna", "mallory"):
        with pytest.raises(RecordsError):
            office.anew().sign_in(who, "0000-mine")


def test_an_older_database_is_noticed_at_signing_in(office: Office, tmp_path: Path) -> None:
    """So that nobody who was locked comes back with a copy."""
    office.place.database.close()
    with office.place.database.reading():
        older = office.place.path.read_bytes()
    office.people.lock("anna")
    office.place.database.close()
    for path in office.place.path.parent.glob("records.db*"):
        if path.is_file():
            path.unlink()
    office.place.path.write_bytes(older)
    with pytest.raises(RecordsError, match="it is gone or another"):
        office.anew().sign_in("anna", PIN)


def test_an_entry_of_a_newer_version_is_told(office: Office) -> None:
    with appending(office.place.database, office.place.keyring) as appender:
        appender.append("staff", NOW, {"staff": "anna", "action": "teleport", "role": "clerk", "by": None})
    with pytest.raises(RecordsError, match="entry 3 about staff is of a newer stillscan"):
        office.anew().sign_in("anna", PIN)
    with pytest.raises(RecordsError, match="newer"):
        office.people.is_active("anna")


def test_every_failure_is_an_expected_one() -> None:
    assert all(issubclass(kind, StillscanError) for kind in (SignInError, StaffError, NotAllowedError))

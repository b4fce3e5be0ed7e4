"""By which clock records are written: never by one that is behind, far ahead, stepped or not set; and the way back."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk import CLERK, GOOD, NOW, Clock, Place, csv, later, stored, tracking

from stillscan import RELEASED
from stillscan.guidance import languages, page_texts
from stillscan.records import clock as clocks
from stillscan.records import computer, retention
from stillscan.records.audit import entries
from stillscan.records.clock import ClockError, ClockRules
from stillscan.records.computer import Boot, System
from stillscan.records.errors import RecordsError
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.verification import verify
from stillscan.records.vouching import Vouched, vouch

WHO = {"staff": "s-1", "role": "supervisor"}
FAR = datetime(2100, 1, 1, tzinfo=UTC)
# The passport of desk.LINES, expired one day before desk.NOW (its check digits computed by the rules of Doc 9303).
EXPIRED = (GOOD.mrz[0], "ZZZ0000016NOR9105171F2611284<<<<<<<<<<<<<<04") if GOOD.mrz else ()


@pytest.fixture(autouse=True)
def real_rules(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """What an office has that set nothing."""
    monkeypatch.setattr(ClockRules.__new__, "__defaults__", (clocks.AHEAD_DAYS, False))


@pytest.fixture
def running(clock: Clock) -> Clock:
    """The clock of a computer that tells how long it has been running."""
    clock.started = Boot("bc0af730-82ad-45b0-a927-a90729632a98", 1000.0)
    return clock


def count(place: Place) -> int:
    with place.database.reading() as connection:
        return sum(1 for _ in entries(connection))


def fresh(place: Place) -> Desk:
    """The same kiosk after its program was started anew."""
    return Desk(place.database, Keyring(place.keyring.folder, "kiosk-1"), "1473 Oppsal")


def vouched(place: Place) -> Vouched:
    return vouch(place.database, Keyring(place.keyring.folder, "kiosk-1"), WHO)


def refused(place: Place, key: str, desk: Desk | None = None) -> str:
    """A check is refused because of the clock, and nothing is written."""
    before, note = stored(place), (place.keyring.folder / "kiosk-1.clock").read_bytes()
    with pytest.raises(ClockError) as told:
        (desk or fresh(place)).finish(tracking(1), GOOD, CLERK)
    assert told.value.key == key
    assert stored(place) == before
    assert (place.keyring.folder / "kiosk-1.clock").read_bytes() == note
    return str(told.value)


# --- ahead ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_clock_far_ahead_writes_and_erases_nothing(place: Place, clock: Clock) -> None:
    """Trial 2.5: one check with the clock at 2100 erased recipients and stopped the office for good."""
    clock.now = FAR
    told = refused(place, "clock_ahead", place.desk)
    assert "says 2100-01-01T00:00 UTC" in told
    assert "more than 30 days" in told
    for wrong in (
        lambda: load(csv(range(5, 6)), place.database, place.keyring, "f"),
        lambda: retention.purge(place.database, place.keyring, 90),
    ):
        with pytest.raises(ClockError):
            wrong()
    clock.now = later(1)
    assert place.finish(1) == "release"
    assert verify(place.database, place.keyring).findings == []


def test_a_month_is_not_far_and_what_is_far_is_a_setting(place: Place, clock: Clock) -> None:
    clock.now = later(29)
    assert fresh(place).finish(tracking(1), GOOD, CLERK).verdict == "refuse"  # its deadline is over
    clock.now = later(29 + 31)
    refused(place, "clock_ahead")
    patient = Keyring(place.keyring.folder, "kiosk-1", ClockRules(ahead_days=32))
    assert Desk(place.database, patient, "1473 Oppsal").finish(tracking(1), GOOD, CLERK).verdict == "refuse"


def test_the_first_entry_of_all_is_not_written_by_just_any_clock(tmp_path: Path, clock: Clock) -> None:
    place = Place(tmp_path, letters=0)
    for wrong, key in ((FAR, "clock_ahead"), (datetime(2026, 10, 31, tzinfo=UTC), "clock_behind")):
        clock.now = wrong
        with pytest.raises(ClockError) as told:
            load(csv(range(1)), place.database, place.keyring, "f")
        assert told.value.key == key
    clock.now = datetime.fromisoformat(f"{RELEASED}T00:00Z")
    load(csv(range(1)), place.database, place.keyring, "f")
    place.database.close()


# --- behind -----------------------------------------------------------------------------------------------------------


def test_a_passport_that_expired_by_what_a_waiting_kiosk_has_seen_releases_nothing(place: Place, clock: Clock) -> None:
    """Trial 2.6: the last record is three days old, the clock two days back, the passport expired yesterday."""
    clock.now = later(0.5)  # the kiosk runs and records nothing
    place.desk.look_at_clock()
    clock.now = later(-2)
    observed = replace(GOOD, mrz=EXPIRED)
    with pytest.raises(ClockError) as told:
        fresh(place).finish(tracking(1), observed, CLERK)
    assert told.value.key == "clock_behind"
    clock.now = later(0.5)
    assert fresh(place).finish(tracking(1), observed, CLERK).reasons == ("document_expired",)


def test_within_the_window_the_newest_time_judges(place: Place, clock: Clock) -> None:
    """Midnight has passed for the installation: a clock four minutes back does not bring yesterday back."""
    clock.now = datetime(2026, 12, 14, 0, 1, tzinfo=UTC)  # the day after the deadline
    assert place.finish(0) == "refuse"
    clock.now -= timedelta(minutes=4)
    done = fresh(place).finish(tracking(1), GOOD, CLERK)
    assert done.reasons == ("deadline_passed",)
    clock.now -= timedelta(minutes=2)
    refused(place, "clock_behind")


@pytest.mark.slow
def test_what_another_kiosk_of_the_chain_has_seen_counts(place: Place, clock: Clock, tmp_path: Path) -> None:
    other = Keyring(tmp_path / "other", "kiosk-2")
    other.trust("kiosk-1", place.keyring.public_pem())
    clock.now = later(10)
    assert Desk(place.database, other, "1473 Oppsal").finish(tracking(0), GOOD, CLERK).verdict == "release"
    place.keyring.trust("kiosk-2", other.public_pem())
    clock.now = later(9)
    refused(place, "clock_behind")


def test_what_a_time_service_has_seen_counts_unless_it_is_absurd(place: Place, clock: Clock) -> None:
    clock.trace = later(3)
    refused(place, "clock_behind")
    clock.trace = FAR
    assert fresh(place).finish(tracking(1), GOOD, CLERK).verdict == "release"


def test_a_clock_that_is_set_back_while_the_computer_runs_is_behind_from_the_first_minute(
    place: Place, running: Clock
) -> None:
    running.goes(seconds=61)
    place.desk.look_at_clock()
    running.goes(days=2)  # nothing looks at the clock
    running.now -= timedelta(days=1)  # somebody sets it
    refused(place, "clock_behind")
    running.started = Boot("11111111-2222-3333-4444-555555555555", 5.0)  # after a new start nobody can know
    assert fresh(place).finish(tracking(1), GOOD, CLERK).verdict == "release"


def test_a_clock_that_was_never_set_is_before_this_program(place: Place, clock: Clock) -> None:
    clock.now = datetime(1970, 1, 1, tzinfo=UTC)
    assert "made later" in refused(place, "clock_behind")
    with pytest.raises(ClockError, match="set it right"):
        vouched(place)


# --- stepped, not set -------------------------------------------------------------------------------------------------


def test_a_step_while_the_program_runs_is_noticed_and_sleep_is_none(place: Place, running: Clock) -> None:
    place.desk.look_at_clock()
    running.goes(days=3)  # asleep over a weekend
    place.desk.look_at_clock()
    running.now += timedelta(hours=2)
    assert "was set forward by 2.0 hours" in refused(place, "clock_stepped", place.desk)
    running.now -= timedelta(hours=2)
    assert place.finish(1) == "release"  # set right again: nobody has to do anything


def test_steps_add_up(place: Place, running: Clock) -> None:
    place.desk.look_at_clock()
    for _ in range(5):
        running.goes(seconds=60)
        running.now += timedelta(seconds=59)
        place.desk.look_at_clock()
    running.goes(seconds=60)
    running.now += timedelta(seconds=59)
    with pytest.raises(ClockError):
        place.desk.look_at_clock()


def test_a_step_by_the_time_service_is_none(place: Place, running: Clock) -> None:
    place.desk.look_at_clock()
    running.now += timedelta(hours=2)
    running.set_by_service = True
    assert place.finish(1) == "release"


@pytest.mark.slow
def test_a_clock_that_the_time_service_has_not_set(place: Place, running: Clock) -> None:
    running.set_by_service = False
    refused(place, "clock_unsynchronised")
    careless = Keyring(place.keyring.folder, "kiosk-1", ClockRules(unsynchronised=True))
    assert Desk(place.database, careless, "1473 Oppsal").finish(tracking(1), GOOD, CLERK).verdict == "release"
    vouched(place)
    assert fresh(place).finish(tracking(2), GOOD, CLERK).verdict == "release"
    running.started = Boot("11111111-2222-3333-4444-555555555555", 5.0)  # the word was for that start
    with pytest.raises(ClockError):
        fresh(place).finish(tracking(0), GOOD, CLERK)


# --- the way back -----------------------------------------------------------------------------------------------------


def test_a_supervisor_vouches_for_a_kiosk_that_was_off_for_long(place: Place, clock: Clock) -> None:
    clock.now = later(200)
    refused(place, "clock_ahead", place.desk)
    done = vouched(place)
    assert (done.was[:10], done.now, done.disowned) == (NOW.date().isoformat(), later(200), False)
    assert place.finish(1) == "refuse"  # its deadline is over; the program that runs has heard of it
    assert verify(place.database, place.keyring).findings == []


@pytest.fixture
def poisoned(place: Place, clock: Clock, running: Clock) -> Place:
    """A wrong clock wrote into the chain and the kiosk's note, far ahead, before anybody noticed."""
    eager = Keyring(place.keyring.folder, "kiosk-1", ClockRules(ahead_days=40_000))
    clock.now = later(3000)
    assert Desk(place.database, eager, "1473 Oppsal", 3650).finish(tracking(0), GOOD, CLERK).verdict == "refuse"
    clock.now = later(1)
    return place


@pytest.mark.slow
def test_entries_of_a_clock_far_ahead_do_not_stop_the_office_for_good(poisoned: Place, clock: Clock) -> None:
    refused(poisoned, "clock_behind")
    refused(poisoned, "clock_behind", poisoned.desk)
    done = vouched(poisoned)
    assert (done.was[:4], done.disowned) == ("2035", True)
    assert fresh(poisoned).finish(tracking(1), GOOD, CLERK).verdict == "release"
    assert poisoned.desk.finish(tracking(2), GOOD, CLERK).verdict == "release"
    assert verify(poisoned.database, poisoned.keyring).findings == []
    clock.now = later(0)
    refused(poisoned, "clock_behind")  # what was not disowned still counts


def test_what_a_clock_far_ahead_wrote_of_people_is_erased_in_time_all_the_same(poisoned: Place, clock: Clock) -> None:
    vouched(poisoned)
    clock.goes(days=20)
    fresh(poisoned).look_at_clock()
    clock.goes(days=20)
    assert retention.purge(poisoned.database, poisoned.keyring, 30) == 4  # three letters, and the check in the future
    assert verify(poisoned.database, poisoned.keyring).findings == []


def test_the_note_of_a_kiosk_that_did_not_hear_of_it_counts_no_longer(poisoned: Place, clock: Clock) -> None:
    stale = (poisoned.keyring.folder / "kiosk-1.clock").read_bytes()
    vouched(poisoned)
    (poisoned.keyring.folder / "kiosk-9.clock").write_bytes(stale)
    assert fresh(poisoned).finish(tracking(1), GOOD, CLERK).verdict == "release"


def test_an_older_note_of_another_kiosk_does_not_outweigh_a_word(place: Place, running: Clock) -> None:
    """The clock was two hours ahead since the start; long after that was noted it is set right, and vouched for."""
    running.goes(seconds=61)
    place.desk.look_at_clock()
    (place.keyring.folder / "kiosk-9.clock").write_bytes((place.keyring.folder / "kiosk-1.clock").read_bytes())
    running.goes(seconds=5 * 3600)
    running.now -= timedelta(hours=2)
    refused(place, "clock_behind")
    vouched(place)
    assert fresh(place).finish(tracking(1), GOOD, CLERK).verdict == "release"


def test_nobody_can_vouch_for_a_time_at_which_this_program_will_not_run(place: Place, clock: Clock) -> None:
    clock.now = FAR
    with pytest.raises(ClockError, match="will not run"):
        vouched(place)
    assert count(place) == 3


# --- notes, words, the system -----------------------------------------------------------------------------------------


def test_a_damaged_note_is_one_line_and_an_empty_one_is_none(place: Place) -> None:
    note = place.keyring.folder / "kiosk-1.clock"
    whole = note.read_bytes()
    note.write_bytes(whole[:50])
    with pytest.raises(RecordsError, match="no note of the time; remove it"):
        fresh(place).finish(tracking(1), GOOD, CLERK)
    note.write_bytes(b"")
    assert fresh(place).finish(tracking(1), GOOD, CLERK).verdict == "release"


def test_each_kind_has_a_sentence_for_the_clerk() -> None:
    for language in languages():
        for key in ("clock_behind", "clock_ahead", "clock_stepped", "clock_unsynchronised"):
            assert page_texts(language)[key].count(".") >= 1


@pytest.mark.parametrize(
    ("there", "status", "expected"),
    [
        ([], 0x40, None),  # no time service works: what the kernel says is no news
        (["timesync"], 0x40, False),
        (["timesync"], 0x2001, True),
        (["chrony"], 0x40, False),
        (["chrony"], None, None),  # in a sandbox the kernel does not answer
        (["timesync"], None, False),
        (["timesync", "timesync/synchronized"], None, True),
    ],
)
def test_who_can_tell_whether_the_clock_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: list[str], status: int | None, expected: bool | None
) -> None:
    for name in there:
        (tmp_path / name).mkdir()
    monkeypatch.setattr(computer, "_SERVICES", (tmp_path / "timesync", tmp_path / "chrony"))
    monkeypatch.setattr(computer, "_SYNCHRONISED", tmp_path / "timesync" / "synchronized")
    monkeypatch.setattr(computer, "_kernel_status", lambda: status)
    assert System().synchronised() is expected


def test_the_trace_of_a_time_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computer, "_SET", (tmp_path / "clock", tmp_path / "synchronized"))
    assert System().last_set() is None
    (tmp_path / "clock").touch()
    os.utime(tmp_path / "clock", (NOW.timestamp(), NOW.timestamp()))
    assert System().last_set() == NOW


def test_this_computer_answers() -> None:
    system = System()
    boot, again = system.boot(), system.boot()
    assert (boot is None) == (again is None)
    if boot is not None and again is not None:
        assert boot.id == again.id
        assert again.seconds >= boot.seconds > 0
    assert system.synchronised() in (None, True, False)

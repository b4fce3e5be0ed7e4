"""What a supervisor does to a letter: entries of their own kinds, listed by verify, and what each leads to."""

import threading
from dataclasses import replace

import pytest
from desk import GOOD, RECIPIENT, Clock, Place, csv, later, tracking

from stillscan.records import changes, kinds, retention
from stillscan.records import history as letter_history
from stillscan.records.audit import entries, reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.changes import Change, ChangeError, correction, extension, return_to_sender, withdrawal
from stillscan.records.consignments import StoredConsignment
from stillscan.records.errors import FieldError, RecordsError, RowsError
from stillscan.records.importing import Imported, load
from stillscan.records.staff import NotAllowedError, Person, Role, StaffList
from stillscan.records.verification import verify

pytestmark = pytest.mark.slow

KARI = replace(GOOD, mrz=("P<NORHANSEN<<KARI<<<<<<<<<<<<<<<<<<<<<<<<<<<", GOOD.mrz[1] if GOOD.mrz else ""))


BOSS = Person("boss", Role.SUPERVISOR)


@pytest.fixture
def place(place: Place) -> Place:
    """Three letters (entries 1 to 3), and a supervisor (entry 4)."""
    place.supervisor("boss")
    return place


def change(place: Place, what: Change, number: int = 1) -> int:
    return changes.record(what, tracking(number), BOSS, place.database, place.keyring).entry


def letter(place: Place, number: int = 1) -> StoredConsignment:
    return next(one for one in place.stored() if one.tracking == tracking(number))


def reasons(place: Place, number: int = 1) -> tuple[str, ...]:
    return place.desk.finish(tracking(number), GOOD, place.clerk).reasons


def whole(place: Place) -> list[str]:
    """Nothing is wrong; what supervisors did."""
    found = verify(place.database, place.keyring)
    assert found.findings == []
    return [f"{one.entry}: {one.problem}" for one in found.changes]


def test_a_new_deadline(place: Place, clock: Clock) -> None:
    clock.now = later(20)  # the deadline was six days ago
    assert letter(place).state_on(clock.now.date()) == "deadline over"
    assert reasons(place) == ("deadline_passed",)
    assert change(place, extension("2026-12-27")) == 6
    assert letter(place).deadline.isoformat() == "2026-12-27"
    assert letter(place).state_on(clock.now.date()) == "waiting"
    assert whole(place) == ["6: its deadline was extended by boss"]
    clock.now = later(29)
    assert reasons(place) == ("deadline_passed",)
    clock.now = later(28)
    with pytest.raises(RecordsError, match="and it has been 2026-12-28"):
        reasons(place)


@pytest.mark.slow
def test_a_letter_with_a_new_deadline_is_released_and_keeps_its_recipient_until_then(
    place: Place, clock: Clock
) -> None:
    change(place, extension("2027-06-01"))
    clock.now = later(120)
    assert retention.purge(place.database, place.keyring, 90) == 2  # the two others: their deadlines are over
    assert letter(place).recipient == RECIPIENT
    assert place.finish(1) == "release"
    assert whole(place) == ["5: its deadline was extended by boss"]


def test_a_corrected_name(place: Place) -> None:
    change(place, correction("Kari Hansen"))
    assert letter(place).recipient == "Kari Hansen"
    assert letter(place).order == "B-1"
    assert reasons(place) == ("name_mismatch",)
    assert whole(place) == ["5: its recipient's name was corrected by boss"]
    assert b"Kari" in place.bytes()
    assert all("Kari" not in line for line in whole(place))


def test_a_corrected_name_is_what_the_rules_compare(place: Place) -> None:
    load(csv(range(5, 6), recipient="Kari Hansen"), place.database, place.keyring, "f")
    assert reasons(place, 5) == ("name_mismatch",)
    change(place, correction(RECIPIENT), 5)
    assert place.finish(5) == "release"
    with pytest.raises(ChangeError, match="has been handed out already"):
        change(place, correction("Kari Hansen"), 5)


def test_erased_names_leave_with_their_letter(place: Place, clock: Clock) -> None:
    change(place, correction("Kari Hansen"))
    change(place, withdrawal("Kari Hansen wants it sent to her mother"))
    clock.now = later(120)
    assert retention.purge(place.database, place.keyring, 90) == 5
    assert b"Kari" not in place.bytes()
    assert letter(place).erased
    assert whole(place) == ["5: its recipient's name was corrected by boss", "6: it was withdrawn by boss"]


@pytest.mark.parametrize(
    ("what", "state", "reason", "told"),
    [
        (withdrawal("on the sender's wish"), "withdrawn", "consignment_withdrawn", "it was withdrawn"),
        (return_to_sender(), "returned", "consignment_returned", "it was returned to its sender"),
    ],
)
def test_what_was_taken_out_is_never_released(
    place: Place, clock: Clock, what: Change, state: str, reason: str, told: str
) -> None:
    change(place, what)
    assert letter(place).state_on(clock.now.date()) == state
    assert reasons(place) == (reason,)
    assert whole(place) == [f"5: {told} by boss"]
    for other in (extension("2027-01-01"), correction("Kari Hansen"), withdrawal()):
        with pytest.raises(ChangeError, match=f"was {state}"):
            change(place, other)
    assert place.finish(0) == "release"


@pytest.mark.slow
def test_a_withdrawn_letter_may_be_returned_and_come_in_again(place: Place) -> None:
    change(place, withdrawal())
    change(place, return_to_sender())
    with pytest.raises(ChangeError, match="was returned"):
        change(place, return_to_sender())
    new = csv(range(1, 2)).replace(b"2026-12-13", b"2026-12-31")
    assert load(csv(range(3)), place.database, place.keyring, "f") == Imported(0, 3)  # the same file: nothing new
    with pytest.raises(RowsError, match="was here before; a supervisor can take it in again"):
        load(new, place.database, place.keyring, "f")
    assert load(new, place.database, place.keyring, "f", supervisor=BOSS) == Imported(1, 0)
    assert place.finish(1) == "release"
    assert whole(place)[2] == "7: a letter that was here before was taken in again by boss"
    with place.database.reading() as connection:
        assert [entry.facts["kind"] for entry in entries(connection, 6)] == [kinds.CONSIGNMENT_AGAIN, kinds.CHECK]


@pytest.mark.slow
@pytest.mark.parametrize("end", [withdrawal("reason"), return_to_sender()])
@pytest.mark.parametrize("erased", [False, True])
def test_the_same_letter_comes_in_again_when_a_supervisor_says_so(
    place: Place, clock: Clock, end: Change, erased: bool
) -> None:
    change(place, end, 0)
    if erased:
        clock.now = later(60)
        retention.purge(place.database, place.keyring, 30, clock.now)
    file = csv(range(1))
    assert load(file, place.database, place.keyring, "f") == Imported(0, 1)  # nobody said so
    assert not place.stored()[0].waits
    assert load(file, place.database, place.keyring, "f", supervisor=BOSS) == Imported(1, 0)
    assert place.stored()[0].waits
    assert load(file, place.database, place.keyring, "f", supervisor=BOSS) == Imported(0, 1)
    if not erased:
        assert place.finish(0) == "release"
        assert load(file, place.database, place.keyring, "f", supervisor=BOSS) == Imported(0, 1)
    assert whole(place)[-1].endswith("a letter that was here before was taken in again by boss")


def test_the_first_file_sent_again_undoes_no_change(place: Place) -> None:
    change(place, extension("2026-12-31"))
    change(place, correction("Kari Hansen"))
    assert load(csv(range(3)), place.database, place.keyring, "f") == Imported(0, 3)
    as_now = csv(range(1, 2), recipient="Kari Hansen").replace(b"2026-12-13", b"2026-12-31")
    assert load(as_now, place.database, place.keyring, "f") == Imported(0, 1)
    with pytest.raises(RowsError, match="with other contents"):
        load(csv(range(1, 2), recipient="Ola Hansen"), place.database, place.keyring, "f", supervisor=BOSS)
    assert (letter(place).recipient, letter(place).deadline.isoformat()) == ("Kari Hansen", "2026-12-31")


@pytest.mark.parametrize(
    ("what", "problem"),
    [
        (extension("2026-12-13"), "nothing would change"),
        (extension("2026-12-08"), "nothing would change"),
        (extension("2026-11-28"), "that day is over"),
        (correction(RECIPIENT), "nothing would change"),
    ],
)
def test_changes_that_change_nothing_are_not_recorded(place: Place, what: Change, problem: str) -> None:
    before = verify(place.database, place.keyring)
    with pytest.raises(ChangeError, match=problem):
        change(place, what)
    for other in (extension("2027-01-01"), withdrawal(), return_to_sender(), correction("Kari Hansen")):
        with pytest.raises(ChangeError, match="there is no such letter here"):
            change(place, other, 77)
    assert verify(place.database, place.keyring) == before


@pytest.mark.parametrize(
    ("made", "value"),
    [(extension, "6.12.2026"), (extension, "2026-02-30"), (correction, ""), (correction, "x\n"), (withdrawal, "\x00")],
)
def test_what_cannot_be_a_change(made: object, value: str) -> None:
    assert callable(made)
    with pytest.raises(FieldError):
        made(value)


def test_an_erased_letter_is_not_changed_but_comes_in_again(place: Place, clock: Clock) -> None:
    clock.now = later(120)
    assert retention.purge(place.database, place.keyring, 90) == 3
    for other in (extension("2027-12-01"), correction("Kari Hansen")):
        with pytest.raises(ChangeError, match="was erased when its time was over; a supervisor can take it in again"):
            change(place, other)
    change(place, return_to_sender())
    assert whole(place) == ["6: it was returned to its sender by boss"]


def test_only_who_is_a_supervisor_now_decides(place: Place) -> None:
    people = StaffList(place.database, place.keyring, now=lambda: later(0))
    people.add("anna", Role.CLERK, "47 11 blue")
    people.add("sup", Role.SUPERVISOR, "47 11 blue")
    people.lock("sup")
    before = verify(place.database, place.keyring)
    for who in ("anna", "sup", "nobody"):
        pretended = Person(who, Role.SUPERVISOR)
        with pytest.raises(NotAllowedError, match="this is for a supervisor"):
            changes.record(withdrawal(), tracking(1), pretended, place.database, place.keyring)
        with pytest.raises(NotAllowedError, match="this is for a supervisor"):
            load(csv(range(9, 10)), place.database, place.keyring, "f", supervisor=pretended)
    assert verify(place.database, place.keyring) == before


def test_a_letter_does_not_come_in_again_for_trying_out(place: Place) -> None:
    change(place, withdrawal())
    new = csv(range(1, 2)).replace(b"2026-12-13", b"2026-12-31")
    with pytest.raises(RowsError, match="with other contents"):
        load(new, place.database, place.keyring, "f", test=True, supervisor=BOSS)


@pytest.mark.slow
def test_a_decision_on_what_was_seen_counts_only_while_it_stands_so(place: Place) -> None:
    chain = ChainState()
    seen = []
    for what in (extension("2026-12-31"), correction("Kari Hansen"), withdrawal(), return_to_sender()):
        with reading_chain(place.database, place.keyring, chain):
            seen.append(changes.mark(chain, tracking(1)))
        for old in (*seen[:-1], ""):
            with pytest.raises(ChangeError, match="was changed since it was looked at"):
                changes.record(what, tracking(1), BOSS, place.database, place.keyring, chain, seen=old)
        changes.record(what, tracking(1), BOSS, place.database, place.keyring, chain, seen=seen[-1])
    assert len(set(seen)) == 4
    assert len(whole(place)) == 4


@pytest.mark.slow
def test_of_many_who_decide_on_what_they_saw_at_once_one_does(place: Place) -> None:
    chain = ChainState()
    with reading_chain(place.database, place.keyring, chain):
        seen = changes.mark(chain, tracking(1))
    done: list[int] = []
    refused: list[str] = []

    def decide(day: int) -> None:
        try:
            what = extension(f"2026-12-{day}")
            done.append(changes.record(what, tracking(1), BOSS, place.database, place.keyring, seen=seen).entry)
        except ChangeError as error:
            refused.append(error.problem)

    threads = [threading.Thread(target=decide, args=(day,)) for day in range(20, 28)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(done), refused) == (1, ["meanwhile"] * 7)
    assert len(whole(place)) == 1


@pytest.mark.slow
def test_the_history_of_a_letter_is_every_entry_about_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_history, "_AT_ONCE", 2)  # entries in one question: it takes several
    change(place, extension("2026-12-31"), 2)
    change(place, withdrawal())
    reasons(place)
    load(csv(range(1, 2)).replace(b"2026-12-13", b"2026-12-31"), place.database, place.keyring, "f", supervisor=BOSS)
    place.finish(1)
    found = letter_history.history([tracking(1)], place.database, place.keyring, ChainState(), test=False)
    assert found is not None
    told = [(one["seq"], one["kind"]) for one in found.entries]
    assert told == [(2, "consignment"), (6, "withdrawal"), (7, "check"), (8, "consignment_again"), (9, "check")]
    assert found.letter.released
    assert letter_history.history([tracking(1)], place.database, place.keyring, ChainState(), test=True) is None
    assert letter_history.history([tracking(77)], place.database, place.keyring, ChainState(), test=False) is None


def test_a_history_that_was_altered_is_none(place: Place) -> None:
    chain = ChainState()
    change(place, extension("2026-12-31"))
    change(place, withdrawal())
    assert letter_history.history([tracking(1)], place.database, place.keyring, chain, test=False)
    place.change("UPDATE audit_entry SET body = replace(body, ?, ?) WHERE seq = 6", tracking(1), tracking(2))
    for number in (1, 2):
        with pytest.raises(RecordsError, match="entry 6"):
            letter_history.history([tracking(number)], place.database, place.keyring, chain, test=False)

"""Finishing checks: what is recorded, what is never stored, and that only a passed check releases a letter."""

import inspect
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from desk import CLERK, GOOD, LINES, NUMBER, RECIPIENT, UNREAD, Clock, Place, csv, later, tracking
from hypothesis import given, settings
from hypothesis import strategies as st

from stillscan.errors import InputError
from stillscan.records import release
from stillscan.records.audit import entries
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.errors import FieldError, RecordsError
from stillscan.records.importing import load
from stillscan.records.observations import Observations
from stillscan.records.release import Desk
from stillscan.records.staff import Person, Role
from stillscan.records.verification import verify
from tests.covering import examples

# A synthetic (+80) identity number (facts of Skatteetaten's test numbers) and a synthetic foreign passport with it.
IDENTITY_NUMBER = "57912075186"
FOREIGN = ("P<SWEOESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016SWE2011177F3101012<<<<<<<<<<<<<<<2")


def released(place: Place) -> list[bool]:
    return [letter.released for letter in place.stored()]


def released_rows(place: Place) -> int:
    with place.database.reading() as connection:
        return len(connection.exec_driver_sql("SELECT 1 FROM release").all())


def entry_of(place: Place, seq: int) -> ChainEntry:
    with place.database.reading() as connection:
        return next(entries(connection, seq - 1))


def test_a_passed_check_releases_once(place: Place) -> None:
    done = place.desk.finish(tracking(1).lower(), GOOD, CLERK)
    assert done[:3] == ("release", ("ok",), 4)
    assert released(place) == [False, True, False]
    again = place.desk.finish(tracking(1), GOOD, CLERK)
    assert (again.verdict, again.reasons) == ("refuse", ("already_released",))
    assert verify(place.database, place.keyring).findings == []


def test_the_record_is_what_the_law_lets_us_keep(place: Place) -> None:
    done = place.desk.finish(tracking(1), GOOD, CLERK)
    facts = entry_of(place, done.entry).facts
    former, personal, observed = facts.pop("former"), facts.pop("personal"), facts.pop("evidence")
    assert len(former) == len(personal) == len(observed) == 64
    assert facts.pop("version")
    assert len(facts.pop("check")) == 32
    assert facts == {
        "seq": 4,
        "time": "2026-11-29T10:15:00.000000Z",
        "kiosk": "kiosk-1",
        "kind": "check",
        "tracking": tracking(1),
        "office": "1473 Oppsal",
        "staff": "staff-7",
        "role": "clerk",
        "read_at": None,
        "verdict": "release",
        "reasons": ["ok"],
        "test": False,
        "document": "P",
        "issuer": "NOR",
        "expiry": "2031-01-01",
        "scanner": None,
    }
    person = entry_of(place, done.entry).person
    assert person is not None
    assert list(person) == ["document_number"]
    assert len(person["document_number"]) == 64


@pytest.mark.slow
def test_nothing_of_the_person_is_on_the_disk(place: Place) -> None:
    for number, lines in enumerate((LINES, FOREIGN, LINES)):
        place.finish(number, replace(GOOD, mrz=lines, second_document=IDENTITY_NUMBER))
        place.finish(number, replace(UNREAD, mrz=lines, second_document=IDENTITY_NUMBER))
    content = place.bytes() + b"".join(path.read_bytes() for path in place.keyring.folder.iterdir())
    assert tracking(1).encode() in content
    assert RECIPIENT.encode() in content  # the letter's recipient is, until its time is over
    forbidden = [NUMBER, IDENTITY_NUMBER, "OESTENBYEN", "AASE", "SPECIMEN", "910517", "201117", *LINES, *FOREIGN]
    for text in forbidden:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            assert text.encode(encoding) not in content, "personal data in the database"
    assert not any(text in repr(GOOD) + repr(GOOD.case(None, later(0), "x")) for text in forbidden)


def test_what_was_not_read_with_certainty_leaves_no_trace_of_the_document(place: Place) -> None:
    done = place.desk.finish(tracking(1), UNREAD, CLERK)
    facts = entry_of(place, done.entry).facts
    assert (facts["document"], facts["issuer"], facts["expiry"], facts["personal"]) == (None, None, None, None)


observations = st.builds(
    Observations,
    st.none() | st.just(LINES) | st.just(FOREIGN) | st.tuples(st.text(max_size=44), st.text(max_size=44)),
    certain=st.booleans(),
    second_document=st.none() | st.text(max_size=12) | st.just(IDENTITY_NUMBER),
    face_matches=st.none() | st.booleans(),
    test_mode=st.booleans(),
)


@pytest.mark.slow
@settings(max_examples=examples(30))
@given(observations, st.integers(0, 3))
def test_whatever_is_seen_only_a_release_releases(
    tmp_path_factory: pytest.TempPathFactory, observed: Observations, number: int
) -> None:
    place = Place(tmp_path_factory.mktemp("any"))
    verdict = place.finish(number, observed)
    assert released(place) == [verdict == "release" and n == number for n in range(3)]
    if verdict == "release":
        assert observed == GOOD or (observed.certain and observed.face_matches and not observed.test_mode)
    assert verify(place.database, place.keyring).findings == []
    place.database.close()


def test_there_is_no_way_to_say_what_the_verdict_shall_be() -> None:
    assert list(inspect.signature(Desk.finish).parameters) == [
        "self",
        "number",
        "observed",
        "staff",
        "check",
        "began_by",
    ]
    assert "environ" not in inspect.getsource(release)


@pytest.mark.slow
def test_test_mode_never_releases_a_real_letter(place: Place) -> None:
    load(csv(range(7, 8)), place.database, place.keyring, "f", test=True)
    trying = replace(GOOD, test_mode=True)
    assert place.desk.finish(tracking(1), trying, CLERK).reasons == ("consignment_unknown",)
    assert place.desk.finish(tracking(7), GOOD, CLERK).reasons == ("consignment_unknown",)
    assert place.finish(7, trying) == "release"
    assert released(place) == [False, False, False, True]
    assert entry_of(place, 7).facts["test"] is True


def test_an_edited_letter_is_no_letter(place: Place) -> None:
    place.tamper("UPDATE audit_entry SET personal = replace(personal, 'Åse', 'Ola') WHERE seq = 2")
    with pytest.raises(RecordsError, match="entry 2: its personal part was altered"):
        place.finish(1)
    place.tamper(f"UPDATE consignment SET entry = 99 WHERE tracking = '{tracking(0)}'")
    with pytest.raises(RecordsError, match="its row was altered"):
        place.finish(0)
    place.tamper(f"UPDATE consignment SET entry = 1 WHERE tracking = '{tracking(2)}'")
    with pytest.raises(RecordsError, match="its row was altered"):
        place.finish(2)
    assert released_rows(place) == 0


def test_marking_a_letter_as_waiting_again_does_not_hand_it_out_twice(place: Place) -> None:
    place.finish(1)
    for statement in ("UPDATE consignment SET released = 0", "DELETE FROM release", "DELETE FROM consignment"):
        place.tamper(statement)
        with pytest.raises(RecordsError, match=r"its row (was altered|is gone)"):
            place.finish(1)


def test_a_deadline_at_another_office_and_time(place: Place, clock: Clock) -> None:
    desk = Desk(place.database, place.keyring, "5003 Bergen")
    assert desk.finish(tracking(1), GOOD, CLERK).reasons == ("wrong_office",)
    clock.now = later(30)
    assert place.desk.finish(tracking(1), GOOD, CLERK).reasons == ("deadline_passed",)


def test_a_letter_cannot_be_exchanged_for_one_to_another_person(place: Place) -> None:
    place.tamper(f"DELETE FROM consignment WHERE tracking = '{tracking(1)}'")
    with pytest.raises(RecordsError, match="its row is gone"):
        load(csv(range(1, 2), recipient="Kari Hansen"), place.database, place.keyring, "f")
    with pytest.raises(RecordsError, match="its row is gone"):
        place.finish(1)


def test_a_clock_that_jumps_back_releases_nothing(place: Place, clock: Clock) -> None:
    clock.now = later(30)
    assert place.finish(0) == "refuse"  # its deadline is over
    for days, allowed in ((0, False), (29.9, False), (29.998, True)):
        clock.now = later(days)
        if allowed:
            assert place.finish(0) == "refuse"
        else:
            with pytest.raises(RecordsError, match=r"says .* and it has been .*; set it right"):
                place.finish(0)
    assert released(place) == [False, False, False]


@pytest.mark.parametrize(("number", "staff"), [("RR1", "s"), ("", "s"), (tracking(1), ""), (tracking(1), "a\nb")])
def test_bad_input_is_refused_before_anything_is_written(place: Place, number: str, staff: str) -> None:
    before = place.bytes()
    with pytest.raises(FieldError):
        place.desk.finish(number, GOOD, Person(staff, Role.CLERK))
    assert place.bytes() == before
    with pytest.raises(InputError):
        Desk(place.database, place.keyring, "")


def test_only_the_owner_reads_keys_and_database(place: Place) -> None:
    place.finish(1)
    keys = place.keyring.folder
    for path in (place.path, keys / "kiosk-1.key", keys / "secret"):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(keys).st_mode) == 0o700


@pytest.mark.slow
def test_a_number_hashes_alike_at_one_place_and_otherwise_at_another(place: Place, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Place(tmp_path / "other")
    hashes = []
    for where, letter in ((place, 0), (place, 1), (other, 0)):
        hashes.append(json.dumps(entry_of(where, where.desk.finish(tracking(letter), GOOD, CLERK).entry).person))
    assert hashes[0] == hashes[1] != hashes[2]
    other.database.close()

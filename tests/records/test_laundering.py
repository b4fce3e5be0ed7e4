"""A purge follows the chain: nobody makes it erase what was altered, or a letter that still waits."""

import pytest
from desk import CLERK, GOOD, RECIPIENT, Clock, Place, csv, stored, tracking

from stillscan.records import retention
from stillscan.records.audit import reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.consignments import find
from stillscan.records.errors import RecordsError, RowsError
from stillscan.records.importing import load
from stillscan.records.verification import verify

pytestmark = pytest.mark.slow


def test_the_purge_that_laundered_an_edited_row(place: Place, clock: Clock) -> None:
    """Marked as released, purged, marked as waiting, imported for somebody else: once a release to the wrong person."""
    load(
        csv(range(8, 9), recipient="Kari Hansen").replace(b"2026-12-13", b"2027-06-01"),
        place.database,
        place.keyring,
        "f",
    )
    place.tamper(f"UPDATE consignment SET released = 1 WHERE tracking = '{tracking(8)}'")
    clock.goes(days=91)
    before = stored(place)
    with pytest.raises(RecordsError, match="the letter of entry 4: its row was altered"):
        retention.purge(place.database, place.keyring, 90)
    assert stored(place) == before, "nothing was erased"
    place.tamper("UPDATE consignment SET released = 0")
    assert retention.purge(place.database, place.keyring, 90) == 3  # those whose deadline is over
    with pytest.raises(RowsError, match="with other contents"):
        load(csv(range(8, 9)), place.database, place.keyring, "f")
    assert place.desk.finish(tracking(8), GOOD, CLERK).reasons == ("name_mismatch",)
    assert verify(place.database, place.keyring).findings == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit_entry SET personal = replace(personal, 'Åse', 'Ola') WHERE seq = 2", "entry 2: its personal"),
        ("UPDATE audit_entry SET personal = NULL, salt = NULL WHERE seq = 2", "entry 2: its personal part was removed"),
        ("UPDATE audit_entry SET signature = 'x' WHERE seq = 2", "entry 2: it was not signed"),
        ("UPDATE audit_entry SET time = '2040' WHERE seq = 2", "entry 2: its time was altered"),
        ("UPDATE audit_entry SET body = '{}' WHERE seq = 2", "entry 2 was altered"),
        ("DELETE FROM consignment WHERE entry = 2", "its row is gone"),
        ("UPDATE consignment SET entry = 77 WHERE entry = 2", "its row was altered"),
        ("UPDATE consignment SET released = 'true' WHERE entry = 2", "its row was altered"),
        ("DELETE FROM release", "its row was altered"),
    ],
)
def test_a_purge_stops_at_what_does_not_hold_and_erases_nothing(
    place: Place, clock: Clock, statement: str, told: str
) -> None:
    assert place.finish(0) == "release"
    clock.goes(days=91)
    place.tamper(statement)
    before = stored(place)
    with pytest.raises(RecordsError, match=told):
        retention.purge(place.database, place.keyring, 90)
    assert stored(place) == before


def test_another_letter_that_was_altered_stops_no_check(place: Place, clock: Clock) -> None:
    """The purge that a check brings along fails for itself; the letter at hand is whole."""
    load(csv(range(8, 9)).replace(b"2026-12-13", b"2027-06-01"), place.database, place.keyring, "f")
    clock.goes(days=91)
    place.tamper("UPDATE consignment SET released = 1 WHERE entry = 2")
    assert place.finish(8) == "release"
    for numbers in ([tracking(1)], None):  # whatever looks at it: a list of all letters too
        with (
            pytest.raises(RecordsError, match="the letter of entry 2: its row was altered"),
            reading_chain(place.database, place.keyring, chain := ChainState()) as connection,
        ):
            list(find(connection, place.keyring, chain, numbers))
    with pytest.raises(RecordsError, match="the letter of entry 2: its row was altered"):
        place.finish(1)
    assert [one.tracking for one in verify(place.database, place.keyring).findings] == [tracking(1)]
    assert place.bytes().count(RECIPIENT.encode()) >= 4, "nothing was erased"

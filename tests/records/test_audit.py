"""The audit chain: every kind of tampering is found and named, and an honest chain has nothing to find."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from desk import UNREAD, Clock, Place, csv, later, tracking

from stillscan.records import retention
from stillscan.records.audit import appending
from stillscan.records.chain_entry import HEAD, head_message, sign_entry
from stillscan.records.consignments import add
from stillscan.records.errors import RecordsError
from stillscan.records.importing import parse
from stillscan.records.keyring import Keyring
from stillscan.records.verification import AuditFinding, verify
from stillscan.records.witness import Seen

pytestmark = pytest.mark.slow


@pytest.fixture
def busy(place: Place) -> Place:
    """Three imports (1 to 3), a refusal (4), a release (5), a refusal (6), a release (7)."""
    for number, observed in ((0, UNREAD), (0, None), (1, UNREAD), (2, None)):
        place.finish(number, *([observed] if observed else []))
    return place


def findings(place: Place, former: Seen | None = None) -> list[AuditFinding]:
    return verify(place.database, place.keyring, [("the end that you gave", former)] if former else []).findings


def test_an_honest_chain_is_whole(busy: Place) -> None:
    assert verify(busy.database, busy.keyring)[:2] == ([], 7)
    assert verify(busy.database, busy.keyring).kiosks == ["kiosk-1"]


TABLES = ("audit_entry", "audit_head", "consignment", "release")
EDITS = [
    ("UPDATE audit_entry SET body = replace(body, 'rescan', 'release') WHERE seq = 4", 4, "do not fit its digest"),
    ("UPDATE audit_entry SET body = '{' WHERE seq = 4", 4, "do not fit its digest"),
    ("UPDATE audit_entry SET digest = 'x' || substr(digest, 2) WHERE seq = 4", 4, "do not fit its digest"),
    ("UPDATE audit_entry SET signature = (SELECT signature FROM audit_entry WHERE seq = 5) WHERE seq = 4", 4, "signed"),
    ("UPDATE audit_entry SET signature = 'x' WHERE seq = 4", 4, "was not signed by the kiosk that it names (kiosk-1)"),
    ("UPDATE audit_entry SET time = '2020' WHERE seq = 4", 4, "its time was altered"),
    ("UPDATE audit_entry SET personal = '{}' WHERE seq = 5", 5, "its personal part was altered"),
    ("UPDATE audit_entry SET personal = '{}' WHERE seq = 4", 4, "its personal part was altered"),
    ("UPDATE audit_entry SET salt = NULL WHERE seq = 5", 5, "its personal part was altered"),
    ("UPDATE audit_entry SET personal = NULL, salt = NULL WHERE seq = 5", 5, "was removed, and no purge says so"),
    ("DELETE FROM audit_entry WHERE seq = 4", 5, "entry 4 is missing before it"),
    ("DELETE FROM audit_entry WHERE seq IN (4, 5)", 6, "entries 4 to 5 are missing before it"),
    ("DELETE FROM audit_entry WHERE seq = 1", 2, "entry 1 is missing before it"),
    ("DELETE FROM audit_entry WHERE seq = 7", None, "entry 7 is missing at the end"),
    ("DELETE FROM audit_entry", None, "entries 1 to 7 are missing at the end"),
    ("DELETE FROM audit_head", None, "the signed head of the chain is gone"),
    ("UPDATE audit_head SET kiosk = 'nobody'", None, "not signed by a kiosk that is known here"),
    ("INSERT INTO audit_entry SELECT 8, body, digest || 'x', signature, time, salt, personal FROM audit_entry "
     "WHERE seq = 7", 8, "do not fit its digest"),
    ("INSERT INTO audit_entry SELECT -7, body, digest || 'x', signature, time, salt, personal FROM audit_entry "
     "WHERE seq = 7", -7, "no entry has such a number; it was added"),
    ("UPDATE audit_entry SET signature = upper(signature) WHERE seq = 4", 4, "was not signed by the kiosk"),
    ("UPDATE consignment SET released = 0", 5, "is marked as not released"),
    ("UPDATE consignment SET released = 1", None, "no entry of the chain released it"),
    ("UPDATE consignment SET entry = 6 WHERE entry = 1", None, "no entry of the chain imported it as it is"),
    ("DELETE FROM consignment WHERE entry = 2", 2, "its consignment is gone"),
    ("DELETE FROM release WHERE entry = 5", 5, "its release record is gone"),
    ("UPDATE release SET record = replace(record, 'staff-7', 'staff-8') WHERE entry = 5", 5, "record was altered"),
    ("UPDATE release SET signature = 'x' WHERE entry = 5", 5, "release record was not signed"),
    (f"UPDATE release SET tracking = '{tracking(1)}' WHERE entry = 5", 5,
     "the release record of a consignment that it did not release"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "entry", "problem"), EDITS)
def test_every_edit_is_found_and_named(busy: Place, statement: str, entry: int | None, problem: str) -> None:
    busy.tamper(statement)
    found = findings(busy)
    assert any(problem in finding.problem and finding.entry == entry for finding in found), found
    assert all("\n" not in str(finding) for finding in found)


@pytest.mark.slow
def test_every_single_value_is_guarded(busy: Place) -> None:
    """Each value of each row of each table, one at a time."""
    for table in TABLES:
        with busy.database.reading() as connection:
            rows = connection.exec_driver_sql(f"SELECT rowid AS at, * FROM {table}").mappings().all()
        for row in rows:
            for column, value in row.items():
                if column == "at" or (table, column) == ("audit_head", "id"):
                    continue
                other = value + 50 if isinstance(value, int) else f"{value}0"
                set_ = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
                at = row["at"] if (table, column) != ("audit_entry", "seq") else other  # it is the rowid
                busy.change(set_, 1 - value if column == "released" else other, row["at"])
                assert findings(busy), f"{table}.{column} of {row['at']}"
                busy.change(set_, value, at)
    assert findings(busy) == []


@pytest.mark.slow
@pytest.mark.parametrize("value", ["X'00ff'", "CAST(X'fffe' AS TEXT)", "'x'", "''", "-1", "2.5", "99999999999999999"])
def test_values_of_any_kind_are_found_and_break_nothing(busy: Place, value: str) -> None:
    """Also bytes that are no text, text where a number belongs, and numbers where text belongs."""
    with busy.database.reading() as connection:
        ask = connection.exec_driver_sql
        columns = [(table, row[1]) for table in TABLES for row in ask(f"PRAGMA table_info({table})") if row[1] != "id"]
    busy.database.forget()
    whole = {path: path.read_bytes() for path in (busy.path, busy.keyring.head)}
    for table, column in columns:
        busy.database.close()
        for path in whole:
            path.write_bytes(whole[path])
        try:
            busy.tamper(f"UPDATE {table} SET {column} = {value} WHERE rowid = (SELECT max(rowid) FROM {table})")
        except sqlite3.IntegrityError:  # SQLite itself wants a number there
            continue
        with contextlib.suppress(RecordsError):
            assert findings(busy) or column == "released", f"{table}.{column}"  # -1 is as true as 1
        fresh = Place(busy.path.parent, letters=0)
        with contextlib.suppress(RecordsError):
            assert fresh.finish(2) == "refuse", "it was handed out"
        fresh.database.close()


def test_a_letter_that_was_imported_twice_is_found(busy: Place) -> None:
    (letter,) = (one for _, one in parse(csv(range(1, 2), recipient="Kari Hansen"))[0].values())
    with appending(busy.database, busy.keyring) as appender:
        appender.connection.exec_driver_sql("DELETE FROM consignment WHERE entry = 2")
        add(appender, letter, later(0))
    assert [str(finding) for finding in findings(busy)] == ["entry 8: it was imported before, by entry 2"]


def test_swapped_entries_are_found(busy: Place) -> None:
    busy.tamper(
        "UPDATE audit_entry SET seq = 100 WHERE seq = 4",
        "UPDATE audit_entry SET seq = 4 WHERE seq = 6",
        "UPDATE audit_entry SET seq = 6 WHERE seq = 100",
    )
    assert [str(finding) for finding in findings(busy)][:2] == [
        "entry 4: it is entry 6, in another's place",
        "entry 5: it does not follow the entry before it",
    ]


def test_entries_cut_off_with_a_fitting_old_head_are_found(busy: Place, tmp_path: Path) -> None:
    """The whole database is put back to a copy from before the last check: only the kiosk's own note tells."""
    busy.database.forget()
    shutil.copy(busy.path, tmp_path / "before")
    busy.finish(1)
    busy.database.close()
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    shutil.copy(tmp_path / "before", busy.path)
    assert findings(busy) == [AuditFinding("it is missing, and kiosk kiosk-1 remembers it", 8)]
    with pytest.raises(RecordsError, match="kiosk kiosk-1 saw entry 8, and it is gone or another"):
        busy.finish(1)


@pytest.mark.slow
def test_an_end_that_was_noted_elsewhere_must_be_there(busy: Place) -> None:
    end = Seen(7, verify(busy.database, busy.keyring).end)
    busy.finish(1)
    assert findings(busy, end) == []
    assert findings(busy, Seen(7, "0" * 64)) == [
        AuditFinding("the end that you gave remembers another entry in its place", 7)
    ]
    assert findings(busy, Seen(99, end.digest)) == [
        AuditFinding("it is missing, and the end that you gave remembers it", 99)
    ]


def test_an_entry_forged_by_another_key_is_found_even_when_the_head_is_too(busy: Place, tmp_path: Path) -> None:
    thief = Keyring(tmp_path / "thief", "kiosk-1")
    last = verify(busy.database, busy.keyring).end
    details = {"tracking": tracking(1), "verdict": "release", "reasons": ["ok"]}
    entry = sign_entry(thief, 8, last, "2026-11-29T11:00:00.000000Z", "check", details, None)
    busy.change("INSERT INTO audit_entry VALUES (?, ?, ?, ?, ?, ?, ?)", *entry)
    signature = thief.sign(HEAD, head_message(8, entry.digest))
    busy.change("UPDATE audit_head SET entries = 8, digest = ?, signature = ?", entry.digest, signature)
    found = [str(finding) for finding in findings(busy)]
    assert found[0] == "entry 8: it was not signed by the kiosk that it names (kiosk-1)"
    with pytest.raises(RecordsError, match="its head was not signed by the kiosk that it names"):
        busy.finish(1)


CHAIN = [edit[0] for edit in EDITS if "audit_" in edit[0]]
LATER = (
    "SET signature",
    "SET time",
    "SET personal",
    "SET salt",
    "SELECT -7",
)  # of old entries no release depends: for `verify`


@pytest.mark.parametrize("statement", [edit for edit in CHAIN if not any(word in edit for word in LATER)])
def test_no_check_is_finished_on_a_chain_that_was_tampered_with(busy: Place, statement: str) -> None:
    busy.tamper(statement)
    fresh = Place(busy.path.parent, letters=0)
    with pytest.raises(RecordsError, match=r"the audit chain is broken|'nobody' is not in .*; to trust that kiosk"):
        fresh.finish(1)
    fresh.database.close()


def test_purging_keeps_the_chain_whole(busy: Place) -> None:
    assert retention.purge(busy.database, busy.keyring, 30, later(31)) == 5  # three letters and two documents
    assert findings(busy) == []
    content = busy.bytes()
    assert "Østenbyen".encode() not in content
    assert b"document_number" not in content
    assert retention.purge(busy.database, busy.keyring, 30, later(32)) == 0


@pytest.mark.slow
def test_a_letter_that_still_waits_keeps_its_recipient(busy: Place, clock: Clock) -> None:
    assert retention.purge(busy.database, busy.keyring, 1, later(2)) == 4  # not the letter 1, whose deadline is later
    assert findings(busy) == []
    assert busy.bytes().count("Østenbyen".encode()) == 1
    clock.now = later(3)
    assert busy.finish(1) == "release"


def test_a_purge_cannot_be_pretended(busy: Place) -> None:
    busy.database.forget()
    with busy.database.reading() as connection:
        before = connection.exec_driver_sql("SELECT salt, personal FROM audit_entry WHERE seq = 5").one()
    retention.purge(busy.database, busy.keyring, 30, later(31))
    busy.change("UPDATE audit_entry SET salt = ?, personal = ? WHERE seq = 5", *before)
    assert findings(busy) == [AuditFinding("a purge says that its personal part is gone, but it is there", 5)]


def test_purging_happens_by_itself_once_a_day(busy: Place, clock: Clock) -> None:
    clock.now = later(100)
    assert busy.finish(1) == "refuse"  # its deadline is long over
    assert "Østenbyen".encode() not in busy.bytes()
    assert findings(busy) == []

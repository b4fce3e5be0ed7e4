"""What somebody adds to the database, or changes about its tables, is told; on SQLite and on PostgreSQL."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import CLERK, GOOD, Place, csv, later, stored, tracking

from stillscan.cli import main
from stillscan.records import tables
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.release import Desk
from stillscan.records.retention import purge
from stillscan.records.verification import verify

SQLITE = [
    ("CREATE TRIGGER t AFTER UPDATE ON consignment BEGIN UPDATE consignment SET released = 0; END", "trigger", "'t'"),
    ("CREATE TRIGGER t BEFORE INSERT ON release BEGIN SELECT RAISE(IGNORE); END", "trigger", "'t'"),
    ("CREATE VIEW v AS SELECT * FROM consignment", "view", "'v'"),
    ("CREATE TABLE more (x)", "table", "'more'"),
    ("CREATE INDEX i ON audit_entry (kind_of)", None, ""),
    ("CREATE INDEX i ON audit_entry (digest)", "index", "'i'"),
    ("CREATE UNIQUE INDEX i ON consignment (tracking, released)", "index", "'i'"),
    ("ALTER TABLE consignment ADD COLUMN more TEXT", "consignment", "not as it was made"),
    ("ALTER TABLE audit_entry ADD COLUMN x AS (seq + 1)", "audit_entry", "not as it was made"),
    ("DROP INDEX ix_audit_entry_time", "ix_audit_entry_time", "is gone"),
    ("DROP TABLE release", "release", "is gone"),
    ("DROP TABLE audit_head", "audit_head", "is gone"),
    ("DROP TABLE schema_version", "schema_version", "is gone"),
    ("ALTER TABLE release RENAME TO rellease", "release", "is gone"),
    ("ALTER TABLE consignment RENAME COLUMN released TO r", "consignment", "not as it was made"),
    ("UPDATE schema_version SET version = 0", "version", "0"),
    ("UPDATE schema_version SET version = 3", "version", "3"),
    ("UPDATE schema_version SET version = 99", "version", "99"),
    ("DELETE FROM schema_version", "version", "''"),
    ("INSERT INTO schema_version VALUES (7)", "version", "2, 7"),
    ("INSERT INTO audit_head SELECT 2, entries, digest, kiosk, signature FROM audit_head", "head", "gone"),
    ("UPDATE audit_head SET id = 7", "head", "gone"),
    ("UPDATE audit_head SET entries = 'x'", "head", "gone"),
    ("UPDATE audit_head SET entries = 99999999999999999", "head", "gone"),
    *[
        (f"UPDATE consignment SET released = {value} WHERE entry = {entry}", "consignment", "neither true nor false")
        for value in ("2", "-1", "1.5", "'yes'", "'true'", "X'01'", "''")
        for entry in (1, 2)
    ],
]


@pytest.mark.parametrize(("statement", "what", "how"), SQLITE)
def test_what_was_done_to_a_file_is_found(
    place: Place, statement: str, what: str | None, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.finish(0) == "release"  # the letter of entry 1
    place.database.close()
    if what is None:
        with pytest.raises(sqlite3.OperationalError):
            place.tamper(statement)
        return
    place.tamper(statement)
    told = ["audit", "verify", "--database", str(place.path), "--keys", str(place.keyring.folder), "--kiosk", "kiosk-1"]
    assert main(told) == 1
    found = capsys.readouterr().out.splitlines()
    assert any(what in line and how in line for line in found), found


@pytest.mark.parametrize("value", ["2", "-1", "1.5", "'yes'", "'true'", "X'01'", "''"])
def test_a_mark_that_is_no_mark_stops_reading_and_releasing(place: Place, value: str) -> None:
    place.finish(0)
    place.tamper(f"UPDATE consignment SET released = {value}")
    for number in range(2):
        with pytest.raises(RecordsError, match=f"the letter of entry {number + 1}: its row was altered"):
            place.finish(number)
    with pytest.raises(RecordsError, match="its row was altered"):
        place.stored()


def test_a_type_that_takes_any_value_is_found(place: Place) -> None:
    place.database.close()
    place.tamper(
        "CREATE TABLE other (tracking VARCHAR(64) NOT NULL, entry INTEGER NOT NULL, released NOT NULL, "
        "PRIMARY KEY (tracking), UNIQUE (entry), FOREIGN KEY(entry) REFERENCES audit_entry (seq))",
        "INSERT INTO other SELECT * FROM consignment",
        "DROP TABLE consignment",
        "ALTER TABLE other RENAME TO consignment",
    )
    found = [str(one) for one in verify(Database(place.path), place.keyring).findings]
    assert found == ["the table consignment is not as it was made"]


def test_a_view_in_a_tables_place_is_found(place: Place) -> None:
    place.database.close()
    place.tamper("ALTER TABLE release RENAME TO hidden", "CREATE VIEW release AS SELECT * FROM hidden WHERE entry < 0")
    found = [str(one) for one in verify(Database(place.path, examine=True), place.keyring).findings]
    assert "the table release is gone" in found
    assert "there is something that is not ours: view 'release'" in found


# What is read back, or what foreign keys find before.
KEPT_NOTHING = "did not keep what was written|(FOREIGNKEY|23503).*nothing was written"
SWALLOWS = [
    "CREATE TRIGGER t BEFORE INSERT ON release BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER t BEFORE UPDATE ON audit_head BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER t BEFORE UPDATE ON consignment BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER t BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER t AFTER INSERT ON audit_entry BEGIN DELETE FROM audit_entry WHERE seq = new.seq; END",
    "CREATE TRIGGER t AFTER INSERT ON release BEGIN UPDATE consignment SET released = 0; END",
    "CREATE TRIGGER t AFTER UPDATE ON audit_head BEGIN DELETE FROM release; END",
    "CREATE TRIGGER t AFTER UPDATE ON audit_head BEGIN DELETE FROM audit_entry WHERE seq > 3; END",
    "CREATE TRIGGER t BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER t BEFORE INSERT ON consignment BEGIN SELECT RAISE(IGNORE); END",
]
WRITES = {
    "check": lambda place: place.finish(0),
    "import": lambda place: load(csv(range(3, 5)), place.database, place.keyring, "f"),
    "purge": lambda place: purge(place.database, place.keyring, 30, later(40)),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("statement", [*SWALLOWS, "CREATE VIEW v AS SELECT 1", "CREATE TABLE more (x)"])
def test_nothing_is_written_to_tables_that_something_was_added_to(place: Place, statement: str, write: str) -> None:
    place.tamper(statement)
    before = stored(place)
    with pytest.raises(RecordsError, match=r"something that is not ours.*audit verify.*Nothing was written"):
        WRITES[write](place)
    assert stored(place) == before


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("statement", SWALLOWS)
def test_what_the_database_does_not_keep_is_not_told_as_recorded(
    place: Place, statement: str, write: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if nobody had seen the trigger: what was written is read back before the commit."""
    monkeypatch.setattr(tables, "added", lambda _: None)
    place.tamper(statement)
    before = stored(place)
    told = ""
    try:
        WRITES[write](place)
    except RecordsError as error:
        told = str(error)
    if told:
        assert re.search(KEPT_NOTHING, told)
        assert stored(place) == before
    else:  # the trigger had nothing to do with it
        assert stored(place) != before
        place.tamper("DROP TRIGGER t")
        assert verify(place.database, place.keyring).findings == []


def test_a_table_that_ignores_a_conflict_is_refused(place: Place) -> None:
    place.tamper(
        "CREATE TABLE other (tracking VARCHAR(64) NOT NULL PRIMARY KEY ON CONFLICT IGNORE, entry INTEGER NOT NULL, "
        "record TEXT NOT NULL, signature VARCHAR(128) NOT NULL)",
        "DROP TABLE release",
        "ALTER TABLE other RENAME TO release",
    )
    with pytest.raises(RecordsError, match=r"the database was altered: the .* is (not as it was made|gone)"):
        place.finish(0)


@pytest.fixture
def url(server: object) -> Iterator[str]:
    with server.database() as made:  # type: ignore[attr-defined]
        yield made


POSTGRESQL = [
    ("ALTER TABLE consignment ADD COLUMN more TEXT", "the table consignment is not as it was made"),
    ("ALTER TABLE consignment ALTER COLUMN released DROP NOT NULL", "the table consignment is not as it was made"),
    ("ALTER TABLE consignment ALTER COLUMN released SET DEFAULT true", "the table consignment is not as it was made"),
    ("ALTER TABLE consignment ALTER COLUMN released TYPE text", "the table consignment is not as it was made"),
    ("ALTER TABLE consignment ADD CHECK (entry > 0)", "the table consignment is not as it was made"),
    ("ALTER TABLE consignment DROP CONSTRAINT consignment_entry_key CASCADE", "consignment is not as it was made"),
    ("CREATE VIEW v AS SELECT * FROM consignment", "there is something that is not ours: view 'v'"),
    ("CREATE MATERIALIZED VIEW v AS SELECT * FROM consignment", "there is something that is not ours: view 'v'"),
    ("CREATE TABLE more (x int)", "there is something that is not ours: table 'more'"),
    ("CREATE SEQUENCE more", "there is something that is not ours: sequence 'more'"),
    ("CREATE INDEX i ON audit_entry (digest, seq)", "there is something that is not ours: index 'i'"),
    ("CREATE INDEX i ON audit_entry (time) WHERE seq > 3", "there is something that is not ours: index 'i'"),
    ("CREATE RULE r AS ON UPDATE TO consignment DO INSTEAD NOTHING", "there is something that is not ours: rule 'r'"),
    (
        "ALTER TABLE consignment ENABLE ROW LEVEL SECURITY",
        "there is something that is not ours: row policy 'consignment'",
    ),
    ("CREATE TABLE child () INHERITS (consignment)", "there is something that is not ours: inheritance 'consignment'"),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
        "CREATE TRIGGER t BEFORE INSERT ON release FOR EACH ROW EXECUTE FUNCTION f()",
        "there is something that is not ours: trigger 't'",
    ),
    ("ALTER TABLE release DISABLE TRIGGER ALL", "there is something that is not ours: trigger "),
    ("DROP TABLE release", "the table release is gone"),
    ("UPDATE schema_version SET version = 3", "the tables' version is '3'"),
    ("DELETE FROM schema_version", "the tables' version is ''"),
]


@pytest.mark.process
@pytest.mark.parametrize(("statement", "told"), POSTGRESQL)
def test_what_was_done_on_a_server_is_found(url: str, tmp_path: Path, statement: str, told: str) -> None:
    database, keyring = Database(url), Keyring(tmp_path / "keys", "kiosk-1")
    load(csv(range(2)), database, keyring, "f")
    assert Desk(database, keyring, "1473 Oppsal").finish(tracking(0), GOOD, CLERK).verdict == "release"
    assert verify(database, keyring).findings == []
    with database.writing() as connection:
        connection.exec_driver_sql(statement)
    found = [str(one) for one in verify(database, keyring).findings]
    assert any(told in line for line in found), found
    database.close()


SWALLOWS_THERE = [
    "CREATE RULE r AS ON INSERT TO release DO INSTEAD NOTHING",
    "CREATE RULE r AS ON UPDATE TO audit_head DO INSTEAD NOTHING",
    "CREATE RULE r AS ON INSERT TO audit_entry DO INSTEAD NOTHING",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
    "CREATE TRIGGER t BEFORE UPDATE ON consignment FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM audit_entry; RETURN NULL; END'; "
    "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON audit_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
    "EXECUTE FUNCTION f()",
    "ALTER TABLE release RENAME TO hidden; CREATE VIEW release AS SELECT * FROM hidden",
]


@pytest.mark.process
@pytest.mark.parametrize("statement", SWALLOWS_THERE)
def test_a_server_that_swallows_what_is_written_gets_nothing(
    url: str, tmp_path: Path, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, keyring = Database(url), Keyring(tmp_path / "keys", "kiosk-1")
    load(csv(range(2)), database, keyring, "f")
    desk = Desk(database, keyring, "1473 Oppsal")
    with database.writing() as connection:
        connection.exec_driver_sql(statement)
    with pytest.raises(RecordsError, match=r"something that is not ours.*Nothing was written"):
        desk.finish(tracking(0), GOOD, CLERK)
    if "DEFERRED" not in statement and "VIEW" not in statement:
        monkeypatch.setattr(tables, "added", lambda _: None)
        with pytest.raises(RecordsError, match=KEPT_NOTHING):
            desk.finish(tracking(0), GOOD, CLERK)
    database.close()

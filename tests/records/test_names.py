"""Names of databases, keys and kiosks: a mistyped or empty one is refused, and makes nothing."""

import json
import stat
from pathlib import Path

import pytest
from desk import Place, tracking
from servers import Server
from sqlalchemy import create_engine, make_url
from troubles import told

from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.place import open_database

RUN = ["run", "--office", "Sentrum", "--port", "/dev/null"]
NAMES = ("STILLSCAN_DATABASE", "STILLSCAN_KEYS", "STILLSCAN_KIOSK")
pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize("option", ["--database", "--keys", "--kiosk"])
@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_name_is_no_default(home: Path, capsys: pytest.CaptureFixture[str], option: str, empty: str) -> None:
    for command in (["consignment", "list"], ["audit", "key"], ["audit", "verify"], RUN):
        assert main([*command, option, empty]) == 2
        assert f"{option}: is empty" in told(capsys)
    assert not home.exists()


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_variable_is_no_default(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setenv(name, "")
    assert main(["audit", "key"]) == 2
    assert f"{name}: is empty" in told(capsys)
    assert not home.exists()


def test_an_empty_database_is_refused_with_the_simulator_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--port", "sim", "--tracking", "RR123456785NO", "--database", "", "--staff", "s"]) == 2
    assert "--database: is empty" in told(capsys)


def test_a_mistyped_name_makes_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "misspelt.db"
    commands = [["consignment", "list"], ["audit", "verify"], ["audit", "purge"], RUN,
                ["check", "--port", "/dev/null", "--tracking", "RR123456785NO", "--staff", "s"]]  # fmt: skip
    for command in commands:
        assert main([*command, "--database", str(wrong)]) == 2
        assert f"'stillscan consignment import FILE --database {wrong}' makes one" in told(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_variable_names_a_database_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STILLSCAN_DATABASE", str(tmp_path / "misspelt.db"))
    assert main(RUN) == 2
    assert "there is no such database" in told(capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_import_makes_one_and_says_so(tmp_path: Path, letters: str, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "a" / "records.db"
    assert main(["consignment", "import", letters, "--database", str(place), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["new"] == 3
    assert err == f"stillscan: {place}: a new database was made\n"
    assert main(["consignment", "import", letters, "--database", str(place)]) == 0
    assert capsys.readouterr().err == ""
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@pytest.mark.slow
def test_the_default_place_of_a_fresh_installation_works(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As far as the clerk who is not there: `check` makes the default database, and a named one with an option."""
    check = ["check", "--port", "/dev/null", "--tracking", tracking(0), "--staff", "s"]
    assert main(check) == 2
    made = home / "stillscan" / "records.db"
    assert capsys.readouterr().err.splitlines()[0] == f"stillscan: {made}: a new database was made"
    assert main([*check, "--database", str(home / "x.db"), "--new-database"]) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"stillscan: {home / 'x.db'}: a new database was made"
    assert main(check) == 2
    assert "made" not in told(capsys)


def test_a_file_of_letters_that_cannot_go_in_makes_no_database(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(b"x,y\n1,2\n")
    assert main(["consignment", "import", str(tmp_path / "f.csv"), "--database", str(tmp_path / "records.db")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]


def test_a_mistyped_folder_of_keys(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--database", str(place.path), "--keys", str(tmp_path / "kyes")]
    for command in (["audit", "verify"], ["consignment", "list"], RUN):
        assert main([*command, *at]) == 2
        assert "there is no such folder of keys; 'stillscan audit key' makes one" in told(capsys)
    assert not (tmp_path / "kyes").exists()


@pytest.mark.parametrize("where", [":memory:", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true", "file:x"])
def test_records_are_never_in_memory(where: str) -> None:
    with pytest.raises(InputError, match="kept in a file, not in memory"):
        Database(where)


def test_an_empty_file_is_no_database(tmp_path: Path, letters: str, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "records.db"
    place.touch()
    assert main(["audit", "verify", "--database", str(place)]) == 2
    assert "there is no such database, or nothing in it" in told(capsys)
    assert place.read_bytes() == b""
    assert main(["consignment", "import", letters, "--database", str(place)]) == 0


@pytest.mark.process
def test_an_empty_server_is_no_database(
    server: Server, tmp_path: Path, letters: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ["--keys", str(tmp_path / "keys")]
    with server.database() as url:
        assert main(["audit", "verify", "--database", url]) == 2
        assert "there is no such database, or nothing in it" in told(capsys)
        assert main(["consignment", "import", letters, "--database", url, *keys]) == 0
        assert "a new database was made" in capsys.readouterr().err
        assert main(["audit", "verify", "--database", url, *keys]) == 0
        assert main(["audit", "verify", "--database", url.replace("/test_", "/no_"), *keys]) == 4
        assert "there is no such user or database on the server" in told(capsys)


@pytest.mark.process
def test_a_user_who_may_not_use_a_server_is_told_so(server: Server) -> None:
    admin = create_engine(server.url, isolation_level="AUTOCOMMIT")
    with server.database() as url, admin.connect() as connection:
        name = make_url(url).database
        connection.exec_driver_sql("CREATE ROLE somebody NOLOGIN")
        try:
            with pytest.raises(RecordsError, match="does not take this user or password"):
                Database(url.replace("test@", "somebody@"))
            connection.exec_driver_sql("ALTER ROLE somebody LOGIN")
            connection.exec_driver_sql(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
            with pytest.raises(RecordsError, match="this user has no right to it on the server"):
                Database(url.replace("test@", "somebody@"))
        finally:
            connection.exec_driver_sql("DROP ROLE somebody")
    admin.dispose()


@pytest.mark.process
def test_plain_postgresql_urls_are_taken(server: Server) -> None:
    with server.database() as url:
        Database(url.replace("postgresql+psycopg://", "postgresql://")).close()


def test_python_makes_no_database_that_was_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STILLSCAN_DATABASE", str(tmp_path / "misspelt.db"))
    with pytest.raises(InputError, match="there is no such database"):
        open_database()
    assert list(tmp_path.iterdir()) == []
    open_database(create=True).close()
    open_database().close()


@pytest.mark.parametrize("days", ["0", "-3", "3651", "x"])
def test_a_retention_that_cannot_be_is_told_by_its_option(days: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["audit", "purge", "--days", days])
    assert f"--days: '{days}' is not a whole number from 1 to 3650" in capsys.readouterr().err

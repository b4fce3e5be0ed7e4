"""A PostgreSQL server on another computer: TLS with verification or nothing, and no password where others see it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import tls
from troubles import told

from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.records.database import Database, parse_place
from stillscan.records.errors import RecordsError
from stillscan.records.server_url import holds_password, is_local

PASSWORD = "hunter2-not-in-a-message"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this computer's own says how to reach a server."""
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSSLMODE", "PGSSLROOTCERT", "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u@/db",
        "postgresql+psycopg://u@localhost/db",
        "postgresql+psycopg://u@LOCALHOST:5433/db",
        "postgresql+psycopg://u@127.0.0.1/db",
        "postgresql+psycopg://u@127.8.8.8/db",
        "postgresql+psycopg://u@[::1]:5432/db",
        "postgresql+psycopg://u@/db?host=/var/run/postgresql",
        "postgresql+psycopg://u@/db?host=localhost:5432&host=127.0.0.1:5433",
    ],
)
def test_on_this_computer_nothing_is_asked_for(url: str) -> None:
    assert is_local(parse_place(url))
    assert "sslmode" not in parse_place(url).query


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u@db.example.no/db",
        "postgresql://u@10.0.0.7/db",
        "postgresql+psycopg://u@localhost.example.no/db",
        "postgresql+psycopg://u@127.0.0.1.example.no/db",
        "postgresql+psycopg://u@/db?host=db.example.no",
        "postgresql+psycopg://u@/db?host=localhost&host=db.example.no",
        "postgresql+psycopg://u@localhost/db?hostaddr=10.0.0.7",
        "postgresql+psycopg://u@/db?service=office",
        "postgresql+psycopg://u@[2001:db8::1]/db",
    ],
)
def test_on_another_computer_it_is_verified_tls_or_nothing(url: str) -> None:
    query = parse_place(url).query
    assert (query["sslmode"], query["gssencmode"]) == ("verify-full", "disable")
    more = "&" if "?" in url else "?"
    for weak in ("disable", "allow", "prefer", "require", "verify-ca"):
        with pytest.raises(InputError, match="a server on another computer needs verify-full"):
            parse_place(f"{url}{more}sslmode={weak}")
    with pytest.raises(InputError, match="twice"):
        parse_place(f"{url}{more}sslmode=verify-full&sslmode=disable")
    with pytest.raises(InputError, match="gssencmode is left out"):
        parse_place(f"{url}{more}gssencmode=prefer")


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE"])
def test_the_environment_says_where_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "10.0.0.7")
    assert parse_place("postgresql+psycopg://u@/db").query["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql+psycopg://u:p@h/db", True),
        ("postgresql://u:@h/db", True),
        ("postgresql://h/db?password=p", True),
        ("postgresql://h/db?sslmode=verify-full&PASSWORD=p", True),
        ("postgresql://h/db?sslpassword=p", True),
        ("postgresql://u:p%40x@h/db", True),
        ("postgresql://u@h:5432/db", False),
        ("postgresql://u@[::1]:5432/db", False),
        ("/var/lib/a:b@c.db", False),
        ("records.db", False),
    ],
)
def test_a_password_is_seen_in_any_form(text: str, expected: bool) -> None:
    assert holds_password(text) == expected


def test_no_password_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for command in (["audit", "verify"], ["consignment", "list"], ["clock", "show"], ["run", "--port", "sim"]):
        assert main([*command, "--database", f"postgresql+psycopg://u:{PASSWORD}@localhost:1/db"]) == 2
        line = told(capsys)
        assert "PGPASSFILE" in line
        assert PASSWORD not in line


@pytest.mark.slow
def test_a_password_from_the_environment_is_in_no_message(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in (
        f"postgresql+psycopg://u:{PASSWORD}@localhost:1/db",
        f"postgresql+psycopg://u@localhost:1/db?password={PASSWORD}",
        f"postgresql+psycopg://u@localhost:1/db?sslpassword={PASSWORD}",
    ):
        monkeypatch.setenv("STILLSCAN_DATABASE", url)
        assert main(["audit", "verify", "--keys", str(tmp_path)]) == 4
        line = told(capsys)
        assert "the server cannot be reached" in line
        assert PASSWORD not in line


@pytest.mark.slow
def test_a_configuration_that_tells_everybody_the_password_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(f'port = "sim"\ndatabase = "postgresql+psycopg://u:{PASSWORD}@localhost:1/db"\n', encoding="utf-8")
    file.chmod(0o644)
    assert main(["run", "--config", str(file)]) == 2
    line = told(capsys)
    assert f"chmod 640 {file}" in line
    assert PASSWORD not in line
    file.chmod(0o640)
    assert main(["run", "--config", str(file)]) == 4
    line = told(capsys)
    assert "the server cannot be reached" in line
    assert PASSWORD not in line


# --- a real server ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[tls.TlsServer]:
    with tls.serving() as one:
        if one is None:
            pytest.skip(tls.MISSING)
        yield one


@pytest.mark.process
def test_a_server_whose_certificate_is_right_is_spoken_to(
    server: tls.TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")  # the environment does not make it weaker
    database = Database(server.url(tls.NAME, server.authority))
    with database.reading() as connection:
        question = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert connection.exec_driver_sql(question).scalar_one() is True
    database.close()


@pytest.mark.process
def test_any_other_server_is_not(server: tls.TlsServer, tmp_path: Path) -> None:
    tls.Authority().write(tmp_path / "other.pem")
    for url, expected in (
        (server.url(tls.NAME, None), "the URL names the file of the authority"),
        (server.url(tls.NAME, tmp_path / "other.pem"), "not of the authority that is trusted here"),
        (server.url("elsewhere.example", server.authority), "of another name than the URL's"),
    ):
        with pytest.raises(RecordsError, match=expected) as error:
            Database(url)
        assert "\n" not in str(error.value)
    with server.without_tls(), pytest.raises(RecordsError, match="the server has no TLS"):
        Database(server.url(tls.NAME, server.authority))


@pytest.mark.process
def test_a_server_that_takes_the_connection_and_says_nothing_is_given_up(tmp_path: Path) -> None:
    """Before any TLS: nothing limits it but we."""
    tls.Authority().write(tmp_path / "ca.pem")
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(silent.accept()[0]), daemon=True).start()
        with pytest.raises(RecordsError, match="the server does not answer"):
            Database(tls.url(tls.NAME, port, tmp_path / "ca.pem"), wait_s=1.0)
        for one in held:
            one.close()

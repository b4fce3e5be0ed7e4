"""Fixtures of the tests of records, and the module beside them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import desk
import servers
import staffed

from stillscan.records import clock as clocks


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> desk.Clock:
    """The computer's clock, at desk.NOW. Tests of other things may let years pass at once (tests of clocks do not)."""
    clock = desk.Clock()
    monkeypatch.setattr(clocks, "_system", desk.FakeComputer(clock))
    monkeypatch.setattr(clocks.ClockRules.__new__, "__defaults__", (clocks.MOST_AHEAD_DAYS, False))
    return clock


@pytest.fixture
def place(tmp_path: Path) -> Iterator[desk.Place]:
    """Three letters and a desk."""
    place = desk.Place(tmp_path)
    yield place
    place.database.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[staffed.Office]:
    """A clerk and a supervisor."""
    made = staffed.Office(tmp_path)
    yield made
    made.place.database.close()


@pytest.fixture(scope="session")
def server() -> Iterator[servers.Server]:
    """A PostgreSQL server."""
    with servers.serving() as one:
        if one is None:
            pytest.skip(servers.MISSING)
        yield one


@pytest.fixture
def own_server(server: servers.Server) -> Iterator[servers.Server]:
    """A PostgreSQL server that a test may stop; afterwards it goes on."""
    if server.folder is None:
        pytest.skip("a server that somebody else started is not stopped")
    try:
        yield server
    finally:
        server.go_on()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with no records yet."""
    for name in ("STILLSCAN_DATABASE", "STILLSCAN_KEYS", "STILLSCAN_KIOSK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def letters(tmp_path: Path) -> str:
    """A file of three letters."""
    (tmp_path / "letters.csv").write_bytes(desk.csv(range(3)))
    return str(tmp_path / "letters.csv")

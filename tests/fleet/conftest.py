"""Fixtures of the tests of the fleet, and the module beside them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parent.parent / "records"))

import servers
from kiosks import Kiosk

from stillscan.errors import EnvironmentTroubleError
from stillscan.fleet.nkey import new_seed, public_of
from stillscan.fleet.offices import Office
from stillscan.fleet.servers import Server, User, local, program, started
from stillscan.fleet.store import Store


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.Server]:
    """A PostgreSQL server."""
    with servers.serving() as one:
        if one is None:
            pytest.skip(servers.MISSING)
        yield one


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str | Path]:
    """Where the state of a centre is to be: a file, or a database of PostgreSQL where a test says so."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield tmp_path / "centre.db"
        return
    with request.getfixturevalue("postgresql").database() as url:
        yield url


@pytest.fixture
def store(place: str | Path) -> Iterator[Store]:
    """The state of a centre, with nobody enrolled."""
    store = Store(place)
    yield store
    store.close()


@pytest.fixture
def kiosk(store: Store) -> Kiosk:
    """One kiosk that is enrolled."""
    kiosk = Kiosk("oslo-1")
    kiosk.enrol(store)
    return kiosk


@pytest.fixture(scope="session")
def nats_is_here() -> None:
    """Skips where nats-server is not."""
    try:
        program()
    except EnvironmentTroubleError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def two(nats_is_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Office, Office, str]]:
    """A server, two offices that it knows, and a centre's seed."""
    folder, seed = tmp_path_factory.mktemp("two"), new_seed()
    offices = [Office(folder / str(number), number, 10) for number in (1, 2)]
    users = [*(one.user for one in offices), User(public_of(seed), None)]
    with started(local(folder / "server", users)) as server:
        yield server, offices[0], offices[1], seed
    for one in offices:
        one.close()

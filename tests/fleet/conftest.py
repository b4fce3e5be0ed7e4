"""Fixtures of the tests of the fleet, and the module beside them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parent.parent / "records"))

import servers
from kiosks import Kiosk

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

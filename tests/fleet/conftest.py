"""Fixtures of the tests of the fleet, and the module beside them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from kiosks import Kiosk

from stillscan.fleet.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The state of a centre, with nobody enrolled."""
    store = Store(tmp_path / "centre.db")
    yield store
    store.close()


@pytest.fixture
def kiosk(store: Store) -> Kiosk:
    """One kiosk that is enrolled."""
    kiosk = Kiosk("oslo-1")
    kiosk.enrol(store)
    return kiosk

"""The page as commands serve it: people and tokens of the centre's own records, and rounds beside it."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from fleets import with_a_bad_series

from stillscan.fleet.serving import serving
from stillscan.fleet.store import Store
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.staff import Role, StaffList
from stillscan.records.tokens import Scope, TokenList

pytestmark = pytest.mark.slow


def test_people_and_programs_of_the_centre_are_let_in(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_bad_series(store)
    database, keyring = Database(tmp_path / "records.db"), Keyring(tmp_path / "keys", "centre")
    StaffList(database, keyring).add("sol", Role.SUPERVISOR, "2580 blue")
    shown = TokenList(database, keyring).add("grafana", [Scope.STATES])
    with serving(store, database, keyring, 0, "en") as page, httpx2.Client(follow_redirects=True) as client:
        assert "/signin" in str(client.get(page.address()).url)
        client.post(f"{page.url}/signin", data={"staff": "sol", "pin": "2580 blue"})
        assert "UTO P 2031" in client.get(f"{page.url}/series").text
        metrics = client.get(f"{page.url}/api/v1/metrics", headers={"Authorization": f"Bearer {shown}"})
        assert "stillscan_kiosks" in metrics.text
    database.close()

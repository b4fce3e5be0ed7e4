"""The chain that the bench of records measures is whole, with letters that went and personal parts that are gone."""

from pathlib import Path

import pytest
from bench import records_bulk
from bench.crash import CLERK, PASSED, number, open_place

from stillscan.records.release import Desk
from stillscan.records.verification import verify

pytestmark = pytest.mark.slow


def test_what_is_written_in_bulk_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_bulk, "_BLOCK", 20)
    monkeypatch.setattr(records_bulk, "_KEPT", 30)
    records_bulk.fill(tmp_path, 110)
    database, keyring = open_place(tmp_path)
    found = verify(database, keyring)
    assert (found.findings, found.entries) == ([], 110)
    with database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM audit_entry WHERE personal IS NOT NULL").scalar()
        last = connection.exec_driver_sql("SELECT count(*) FROM consignment").scalar()
    assert kept is not None
    assert last is not None
    assert 20 < kept < 40
    desk = Desk(database, keyring, "1473 Oppsal")
    assert "already_released" in desk.finish(number(0), PASSED, CLERK).reasons
    assert "already_released" not in desk.finish(number(last - 1), PASSED, CLERK).reasons
    database.close()

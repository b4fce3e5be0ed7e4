"""Kiosks and centres by their commands: cards, users, and what a kiosk tells."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from stillscan.cli import main
from stillscan.commands.to_centre import NoCentre, ToCentre, centre_of
from stillscan.fleet.store import Store
from stillscan.fleet.tables import KIOSK
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.technician.room import Job

pytest.importorskip("nats")


@pytest.fixture
def kiosk(tmp_path: Path) -> list[str]:
    """The options of a kiosk."""
    return ["--database", str(tmp_path / "r.db"), "--kiosk", "oslo-1"]


def carded(kiosk: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The file with a kiosk's card."""
    assert main(["fleet", "key", *kiosk]) == 0
    card = tmp_path / "card.json"
    card.write_text(capsys.readouterr().out)
    return card


@pytest.mark.slow
def test_a_kiosk_is_enrolled_by_its_card_and_known_to_the_servers(
    kiosk: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card, state, users = carded(kiosk, tmp_path, capsys), ["--state", str(tmp_path / "c.db")], tmp_path / "users.conf"
    assert main(["fleet", "enrol", str(card), "--office", "0001 Oslo", *state]) == 0
    centre = ["--database", str(tmp_path / "centre-records.db"), "--kiosk", "centre", "--out", str(users)]
    assert main(["fleet", "users", *state, *centre]) == 0
    nkey = json.loads(card.read_text())["nkey"]
    assert f"nkey: {nkey}, permissions" in users.read_text()
    assert '["stillscan.events.oslo-1", "stillscan.receipts.oslo-1"]' in users.read_text()
    store = Store(tmp_path / "c.db")
    with store.reading() as connection:
        assert connection.execute(select(KIOSK.c.kiosk, KIOSK.c.office)).all() == [("oslo-1", "0001 Oslo")]
    store.close()
    assert main(["fleet", "revoke", "oslo-1", *state]) == 0
    assert main(["fleet", "users", *state, *centre]) == 0
    assert nkey not in users.read_text()
    capsys.readouterr()
    assert main(["fleet", "revoke", "oslo-9", *state]) == 2
    assert capsys.readouterr().err == "stillscan: oslo-9: is not enrolled\n"


@pytest.mark.parametrize(
    "card", ["", "{}", "[]", '{"kiosk": 1, "public_key": "x", "nkey": "y"}', "[" * 9000, "x" * 70000]
)
def test_what_is_no_card_is_refused_in_a_line(card: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "card").write_text(card)
    assert main(["fleet", "enrol", str(tmp_path / "card"), "--office", "x", "--state", str(tmp_path / "c.db")]) == 2
    assert "is no card" in capsys.readouterr().err


def test_a_centre_that_is_not_there_is_not_made_by_a_slip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "revoke", "oslo-1", "--state", str(tmp_path / "c.db")]) == 2
    assert "there is no state of a centre" in capsys.readouterr().err
    assert not (tmp_path / "c.db").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--fleet", "nats://example.org:4222"], "tls:// for another computer"),
        (["--fleet", "http://x"], "a server is named as tls://"),
        (["--fleet", "tls://user:secret@x"], "without name and password"),
        (["--fleet", "tls://x:99999"], "a server is named as"),
        (["--fleet", ","], "name a server"),
        (["--fleet-authority", "x"], "goes with --fleet"),
        (["--fleet-centre", "x"], "goes with --fleet"),
        (["--fleet", "tls://x", "--fleet-centre", __file__], "is no public key"),
        (["--fleet", "tls://x", "--once"], "goes with the clerk's page"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_before_anything_starts(
    options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--port", "sim", *options]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert "secret" not in told


def test_what_technicians_find_is_told_by_codes_and_numbers(tmp_path: Path) -> None:
    database, keyring = Database(tmp_path / "r.db"), Keyring(tmp_path / "keys", "oslo-1")
    args = argparse.Namespace(fleet="nats://127.0.0.1:1", fleet_authority=None, fleet_centre=None, office="0001 Oslo")
    centre = centre_of(args, database, keyring)
    assert isinstance(centre, ToCentre)
    assert type(centre_of(argparse.Namespace(fleet=None), database, keyring)) is NoCentre
    now = datetime(2026, 11, 29, tzinfo=UTC)

    def job(name: str, **result: Any) -> Job:
        return Job(name, "Åse Østenbyen", now, result=result)

    centre.looked(job("look", spots=[{"hurts": 0.9}, {"hurts": 0.1}]))
    parts = [{"part": "lamp", "ok": True}, {"part": "lamp", "ok": False}, {"part": "carriage", "ok": True}]
    centre.looked(job("test", parts=parts))
    centre.looked(job("calibrate"))
    centre._health_and_head()
    told = [json.loads(row.body) for row in centre._outbox.waiting(0, 9)]
    assert [(one["kind"], one["data"]["counts"], one["data"]["codes"]) for one in told] == [
        ("dirt", {"spots": 2, "hurts": 1}, {}),
        ("calibration", {}, {"lamp": "weak", "carriage": "sound"}),
        ("service", {}, {"task": "calibrate"}),
        ("health", {}, {}),
    ]
    database.close()

"""A database that was put back together with everything beside it is found by what the kiosk told its centre."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kiosks import NOW

from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.fleet.batch import Arrived
from stillscan.fleet.events import HeadData, parse
from stillscan.fleet.issuer_report import report
from stillscan.fleet.offices import BAD, Office, Passport
from stillscan.fleet.store import Store
from stillscan.fleet.witness import ends
from stillscan.records.audit import head_of
from stillscan.records.keyring import Keyring
from tests.covering import examples

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An office whose database and keys were put back to before its last two checks; and the centre's state."""
    office, store = Office(tmp_path / "office", 1, 3), Store(tmp_path / "c.db")
    office.enrol(store)
    dice = random.Random(1)
    office.serve(Passport(BAD, True), dice)
    with office._database.reading() as connection:
        head = head_of(connection)
    assert head is not None
    office.outbox.tell("head", NOW, HeadData(seq=head.seq, digest=head.digest))
    office.close()
    shutil.copytree(tmp_path / "office", tmp_path / "before")
    for read in (False, True):
        office.serve(Passport(BAD, read), dice)
    rows = office.outbox.waiting(0, 100)
    store.take([Arrived(parse(row.body), row.body, row.signature) for row in rows], NOW)
    office.close()
    store.close()
    return tmp_path


def verified(folder: Path, office: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    """What audit verify says of an office."""
    place = ["--database", str(folder / office / "records.db"), "--keys", str(folder / office / "keys")]
    code = main(["audit", "verify", *place, "--kiosk", "kiosk-0001", *more])
    return code, capsys.readouterr().out


def test_what_was_put_back_is_found_by_the_witness(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heads = str(folder / "heads.jsonl")
    assert main(["fleet", "heads", "kiosk-0001", "--state", str(folder / "c.db"), "--out", heads]) == 0
    assert verified(folder, "office", capsys, "--witness", heads)[0] == 0
    assert verified(folder, "before", capsys)[0] == 0  # it agrees with itself
    code, said = verified(folder, "before", capsys, "--witness", heads)
    assert code == 1
    assert "the centre" in said


def test_a_witness_that_was_altered_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keyring = Keyring(folder / "office" / "keys", "kiosk-0001")
    main(["fleet", "heads", "kiosk-0001", "--state", str(folder / "c.db")])
    first, last = capsys.readouterr().out.splitlines()
    assert len(ends("x", f"{first}\n{last}".encode(), keyring)) == 2
    altered = first.replace('\\"seq\\":', '\\"seq\\":1')
    for content in (altered, first[:-3], "", "{}", json.dumps({"seq": 1, "digest": "x"}), "[" * 5000):
        with pytest.raises(InputError):
            ends("x", content.encode(), keyring)
    assert main(["fleet", "heads", "kiosk-9", "--state", str(folder / "c.db")]) == 2


def test_a_witness_of_another_kiosk_accuses_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["fleet", "heads", "kiosk-0001", "--state", str(folder / "c.db")])
    lines = capsys.readouterr().out.splitlines()
    other = Keyring(folder / "other", "kiosk-0002")
    other.public_pem()
    for line in lines:
        with pytest.raises(InputError, match=r"is of kiosk-0001, .* 'stillscan fleet heads kiosk-0002'"):
            ends("x", line.encode(), other)
    nameless = {name: value for name, value in json.loads(lines[-1]).items() if name != "kiosk"}
    with pytest.raises(InputError, match="is nothing that"):
        ends("x", json.dumps(nameless).encode(), other)


@settings(deadline=None, max_examples=examples(50))
@given(st.binary(max_size=200))
def test_any_file_is_a_witness_or_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        ends("x", content, Keyring(Path("nowhere"), "kiosk-0001"))


def test_the_report_is_signed_and_counts_as_the_chain_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    month = f"{parse_hour(folder):.7}"
    centre = ["--database", str(folder / "own.db"), "--kiosk", "centre"]
    assert main(["fleet", "report", "--month", month, "--test", "--state", str(folder / "c.db"), *centre]) == 0
    told = json.loads(capsys.readouterr().out)
    keyring = Keyring(folder / "own.db.keys", "centre")
    assert keyring.signed("centre", "fleet report 1", told["report"].encode(), told["signature"])
    facts = json.loads(told["report"])
    office = Office(folder / "office", 1, 0)
    recorded = office.recorded()
    office.close()
    (kiosk,) = facts["kiosks"]
    assert (facts["checks"], facts["verdicts"], facts["series"]) == (3, {"needs_second_document": 2, "rescan": 1}, [])
    assert (kiosk["first_entry"], kiosk["last_entry"], kiosk["checks"]) == (min(recorded), max(recorded), len(recorded))
    assert "chain_went_back" not in kiosk
    store = Store(folder / "c.db")  # the database is put back, and its chain ends sooner
    again = Office(folder / "before", 1, 0)
    again.outbox.tell("head", NOW, HeadData(seq=1, digest="0" * 64))
    row = again.outbox.waiting(0, 100)[-1]
    event = parse(row.body)._replace(n=99)
    store.take([Arrived(event, row.body, row.signature)], NOW)
    with store.reading() as connection:
        (kiosk,) = report(connection, month, test=True)["kiosks"]
    assert (kiosk["checks"], kiosk["chain_went_back"]) == (3, True)
    again.close()
    store.close()
    assert main(["fleet", "report", "--month", "2026-13", "--state", str(folder / "c.db"), *centre]) == 2


def parse_hour(folder: Path) -> str:
    """The hour in which the checks were."""
    from sqlalchemy import func, select

    from stillscan.fleet.tables import CHECK

    store = Store(folder / "c.db")
    with store.reading() as connection:
        hour = connection.scalar(select(func.max(CHECK.c.hour)))
    store.close()
    return str(hour)

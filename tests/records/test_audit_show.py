"""`audit show` names who decided, as what, who had begun, and by which scanner."""

import json
from dataclasses import replace

import pytest
from desk import GOOD, Place, paired, tracking

from stillscan.cli import main
from stillscan.records import changes
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Person, Role
from stillscan.records.tokens import Scope, TokenList

pytestmark = pytest.mark.slow


@pytest.fixture
def office(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("STILLSCAN_DATABASE", str(place.path))
    monkeypatch.setenv("STILLSCAN_KEYS", str(place.keyring.folder))
    monkeypatch.setenv("STILLSCAN_KIOSK", place.keyring.kiosk)
    return place


def shown(capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """The last line of it."""
    capsys.readouterr()
    assert main(["audit", "show", *more]) == 0
    return capsys.readouterr().out.splitlines()[-1]


def test_a_check(office: Place, capsys: pytest.CaptureFixture[str]) -> None:
    scanner = paired(office.database, office.keyring)
    began = Person("berit", Role.CLERK)
    office.desk.finish(tracking(1), replace(GOOD, scanner=scanner), office.clerk, began_by=began)
    line = shown(capsys)
    assert line.endswith(f"ok  by staff-7 (clerk)  begun by berit  scanner {scanner.scanner} (rpi_pico)")
    facts = json.loads(shown(capsys, "--json"))
    assert (facts["staff"], facts["role"], facts["began_by"]) == ("staff-7", "clerk", "berit")
    assert facts["scanner"]["id"] == scanner.scanner


def test_changes_accounts_and_scanners(office: Place, capsys: pytest.CaptureFixture[str]) -> None:
    boss = office.supervisor()
    changes.record(changes.withdrawal("lost"), tracking(1), boss, office.database, office.keyring)
    assert shown(capsys).endswith(f"withdrawal  {tracking(1)}  by boss")
    TokenList(office.database, office.keyring).add("erp", [Scope.LETTERS])
    assert shown(capsys).endswith("token  erp  add")
    scanner = paired(office.database, office.keyring).scanner
    assert scanner is not None
    assert shown(capsys).endswith(f"pairing  pair  scanner {scanner}")
    Scanners(office.database, office.keyring).revoke(scanner, "tor")
    assert shown(capsys).endswith(f"pairing  revoke  by tor  scanner {scanner}")

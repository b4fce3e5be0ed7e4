"""`stillscan scanner calibrate`: flow scale, test card, axes; what is kept, by whom, and when the next is due."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.technician.calibrations import CARD, FLOW, KINDS, Calibrated, Calibrations, next_due

from .test_service_command import PIN, office, typed

pytestmark = pytest.mark.slow

__all__ = ["office"]
NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


def done(kind: str = FLOW, when: str = "2026-11-20T10:00:00+00:00", scale: int = 2000) -> Calibrated:
    return Calibrated(kind, when, "kari", 31.0, {"flow_scale": scale, "former": 1990})


# --- what is kept -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_is_kept_comes_back_and_the_oldest_goes(tmp_path: Path) -> None:
    known = Calibrations(tmp_path / "new" / "calibrations.json")
    assert known.of("01") == []
    for number in range(25):
        known.note("01", done(scale=2000 + number))
        known.note("02", done(CARD))
    assert len(known.of("01")) == 20
    last = known.last("01", FLOW)
    assert last is not None
    assert last.values["flow_scale"] == 2024
    assert known.last("01", CARD) is None
    assert Calibrations(None).of("01") == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"01": 7}', b'{"01": [{"kind": "flow"}]}', b"\xff", b"[" * 9000])
def test_a_damaged_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "calibrations.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        Calibrations(file).of("01")


def test_when_the_next_is_due_and_why() -> None:
    for kind in KINDS:
        assert next_due(None, kind, NOW).startswith("due: ")
    assert next_due(done(), FLOW, NOW, 2000) == "2027-11-20, a year after the last"
    assert "flow_scale is 1900" in next_due(done(), FLOW, NOW, 1900)
    assert next_due(done(when="2024-01-01T00:00:00+00:00"), FLOW, NOW, 2000).startswith("due: it was on 2024-12-31")


# --- at the scanner ---------------------------------------------------------------------------------------------------


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, object]:
    assert main(["scanner", *arguments, "--port", "sim", "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


@pytest.mark.slow
@pytest.mark.process
def test_the_flow_scale_of_a_slid_card_is_set_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ("--folder", str(tmp_path))
    for fault, scale in (((), 2000), (("--fault", "flow-scale"), 1800)):
        found = said(capsys, "calibrate", "--flow", *folder, *fault)
        values = found["values"]
        assert isinstance(values, dict)
        assert values["flow_scale"] == pytest.approx(scale, rel=0.01)
        assert values["former"] == 2000
    back = said(capsys, "calibrate", "--flow", "--back", *folder)
    assert back["values"] == {"flow_scale": 2000, "former": 2000}, "a simulated scanner is new each time"


@pytest.mark.slow
@pytest.mark.process
def test_card_axes_and_strip_and_what_info_says_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ("--folder", str(tmp_path))
    card = said(capsys, "calibrate", "--card", *folder)
    axes = said(capsys, "calibrate", "--axes", *folder)
    strip = said(capsys, "calibrate", *folder)
    assert card["wrong"] is None
    values = [found["values"] for found in (card, axes, strip)]
    assert all(isinstance(one, dict) for one in values)
    assert values[0]["row pitch"] == pytest.approx(236.2, abs=0.3)  # type: ignore[index]
    assert values[1]["up"] == "+z"  # type: ignore[index]
    assert set(values[2]) == {"dark level", "infrared level", "white level"}, "of both lamps"  # type: ignore[arg-type]
    kept = {one["kind"]: one for one in said(capsys, "info", *folder)["calibrations"]}  # type: ignore[attr-defined]
    assert kept["card"]["values"] == values[0]
    assert kept["axes"]["next"].endswith("a year after the last")
    assert kept["flow"]["when"] is None
    assert kept["flow"]["next"].startswith("due: ")
    assert kept["strip"]["when"] is None, "this simulated scanner was started anew"
    assert main(["scanner", "info", "--port", "sim", *folder]) == 0
    assert "a year after the last" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.process
def test_a_scanner_without_a_former_calibration_is_a_slip_and_no_trouble_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["scanner", "calibrate", "--back", "--port", "sim", "--language", "nn"]) == 2
    assert capsys.readouterr().err.endswith("det finst inga førre kalibrering å gå tilbake til\n")


@pytest.mark.slow
@pytest.mark.process
def test_who_has_signed_in_stands_in_the_audit_chain(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["scanner", "calibrate", "--axes", "--port", "sim", "--json", "--folder", str(office)]
    assert typed(monkeypatch, f"{PIN}\n", *args, "--staff", "kari") == 0
    assert json.loads(capsys.readouterr().out)["entry"] == 3
    assert typed(monkeypatch, f"{PIN}\n", *args, "--staff", "anna") == 1
    capsys.readouterr()
    assert main(["audit", "show"]) == 0
    assert "calibration-axes-" in capsys.readouterr().out
    assert main(["audit", "verify"]) == 0


def test_what_does_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["--card", "--back"], ["--axes", "--back"]):
        assert main(["scanner", "calibrate", "--port", "sim", *wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1

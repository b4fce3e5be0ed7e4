"""`stillscan consignment` and `stillscan audit`: what they print, and their exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from desk import GOOD, Place, csv, tracking

from stillscan.cli import main
from stillscan.records.exchanging import rotate
from stillscan.records.place import default_kiosk

DOCS = Path(__file__).parents[2] / "host_tools" / "docs" / "records.md"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLSCAN_DATABASE", str(tmp_path / "records.db"))
    monkeypatch.setenv("STILLSCAN_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("STILLSCAN_KIOSK", "kiosk-1")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


@pytest.mark.slow
def test_import_list_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.csv").write_bytes(csv(range(2)))
    assert main(["consignment", "import", str(tmp_path / "f.csv")]) == 0
    assert lines(capsys) == [f"{tmp_path / 'f.csv'}: 2 imported, 0 there already"]
    assert main(["consignment", "import", str(tmp_path / "f.csv"), "--json"]) == 0
    assert json.loads(lines(capsys)[0]) == {"new": 0, "unchanged": 2}
    assert main(["consignment", "list", "--json", "--office", "1473 Oppsal"]) == 0
    listed = [json.loads(line) for line in lines(capsys)]
    assert [letter["tracking"] for letter in listed] == [tracking(0), tracking(1)]
    assert "recipient" not in listed[0]
    assert main(["consignment", "list", "--released"]) == 0
    assert lines(capsys) == []
    assert main(["consignment", "show", tracking(1).lower(), "--json"]) == 0
    assert json.loads(lines(capsys)[0])["recipient"] == "Åse Østenbyen"
    assert main(["consignment", "show", tracking(7)]) == 1
    assert main(["consignment", "show", "RR1"]) == 2


def test_errors_are_all_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(csv(range(1)) + b"\nx\ny")
    assert main(["consignment", "import", str(path), "--json"]) == 2
    out, err = capsys.readouterr()
    told = [f"{path}:{n}: has 1 fields, the header 5" for n in (3, 4)]
    assert err.splitlines() == [f"stillscan: {told[0]}", told[1], f"{path}: nothing was imported (2 errors)"]
    assert [error["line"] for error in json.loads(out)["errors"]] == [3, 4]
    assert main(["consignment", "import", str(tmp_path / "none.csv")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_without_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["consignment", "list"], ["audit", "verify"], ["audit", "show"], ["audit", "export"]):
        assert main(command) == 2
        assert "there is no such database" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_show_and_verify(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.finish(1)
    assert main(["audit", "show", "--tracking", tracking(1)]) == 0
    shown = lines(capsys)
    assert [line.split()[3] for line in shown] == ["consignment", "check"]
    assert shown[1].endswith(f"check  {tracking(1)}  release  ok  by staff-7 (clerk)")
    assert main(["audit", "show", "--last", "1", "--json"]) == 0
    assert json.loads(lines(capsys)[0])["seq"] == 4
    assert main(["audit", "show", "--last", "-1"]) == 2
    assert main(["audit", "verify"]) == 0
    whole, end = lines(capsys)
    assert whole == "whole: 4 entries by kiosk-1"
    assert main(["audit", "verify", "--end", end.removeprefix("its end: ")]) == 0
    place.tamper("DELETE FROM release", "UPDATE audit_entry SET body = '{}' WHERE seq = 2")
    capsys.readouterr()
    assert main(["audit", "verify"]) == 1
    assert lines(capsys)[0] == "entry 2: its contents do not fit its digest"
    assert main(["audit", "verify", "--json"]) == 1
    found = json.loads(lines(capsys)[0])
    assert found["whole"] is False
    assert found["findings"][0] == {"entry": 2, "what": "its contents do not fit its digest", "tracking": None}
    assert main(["audit", "show"]) == 0
    assert "     2  cannot be read; run 'stillscan audit verify'" in lines(capsys)
    with pytest.raises(SystemExit, match="2"):
        main(["audit", "verify", "--end", "x"])


def test_keys_and_purge(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "key"]) == 0
    pem = capsys.readouterr().out
    (tmp_path / "kiosk-9.pub").write_text(pem, encoding="ascii")
    assert main(["audit", "key", "--trust", str(tmp_path / "kiosk-9.pub")]) == 0
    assert (place.keyring.folder / "kiosk-9.pub").read_text(encoding="ascii").strip() == pem.strip()
    (tmp_path / "kiosk-8.pub").write_text("x", encoding="ascii")
    assert main(["audit", "key", "--trust", str(tmp_path / "kiosk-8.pub")]) == 2
    with pytest.raises(SystemExit) as ended:
        main(["audit", "purge", "--days", "0"])
    assert ended.value.code == 2
    capsys.readouterr()
    assert main(["audit", "purge", "--json"]) == 0
    assert json.loads(lines(capsys)[0])["erased"] >= 0
    assert default_kiosk()


def _without_stillscan(export: Path, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    """Run the program that the documentation gives for checking an export."""
    program = DOCS.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    assert "stillscan" not in program.replace('b"stillscan ', "")
    (tmp_path / "check.py").write_text(program, encoding="utf-8")
    return subprocess.run([sys.executable, tmp_path / "check.py", export], capture_output=True, text=True, timeout=60)


@pytest.mark.process
def test_an_export_can_be_checked_without_stillscan(place: Place, tmp_path: Path) -> None:
    place.finish(1, GOOD)
    export = tmp_path / "audit.jsonl"
    assert main(["audit", "export", "--out", str(export)]) == 0
    assert "Østenbyen" not in export.read_text(encoding="utf-8")
    done = _without_stillscan(export, tmp_path)
    assert (done.stdout, done.stderr) == ("whole: 4 entries, 1 releases\n", "")
    content = export.read_text(encoding="utf-8").splitlines()
    for n in range(len(content) - 1):
        export.write_text("\n".join(content[:n] + content[n + 1 :]), encoding="utf-8")
        missing_record = '"release"' in content[n][:12]
        assert _without_stillscan(export, tmp_path).returncode != 0, f"line {n} is missing" if not missing_record else n
    export.write_text("\n".join(content).replace("staff-7", "staff-8"), encoding="utf-8")
    assert _without_stillscan(export, tmp_path).returncode != 0
    assert main(["audit", "export", "--out", str(tmp_path / "none" / "x")]) == 2


@pytest.mark.process
def test_an_export_of_a_kiosk_whose_key_was_exchanged(place: Place, tmp_path: Path) -> None:
    for number in range(2):
        place.finish(number, GOOD)
        rotate(place.database, place.keyring, {"staff": "s-1"})
    export = tmp_path / "audit.jsonl"
    assert main(["audit", "export", "--out", str(export)]) == 0
    done = _without_stillscan(export, tmp_path)
    assert (done.stdout, done.stderr) == ("whole: 7 entries, 2 releases\n", "")
    content = export.read_text(encoding="utf-8")
    export.write_text(content.replace('"since": 5', '"since": 4'), encoding="utf-8")  # the wrong key for entry 5
    assert _without_stillscan(export, tmp_path).returncode != 0

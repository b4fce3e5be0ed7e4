"""`stillscan service`: who may, what is written and signed, a power cut on the way there, and a whole cleaning."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.records.kinds import BodyError, facts_of

from .test_procedures import FakeBench, _no_scanner

pytestmark = pytest.mark.slow

PIN = "4711-blå"
CLEANING = "\n\n\n"
__all__ = ["_no_scanner"]


@pytest.fixture(autouse=True)
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """With a technician and a clerk; the folder of reports."""
    monkeypatch.setenv("STILLSCAN_DATABASE", str(tmp_path / "records.db"))
    for who, role in (("kari", "technician"), ("anna", "clerk")):
        assert typed(monkeypatch, f"{PIN}\n", "staff", "add", who, "--role", role) == 0
    capsys.readouterr()
    return tmp_path / "reports"


def typed(monkeypatch: pytest.MonkeyPatch, lines: str, *arguments: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    try:
        return main(list(arguments))
    except SystemExit as ended:
        return int(str(ended.code))


def run_args(folder: Path, name: str, *more: str) -> list[str]:
    return ["service", "run", name, "--port", "sim", "--folder", str(folder), "--json", *more]


@pytest.mark.slow
@pytest.mark.process
def test_a_cleaning_from_sign_in_to_the_signed_report(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("STILLSCAN_DATABASE", str(office.parent / "records.db"))
    args = run_args(office, "cleaning", "--staff", "kari", "--dirt", "glass:spot:40,12:1.5")
    assert typed(monkeypatch, f"{PIN}\n{CLEANING}", *args) == 1
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["outcome"], told["entry"], told["simulated"]) == ("failed", 3, True)
    outcomes = {step["step"]: step["outcome"] for step in told["steps"]}
    assert outcomes.pop("look") == "failed", "nobody has wiped the simulated glass"
    assert set(outcomes.values()) == {"passed"}
    assert "wipe the glass" in err
    for file in told["files"].values():
        assert Path(file).stat().st_size > 1000
    assert main(["service", "report", told["report"], "--folder", str(office)]) == 0
    assert "kari signed, entry 3" in capsys.readouterr().out
    state = Path(told["files"]["html"]).with_name("run.json")
    kept = state.read_bytes()
    for before, after in ((b'"failed"', b'"passed"'), (b'"staff": "kari"', b'"staff": "berit"')):
        state.write_bytes(kept.replace(before, after))
        assert main(["service", "report", told["report"], "--folder", str(office)]) == 1
        assert "NOT what was signed" in capsys.readouterr().out
    state.write_bytes(kept)
    page = Path(told["files"]["html"])
    page.write_bytes(page.read_bytes().replace(b"failed", b"passed"))
    assert main(["service", "report", told["report"], "--folder", str(office)]) == 1
    assert "NOT what was signed" in capsys.readouterr().out
    assert main(["audit", "show"]) == 0
    assert f"service  {told['report']}  failed  by kari (technician)" in capsys.readouterr().out
    assert main(["audit", "verify"]) == 0


def test_only_a_technician_who_has_signed_in_or_nobody(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("stillscan.commands.service.Bench", lambda *_: FakeBench())
    for more, lines, code in (
        (["--staff", "anna"], f"{PIN}\n", 1),
        (["--staff", "kari"], "wrong\n", 1),
        ([], "", 2),
        (["--staff", "kari", "--unsigned"], f"{PIN}\n", 2),
        (["--unsigned", "--document", "no-such-file.png"], "", 2),
    ):
        assert typed(monkeypatch, lines, *run_args(office, "cleaning", *more)) == code
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert not office.exists(), "nothing was begun"
    assert typed(monkeypatch, CLEANING, *run_args(office, "cleaning", "--unsigned")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["entry"] is None
    assert b"in no audit chain" in Path(told["files"]["html"]).read_bytes()
    assert main(["service", "report", told["report"], "--folder", str(office)]) == 1
    assert "nobody has signed it" in capsys.readouterr().out


def test_a_script_whose_answers_end_goes_on_where_it_was(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = FakeBench()
    monkeypatch.setattr("stillscan.commands.service.Bench", lambda *_: bench)
    args = run_args(office, "cleaning", "--staff", "kari")
    assert typed(monkeypatch, f"{PIN}\n\n", *args) == 2
    assert "wipe-strip" in capsys.readouterr().err.splitlines()[-1]
    assert typed(monkeypatch, f"{PIN}\nq\n", *args) == 1
    assert json.loads(capsys.readouterr().out)["outcome"] == "unfinished"
    assert typed(monkeypatch, f"{PIN}\n\n\n", *args) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "passed"
    assert bench.measured == ["look-before", "look", "calibrate"], "nothing twice"


def test_a_script_at_a_scanner_that_is_not_there_ends_and_can_go_on(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    args = ["service", "run", "cleaning", "--unsigned", "--folder", str(office), "--port", str(office / "no-port")]
    for _ in range(2):
        assert typed(monkeypatch, CLEANING, *args) == 3
        assert str(office / "no-port") in capsys.readouterr().err.splitlines()[-1]
    (path,) = office.iterdir()
    assert json.loads((path / "run.json").read_text())["found"] == [], "no step has failed for it"


class CutError(BaseException):
    """Power is gone."""


@pytest.mark.slow
def test_power_that_fails_while_the_report_is_written_leaves_one_entry(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from stillscan.files import write_whole

    monkeypatch.setattr("stillscan.commands.service.Bench", lambda *_: FakeBench())
    entries = 2
    for at in range(1, 6):  # ended, two files, closed, and none
        count = 0

        def cut(name: Path, content: bytes, at: int = at) -> None:
            nonlocal count
            write_whole(name, content)
            ended = name.name != "run.json" or b'"ended": null' not in content
            count += ended
            if ended and count == at:
                raise CutError

        args = run_args(office / str(at), "replace-sounder", "--staff", "kari")
        with monkeypatch.context() as cutting:
            cutting.setattr("stillscan.technician.procedures.closing.write_whole", cut)
            cutting.setattr("stillscan.technician.procedures.run.write_whole", cut)
            try:
                typed(monkeypatch, f"{PIN}\n\n\n\ns cut {at}\n", *args)  # no two reports are alike
            except CutError:
                pass
            else:
                assert at == 5
        capsys.readouterr()
        entries += 1
        if at < 4:  # afterwards it is closed, and the same command begins anew
            assert typed(monkeypatch, f"{PIN}\n", *args) == 0
            assert json.loads(capsys.readouterr().out)["entry"] == entries
        assert main(["service", "report", "--folder", str(office / str(at)), "--json"]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert json.loads(line)["entry"] == entries
        assert main(["service", "report", json.loads(line)["report"], "--folder", str(office / str(at))]) == 0
        capsys.readouterr()
    assert main(["audit", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == entries


def test_list_and_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["service", "list"]) == 0
    assert "acceptance" in capsys.readouterr().out
    assert main(["service", "show", "acceptance", "--answers", "--language", "nn"]) == 0
    sheet = capsys.readouterr().out
    assert "#   12 V, 11,4 til 12,6 V\n?\n" in sheet
    assert not [word for word in ("expected", "empty line", "y or n", " to ") if word in sheet]
    assert main(["service", "show", "cleaning", "--language", "nn"]) == 0
    assert "venta: ingenting som skadar lesinga" in capsys.readouterr().out
    assert main(["service", "list", "--json"]) == 0
    names = [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()]
    for name in names:
        assert main(["service", "show", name]) == 0
    assert main(["service", "show", "acceptance", "--json", "--pictures", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("*.svg"))) >= 8
    for wrong in (["show", "nothing"], ["show", "cleaning", "--pictures", str(tmp_path / "no")], ["report", "../x"]):
        capsys.readouterr()
        assert main(["service", *wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


ENTRY = {
    "seq": 1, "former": "", "time": "2026-11-22T10:15:00.000000Z", "kiosk": "k", "version": "0.1.0", "kind": "service",
    "personal": None, "report": "cleaning-20261122-101500", "procedure": "cleaning", "outcome": "passed",
    "scanner": None, "digests": {"html": "ab" * 32}, "staff": "kari", "role": "technician", "test": False,
}  # fmt: skip


def test_a_body_that_is_no_service_is_told() -> None:
    assert facts_of(json.dumps(ENTRY)) == ENTRY
    for name in ("report", "procedure", "outcome", "scanner", "digests", "staff", "role", "test"):
        for wrong in (7, ["x"], {"html": "AB" * 32}, {"html": 1}):
            with pytest.raises(BodyError):
                facts_of(json.dumps({**ENTRY, name: wrong}))
        with pytest.raises(BodyError):
            facts_of(json.dumps({key: value for key, value in ENTRY.items() if key != name}))

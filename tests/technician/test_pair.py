"""`stillscan pair` with a board at its prompt: what is written where, and what a power cut leaves."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.errors import DeviceError
from stillscan.link import serial_port
from stillscan.link.pairing import BOARD_FILE, Pairing
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.scanners import Scanners
from stillscan.technician.pairing import pair_board
from stillscan.technician.prompt import Prompt

from .fake_board import FakeBoard

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("sources")]


@pytest.fixture
def office(tmp_path: Path) -> list[str]:
    return ["--database", str(tmp_path / "records.db"), "--kiosk", "kiosk-1"]


@pytest.fixture
def scanners(tmp_path: Path, office: list[str]) -> Scanners:
    """What the command's records say, read anew."""
    return Scanners(Database(tmp_path / "records.db"), Keyring(tmp_path / "records.db.keys", "kiosk-1"))


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake board's pseudo-terminal passes for a port."""
    monkeypatch.setattr(serial_port, "is_pseudo_terminal", lambda opened: False)


def pair(board: FakeBoard, office: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["pair", "--port", board.port, "--json", *office]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def there(board: FakeBoard) -> Pairing | None:
    path = board.folder / BOARD_FILE
    return Pairing.read(path.read_bytes()) if path.exists() else None


@pytest.mark.usefixtures("real")
def test_board_and_kiosk_have_the_same_key(
    board: FakeBoard, office: list[str], scanners: Scanners, capsys: pytest.CaptureFixture[str]
) -> None:
    done = pair(board, office, capsys)
    pairing = there(board)
    assert pairing is not None
    assert done == {
        "where": board.port, "scanner": pairing.scanner, "board": "fake", "new": True, "test": False, "replaces": None,
    }  # fmt: skip
    assert scanners.kept(pairing.scanner) == pairing
    (known,) = scanners.all().values()
    assert scanners.standing(known) == "paired"
    assert (known.scanner, known.kiosk, known.test, known.key_digest) == (
        pairing.scanner, "kiosk-1", False, pairing.digest,
    )  # fmt: skip
    assert pair(board, office, capsys)["new"] is False, "once more changes nothing"
    assert there(board) == pairing
    assert len(scanners.all()) == 1
    assert main(["audit", "verify", *office]) == 0


def test_a_board_on_a_pseudo_terminal_is_for_test_mode(
    board: FakeBoard, office: list[str], scanners: Scanners, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pair(board, office, capsys)["test"] is True
    assert [one.test for one in scanners.all().values()] == [True]


@pytest.mark.usefixtures("real")
def test_a_board_that_was_paired_elsewhere_is_paired_anew(
    board: FakeBoard, office: list[str], scanners: Scanners, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Pairing.new()
    (board.folder / BOARD_FILE).write_bytes(other.written())
    done = pair(board, office, capsys)
    assert done["replaces"] == other.scanner
    assert there(board) not in (None, other)
    again = pair(board, office, capsys)
    assert (again["scanner"], again["new"]) == (done["scanner"], False)


@pytest.mark.usefixtures("real")
def test_after_a_lost_key_or_a_revocation_it_is_paired_anew(
    board: FakeBoard, office: list[str], scanners: Scanners, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = str(pair(board, office, capsys)["scanner"])
    (tmp_path / "records.db.keys" / "scanners" / f"{first}.json").unlink()
    second = str(pair(board, office, capsys)["scanner"])
    assert main(["pair", "revoke", second, *office]) == 0
    assert f"scanner {second} is revoked from entry 3 on" in capsys.readouterr().out
    third = str(pair(board, office, capsys)["scanner"])
    assert len({first, second, third}) == 3
    assert main(["pair", "list", "--json", *office]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["scanner"], row["standing"]) for row in rows] == [
        (first, "revoked"), (second, "revoked"), (third, "paired"),
    ]  # fmt: skip
    assert main(["pair", "list", *office]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_who_signed_in_for_it_stands_in_the_entry(
    office: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A technician or a supervisor; a clerk or a wrong PIN pairs nothing."""

    def typed(text: str, *command: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return main([*command, *office])

    assert typed("4711-blue\n", "staff", "add", "tina", "--role", "technician") == 0
    assert typed("4711-blue\n", "staff", "add", "anna", "--role", "clerk") == 0
    pair_one = ("pair", "--simulated", str(tmp_path / "one.json"), "--staff")
    assert typed("4711-blue\n", *pair_one, "anna") == 1
    assert typed("4711-wrong\n", *pair_one, "tina") == 1
    assert not (tmp_path / "one.json").exists()
    assert typed("4711-blue\n", *pair_one, "tina") == 0
    capsys.readouterr()
    scanners = Scanners(Database(tmp_path / "records.db"), Keyring(tmp_path / "records.db.keys", "kiosk-1"))
    (scanner,) = scanners.all()
    assert typed("4711-blue\n", "pair", "revoke", scanner, "--staff", "tina") == 0
    kept = scanners._chain.kept("pairing") if scanners.all() else []
    assert [entry.facts["staff"] for entry in kept] == ["tina", "tina"]


STEPS = ("keep", "write", "read", "note")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_whenever_it_is_interrupted_the_same_again_completes_it(
    board: FakeBoard, scanners: Scanners, step: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after each step something goes: power, cable, disk or database."""

    class GoneError(Exception):
        pass

    def breaking(owner: type, name: str) -> None:
        real = getattr(owner, name)

        def broken(*args: object, **options: object) -> object:
            if after:
                real(*args, **options)
            raise GoneError

        monkeypatch.setattr(owner, name, broken)

    with monkeypatch.context():
        owner, name = {
            "keep": (Scanners, "keep"), "write": (Prompt, "replace"), "read": (Prompt, "read"),
            "note": (Scanners, "note_pairing"),
        }[step]  # fmt: skip
        original = getattr(owner, name)
        breaking(owner, name)
        with Prompt(board.port) as prompt, pytest.raises(GoneError):
            pair_board(prompt, scanners, "fake", test=False)
        setattr(owner, name, original)
    counted = [one for one in scanners.all().values() if scanners.standing(one) == "paired"]
    assert len(counted) == int(step == "note" and after), "nothing counts before the chain says it"
    with Prompt(board.port) as prompt:
        done = pair_board(prompt, scanners, "fake", test=False)
        assert pair_board(prompt, scanners, "fake", test=False) == done._replace(new=False, replaces=None)
    paired = [one.scanner for one in scanners.all().values() if scanners.standing(one) == "paired"]
    pairing = there(board)
    assert pairing is not None
    assert paired == [done.scanner] == [pairing.scanner]
    assert scanners.kept(pairing.scanner) == pairing


def test_a_board_that_does_not_keep_what_is_written_is_not_paired(
    board: FakeBoard, scanners: Scanners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Prompt, "replace", lambda *args: None)
    with Prompt(board.port) as prompt, pytest.raises(DeviceError, match="worn out"):
        pair_board(prompt, scanners, "fake", test=False)
    assert scanners.all() == {}


def test_what_cannot_be_paired_is_told_in_one_line(
    office: list[str], scanners: Scanners, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pair", "--port", "/dev/not-there", *office]) == 3
    assert main(["pair", "revoke", "no id", *office]) == 2
    assert main(["pair", "revoke", "00000000000000aa", *office]) == 1
    assert main(["pair", "--simulated", str(tmp_path / "sim.json"), "--port", "x", *office]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in said] == ["/dev/not-there", "ID", "scanner 00000000000000aa",
                                                            "--simulated goes without --port"]  # fmt: skip
    assert main(["pair", "--simulated", str(tmp_path / "sim.json"), *office]) == 0
    assert (tmp_path / "sim.json").stat().st_mode & 0o777 == 0o600
    assert main(["pair", "--simulated", str(tmp_path / "sim.json"), *office]) == 2
    with pytest.raises(RecordsError):
        Scanners(Database(tmp_path / "records.db"), Keyring(tmp_path / "elsewhere", "kiosk-1")).all()

"""``stillscan keys`` and ``stillscan clock`` as people and scripts use them: one line, and the right exit code."""

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Clock, later
from troubles import told

from stillscan.cli import main
from stillscan.records import clock as clocks
from stillscan.records import wrapping
from stillscan.records.clock import ClockRules
from stillscan.records.passphrase import FILE

pytestmark = pytest.mark.usefixtures("home")
PASSPHRASE, OTHER, SUPERVISORS, CLERKS = "correct horse battery", "another long passphrase", "99 balloons", "4711-blå"
Say = Callable[..., int]


@pytest.fixture
def say(
    tmp_path: Path, letters: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clock: Clock
) -> Say:
    """``stillscan`` with lines of standard input, at a place with letters, a supervisor and a clerk."""
    monkeypatch.setattr(wrapping, "_SCRYPT", {"n": 2**4, "r": 8, "p": 1})
    monkeypatch.setattr(ClockRules.__new__, "__defaults__", (clocks.AHEAD_DAYS, False))
    monkeypatch.delenv(FILE, raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    at = ["--database", str(tmp_path / "records.db"), "--kiosk", "kiosk-1"]

    def said(*words: str, lines: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode()), encoding="utf-8"))
        return main([*words, *at])

    assert said("consignment", "import", letters) == 0
    assert said("staff", "add", "sup", "--role", "supervisor", lines=f"{SUPERVISORS}\n") == 0
    assert said("staff", "add", "clerk", "--role", "clerk", lines=f"{CLERKS}\n") == 0
    capsys.readouterr()
    return said


def folder(tmp_path: Path) -> Path:
    return tmp_path / "records.db.keys"


@pytest.mark.slow
def test_rotate_needs_somebody_who_may(say: Say, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("keys", "rotate") == 2
    assert "--staff" in told(capsys)
    assert say("keys", "rotate", "--staff", "sup", lines="wrong\n") == 1
    told(capsys)
    assert say("keys", "rotate", "--staff", "clerk", lines=f"{CLERKS}\n") == 1
    told(capsys)
    assert say("keys", "rotate", "--staff", "sup", lines=f"{SUPERVISORS}\n") == 0
    assert "kiosk-1 signs with a new key from now on" in capsys.readouterr().out
    assert say("audit", "verify") == 0
    assert "sup exchanged the key of kiosk-1" in capsys.readouterr().out
    assert say("keys", "list", "--json") == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["kiosk"], one["own"], one["since"]) for one in listed if "kiosk" in one] == [("kiosk-1", True, 6)]
    assert {"secret": "kiosk-1.key", "wrapped": False} in listed


@pytest.mark.slow
def test_wrap_start_and_unwrap(
    say: Say, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert say("keys", "wrap", lines="short\n") == 2
    told(capsys)
    assert say("keys", "wrap", lines=f"{PASSPHRASE}\n") == 0
    capsys.readouterr()
    assert say("staff", "lock", "clerk") == 4
    assert "the keys are wrapped and need their passphrase" in told(capsys)
    assert say("audit", "verify") == 0
    assert say("consignment", "list") == 0
    capsys.readouterr()
    file = tmp_path / "passphrase"
    file.write_text(OTHER, encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv(FILE, str(file))
    assert say("staff", "lock", "clerk") == 4
    assert f"what {file} holds is not its passphrase" in told(capsys)
    file.write_text("\n", encoding="utf-8")
    assert say("staff", "lock", "clerk") == 4
    assert f"{file}: is empty, and is to hold the passphrase" in told(capsys)
    monkeypatch.setenv(FILE, str(tmp_path / "nothing"))
    assert say("staff", "lock", "clerk") == 4
    assert f"{tmp_path / 'nothing'}: no such file" in told(capsys)
    file.write_text(OTHER, encoding="utf-8")
    monkeypatch.delenv(FILE)
    assert say("keys", "wrap", lines=f"{PASSPHRASE}\n{OTHER}\n") == 0
    monkeypatch.setenv(FILE, str(file))
    assert say("staff", "lock", "clerk") == 0
    assert say("keys", "list") == 0
    assert "secret: wrapped" in capsys.readouterr().out
    assert say("keys", "unwrap") == 0
    monkeypatch.delenv(FILE)
    assert say("staff", "unlock", "clerk") == 0
    assert say("keys", "unwrap") == 2


@pytest.mark.slow
def test_backup_and_restore(say: Say, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "keys.backup"
    assert say("keys", "rotate", "--staff", "sup", lines="wrong\n") == 1  # which is counted in the folder
    told(capsys)
    assert say("keys", "backup", str(file), lines=f"{PASSPHRASE}\n") == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    capsys.readouterr()
    assert say("keys", "backup", str(file), lines=f"{PASSPHRASE}\n") == 2
    assert "not overwritten" in told(capsys)
    folder(tmp_path).rename(tmp_path / "lost")
    assert say("keys", "restore", str(file), lines=f"{OTHER}\n") == 4
    assert "this is not its passphrase" in told(capsys)
    assert say("keys", "restore", str(file), lines="\n") == 2
    told(capsys)
    assert say("keys", "restore", str(file), lines=f"{PASSPHRASE}\n") == 0
    assert "files put back" in capsys.readouterr().out
    assert say("keys", "rotate", "--staff", "sup", lines="wrong\n") == 1
    told(capsys)
    assert say("keys", "restore", str(file), lines=f"{PASSPHRASE}\n") == 0
    assert "0 files put back" in capsys.readouterr().out
    assert say("keys", "rotate", "--staff", "sup", lines=f"{SUPERVISORS}\n") == 0
    assert say("audit", "verify") == 0
    capsys.readouterr()
    assert say("keys", "restore", str(file), lines=f"{PASSPHRASE}\n") == 4
    assert "is there and differs from the backup" in told(capsys)


@pytest.mark.slow
def test_a_folder_that_is_not_ours_is_one_line(say: Say, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path).chmod(0o777)
    for command in (["audit", "verify"], ["keys", "list"], ["clock", "show"], ["staff", "list"], ["audit", "key"]):
        assert say(*command) == 4, command
        assert f"chmod 700 {folder(tmp_path)}" in told(capsys)


@pytest.mark.slow
def test_the_way_back_of_a_clock(say: Say, clock: Clock, capsys: pytest.CaptureFixture[str], letters: str) -> None:
    assert say("clock", "show") == 0
    assert "it is believed" in capsys.readouterr().out
    clock.now = later(100)
    assert say("clock", "show") == 1
    assert "more than 30 days after anything that is known here" in capsys.readouterr().out
    assert say("staff", "lock", "clerk") == 4
    told(capsys)
    assert say("staff", "lock", "clerk", "--clock-ahead", "101") == 0
    capsys.readouterr()
    assert say("clock", "accept") == 0
    assert "the clock is believed already; nothing was recorded" in capsys.readouterr().out
    assert say("clock", "accept", "--json") == 0
    assert json.loads(capsys.readouterr().out)["entry"] is None
    assert say("clock", "accept", "--anyway") == 2
    capsys.readouterr()
    clock.now = later(1)
    assert say("staff", "unlock", "clerk") == 4
    assert "it has been" in told(capsys)
    assert say("clock", "accept", "--staff", "clerk", lines=f"{CLERKS}\n") == 1
    assert say("clock", "accept", "--staff", "sup", lines=f"{SUPERVISORS}\n") == 0
    assert "count no longer" in capsys.readouterr().out
    assert say("staff", "unlock", "clerk") == 0
    assert say("audit", "verify") == 0
    assert "sup vouched for the clock of kiosk-1: 2026-11-30" in capsys.readouterr().out


@pytest.mark.slow
def test_where_nobody_can_sign_in_yet_anybody_vouches(
    tmp_path: Path, letters: str, clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong clock wrote the very first entry: the office has no supervisor, and needs none."""
    monkeypatch.setattr(ClockRules.__new__, "__defaults__", (clocks.AHEAD_DAYS, False))
    at = ["--database", str(tmp_path / "records.db"), "--kiosk", "kiosk-1"]
    clock.now = later(2000)
    assert main(["consignment", "import", letters, *at]) == 0
    clock.now = later(0)
    assert main(["consignment", "import", letters, *at]) == 0  # nothing is new
    assert main(["audit", "purge", "--days", "1", *at]) == 0
    assert main(["clock", "show", *at]) == 1
    assert main(["clock", "accept", *at]) == 0
    assert main(["clock", "show", *at]) == 0

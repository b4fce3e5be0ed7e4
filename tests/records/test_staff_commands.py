"""`stillscan staff`: the PIN from standard input, what is refused, and exit codes; and who carries a command out."""

import argparse
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from staffed import PIN, SUPERVISORS, WRONG, Office

from stillscan.cli import main
from stillscan.commands import signing_in
from stillscan.errors import InputError
from stillscan.records.staff import NotAllowedError, Person, Role, SignInError

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLSCAN_DATABASE", str(tmp_path / "records.db"))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str | None = "") -> int:
    monkeypatch.setattr(sys, "stdin", None if typed is None else io.StringIO(typed))
    try:
        return main(["staff", *arguments])
    except SystemExit as ended:
        return int(str(ended.code))


def test_the_first_command_of_all_makes_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "new" / "office.db"
    assert run(monkeypatch, "add", "anna", "--role", "clerk", "--database", str(place), typed="4711\r\nmore\n") == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("anna can sign in as clerk\n", f"stillscan: {place}: a new database was made\n")
    assert run(monkeypatch, "list", "--json", "--database", str(place)) == 0
    assert json.loads(capsys.readouterr().out) == {"staff": "anna", "role": "clerk", "state": "active", "entry": 1}


def test_each_change_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for arguments, typed in (
        ("add sup --role supervisor", "blue-4711"),
        ("add anna --role clerk", "1234"),
        ("role anna technician", ""),
        ("role anna --role clerk", ""),
        ("role anna clerk", ""),
        ("lock anna", ""),
        ("lock anna", ""),
        ("unlock anna", ""),
        ("reset anna", "9876"),
    ):
        assert run(monkeypatch, *arguments.split(), typed=f"{typed}\n") == 0
        told.append(capsys.readouterr())
    assert [out.strip() for out, _ in told] == [
        "sup can sign in as supervisor",
        "anna can sign in as clerk",
        "anna is a technician now",
        "anna is a clerk now",
        "anna was already a clerk",
        "anna is locked",
        "anna was locked already",
        "anna can sign in",
        "anna has a new PIN and can sign in",
    ]
    assert [err for _, err in told if "weak" in err] == ["stillscan: this PIN is weak: a run\n"] * 2
    assert run(monkeypatch, "list") == 0
    assert capsys.readouterr().out.split() == ["anna", "clerk", "active", "sup", "supervisor", "active"]
    assert main(["audit", "show", "--last", "1"]) == 0
    assert capsys.readouterr().out.split()[3:] == ["staff", "anna", "reset", "clerk"]


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "words"),
    [
        ("add sup --role clerk", "4711", 1, "sup: is there already"),
        ("add Sup --role clerk", "4711", 1, "Sup: is there already"),
        ("lock bob", "", 1, "bob: there is nobody of this id"),
        ("unlock bob", "", 1, "nobody of this id"),
        ("role bob clerk", "", 1, "nobody of this id"),
        ("reset bob", "4711", 1, "nobody of this id"),
        ("lock sup", "", 1, "is the last supervisor who can sign in; --force"),
        ("role sup clerk", "", 1, "is the last supervisor"),
        ("add bob --role boss", "4711", 2, "there is no 'boss'; there are: clerk, supervisor, technician"),
        ("add bob", "4711", 2, "--role"),
        ("role sup", "", 2, "which role?"),
        ("role sup boss", "", 2, "there is no role 'boss'"),
        ("role sup clerk --role clerk", "", 2, "which role?"),
        ("add b@b --role clerk", "4711", 2, "staff: is 1 to 64 letters"),
        ("add bob --role clerk", "", 2, "PIN: is empty"),
        ("add bob --role clerk", "   \n4711", 2, "PIN: is empty"),
        ("add bob --role clerk", "123", 2, "PIN: is 4 to 64 digits or other characters"),
        ("add bob --role clerk", "4" * 65, 2, "PIN: is 4 to 64"),
        ("add bob --role clerk", "4" * 10_000, 2, "PIN: is 4 to 64"),
        ("add bob --role clerk", "47\x0711", 2, "PIN: holds a character that cannot be seen"),
        ("add bob --role clerk", None, 2, "standard input is closed"),
    ],
)
def test_what_is_refused_changes_nothing_and_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: str,
    typed: str | None,
    code: int,
    words: str,
) -> None:
    assert run(monkeypatch, "add", "sup", "--role", "supervisor", typed="blue-4711\n") == 0
    capsys.readouterr()
    assert run(monkeypatch, *arguments.split(), typed=typed) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert words in err
    assert not typed or not typed.strip() or typed.strip()[:4] not in err.replace("4711", "", words.count("4711"))
    assert run(monkeypatch, "list") == 0
    assert capsys.readouterr().out.split() == ["sup", "supervisor", "active"]


def test_what_cannot_be_used_makes_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, typed in (
        ("add b@b --role clerk", "4711"),
        ("add bob --role clerk", ""),
        ("list", ""),
        ("lock a", ""),
    ):
        assert run(monkeypatch, *arguments.split(), typed=typed) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.process
@pytest.mark.parametrize(("again", "code"), [("4711-blue", 0), ("4711-blu", 2)])
def test_on_a_terminal_a_new_pin_is_typed_twice_and_never_shown(tmp_path: Path, again: str, code: int) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "stillscan.cli", "staff", "add", "anna", "--role", "clerk"]
    with subprocess.Popen(
        [*command, "--database", str(tmp_path / "x.db")],
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, start_new_session=True,
    ) as done:  # fmt: skip
        os.close(theirs)
        assert done.stdout is not None
        assert done.stderr is not None
        said = b""
        for prompt, typed in ((b"new PIN: ", "4711-blue"), (b"the same again: ", again)):
            while not said.endswith(prompt):  # getpass throws away what was typed before it asks
                part = done.stderr.read(1)
                assert part, said
                said += part
            os.write(ours, f"{typed}\n".encode())
        said += done.stderr.read()
        assert done.wait() == code, said
        assert b"4711" not in said + done.stdout.read()
    os.close(ours)


# --- who carries a command out --------------------------------------------------------------------------------------


def signed_in(
    monkeypatch: pytest.MonkeyPatch,
    office: Office,
    staff_id: str | None,
    typed: str,
    *roles: Role,
    language: str = "en",
) -> Person:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    args = argparse.Namespace(staff=staff_id, language=language)
    return signing_in.signed_in(args, office.place.database, office.place.keyring, *roles)


def test_a_command_is_carried_out_by_who_knows_the_pin_and_has_the_role(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signed_in(monkeypatch, office, "anna", f"{PIN}\nyes\n") == Person("anna", Role.CLERK)
    assert sys.stdin.read() == "yes\n", "the answers are still there"
    assert signed_in(monkeypatch, office, "sup", SUPERVISORS, Role.SUPERVISOR).staff == "sup"
    with pytest.raises(NotAllowedError, match="Ask somebody with another role"):
        signed_in(monkeypatch, office, "anna", PIN, Role.SUPERVISOR)
    with pytest.raises(SignInError, match="stemmer ikke"):
        signed_in(monkeypatch, office, "anna", WRONG, language="nb")
    with pytest.raises(InputError, match="PIN: is empty"):
        signed_in(monkeypatch, office, "anna", "")
    for nobody in (None, ""):
        with pytest.raises(InputError, match="stillscan staff add ID"):
            signed_in(monkeypatch, office, nobody, PIN)

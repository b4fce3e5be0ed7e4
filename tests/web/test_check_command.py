"""`stillscan check`: the same check in the terminal, over the simulator, with answers from standard input."""

import io
import json
import sys
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.commands import run
from stillscan.commands.office import DEMO_TRACKING
from stillscan.commands.tour import tour
from stillscan.guidance import page_texts
from tests.hurried import Hurried

pytestmark = pytest.mark.process

ARGUMENTS = ["check", "--port", "sim", "--motion", "still", "--language", "en"]


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SimulatedKiosk", Hurried)


def check(monkeypatch: pytest.MonkeyPatch, answers: str, *more: str, tracking: str = DEMO_TRACKING) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
    return main([*ARGUMENTS, "--tracking", tracking, *more])


@pytest.mark.parametrize(
    ("answers", "code", "verdict"),
    [("maybe\nyes\n", 0, "release: "), ("no\n", 1, "refuse: "), ("", 1, "compare_by_hand: ")],
)
def test_a_check_ends_as_the_clerk_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answers: str, code: int, verdict: str
) -> None:
    assert check(monkeypatch, answers) == code
    out, err = capsys.readouterr()
    assert out.startswith(verdict)
    assert "Reference: simulator-13" in out
    assert f"Letter: {DEMO_TRACKING}" in out, "it is named where it is handed over or kept"
    assert "OESTENBYEN" not in out
    assert "Surname: OESTENBYEN" in err, "to be held against the photo page"
    assert "ZZZ0001013" not in out + err
    assert page_texts("en")["test_mode"] in err
    assert ("Give the letter to the customer" in out) == (code == 0)
    assert "Compare the person" not in out or code, "the person has been compared when the letter is handed over"


DATABASE = ["--database", "records.db"]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A database in the folder at hand, with a letter for trying out and three people."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters.csv").write_text(
        f"tracking,order,recipient,deadline\n{DEMO_TRACKING},A-1,Åse Østenbyen,2099-12-01\n"
    )
    assert main(["consignment", "import", "letters.csv", "--test", *DATABASE]) == 0
    for who, role in (("anna", "clerk"), ("tech", "technician"), ("gone", "clerk"), ("sup", "supervisor")):
        monkeypatch.setattr(sys, "stdin", io.StringIO("4711-blue\n"))
        assert main(["staff", "add", who, "--role", role, *DATABASE]) == 0
    assert main(["staff", "lock", "gone", *DATABASE]) == 0
    capsys.readouterr()


def entries(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert main(["audit", "show", "--json", "--last", "0", *DATABASE]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_who_signs_in_stands_in_the_record(
    office: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(monkeypatch, "4711-blue\nyes\n", "--staff", "anna", *DATABASE) == 0
    out, err = capsys.readouterr()
    assert "4711" not in out + err
    last = entries(capsys)[-1]
    assert (last["kind"], last["staff"], last["role"], last["verdict"]) == ("check", "anna", "clerk", "release")
    assert "began_by" not in last
    assert main(["audit", "show", "--last", "1", *DATABASE]) == 0
    line = capsys.readouterr().out
    assert "release  ok  by anna (clerk)  scanner not paired (simulator)" in line
    assert last["scanner"]["board"] == "simulator"  # type: ignore[index]


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "words"),
    [
        (["--staff", "anna"], "4711-blu\nyes\n", 1, "This id and PIN do not belong together"),
        (["--staff", "nobody"], "4711-blue\nyes\n", 1, "This id and PIN do not belong together"),
        (["--staff", "gone"], "4711-blue\nyes\n", 1, "This id is locked"),
        (["--staff", "tech"], "4711-blue\nyes\n", 1, "You are not allowed to do this"),
        (["--staff", "anna"], "", 2, "PIN: is empty"),
        (["--staff", ""], "4711-blue\nyes\n", 2, "--staff: is empty"),
        ([], "4711-blue\nyes\n", 2, "stillscan staff add ID"),
    ],
)
def test_who_is_not_signed_in_checks_nothing(
    office: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    typed: str,
    code: int,
    words: str,
) -> None:
    before = len(entries(capsys))
    assert check(monkeypatch, typed, *arguments, *DATABASE) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert words in err
    assert "4711" not in err
    assert len(entries(capsys)) == before


def test_simulated_records_know_who_serves_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(monkeypatch, "yes\n", "--staff", "demo") == 0
    assert capsys.readouterr().out.startswith("release: ")


def test_simulated_records_know_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(monkeypatch, "4711-blue\n", "--staff", "anna") == 2
    assert "demo alone serves" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    for port in ("sim", "/dev/null"):
        assert main(["check", "--port", port, "--tracking", DEMO_TRACKING, *DATABASE, "--new-database"]) == 2
        assert "stillscan staff add ID" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [], "nothing is made for nobody"


def test_a_number_that_is_none_or_unknown_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in ("hello", "RA473124829NO"):
        assert check(monkeypatch, "", tracking=number) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_letter_that_a_trial_does_not_know_is_said_with_which_it_knows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(monkeypatch, "", tracking="RA473124829NO") == 2
    assert page_texts("en")["test_unknown_letter"] in capsys.readouterr().err


def test_a_letter_of_another_office_is_named_with_its_office(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (letter,) = (one for one in tour() if one.ends == "wrong_office")
    assert check(monkeypatch, "", tracking=letter.tracking) == 1
    assert f"  {page_texts('en')['lies_at']} {letter.office}.\n" in capsys.readouterr().out

"""`stillscan check`: the same check in the terminal, over the simulator, with answers from standard input."""

import io
import sys

import pytest

from stillscan.cli import main
from stillscan.commands.counter import DEMO_TRACKING

pytestmark = pytest.mark.process

ARGUMENTS = ["check", "--port", "sim", "--motion", "still", "--language", "en"]


def check(monkeypatch: pytest.MonkeyPatch, answers: str, tracking: str = DEMO_TRACKING) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
    return main([*ARGUMENTS, "--tracking", tracking])


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
    assert "Reference: simulator-2" in out
    assert "OESTENBYEN" not in out
    assert "Surname: OESTENBYEN" in err, "to be held against the photo page"
    assert "ZZZ0001013" not in out + err
    assert ("Give the letter to the customer" in out) == (code == 0)
    assert "Compare the person" not in out or code, "the person has been compared when the letter is handed over"


def test_a_number_that_is_none_or_unknown_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in ("hello", "RA473124829NO"):
        assert check(monkeypatch, "", number) == 2
        assert capsys.readouterr().err.count("\n") == 1

"""`stillscan consignment extend|correct|withdraw|return`, and an import of numbers that were here before."""

import io
import json
import sys
from pathlib import Path

import pytest
from desk import PIN, RECIPIENT, Place, csv, tracking

from stillscan.cli import main
from stillscan.records.staff import Role, StaffList
from stillscan.records.verification import verify

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    monkeypatch.setenv("STILLSCAN_DATABASE", str(tmp_path / "records.db"))
    monkeypatch.setenv("STILLSCAN_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("STILLSCAN_KIOSK", "kiosk-1")
    place.supervisor("boss")
    StaffList(place.database, place.keyring).add("anna", Role.CLERK, PIN)


class Terminal:
    """The commands, and what they say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str, typed: str = f"{PIN}\n") -> tuple[int, list[str], list[str]]:
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(["consignment", *arguments])
        out, err = self._capsys.readouterr()
        return code, out.splitlines(), err.splitlines()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


BOSS = ("--staff", "boss")


def test_each_change_says_what_was_recorded(place: Place, terminal: Terminal) -> None:
    number = tracking(1)
    assert terminal("extend", number.lower(), "--deadline", "2098-12-24", *BOSS) == (
        0,
        [f"{number}: extension recorded, entry 6"],
        [],
    )
    code, out, _ = terminal("correct", number, *BOSS, "--json", typed=f"{PIN}\nKari Hansen\n")
    assert (code, json.loads(out[0])) == (0, {"tracking": number, "change": "correction", "entry": 7})
    assert terminal("correct", number, *BOSS, "--recipient", RECIPIENT)[0] == 0
    assert terminal("withdraw", number, *BOSS, "--reason", "the sender asked")[0] == 0
    assert terminal("return", number, *BOSS)[0] == 0
    code, out, _ = terminal("show", number, "--json")
    shown = json.loads(out[0])
    assert (shown["state"], shown["deadline"], shown["recipient"]) == ("returned", "2098-12-24", RECIPIENT)
    found = verify(place.database, place.keyring)
    assert found.findings == []
    assert [(one.entry, one.problem.rpartition(" ")[2]) for one in found.changes] == [(n, "boss") for n in range(6, 11)]


def test_verify_and_show_list_what_was_changed(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal("withdraw", tracking(1), *BOSS)[0] == 0
    assert main(["audit", "verify", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["whole"], told["entries"], told["findings"]) == (True, 6, [])
    assert told["changes"] == [{"entry": 6, "what": "it was withdrawn by boss", "tracking": tracking(1)}]
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "for the record: entry 6: it was withdrawn by boss"
    assert main(["audit", "show", "--tracking", tracking(1)]) == 0
    assert "withdrawal" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "told"),
    [
        (("--staff", "anna"), f"{PIN}\n", 1, "supervisor"),
        (("--staff", "boss"), "wrong pin\n", 1, "do not belong together"),
        (("--staff", "nobody"), f"{PIN}\n", 1, "do not belong together"),
        ((), f"{PIN}\n", 2, "--staff"),
        (("--staff", "boss"), "", 2, "PIN"),
    ],
)
@pytest.mark.parametrize(
    "action",
    [("extend", "--deadline", "2098-12-24"), ("correct", "--recipient", "Kari Hansen"), ("withdraw",), ("return",)],
)
def test_nobody_else_changes_a_letter(
    place: Place,
    terminal: Terminal,
    action: tuple[str, ...],
    arguments: tuple[str, ...],
    typed: str,
    code: int,
    told: str,
) -> None:
    before = place.stored()
    ended, out, err = terminal(action[0], tracking(1), *action[1:], *arguments, typed=typed)
    assert (ended, out, len(err)) == (code, [], 1)
    assert told in err[0]
    assert place.stored() == before


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "told"),
    [
        (("withdraw", "RR1"), f"{PIN}\n", 2, "tracking"),
        (("withdraw", tracking(7)), f"{PIN}\n", 1, "there is no such letter here"),
        (("withdraw", tracking(1), "--reason", ""), f"{PIN}\n", 2, "reason: is empty"),
        (("withdraw", tracking(1), "--reason", " \t "), f"{PIN}\n", 2, "reason: holds a control character"),
        (("withdraw", tracking(1), "--reason", "  "), f"{PIN}\n", 2, "reason: is empty"),
        (("extend", tracking(1), "--deadline", "24.12.2098"), f"{PIN}\n", 2, "deadline: is a date as YYYY-MM-DD"),
        (("correct", tracking(1)), f"{PIN}\n", 2, "recipient: is empty"),
        (("correct", tracking(1)), f"{PIN}\nK\x00ri\n", 2, "recipient: holds a control character"),
        (("correct", tracking(1)), f"{PIN}\n{'x' * 5000}\n", 2, "recipient: is longer than 200 characters"),
        (("correct", tracking(1), "--recipient", "Ива"), f"{PIN}\n", 2, "not Latin"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    place: Place, terminal: Terminal, arguments: tuple[str, ...], typed: str, code: int, told: str
) -> None:
    before = place.stored()
    ended, out, err = terminal(*arguments, *BOSS, typed=typed)
    assert (ended, out, len(err)) == (code, [], 1)
    assert told in err[0]
    assert place.stored() == before


def test_a_letter_comes_in_again_by_a_supervisor_only(tmp_path: Path, terminal: Terminal) -> None:
    file = tmp_path / "f.csv"
    file.write_bytes(csv(range(1, 2)).replace(b"2026-12-13", b"2098-12-24"))
    assert terminal("withdraw", tracking(1), *BOSS)[0] == 0
    code, _, err = terminal("import", str(file))
    assert code == 2
    assert "was here before; a supervisor can take it in again (--staff)" in err[0]
    assert terminal("import", str(file), "--staff", "anna")[0] == 1
    assert terminal("import", "-", *BOSS, typed=file.read_text(encoding="utf-8"))[0] == 2
    assert terminal("import", str(file), *BOSS) == (0, [f"{file}: 1 imported, 0 there already"], [])
    code, out, _ = terminal("list", "--json", "--waiting")
    assert {json.loads(line)["state"] for line in out if tracking(1) in line} == {"waiting"}


def test_a_list_says_what_waits_and_what_does_not(terminal: Terminal) -> None:
    assert terminal("withdraw", tracking(0), *BOSS)[0] == 0
    assert terminal("return", tracking(1), *BOSS)[0] == 0
    _, out, _ = terminal("list", "--json")
    states = {letter["tracking"]: letter["state"] for letter in map(json.loads, out)}
    assert [states[tracking(n)] for n in range(2)] == ["withdrawn", "returned"]
    _, out, _ = terminal("list", "--waiting", "--json")
    assert [json.loads(line)["tracking"] for line in out] == [tracking(2)]

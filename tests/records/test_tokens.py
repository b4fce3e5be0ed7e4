"""Tokens of the API: shown once, kept as digests, found by nobody else, revoked at once in every program."""

import io
import json
import sys
from pathlib import Path

import pytest
from desk import NOW, Clock, Place, csv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from staffed import PIN, SUPERVISORS, WRONG, Office

from stillscan.cli import main
from stillscan.records import tokens
from stillscan.records.audit import appending, entries
from stillscan.records.errors import FieldError, RecordsError
from stillscan.records.importing import load
from stillscan.records.staff import NotAllowedError, Person, Role
from stillscan.records.tokens import Scope, TokenError, TokenList
from stillscan.records.verification import verify
from tests.covering import examples

CLERK, BOSS = Person("anna", Role.CLERK), Person("sup", Role.SUPERVISOR)


def listed(place: Place) -> TokenList:
    """The list as a program sees it that was started now."""
    return TokenList(place.database, place.keyring, now=Clock())


def facts(place: Place) -> list[dict[str, object]]:
    with place.database.reading() as connection:
        return [entry.facts for entry in entries(connection)]


def test_a_token_is_found_until_it_is_revoked(place: Place) -> None:
    first, other = listed(place), listed(place)
    made = first.add("erp", [Scope.LETTERS, Scope.STATES, Scope.LETTERS])
    found = other.find(made)
    assert found is not None
    assert (found.name, found.scopes, found.active) == ("erp", {Scope.LETTERS, Scope.STATES}, True)
    assert first.revoke("ERP")
    assert other.find(made) is None
    assert not first.revoke("erp")
    assert [(one.name, one.active) for one in other.tokens()] == [("erp", False)]
    assert [(one["token"], one["action"]) for one in facts(place)[3:]] == [("erp", "add"), ("erp", "revoke")]
    assert verify(place.database, place.keyring).findings == []


def test_nothing_of_a_token_is_on_the_disk(place: Place) -> None:
    made = listed(place).add("erp", [Scope.LETTERS])
    content = place.bytes() + b"".join(path.read_bytes() for path in place.keyring.folder.iterdir())
    assert made.encode() not in content
    assert made.removeprefix("stillscan_").encode() not in content
    assert len(made) == len("stillscan_") + 43


@pytest.mark.slow
def test_two_tokens_are_two(place: Place) -> None:
    one = listed(place)
    made = [one.add(f"t{number}", [scope]) for number, scope in enumerate(list(Scope)[:4])]
    assert len(set(made)) == 4
    assert [one.find(token).name for token in made] == ["t0", "t1", "t2", "t3"]  # type: ignore[union-attr]
    one.revoke("t2")
    assert [one.find(token) is None for token in made] == [False, False, True, False]


def test_every_token_is_compared_whichever_is_shown(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    one = listed(place)
    made = [one.add(f"t{number}", [Scope.AUDIT]) for number in range(3)]
    compared: list[str] = []
    real = tokens.hmac.compare_digest

    def watched(shown: str, kept: str) -> bool:
        compared.append(kept)
        return real(shown, kept)

    monkeypatch.setattr(tokens.hmac, "compare_digest", watched)
    for shown in (made[0], made[2], made[1][:-1] + ("A" if made[1][-1] != "A" else "B")):
        compared.clear()
        one.find(shown)
        assert len(compared) == 3


@pytest.mark.slow
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=80) | st.from_regex(r"stillscan_[A-Za-z0-9_-]{43}", fullmatch=True))
def test_whatever_is_shown_is_no_token(place: Place, shown: str) -> None:
    one = listed(place)
    if not one.tokens():
        one.add("erp", [Scope.LETTERS])
    assert one.find(shown) is None


def test_what_is_refused(place: Place) -> None:
    one = listed(place)
    one.add("erp", [Scope.LETTERS])
    with pytest.raises(TokenError, match="is there already"):
        one.add("Erp", [Scope.AUDIT])
    one.revoke("erp")
    with pytest.raises(TokenError, match="was revoked; take another name"):
        one.add("erp", [Scope.AUDIT])
    with pytest.raises(TokenError, match="no token of this name"):
        one.revoke("crm")
    for name, scopes in (("a b", [Scope.AUDIT]), ("", [Scope.AUDIT]), ("crm", [])):
        with pytest.raises(FieldError):
            one.add(name, scopes)
    assert len(facts(place)) == 3 + 2


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE audit_entry SET body = replace(body, '\"letters\"', '\"audit\"') WHERE seq = 4",
        "UPDATE audit_entry SET body = replace(body, '\"revoke\"', '\"add\"') WHERE seq = 5",
        "DELETE FROM audit_entry WHERE seq = 5",
        "DELETE FROM audit_entry WHERE seq = 5; UPDATE audit_head SET entries = 4",
    ],
)
def test_an_edited_database_lets_nobody_in(place: Place, edit: str) -> None:
    one = listed(place)
    made = one.add("erp", [Scope.LETTERS])
    one.revoke("erp")
    place.tamper(*edit.split("; "))
    with pytest.raises(RecordsError):
        listed(place).find(made)
    assert verify(place.database, place.keyring).findings


def test_a_token_of_a_newer_version_is_told(place: Place) -> None:
    with appending(place.database, place.keyring) as appender:
        appender.append(
            "token", NOW, {"token": "x", "action": "add", "scopes": ["everything"], "digest": "", "by": None}
        )
    with pytest.raises(RecordsError, match="entry 4 about token is of a newer stillscan"):
        listed(place).tokens()


def test_one_that_decides_is_a_supervisor_s(office: Office) -> None:
    one = listed(office.place)
    for by, error in (
        (None, FieldError),
        (CLERK, NotAllowedError),
        (Person("nobody", Role.SUPERVISOR), NotAllowedError),
    ):
        with pytest.raises(error):
            one.add("erp", [Scope.DECISIONS], by)
    found = one.find(one.add("erp", [Scope.DECISIONS, Scope.STATES], BOSS))
    assert found is not None
    assert found.by == "sup"
    assert one.find(one.add("other", [Scope.STATES])).by is None  # type: ignore[union-attr]
    assert verify(office.place.database, office.place.keyring).findings == []


@pytest.mark.slow
@pytest.mark.parametrize("change", ["lock", "unlock", "role", "reset", "wrong PINs"])
def test_whatever_is_changed_about_a_person_ends_what_decides_in_their_name(office: Office, change: str) -> None:
    """For good: a PIN that was found out may have made a token, and that shall not outlive the new one."""
    office.people.add("boss", Role.SUPERVISOR, SUPERVISORS)
    one, people = TokenList(office.place.database, office.place.keyring, now=office.clock), office.people
    made, others = one.add("erp", [Scope.DECISIONS, Scope.STATES], BOSS), one.add("crm", [Scope.STATES], BOSS)
    for act in {
        "lock": [lambda: people.lock("SUP")],
        "unlock": [lambda: people.lock("sup"), lambda: people.unlock("sup")],
        "role": [lambda: people.set_role("sup", Role.CLERK), lambda: people.set_role("sup", Role.SUPERVISOR)],
        "reset": [lambda: people.reset_pin("sup", "another 1")],
        "wrong PINs": [lambda: (office.wait(10_000), office.tried(WRONG, "sup"))] * 10,
    }[change]:
        act()
    assert one.find(made) is None
    assert listed(office.place).find(made) is None
    assert not one.is_active("erp")
    assert one.find(others) is not None  # it decides nothing
    assert not one.revoke("erp")
    assert one.find(one.add("erp2", [Scope.DECISIONS], Person("boss", Role.SUPERVISOR))) is not None


def test_a_token_that_decides_and_names_nobody_is_of_a_newer_version(office: Office) -> None:
    with appending(office.place.database, office.place.keyring) as appender:
        details = {"token": "x", "action": "add", "scopes": ["decisions"], "digest": "", "by": None}
        appender.append("token", office.clock(), details)
    with pytest.raises(RecordsError, match="of a newer stillscan"):
        listed(office.place).tokens()


@pytest.mark.slow
def test_the_command_asks_who_stands_behind_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = office.place
    where = ["--database", str(place.path), "--keys", str(place.keyring.folder), "--kiosk", "kiosk-1"]
    add = ["token", "add", "erp", "--scope", "decisions"]
    for more, line, code, words in (
        ([], "", 2, "--staff: who is it?"),
        (["--staff", "sup"], "wrong one", 1, "do not belong together"),
        (["--staff", "anna"], PIN, 1, "supervisor"),
        (["--staff", "sup"], SUPERVISORS, 0, "keep it now"),
    ):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{line}\n"))
        assert main([*add, *more, *where]) == code, words
        assert words in capsys.readouterr().err
    assert main(["token", "list", *where]) == 0
    assert capsys.readouterr().out.split() == ["erp", "active", "decisions", "by", "sup"]


def test_letters_name_the_token_that_they_came_in_by(place: Place) -> None:
    load(csv(range(5, 6)), place.database, place.keyring, "letters", token="erp")
    assert [one.get("token") for one in facts(place)] == [None, None, None, "erp"]
    assert verify(place.database, place.keyring).findings == []


@pytest.mark.slow
def test_the_commands(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    monkeypatch.setenv("STILLSCAN_DATABASE", str(tmp_path / "records.db"))
    assert main(["token", "add", "erp", "--scope", "states", "letters", "--scope", "letters"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("stillscan_")
    assert (out.count("\n"), err.splitlines()[-1]) == (1, "stillscan: keep it now: it is not shown again")
    assert main(["token", "add", "crm", "--scope", "audit", "--json"]) == 0
    assert json.loads(capsys.readouterr().out).keys() == {"name", "scopes", "token"}
    assert main(["token", "list", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    erp = {"name": "erp", "scopes": ["letters", "states"], "state": "active", "staff": None, "entry": 1}
    assert told[1] == erp
    for code, words in ((0, "erp is revoked"), (0, "erp was revoked already")):
        assert main(["token", "revoke", "erp"]) == code
        assert capsys.readouterr().out == f"{words}\n"
    assert main(["token", "list"]) == 0
    assert capsys.readouterr().out.split() == ["crm", "active", "audit", "erp", "revoked", "letters,", "states"]
    assert main(["audit", "show", "--last", "1"]) == 0
    assert capsys.readouterr().out.split()[3:] == ["token", "erp", "revoke"]
    for arguments, code, words in (
        (["add", "erp", "--scope", "audit"], 1, "take another name"),
        (["revoke", "x"], 1, "no token of this name"),
        (["add", "a b", "--scope", "audit"], 2, "token: is 1 to 64 letters"),
    ):
        assert main(["token", *arguments]) == code
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert words in err
    for arguments in (["add", "x"], ["add", "x", "--scope", "all"], ["add", "x", "--scope"]):
        with pytest.raises(SystemExit) as ended:
            main(["token", *arguments])
        assert ended.value.code == 2

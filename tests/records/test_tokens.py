"""Tokens of the API: shown once, kept as digests, found by nobody else, revoked at once in every program."""

import io
import json
import sys
from pathlib import Path

import pytest
from desk import NOW, Clock, Place, csv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillscan.cli import main
from stillscan.records import tokens
from stillscan.records.audit import appending, entries
from stillscan.records.errors import FieldError, RecordsError
from stillscan.records.importing import load
from stillscan.records.tokens import Scope, TokenError, TokenList
from stillscan.records.verification import verify


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


def test_two_tokens_are_two(place: Place) -> None:
    one = listed(place)
    made = [one.add(f"t{number}", [scope]) for number, scope in enumerate(Scope)]
    assert len(set(made)) == len(Scope)
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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
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


def test_letters_name_the_token_that_they_came_in_by(place: Place) -> None:
    load(csv(range(5, 6)), place.database, place.keyring, "letters", token="erp")
    assert [one.get("token") for one in facts(place)] == [None, None, None, "erp"]
    assert verify(place.database, place.keyring).findings == []


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
    assert told[1] == {"name": "erp", "scopes": ["letters", "states"], "state": "active", "entry": 1}
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

"""A supervisor's decisions on letters by the API: recorded once, in both names, and by nobody whose word has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_office import BOSS, CLERK, LETTER, Office
from books import NORWEGIAN
from clerks import SUPERVISOR

from stillscan.records import kinds
from stillscan.records.clock import utc_now
from stillscan.records.errors import RecordsError
from stillscan.records.tokens import Scope
from stillscan.records.verification import verify

pytestmark = pytest.mark.slow

NUMBER = LETTER["tracking"]
LATER = "2099-12-24"
AGAIN = {name: value for name, value in LETTER.items() if name != "tracking"}
DECISIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "extend": ({"deadline": LATER}, kinds.EXTENSION, "waiting"),
    "correct": ({"recipient": "Kari Hansen"}, kinds.CORRECTION, "waiting"),
    "withdraw": ({"reason": "lost and found"}, kinds.WITHDRAWAL, "withdrawn"),
    "return": ({}, kinds.RETURN, "returned"),
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    made.client.post("/api/v1/consignments", json=[LETTER])
    yield made
    made.database.close()


def state(office: Office) -> dict[str, Any]:
    found: dict[str, Any] = office.client.get(f"/api/v1/consignments/{NUMBER}").json()
    return found


def decide(office: Office, name: str, seen: str | None = None, **fields: Any) -> tuple[int, dict[str, Any]]:
    """Status and answer; ``seen`` is the mark of the letter as it stands, if not given."""
    body = {"mark": seen or state(office)["mark"], **fields}
    answer = office.client.post(f"/api/v1/consignments/{NUMBER}/{name}", json=body)
    return answer.status_code, answer.json()


def entries(office: Office) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.client.get("/api/v1/audit/entries?last=1000").json()
    return found


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_is_one_entry_in_both_names_however_often_it_is_sent(office: Office, name: str) -> None:
    fields, kind, after = DECISIONS[name]
    seen = state(office)["mark"]
    status, told = decide(office, name, seen, **fields)
    count = len(entries(office))
    assert (status, told) == (200, {"tracking": NUMBER, "change": kind, "entry": count})
    last = entries(office)[-1]
    assert (last["kind"], last["staff"], last["token"], last["tracking"]) == (kind, SUPERVISOR, "all", NUMBER)
    now = state(office)
    assert (now["state"], now["mark"] != seen) == (after, True)
    for mark in (seen, now["mark"]):
        assert decide(office, name, mark, **fields) == (200, {"tracking": NUMBER, "change": kind, "entry": None})
    assert len(entries(office)) == count
    assert not any(word in str(entries(office)) for word in ("Hansen", "lost and found"))
    found = verify(office.database, office.keyring)
    assert found.findings == []
    assert f"by {SUPERVISOR} (token all)" in str(found.changes[-1])


def test_taken_in_again_once(office: Office) -> None:
    first = state(office)["mark"]
    status, told = decide(office, "again", first, **AGAIN)
    assert (status, told["entry"]) == (200, None)  # it waits, the same
    status, told = decide(office, "again", first, **{**AGAIN, "order": "B"})
    assert (status, told["problem"]) == (409, "waiting")
    decide(office, "withdraw")
    withdrawn = state(office)["mark"]
    assert decide(office, "again", first, **AGAIN)[1]["problem"] == "meanwhile"
    status, told = decide(office, "again", withdrawn, **AGAIN)
    assert (status, told["change"]) == (200, kinds.CONSIGNMENT_AGAIN)
    last = entries(office)[-1]
    assert (last["seq"], last["staff"], last["token"]) == (told["entry"], SUPERVISOR, "all")
    assert decide(office, "again", withdrawn, **AGAIN)[1]["entry"] is None
    assert state(office)["state"] == "waiting"
    decide(office, "return")
    assert decide(office, "again", withdrawn, **AGAIN)[1]["problem"] == "meanwhile"  # a call that was late
    assert state(office)["state"] == "returned"
    assert verify(office.database, office.keyring).findings == []


def test_a_call_that_comes_late_undoes_nothing(office: Office) -> None:
    """Corrected to one name, by somebody else to another; then the first call is repeated."""
    seen = state(office)["mark"]
    assert decide(office, "correct", seen, recipient="Kari Hansen")[0] == 200
    assert decide(office, "correct", recipient="Kari Hanssen")[0] == 200
    status, told = decide(office, "correct", seen, recipient="Kari Hansen")
    assert (status, told["problem"]) == (409, "meanwhile")
    assert decide(office, "extend", deadline=LATER)[0] == 200
    status, told = decide(office, "extend", deadline="2099-12-23")
    assert (status, told["problem"]) == (409, "same")
    assert told["detail"].startswith("nothing would change")


@pytest.mark.parametrize(
    ("name", "fields", "status", "problem"),
    [
        ("extend", {"deadline": "2026-02-30"}, 422, "deadline"),
        ("extend", {"deadline": (utc_now().date() - timedelta(days=2)).isoformat()}, 409, "past"),
        ("extend", {"deadline": LATER, "mark": "0"}, 422, "mark"),
        ("extend", {"deadline": LATER, "mark": "0" * 64}, 409, "meanwhile"),
        ("correct", {"recipient": ""}, 422, "recipient"),
        ("correct", {"recipient": "a\u202eb"}, 422, "recipient"),
        ("correct", {"recipient": "]C0CS111111115NO"}, 422, "recipient"),  # scanned or typed for another field
        ("withdraw", {"reason": "(00)370722123456789011"}, 422, "reason"),
        ("withdraw", {"reason": "178591 99917"}, 422, "reason"),
        ("again", {**AGAIN, "recipient": "CS111111115NO"}, 422, "recipient"),
        ("withdraw", {"reason": ""}, 422, "reason"),
        ("withdraw", {"why": "x"}, 422, "why"),
        ("return", {"mark": None}, 422, "mark"),
        ("again", {**AGAIN, "order": "x" * 300}, 422, "order"),
        ("again", {"deadline": LATER}, 422, "recipient"),
    ],
)
def test_what_cannot_be_is_named_and_records_nothing(
    office: Office, name: str, fields: dict[str, Any], status: int, problem: str
) -> None:
    count, body = len(entries(office)), {"mark": state(office)["mark"], **fields}
    answer = office.client.post(f"/api/v1/consignments/{NUMBER}/{name}", json=body)
    assert answer.status_code == status, answer.text
    assert problem in answer.text
    assert "Østenbyen" not in answer.text
    assert len(entries(office)) == count


def test_a_letter_that_is_not_here_or_was_handed_out(office: Office) -> None:
    body = {"mark": "0" * 64}
    assert office.client.post("/api/v1/consignments/RA473124829NO/return", json=body).status_code == 404
    assert office.client.post("/api/v1/consignments/RA473124829NO/again", json=body | AGAIN).status_code == 404
    assert office.client.post("/api/v1/consignments/RA473124820NO/return", json=body).status_code == 422
    counter = office.counter
    counter.answer(lambda visit: visit.enter(NUMBER, visit.turn), CLERK)
    counter.visit.read(NORWEGIAN)
    counter.answer(lambda visit: visit.face(True, visit.turn))
    assert state(office)["released"]
    for name, fields in [*((name, one[0]) for name, one in DECISIONS.items()), ("again", {**AGAIN, "order": "B"})]:
        status, told = decide(office, name, **fields)
        assert (status, told["problem"]) == (409, "released"), name


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda office: office.tokens.revoke("boss"), 401),
        (lambda office: office.people.lock(SUPERVISOR, force=True), 401),
    ],
)
@pytest.mark.parametrize("when", ["before the call", "while it is carried out"])
def test_whose_word_has_ended_decides_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, end: Callable[[Office], object], told: int, when: str
) -> None:
    token, seen = office.tokens.add("boss", [Scope.DECISIONS], BOSS), state(office)["mark"]
    if when == "before the call":
        end(office)
    else:
        found = office.tokens._known = office.tokens.tokens()
        monkeypatch.setattr(office.tokens, "tokens", lambda: found)  # as it was when the call came
        end(office)
        told = 403
    count = verify(office.database, office.keyring).entries
    for name, (fields, _, _) in [*DECISIONS.items(), ("again", (AGAIN, "", ""))]:
        answer = office.client.post(
            f"/api/v1/consignments/{NUMBER}/{name}",
            json={"mark": seen, **fields},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == told, answer.text
    assert verify(office.database, office.keyring).entries == count


def test_records_that_do_not_answer_are_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillscan.web import api_decisions

    def fails(*_: Any, **__: Any) -> None:
        raise RecordsError("the database does not answer", "hangs")

    seen = state(office)["mark"]
    monkeypatch.setattr(api_decisions, "record", fails)
    assert decide(office, "return", seen) == (503, {"detail": "the database does not answer"})

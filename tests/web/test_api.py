"""The API: nothing without the token, letters in and their state out, and whatever schemathesis thinks of."""

import contextlib
import functools
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_office import BOSS, LETTER, Office
from books import NORWEGIAN
from clerks import run
from hypothesis import HealthCheck, given, settings
from starlette.applications import Starlette
from starlette.testclient import TestClient

from stillscan.records.staff import Person, Role
from stillscan.records.tokens import Scope, TokenList
from stillscan.web.api import api
from stillscan.web.bearer import LETTERS_BYTES
from tests.covering import examples


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("office"))
    yield made
    made.database.close()


PATHS = [
    "/status",
    "/consignments",
    "/statistics",
    "/consignments/RR123456785NO",
    "/consignments/RR123456785NO/extend",
    "/audit/entries",
    "/audit/verify",
    "/rules/reasons",
    "/openapi.json",
]


@pytest.mark.parametrize("path", PATHS[:-1])
@pytest.mark.parametrize("given", [None, "Bearer ", "Bearer wrong", "Basic YTpi", "bearer"])
def test_nothing_without_the_token(office: Office, path: str, given: str | None) -> None:
    client = TestClient(office.program, base_url="http://127.0.0.1")
    answer = client.get(f"/api/v1{path}", headers={} if given is None else {"Authorization": given})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


DECISIONS = ("extend", "correct", "withdraw", "return", "again")
CALLS = [
    ("GET", "/status", "states"),
    ("GET", "/consignments", "states"),
    ("GET", "/statistics", "audit"),
    ("GET", "/consignments/RR123456785NO", "states"),
    ("POST", "/consignments", "letters"),
    *(("POST", f"/consignments/RR123456785NO/{name}", "decisions") for name in DECISIONS),
    ("POST", "/rules/decide", "cases"),
    ("GET", "/rules/reasons", "cases"),
    ("GET", "/audit/entries", "audit"),
    ("GET", "/audit/verify", "audit"),
]


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_a_token_is_for_what_its_scopes_say(office: Office, method: str, path: str, scope: str) -> None:
    client = TestClient(office.program, base_url="http://127.0.0.1")
    others = [one for one in Scope if one != scope]
    for scopes, lets in (([Scope(scope)], True), (others, False)):
        name = f"{'with' if lets else 'without'}-{method}-{path.strip('/').replace('/', '.')}"
        headers = {"Authorization": f"Bearer {office.tokens.add(name, scopes, BOSS)}"}
        answer = client.request(method, f"/api/v1{path}", headers=headers, json=[] if method == "POST" else None)
        if lets:
            assert answer.status_code not in (401, 403)
        else:
            assert answer.status_code == 403
            assert answer.json() == {"detail": f"the token lacks the scope '{scope}'"}
            assert answer.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
        office.tokens.revoke(name)
        assert client.request(method, f"/api/v1{path}", headers=headers).status_code == 401


def test_a_token_that_another_program_made_or_revoked_counts_from_the_next_call_on(office: Office) -> None:
    client, elsewhere = (
        TestClient(office.program, base_url="http://127.0.0.1"),
        TokenList(office.database, office.keyring),
    )
    headers = {"Authorization": f"bearer {elsewhere.add('elsewhere', [Scope.CASES])}"}
    assert client.get("/api/v1/rules/reasons", headers=headers).status_code == 200
    elsewhere.revoke("elsewhere")
    assert client.get("/api/v1/rules/reasons", headers=headers).status_code == 401


@pytest.mark.slow
def test_records_that_do_not_hold_let_nobody_in_who_was_not_known_before(tmp_path: Path) -> None:
    """Who was may ask what is wrong with them."""
    office = Office(tmp_path)
    later = office.tokens.add("later", Scope, BOSS)
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db")) as connection, connection:
        connection.execute("UPDATE audit_entry SET body = replace(body, 'all', 'ALL') WHERE seq = 3")
    anew = TokenList(office.database, office.keyring)
    program = api(office.counter, office.database, office.keyring, anew)
    answer = TestClient(program).get("/audit/verify", headers={"Authorization": f"Bearer {later}"})
    assert (answer.status_code, "entry 3 was altered" in answer.json()["detail"]) == (503, True)
    office.database.close()


@pytest.mark.slow
def test_a_letter_comes_in_and_is_handed_out_at_the_counter(office: Office) -> None:
    assert office.client.post("/api/v1/consignments", json=[LETTER]).json() == {"new": 1, "unchanged": 0}
    assert office.client.post("/api/v1/consignments", json=[LETTER]).json() == {"new": 0, "unchanged": 1}
    state = office.client.get("/api/v1/consignments/rr 123456785 no").json()
    assert (state["released"], "recipient" in state) == (False, False)
    assert office.client.get("/api/v1/status").json()["step"] == "tracking"
    turn = office.counter.visit.turn
    office.counter.answer(lambda visit: visit.enter("RR123456785NO", turn), Person("anna", Role.CLERK))
    office.counter.visit.read(NORWEGIAN)
    office.counter.answer(lambda visit: visit.face(True, visit.turn))
    assert office.counter.visit.verdict is not None
    assert office.counter.visit.verdict.verdict == "release"
    assert office.client.get("/api/v1/consignments/RR123456785NO").json()["released"]
    entries = office.client.get("/api/v1/audit/entries").json()
    entries = [entry for entry in entries if entry["kind"] not in ("token", "staff")]
    assert [entry["kind"] for entry in entries] == ["consignment", "check"]
    assert [entry.get("token") for entry in entries] == ["all", None]
    assert office.counter.visit.verdict.reference == f"k1-{entries[-1]['seq']}"
    assert "OESTENBYEN" not in str(entries)
    verified = office.client.get("/api/v1/audit/verify").json()
    assert (verified["whole"], verified["findings"]) == (True, [])


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"tracking": "RR123456784NO"}, "check digit"),
        ({"deadline": "2026-02-30"}, "deadline"),
        ({"recipient": ""}, "recipient"),
        ({"recipient": "a\u202eb"}, "recipient"),
        ({"recipient": "]C0CS111111115NO"}, "recipient"),  # the bar code of the next letter
        ({"unknown": "1"}, "unknown"),
        ({"recipient": "x" * 300}, "recipient"),
        ({"order": None}, "order"),
    ],
)
def test_a_bad_letter_is_named_and_none_goes_in(office: Office, change: dict[str, Any], where: str) -> None:
    good = {**LETTER, "tracking": "RA473124829NO"}
    answer = office.client.post("/api/v1/consignments", json=[good, {**LETTER, **change}])
    assert answer.status_code == 422
    assert where in answer.text
    assert office.client.get("/api/v1/consignments/RA473124829NO").status_code == 404


def test_a_case_is_tried_and_leaves_nothing(office: Office) -> None:
    before = len(office.client.get("/api/v1/audit/entries").json())
    case = {
        "mrz": list(NORWEGIAN),
        "certain": True,
        "consignment": {**LETTER, "released": False},
        "second_document": None,
        "face_matches": True,
        "now": "2026-11-29T12:00:00Z",
    }
    answer = office.client.post("/api/v1/rules/decide", json=case)
    assert answer.json() == {"verdict": "release", "reasons": ["ok"]}
    assert len(office.client.get("/api/v1/audit/entries").json()) == before
    assert office.client.post("/api/v1/rules/decide", json={**case, "now": "2026-11-29T12:00:00"}).status_code == 422


OPERATIONS = [
    ("GET", "/status"), ("POST", "/consignments"), ("GET", "/consignments"), ("GET", "/consignments/{number}"),
    ("POST", "/rules/decide"), ("GET", "/rules/reasons"), ("GET", "/statistics"), ("GET", "/audit/entries"),
    ("GET", "/audit/verify"), *(("POST", f"/consignments/{{number}}/{name}") for name in DECISIONS),
]  # fmt: skip
ENDLESS = [("GET", "/events")]  # tried by hand below


@pytest.mark.slow
def test_every_operation_is_held_against_the_description(office: Office) -> None:
    described = office.client.get("/api/v1/openapi.json").json()["paths"]
    assert sorted((method.upper(), path) for path, by in described.items() for method in by) == sorted(
        OPERATIONS + ENDLESS
    )


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_keeps_to_its_description(office: Office, method: str, path: str) -> None:
    """Whatever schemathesis thinks of gets an answer of a kind that the description has, and never a 500.

    A description cannot say what check digits and dates are right, so data that keeps to it may still be refused.
    """
    import schemathesis  # takes half a second of a core, and only this test uses it
    from schemathesis.checks import positive_data_acceptance

    program = api(office.counter, office.database, office.keyring, office.tokens)
    described = schemathesis.openapi.from_asgi("/openapi.json", program)

    cases = examples(15) if path.rpartition("/")[2] in DECISIONS else examples(40)  # those are five of one kind

    @settings(max_examples=cases, suppress_health_check=list(HealthCheck))
    @given(case=described[path][method].as_strategy())
    def hold(case: Any) -> None:
        may_refuse = [positive_data_acceptance] if "consignments" in path or path == "/rules/decide" else []
        case.call_and_validate(headers={"Authorization": f"Bearer {office.token}"}, excluded_checks=may_refuse)

    hold()


@pytest.mark.slow
def test_the_description_is_served_and_is_the_same_everywhere(office: Office, tmp_path: Path) -> None:
    """It needs no token, because it holds nothing of an office."""
    described = TestClient(office.program, base_url="http://127.0.0.1").get("/api/v1/openapi.json")
    assert described.json()["info"]["title"] == "stillscan"
    other = Office(tmp_path)
    assert TestClient(other.program, base_url="http://127.0.0.1").get("/api/v1/openapi.json").text == described.text
    other.database.close()


CASE = {
    "mrz": list(NORWEGIAN),
    "certain": True,
    "consignment": {**LETTER, "released": False},
    "second_document": None,
    "face_matches": True,
    "now": "2026-11-29T12:00:00Z",
}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({**CASE, "now": "9999-12-31T23:59:59-23:59"}),
        json.dumps({**CASE, "now": "0001-01-01T00:00:00+23:59"}),
        json.dumps({**CASE, "mrz": ["\ud800"]}),
        json.dumps({**CASE, "second_document": {"number": "\udfff"}}),
        json.dumps({**CASE, "\ud800": 1}),
        json.dumps({**CASE, "consignment": {**LETTER, "released": "\ud800"}}),
        "[" * 10_000,
        '{"now": ' + "9" * 5000 + "}",
        "\ud800".encode("utf-8", "surrogatepass"),
        b"\xff\xfe{}",
        "NaN",
    ],
)
def test_what_is_no_case_is_422(office: Office, body: str | bytes) -> None:
    content = body if isinstance(body, bytes) else body.encode()
    answer = office.client.post("/api/v1/rules/decide", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert "OESTENBYEN" not in answer.text


def test_letters_with_half_a_character_are_422(office: Office) -> None:
    body = json.dumps([{**LETTER, "tracking": "RA473124829NO", "recipient": "a\ud800"}]).encode()
    answer = office.client.post("/api/v1/consignments", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


class Drip:
    """A body that notes how much of it was asked for."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.read = 0

    def __iter__(self) -> Iterator[bytes]:
        while self.left > 0:
            self.left -= 65_536
            self.read += 65_536
            yield b" " * 65_536


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", ["/consignments", "/rules/decide", "/nothing"])
def test_a_body_that_is_too_large_is_refused_and_one_without_a_token_is_not_read(
    office: Office, path: str, declared: bool
) -> None:
    """Asked through ASGI itself, because a client for tests reads a body whole before it sends it."""
    for shown, status in ((office.token, 413), ("wrong", 401)):
        body = Drip(600_000_000)
        answer = run(
            functools.partial(asked, office.program, f"/api/v1{path}", shown, body, 600_000_000 if declared else None)
        )
        assert answer == status
        assert body.read <= (LETTERS_BYTES + 65_536 if status == 413 and not declared else 0)


def test_every_refusal_has_the_form_that_is_described(office: Office) -> None:
    """Also what is refused before the API itself looks at it."""
    call = functools.partial(office.client.post, "/api/v1/rules/decide")
    many = {f"X-{number}": "y" for number in range(100)}
    answers = [
        call(content=b" " * 70_000),
        call(content=iter([b" " * 70_000])),
        call(json={}, headers={"Authorization": "Bearer wrong"}),
        call(json={"x": 1}),
        call(content=b"[" * 30_000, headers={"Content-Type": "application/json"}),
        office.client.get("/api/v1/nothing"),
        office.client.get("/api/v1/status", headers=many),
    ]
    assert [answer.status_code for answer in answers] == [413, 413, 401, 422, 400, 404, 431]
    for answer in answers:
        assert list(answer.json()) == ["detail"]


async def asked(program: Starlette, path: str, token: str, body: Drip, length: int | None) -> int:
    parts = iter(body)
    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"", "headers": headers,
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(parts), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    await program(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.slow
@pytest.mark.parametrize("body", ["nonsense", "", "[]", "null", "{}", "1", '{"seq": "x"}', '"\\ud800"', "[" * 5000])
def test_entries_of_which_one_is_damaged_are_one_line(tmp_path: Path, body: str) -> None:
    office = Office(tmp_path)
    office.client.post("/api/v1/consignments", json=[LETTER])
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db")) as connection, connection:
        connection.execute("UPDATE audit_entry SET body = ?", (body,))
    for path in ("/audit/entries", "/audit/verify", "/consignments/RR123456785NO"):
        answer = office.client.get(f"/api/v1{path}")
        assert answer.status_code in (200, 404, 503), path
        assert answer.status_code != 200 or path != "/audit/entries"
        assert isinstance(answer.json().get("detail", ""), str)
    assert office.client.get("/api/v1/audit/verify").json()["whole"] is False
    office.database.close()
    connection.close()

"""The API: nothing without the token, letters in and their state out, and whatever schemathesis thinks of."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from books import NORWEGIAN
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import positive_data_acceptance
from starlette.applications import Starlette
from starlette.testclient import TestClient

from stillscan.counter.book import Book
from stillscan.counter.counter import Counter
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.staff import Person, Role
from stillscan.web.api import api, token
from stillscan.web.pages import api_route, application
from stillscan.web.server import NAMES

LETTER = {"tracking": "RR123456785NO", "order": "A-1", "recipient": "Åse Østenbyen", "deadline": "2099-12-01"}


class Office:
    """A counter over a real database, and a client that knows the token."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "records.db")
        self.keyring = Keyring(folder / "keys", "k1")
        book = Book(self.database, self.keyring, "Moss", test_mode=True)
        self.counter = Counter(book, "Moss", test_mode=True)
        self.token = token(self.keyring)
        program = api(self.counter, self.database, self.keyring, self.token)
        self.program: Starlette = application(self.counter, NAMES, [api_route(program)])
        self.client = TestClient(self.program, base_url="http://127.0.0.1", raise_server_exceptions=False)
        self.client.headers["Authorization"] = f"Bearer {self.token}"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("office"))
    yield made
    made.database.close()


PATHS = ["/status", "/consignments/RR123456785NO", "/audit/entries", "/audit/verify", "/rules/reasons", "/openapi.json"]


@pytest.mark.parametrize("path", PATHS[:-1])
@pytest.mark.parametrize("given", [None, "Bearer ", "Bearer wrong", "Basic YTpi", "bearer"])
def test_nothing_without_the_token(office: Office, path: str, given: str | None) -> None:
    client = TestClient(office.program, base_url="http://127.0.0.1")
    answer = client.get(f"/api/v1{path}", headers={} if given is None else {"Authorization": given})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_token_is_a_file_that_only_its_user_reads(office: Office) -> None:
    file = office.keyring.folder / "api.token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert token(office.keyring) == office.token
    assert len(office.token) > 40


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
    assert [entry["kind"] for entry in entries] == ["consignment", "check"]
    assert office.counter.visit.verdict.reference == f"k1-{entries[-1]['seq']}"
    assert "OESTENBYEN" not in str(entries)
    assert office.client.get("/api/v1/audit/verify").json() == {"whole": True, "entries": 2, "findings": []}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"tracking": "RR123456784NO"}, "check digit"),
        ({"deadline": "2026-02-30"}, "deadline"),
        ({"recipient": ""}, "recipient"),
        ({"recipient": "a\u202eb"}, "recipient"),
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
        "now": "2026-11-22T12:00:00Z",
    }
    answer = office.client.post("/api/v1/rules/decide", json=case)
    assert answer.json() == {"verdict": "release", "reasons": ["ok"]}
    assert len(office.client.get("/api/v1/audit/entries").json()) == before
    assert office.client.post("/api/v1/rules/decide", json={**case, "now": "2026-11-22T12:00:00"}).status_code == 422


OPERATIONS = [
    ("GET", "/status"), ("POST", "/consignments"), ("GET", "/consignments/{number}"), ("POST", "/rules/decide"),
    ("GET", "/rules/reasons"), ("GET", "/audit/entries"), ("GET", "/audit/verify"),
]  # fmt: skip


def test_every_operation_is_held_against_the_description(office: Office) -> None:
    described = office.client.get("/api/v1/openapi.json").json()["paths"]
    assert sorted((method.upper(), path) for path, by in described.items() for method in by) == sorted(OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_keeps_to_its_description(office: Office, method: str, path: str) -> None:
    """Whatever schemathesis thinks of gets an answer of a kind that the description has, and never a 500.

    A description cannot say what check digits and dates are right, so data that keeps to it may still be refused.
    """
    program = api(office.counter, office.database, office.keyring, office.token)
    described = schemathesis.openapi.from_asgi("/openapi.json", program)

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(case=described[path][method].as_strategy())
    def hold(case: Any) -> None:
        may_refuse = [positive_data_acceptance] if "consignments" in path else []
        case.call_and_validate(headers={"Authorization": f"Bearer {office.token}"}, excluded_checks=may_refuse)

    hold()


def test_the_description_is_served(office: Office) -> None:
    assert office.client.get("/api/v1/openapi.json").json()["info"]["title"] == "stillscan"

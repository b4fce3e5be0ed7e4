"""A centre's page over a state, and browsers at it without scripts."""

from __future__ import annotations

from pathlib import Path

import httpx2
from fleets import NOW
from starlette.testclient import TestClient

from stillscan.fleet.findings import Watch
from stillscan.fleet.pages import application
from stillscan.fleet.rounds import Rounds
from stillscan.fleet.store import Store
from stillscan.records.staff import Person, Role, SignInError
from stillscan.records.tokens import Scope, Token
from stillscan.web.browsers import Browsers
from stillscan.web.sessions import Sessions


class People:
    """Anybody who is called as a role."""

    def sign_in(self, staff: str, pin: str, /) -> Person:
        if pin != "2580":
            raise SignInError("signin_wrong")
        return Person(staff, Role(staff))

    def is_active(self, staff: str, /) -> Role | None:
        return Role(staff)


class Centre:
    """A centre's application over a state, and browsers at it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.watch = Watch(store, lambda: NOW)
        self.trouble = ""
        self.rounds = Rounds(store, self.watch, lambda: NOW)
        self.browsers = Browsers(folder)
        self.sessions = Sessions(People(), clock=lambda: 1.0)
        tokens = {
            "reads": Token("p", frozenset({Scope.STATES}), "", True, 1),
            "other": Token("q", frozenset(), "", True, 2),
        }
        self.program = application(
            store,
            self.watch,
            self.browsers,
            self.sessions,
            ["127.0.0.1"],
            lambda: NOW,
            tokens.get,
            "en",
            lambda: self.trouble,
        )
        self.rounds.once()

    def browser(self, role: str | None = "clerk") -> TestClient:
        client = TestClient(self.program, base_url="http://127.0.0.1")
        assert client.get(f"/?key={self.browsers.invite()}", follow_redirects=False).status_code == 303
        if role is not None:
            answer = client.post("/signin", data={"staff": role, "pin": "2580"}, follow_redirects=False)
            assert answer.status_code == 303
        return client

    def call(self, path: str, token: str = "reads") -> httpx2.Response:
        client = TestClient(self.program, base_url="http://127.0.0.1")
        return client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})

"""An office with a real database, and a program that calls its API."""

from pathlib import Path

from clerks import SUPERVISOR, sessions
from starlette.applications import Starlette
from starlette.testclient import TestClient

from stillscan.counter.book import Book
from stillscan.counter.counter import Counter
from stillscan.records.keyring import Keyring
from stillscan.records.staff import Person, Role, StaffList
from stillscan.records.tokens import Scope, TokenList
from stillscan.web.api import api
from stillscan.web.browsers import Browsers
from stillscan.web.pages import api_route, application
from stillscan.web.server import NAMES
from tests.records.desk import new_database

CLERK, BOSS = Person("anna", Role.CLERK), Person(SUPERVISOR, Role.SUPERVISOR)
LETTER = {"tracking": "RR123456785NO", "order": "A-1", "recipient": "Åse Østenbyen", "deadline": "2099-12-01"}


class Office:
    """A counter over a real database, and a client that knows the token."""

    def __init__(self, folder: Path) -> None:
        self.database = new_database(folder / "records.db")
        self.keyring = Keyring(folder / "keys", "k1")
        book = Book(self.database, self.keyring, "Moss", test_mode=True)
        self.counter = Counter(book, "Moss", test_mode=True)
        self.tokens = TokenList(self.database, self.keyring)
        self.people = StaffList(self.database, self.keyring)
        self.people.add(SUPERVISOR, Role.SUPERVISOR, "2580 blue")
        self.people.add(CLERK.staff, CLERK.role, "2580 blue")
        self.token = self.tokens.add("all", Scope, BOSS)
        program = api(self.counter, self.database, self.keyring, self.tokens)
        self.program: Starlette = application(
            self.counter, NAMES, Browsers(self.keyring.folder), sessions(), [api_route(program)]
        )
        self.client = TestClient(self.program, base_url="http://127.0.0.1", raise_server_exceptions=False)
        self.client.headers["Authorization"] = f"Bearer {self.token}"

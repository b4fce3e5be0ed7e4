"""An office with letters in a real database, its page, and a supervisor's browser without scripts."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from clerks import SUPERVISOR, client
from played import Played

from stillscan.counter.book import Book
from stillscan.guidance import page_texts
from stillscan.records import changes
from stillscan.records.audit import entries
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.observations import Observations
from stillscan.records.release import Desk
from stillscan.records.staff import Person, Role, StaffList
from stillscan.web.letters import Letters
from stillscan.web.pages import application
from stillscan.web.server import NAMES, PageServer
from tests.records.desk import new_database

NUMBER, OTHER_NUMBER, UNKNOWN, TRIAL = "RR123456785NO", "RR000000014NO", "RR000000028NO", "TESTPACKAGE-AT-PICKUPPOINT"
NAME, RIGHT = "Åse Østenbyen", "Kari Hansen"
LINES = ("P<NOROESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0")
FORMS = ("extend", "correct", "withdraw", "return")


TODAY = utc_now().date()  # one for all, also when midnight comes meanwhile


def day(days: int) -> str:
    """So many days after it, as forms have it."""
    return (TODAY + timedelta(days=days)).isoformat()


class Office(Played):
    """A page over a real database with two letters and one for trying out, and a supervisor in the chain."""

    def __init__(self, folder: Path, test_mode: bool = False, clock: Any = time.monotonic) -> None:
        self.database = new_database(folder / "records.db")
        self.keyring = Keyring(folder / "keys", "k1")
        self.chain = ChainState()
        for numbers, test in (((NUMBER, OTHER_NUMBER), False), ((TRIAL,), True)):
            rows = "".join(f"{number},A-{number[-4]},{NAME},{day(7)},Moss\n" for number in numbers)
            load(
                f"tracking,order,recipient,deadline,office\n{rows}".encode(),
                self.database,
                self.keyring,
                "f",
                test=test,
            )
        self.people = StaffList(self.database, self.keyring)
        self.people.add(SUPERVISOR, Role.SUPERVISOR, "2580 blue")
        super().__init__(test_mode=test_mode, keys=folder / "keys", clock=clock)
        book = Book(self.database, self.keyring, "Moss", test_mode, self.chain)
        self.counter._book = book
        self.letters = Letters(self.counter, self.sessions, self.database, self.keyring, self.chain)
        self.program = application(self.counter, NAMES, self.browsers, self.sessions, self.letters.routes())
        self._server = PageServer(self.program, 0)
        self.path = folder / "records.db"

    def facts(self) -> list[dict[str, Any]]:
        """What all entries say."""
        with self.database.reading() as connection:
            return [entry.facts for entry in entries(connection)]

    def release(self, number: str = NUMBER) -> None:
        """Hand a letter out."""
        desk = Desk(self.database, self.keyring, "Moss")
        assert (
            desk.finish(
                number, Observations(LINES, True, face_matches=True), Person(SUPERVISOR, Role.SUPERVISOR)
            ).verdict
            == "release"
        )

    def elsewhere(self, change: changes.Change, number: str = NUMBER) -> None:
        """Somebody decides by a command."""
        changes.record(change, number, Person(SUPERVISOR, Role.SUPERVISOR), self.database, self.keyring)


class Window:
    """A supervisor's browser without scripts."""

    def __init__(self, office: Office, who: str = SUPERVISOR) -> None:
        self.office = office
        self.client = client(office.program, office.browsers, who)
        self.form: dict[str, str] = {}

    def look(self, number: str = NUMBER) -> httpx2.Response:
        """Show a letter; its forms are kept."""
        return self._kept(self.client.post("/letters", data={"tracking": number}))

    def decide(self, name: str, **fields: str) -> httpx2.Response:
        """Send one of the forms as it was shown."""
        return self._kept(self.client.post(f"/letters/{name}", data={**self.form, **fields}))

    def _kept(self, answer: httpx2.Response) -> httpx2.Response:
        for name in ("boot", "seen"):
            _, found, rest = answer.text.partition(f'name="{name}" value="')
            if found:
                self.form[name] = rest.partition('"')[0]
        _, found, rest = answer.text.partition('type="hidden" name="tracking" value="')
        if found:
            self.form["tracking"] = rest.partition('"')[0]
        return answer


def offered(page: str) -> tuple[str, ...]:
    """The forms that a page has."""
    return tuple(name for name in FORMS if f'action="/letters/{name}"' in page)


def said(page: str, key: str, language: str = "nb", **values: str) -> bool:
    """Whether a page has this sentence."""
    return page_texts(language)[key].format(**values).replace("'", "&#39;") in page

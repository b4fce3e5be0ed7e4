"""Requests to the page and the API by whoever may not make them: does one change anything, or tell anything personal?

The page holds a letter and a passport, and waits for the face: one answer away from a release. Whoever asks has some of
what is needed and lacks one thing; the forms are right otherwise, down to the question that they answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from starlette.testclient import TestClient

from bench.attacks.office import (
    BOSS,
    OFFICE,
    PIN,
    RECIPIENT,
    Computer,
    computer,
    identity,
    letters,
    opened,
    paired,
    passport,
    staffed,
)
from bench.attacks.tried import Attack, Tried, carried_out, see_that_it_was_tried
from bench.crash import CLERK, number
from kiosk import wire
from stillscan.counter.book import Book
from stillscan.counter.counter import Counter
from stillscan.link.messages import Hello, State
from stillscan.mrz import Reading
from stillscan.records.audit import head_of, reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.changes import mark
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Role, StaffList
from stillscan.records.tokens import Scope, TokenList
from stillscan.web.api import api
from stillscan.web.browsers import Browsers
from stillscan.web.pages import api_route, application
from stillscan.web.server import NAMES
from stillscan.web.sessions import LOCK_MINUTES, Sessions

Headers = dict[str, str]
_URL = "http://127.0.0.1"
_TECHNICIAN, _GONE = "tech", "gone"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_FORMS = ("tracking", "second", "face", "document", "end", "next", "signout", "browsers/invite", "browsers/revoke")
_PAGES = ("", "browsers", "paper/refund.html", "paper/refund.txt", "paper/refund.eml", "events")
_PERSONAL = (RECIPIENT, "OESTENBYEN", number(0), "17.05.1991", "910517", "ZZZ000101")
_HELLO = Hello(1, 1, 0, 1, 0, b"rpi_pico", 7, 1476, 274, 84667, 2950, 2048, 1, 15)


class _Call(NamedTuple):
    method: str
    path: str
    scope: Scope


_LETTER = {"tracking": number(7), "order": "B", "recipient": RECIPIENT, "deadline": "2099-01-01"}
_DECISIONS: dict[str, dict[str, str]] = {
    "extend": {"deadline": "2099-01-01"},
    "correct": {"recipient": "Kari Hansen"},
    "withdraw": {},
    "return": {},
    "again": {name: value for name, value in _LETTER.items() if name != "tracking"},
}
_CALLS = (
    _Call("GET", "status", Scope.STATES),
    _Call("GET", f"consignments/{number(0)}", Scope.STATES),
    _Call("POST", "consignments", Scope.LETTERS),
    *(_Call("POST", f"consignments/{number(0)}/{name}", Scope.DECISIONS) for name in _DECISIONS),
    _Call("POST", "rules/decide", Scope.CASES),
    _Call("GET", "rules/reasons", Scope.CASES),
    _Call("GET", "audit/entries", Scope.AUDIT),
    _Call("GET", "audit/verify", Scope.AUDIT),
)


def tried(folder: Path, every: int = 1, first: int = 0, seed: int = 0) -> Iterator[Tried]:
    """All of them, of ``every`` so many one; nothing is drawn by chance."""
    with computer(Computer()) as today:
        office = _Office(folder, today)
        outcomes = set()
        for one in carried_out(_attacks(office), every, first):
            outcomes.add(one.outcome)
            yield one
        see_that_it_was_tried(outcomes, office.hands_out)


class _Office:
    """A kiosk in mid-visit, and its page."""

    def __init__(self, folder: Path, today: Computer) -> None:
        self._database, keyring = opened(folder)
        self._keyring, self._chain = keyring, ChainState()
        self._seconds = 1000.0
        staffed(self._database, keyring)
        people = StaffList(self._database, keyring)
        for staff, role in ((_TECHNICIAN, Role.TECHNICIAN), (_GONE, Role.CLERK)):
            people.add(staff, role, PIN)
        letters(self._database, keyring, [0], (today.time + timedelta(days=14)).date())
        scanner = paired(Scanners(self._database, keyring)).scanner
        book = Book(self._database, keyring, OFFICE, test_mode=False)
        self.counter = Counter(book, OFFICE, clock=lambda: 1000.0)
        self.tokens = TokenList(self._database, keyring)
        self._browsers = Browsers(keyring.folder)
        self._sessions = Sessions(people, LOCK_MINUTES, lambda: self._seconds)
        program = api(self.counter, self._database, keyring, self.tokens)
        self._program = application(self.counter, NAMES, self._browsers, self._sessions, [api_route(program)])
        expired = self.browser(CLERK.staff)
        self._seconds += LOCK_MINUTES * 60
        self.clerk, signed_out = self.browser(CLERK.staff), self.browser(CLERK.staff)
        locked = self.browser(_GONE)
        people.lock(_GONE)
        stolen = dict(self.clerk.cookies)
        session = next(name for name in stolen if "session" in name)
        bound = next(name for name in stolen if "browser" in name)
        self.counter.answer(lambda visit: visit.enter(number(0), visit.turn), CLERK)
        self.counter.connected(_HELLO, identity(scanner))
        self.counter.message(State(wire.PLACED, wire.NO_CAUSE, 0, 0, 1, 0))
        self.counter.judge(Reading(format="TD3", lines=passport(), valid=True, accepted=True, confidence=1.0))
        signed_out.post("/signout")
        self.browsers = {
            "no cookies": self.browser(None, bound=False),
            "bound only": self.browser(None),
            "a session's cookie alone": self.browser(None, bound=False, cookies={session: stolen[session]}),
            "the session of another browser": self.browser(None, cookies={session: stolen[session]}),
            "cookies made up": self.browser(None, bound=False, cookies={session: "x" * 43, bound: "y" * 43}),
            "cookies exchanged": self.browser(
                None, bound=False, cookies={session: stolen[bound], bound: stolen[session]}
            ),
            "a session that has expired": expired,
            "signed out": signed_out,
            "locked meanwhile": locked,
        }
        self.technician, self.supervisor = self.browser(_TECHNICIAN), self.browser(BOSS.staff)
        if self.counter.visit.step != "face":
            raise RuntimeError("the visit is not where a letter can be handed out: nothing would be tried")

    def browser(self, staff: str | None, *, bound: bool = True, cookies: Headers | None = None) -> TestClient:
        """A browser of whoever it may be."""
        made = TestClient(self._program, base_url=_URL, follow_redirects=False, raise_server_exceptions=False)
        if bound:
            made.get(f"/?key={self._browsers.invite()}")
        if staff is not None:
            made.post("/signin", data={"staff": staff, "pin": PIN})
        for name, value in (cookies or {}).items():
            made.cookies.set(name, value)
        return made

    def form(self, **changes: str) -> dict[str, str]:
        """What every form of the page says, for all of them at once."""
        right = {"turn": str(self.counter.visit.turn), "boot": self.counter.boot, "same_person": "yes"}
        more = {"tracking": number(0), "number": "1", "again": "1", "counts": "none"}
        return {**right, **more, "browser": self._browsers.all()[0].name, **changes}

    def hands_out(self) -> bool:
        """Whether the clerk who sits there can."""
        answer = self.clerk.post("/face", data=self.form(same_person="yes"))
        return answer.status_code == 303 and self.released() == 1

    def released(self) -> int:
        """How many letters are."""
        with self._database.reading() as connection:
            count: int = connection.exec_driver_sql("SELECT count(*) FROM release").scalar_one()
        return count

    def mark(self) -> str:
        """Of the letter of the visit."""
        with reading_chain(self._database, self._keyring, self._chain):
            return mark(self._chain, number(0))

    def state(self) -> tuple[object, ...]:
        """Everything that a request could have changed."""
        visit = self.counter.visit
        with self._database.reading() as connection:
            end = head_of(connection)
        return visit, visit.turn, visit.step, visit.other, visit.staff, end, self.released(), self._browsers.all()


def _attacks(office: _Office) -> Iterator[Attack]:
    forms = [("POST", name) for name in _FORMS]
    pages = [("GET" if name != "events" else "HEAD", name) for name in _PAGES]
    for who, browser in office.browsers.items():
        for method in _METHODS:
            for name in dict.fromkeys([*_FORMS, *_PAGES]):
                if (method, name) != ("GET", "events") and (method not in ("PUT", "PATCH") or name in _FORMS[:3]):
                    yield _page(office, who, browser, method, name)
    for method, name in [*forms, *pages]:
        if name not in ("signout", "", "events"):
            yield _page(office, "a technician", office.technician, method, name)
    yield _page(office, "a technician", office.technician, "GET", "", may_see="a page")
    for name in ("browsers", "browsers/invite", "browsers/revoke"):
        yield _page(office, "a clerk", office.clerk, "GET" if name == "browsers" else "POST", name)
    yield from _of_other_sites(office, forms)
    yield from _forged(office)
    yield from _calls(office)


def _of_other_sites(office: _Office, forms: list[tuple[str, str]]) -> Iterator[Attack]:
    """In the browser of somebody who is signed in, with their cookies."""
    origins: list[Headers] = [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "https://127.0.0.1"},
        {"Origin": f"{_URL}:8081"}, {"Origin": f"{_URL}.evil.example"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "127.0.0.1.evil.example"},
    ]  # fmt: skip
    for headers in origins:
        for method, name in forms:
            yield _page(office, f"another site, {headers}", office.supervisor, method, name, headers)
        if "Origin" not in headers or "Host" in headers:  # a page's address is read without one
            for name in _PAGES[:-1]:
                yield _page(office, f"another site, {headers}", office.supervisor, "GET", name, headers)


def _forged(office: _Office) -> Iterator[Attack]:
    """Of the clerk's own browser, but to a question that is not open, or of another start of the program."""
    turns = ("", "-1", "0", "x", "٣", "1e3", "99999999999999999999", " ", "{next}", "{before}", "0x1", "+1")
    for name in ("tracking", "second", "face", "document", "end", "next"):
        for turn in turns:
            yield _page(office, "a forged turn", office.clerk, "POST", name, may_see="everything", turn=turn)
        for boot in ("", "0", "x" * 40):
            yield _page(office, "a forged start", office.clerk, "POST", name, may_see="everything", boot=boot)
    for name in ("tracking", "second", "document"):
        yield _page(office, "a form for another question", office.clerk, "POST", name, may_see="everything")
    for answer in ("", "YES", "true", "1", "yes ", "yes\0"):
        yield _page(
            office, "no answer to the face", office.clerk, "POST", "face", may_see="everything", same_person=answer
        )


def _page(
    office: _Office, who: str, browser: TestClient, method: str, name: str, headers: Headers | None = None,
    may_see: str = "nothing", **changes: str,
) -> Attack:  # fmt: skip
    """``may_see``: "nothing", "a page" without anything personal, or "everything", for whom the visit is anyway."""

    def carry_out() -> str:
        now = office.counter.visit.turn
        form = {key: value.format(next=now + 1, before=now - 1) for key, value in changes.items()}
        data = office.form(**form) if method in ("POST", "PUT", "PATCH") else None
        return _judged(office, lambda: browser.request(method, f"/{name}", headers=headers, data=data), may_see)

    return Attack("page", f"{who}: {method} /{name} {changes or ''}".rstrip(), carry_out)


def _calls(office: _Office) -> Iterator[Attack]:
    """The API by tokens that are none, or for other things, and by whoever is signed in at the page."""
    revoked = office.tokens.add("revoked", Scope, BOSS)
    office.tokens.revoke("revoked")
    for call in _CALLS:
        others = office.tokens.add(
            f"all-but-{call.method}-{call.path.replace('/', '-')}".lower(), set(Scope) - {call.scope}, BOSS
        )
        shown: dict[str, str | None] = {
            "no token": None,
            "an empty one": "Bearer ",
            "one made up": "Bearer x",
            "a revoked one": f"Bearer {revoked}",
            "one for other things": f"Bearer {others}",
            "half of one": f"Bearer {others[:-4]}",
            "Basic": f"Basic {others}",
            "two": f"Bearer {others} {revoked}",
            "in capitals": f"Bearer {others.upper()}",
            "with a NUL": f"Bearer {others}%00",
        }
        for told, header in shown.items():
            headers = {} if header is None else {"Authorization": header}
            yield _call(office, call, told, office.browsers["no cookies"], headers)
            yield _call(office, call, f"{told}, a supervisor's browser", office.supervisor, headers)


def _call(office: _Office, call: _Call, told: str, browser: TestClient, headers: Headers) -> Attack:
    """A call as it would be carried out with the right token: a decision names the letter as it stands."""
    decision = _DECISIONS.get(call.path.rpartition("/")[2])

    def carry_out() -> str:
        content: object = None if call.method == "GET" else {}
        if call.path == "consignments":
            content = [_LETTER]
        elif decision is not None:
            content = {"mark": office.mark(), **decision}
        ask = lambda: browser.request(call.method, f"/api/v1/{call.path}", headers=headers, json=content)  # noqa: E731
        return _judged(office, ask)

    return Attack("api", f"{told}: {call.method} {call.path}", carry_out)


def _judged(office: _Office, ask: Callable[[], object], may_see: str = "nothing") -> str:
    """ "accepted" when something is another than before, or is shown to somebody who may not see it."""
    before = office.state()
    answer = ask()
    status, text = answer.status_code, answer.text  # type: ignore[attr-defined]
    shown = status < 300 and may_see == "nothing"
    personal = may_see != "everything" and any(word in text for word in _PERSONAL)
    return "accepted" if shown or personal or office.state() != before else "held"

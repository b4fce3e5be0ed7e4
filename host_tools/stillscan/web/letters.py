"""What a supervisor decides about a letter: a later last day, the right name, not to be handed out, back to its sender.

The number comes with a form, so that no address holds it. Each answer shows the letter as it stands then; a form names
what its supervisor saw, so that a second one, or one that was sent twice, changes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from stillscan.counter.counter import Counter
from stillscan.errors import StillscanError
from stillscan.guidance import page_texts
from stillscan.records import kinds, tracking
from stillscan.records.chain_state import ChainState
from stillscan.records.changes import (
    Change,
    Changed,
    ChangeError,
    correction,
    extension,
    record,
    return_to_sender,
    withdrawal,
)
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.errors import FieldError, OutcomeUnknownError
from stillscan.records.history import LetterHistory, history
from stillscan.records.keyring import Keyring
from stillscan.records.staff import NotAllowedError, Person
from stillscan.web.forms import form_of
from stillscan.web.gate import session_of, supervisors_only
from stillscan.web.language import keep_choice, language_of
from stillscan.web.rendering import Rendering
from stillscan.web.seldom import Seldom
from stillscan.web.sessions import Sessions
from stillscan.web.view import records_text

_MOST_AT_ONCE = 4  # decisions at one time, each in a thread: an office has a supervisor or two
_LOG = Seldom(__name__)
_FIND = "find"
_CHANGES: Mapping[str, Callable[[Mapping[str, str]], Change]] = {
    "extend": lambda form: extension(form.get("deadline", "")),
    "correct": lambda form: correction(form.get("recipient", "")),
    "withdraw": lambda form: withdrawal(form.get("reason", "").strip() or None),
    "return": lambda form: return_to_sender(),
}
_OFFERED = {"waiting": tuple(_CHANGES), "deadline over": tuple(_CHANGES), "withdrawn": ("return",)}
"""What may be decided of a letter that stands so; nothing of one that stands otherwise."""
_NOT_OF_ERASED = ("extend", "correct")
_SAME_IN_ALL = {"unknown": "tracking_unknown"}  # problems for which the page has a sentence already


_TYPED = ("deadline", "recipient", "reason")
_LONGEST = 200  # characters of what is typed that are kept: its fields take no more


class _Half(NamedTuple):
    """What a supervisor typed of a decision and did not send, or what was refused. In memory only, and in no log."""

    staff: str
    tracking: str
    fields: dict[str, str]
    at: str
    """The field with the cursor."""


class _Done(NamedTuple):
    """What came of a request: the letter as it stands now, what was done, and what was wrong."""

    found: LetterHistory | None = None
    changed: Changed | None = None
    error: StillscanError | None = None


class Letters:
    """The supervisor's page of letters, of one counter over a database."""

    def __init__(
        self, counter: Counter, sessions: Sessions, database: Database, keyring: Keyring, chain: ChainState
    ) -> None:
        """``chain``: what this process knows of it, shared with whoever else reads and writes there."""
        self._counter = counter
        self._rendering = Rendering(counter)
        self._sessions = sessions
        self._database = database
        self._keyring = keyring
        self._chain = chain
        self._threads = anyio.CapacityLimiter(_MOST_AT_ONCE)
        self._half: dict[str, _Half] = {}

    def routes(self) -> list[BaseRoute]:
        """Where it is."""
        return [
            Route("/letters", self.page),
            Route("/letters", self.find, methods=["POST"], name=_FIND),
            Route("/letters/draft", self.draft, methods=["POST"]),
            *(Route(f"/letters/{name}", self.change, methods=["POST"], name=name) for name in _CHANGES),
        ]

    async def page(self, request: Request) -> Response:
        """Which letter? Or the one of which something was typed before the page was loaded anew, or locked."""
        if refused := supervisors_only(request):
            return refused
        half = self._half_of(request)
        if half is None:
            return self._page(request, _FIND, {}, _Done())
        return await self._answer(request, _FIND, {"tracking": half.tracking})

    async def find(self, request: Request) -> Response:
        """The letter with a number."""
        return supervisors_only(request) or await self._answer(request, _FIND, await form_of(request))

    async def change(self, request: Request) -> Response:
        """A decision about it."""
        asked = request.url.path.rpartition("/")[2]
        return supervisors_only(request) or await self._answer(request, asked, await form_of(request))

    async def draft(self, request: Request) -> Response:
        """What stands in the fields of a decision: it is there again when the page is loaded anew."""
        if refused := supervisors_only(request):
            return refused
        form = await form_of(request)
        if form.get("boot") == self._counter.boot:
            self._keep(request, form)
        return Response(status_code=204)

    async def _answer(self, request: Request, asked: str, form: Mapping[str, str]) -> Response:
        work = functools.partial(self._work, asked, form, session_of(request).person)
        done = await anyio.to_thread.run_sync(work, limiter=self._threads)  # a database may hang
        half = self._half_of(request)
        if asked == _FIND and half is not None and done.found and done.found.letter.tracking == half.tracking:
            form = {**form, **half.fields, "at": half.at}
        else:
            self._keep(request, form if done.error is not None else {})
        return self._page(request, asked, form, done)

    def _half_of(self, request: Request) -> _Half | None:
        """What was typed at this browser, for the person who typed it; for anybody else it is forgotten."""
        session = session_of(request)
        half = self._half.get(session.browser)
        if half is not None and half.staff != session.person.staff:
            del self._half[session.browser]
            return None
        return half

    def _keep(self, request: Request, form: Mapping[str, str]) -> None:
        """As long as there is anything: what is typed, until it is taken or another letter is looked at."""
        session = session_of(request)
        fields = {name: form[name][:_LONGEST] for name in _TYPED if form.get(name)}
        if fields:
            at = form.get("at", next(iter(fields)))
            number = form.get("tracking", "")[:_LONGEST]
            self._half[session.browser] = _Half(session.person.staff, number, fields, at)
        else:
            self._half.pop(session.browser, None)

    def _work(self, asked: str, form: Mapping[str, str], person: Person) -> _Done:
        """In a thread: look the letter up, after it was changed if that was asked for."""
        changed = error = found = None
        try:
            numbers = tracking.numbers(form.get("tracking", ""), test=self._counter.test_mode)
        except FieldError as wrong:
            return _Done(error=wrong)
        try:
            if asked in _CHANGES:
                changed = self._changed(asked, numbers[0], form, person)
        except StillscanError as wrong:
            error = wrong
        try:
            found = history(numbers, self._database, self._keyring, self._chain, test=self._counter.test_mode)
        except StillscanError as wrong:
            if changed is None:
                error = error or wrong
            else:  # it is recorded all the same
                _LOG.warning("a letter that was changed could not be looked at: %s", wrong)
        else:
            if found is None:
                error = error or ChangeError("unknown")
        return _Done(found, changed, error)

    def _changed(self, asked: str, number: str, form: Mapping[str, str], person: Person) -> Changed:
        if form.get("boot") != self._counter.boot:
            raise ChangeError("meanwhile")
        change, seen, test = _CHANGES[asked](form), form.get("seen", ""), self._counter.test_mode
        return record(change, number, person, self._database, self._keyring, self._chain, seen=seen, test=test)

    def _page(self, request: Request, asked: str, form: Mapping[str, str], done: _Done) -> Response:
        language = language_of(request)
        texts = page_texts(language)
        status, problem = _problem(done.error, language)
        today = self._keyring.clock.best(utc_now(), self._chain.time).date()
        values: dict[str, Any] = {
            "here": "/letters",
            "person": session_of(request).person,
            "lock_s": self._sessions.told_lock_s,
            "found": None if done.found is None else _shown(done.found, today, texts),
            "today": today.isoformat(),
            "asked": asked,
            "typed": form if done.changed is None else {},
            "problem": problem,
            "done": None if done.changed is None else _done(done.changed, form, texts),
        }
        page = HTMLResponse(self._rendering.render("letters.html", language, **values), status_code=status)
        keep_choice(request, page)
        return page


def _problem(error: StillscanError | None, language: str) -> tuple[int, str | None]:
    """Status and sentence of what went wrong."""
    texts = page_texts(language)
    match error:
        case None:
            return 200, None
        case FieldError():
            return 422, texts["tracking_wrong" if error.field == "tracking" else f"letter_wrong_{error.field}"]
        case ChangeError():
            sentence = texts[_SAME_IN_ALL.get(error.problem, f"letter_{error.problem}")]
            return 409 if error.problem == "meanwhile" else 422, sentence
        case NotAllowedError():
            return 403, texts[error.key]
    _LOG.warning("a letter could not be looked at or changed: %s", error)
    if isinstance(error, OutcomeUnknownError):
        return 503, texts["letter_outcome_unknown"]
    return 503, records_text("letter_records", getattr(error, "key", ""), str(error), language)


def _shown(found: LetterHistory, today: date, texts: Mapping[str, str]) -> dict[str, Any]:
    """The letter in one language. Whose it is, only while it may be handed out."""
    letter, form = found.letter, texts["date_form"]
    state = letter.state_on(today)
    if letter.erased:
        recipient = texts["recipient_erased"]
    else:
        recipient = letter.recipient if state == "waiting" else texts["recipient_hidden"]
    return {
        "tracking": letter.tracking,
        "mark": found.mark,
        "state": texts[f"letter_state_{state.replace(' ', '_')}"],
        "deadline": letter.deadline.strftime(form),
        "office": letter.office,
        "recipient": recipient,
        "offered": [name for name in _OFFERED.get(state, ()) if not (letter.erased and name in _NOT_OF_ERASED)],
        "entries": [_entry(facts, texts) for facts in found.entries],
    }


def _entry(facts: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, str]:
    """What an entry records, when in local time, and who did it."""
    kind, moment = facts["kind"], datetime.fromisoformat(facts["time"])
    if kind == kinds.CHECK:
        kind = "check_released" if facts["verdict"] == kinds.RELEASE else "check_not_released"
    what = texts[f"entry_{kind}"]
    if kind == kinds.EXTENSION:
        what = what.format(deadline=_day(facts["deadline"], texts))
    return {
        "time": facts["time"],
        "when": moment.astimezone().strftime(f"{texts['date_form']} %H:%M"),
        "what": what,
        "who": _who(facts),
    }


def _who(facts: Mapping[str, Any]) -> str:
    """A person, a program, a person by a program, or else a kiosk."""
    staff, token = facts.get("staff"), facts.get("token")
    return f"{staff} ({token})" if staff and token else str(staff or token or facts["kiosk"])


def _done(changed: Changed, form: Mapping[str, str], texts: Mapping[str, str]) -> str:
    """The sentence of what was recorded."""
    sentence = texts[f"done_{changed.change}"]
    return sentence.format(deadline=_day(form["deadline"], texts)) if changed.change == kinds.EXTENSION else sentence


def _day(written: str, texts: Mapping[str, str]) -> str:
    return date.fromisoformat(written.strip()).strftime(texts["date_form"])

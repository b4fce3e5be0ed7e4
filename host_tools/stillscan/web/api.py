"""The HTTP API for integrators, under /api/v1: letters in, states out, cases tried. Every call needs a bearer token.

Nothing here finishes a check or hands a letter out: that needs the scanner, the clerk and the page.
"""

import logging
from collections import Counter as Counted
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from sqlalchemy import Connection

from stillscan import __version__
from stillscan.counter.counter import Counter
from stillscan.errors import InputError, StillscanError
from stillscan.records import kinds, tracking
from stillscan.records.audit import entries, head_of, reading_chain
from stillscan.records.chain_entry import ChainEntry, problem
from stillscan.records.chain_state import ChainState
from stillscan.records.changes import mark
from stillscan.records.clock import utc_now
from stillscan.records.consignments import Stands, StoredConsignment, find, known_by
from stillscan.records.database import Database
from stillscan.records.ended import EndedChecks
from stillscan.records.errors import RowsError, broken
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.tokens import Scope, Token, TokenList
from stillscan.records.verification import verify
from stillscan.verify.case import Case, Consignment
from stillscan.verify.rules import decide_case
from stillscan.verify.ruling import explanations
from stillscan.web.api_decisions import add_decisions
from stillscan.web.api_shapes import (
    EVENTS,
    CaseIn,
    CheckEnded,
    EventStream,
    Imported,
    Letter,
    Letters,
    LetterState,
    Problem,
    RulingOut,
    Statistics,
    Status,
    Text,
    Whole,
)
from stillscan.web.bearer import TokenFirst, may, most_bytes
from stillscan.web.feed import feed
from stillscan.web.language import begin_in
from stillscan.web.limits import WholeBody
from stillscan.web.places import Places

_LOG = logging.getLogger(__name__)
_MOST_LETTERS = 10_000  # in one request: about 1 MB of JSON; larger lists are files
_MOST_ENTRIES = 1000  # in one answer; `audit export` gives them all
_MOST_LISTED = 1000  # letters in one answer: some 200 kB
_MOST_DAYS = 366  # of a statistic: a year and its leap day
_MOST_FEEDS = 10  # programs that follow the counter at one time: an office has a few


def api(counter: Counter, database: Database, keyring: Keyring, tokens: TokenList) -> FastAPI:
    """The application to be mounted under /api/v1."""
    refused: dict[int | str, dict[str, Any]] = {
        code: {"model": Problem} for code in (400, 401, 403, 413, 422, 431, 503)
    }
    app = FastAPI(
        title="stillscan",
        version=__version__,
        description=__doc__,
        docs_url=None,
        redoc_url=None,
        responses=refused,
    )
    begin_in(app, "en")  # programs that call it are written in English
    app.add_middleware(WholeBody, most=most_bytes)
    app.add_middleware(TokenFirst, find=tokens.find)
    _add_failures(app)
    _add_counter(app, counter, tokens, EndedChecks(database, keyring))
    _add_webhook(app)
    chain = ChainState()
    _add_letters(app, counter.test_mode, database, keyring, chain)
    add_decisions(app, counter.test_mode, database, keyring, chain)
    _add_statistics(app, counter.test_mode, database, keyring, chain)
    _add_rules(app)
    _add_audit(app, database, keyring)
    return app


def _add_failures(app: FastAPI) -> None:
    """Expected failures are answers of one line, not tracebacks."""

    @app.exception_handler(RequestValidationError)
    async def not_as_described(_: Request, error: RequestValidationError) -> JSONResponse:
        # Without what was sent: it may be somebody's, and it may be no text that an answer can hold.
        detail = [{key: one[key] for key in ("loc", "msg", "type")} for one in error.errors()]
        return JSONResponse({"detail": detail}, 422)

    @app.exception_handler(InputError)
    async def bad_input(_: Request, error: InputError) -> JSONResponse:
        detail = [f"{line}: {why}" for line, why in error.errors] if isinstance(error, RowsError) else str(error)
        return JSONResponse({"detail": detail}, 422)

    @app.exception_handler(StillscanError)
    async def trouble(_: Request, error: StillscanError) -> JSONResponse:
        _LOG.error("the API could not answer: %s", error)
        return JSONResponse({"detail": str(error)}, 503)


def _add_counter(app: FastAPI, counter: Counter, tokens: TokenList, ended: EndedChecks) -> None:
    @app.get("/status", dependencies=[may(Scope.STATES)])
    def status() -> Status:
        """What happens at the counter now."""
        step, scanner = counter.look(lambda visit, scanner: (visit.step, scanner))
        return Status(
            version=__version__,
            step=step,
            scanner=scanner.state,
            trouble=scanner.trouble,
            row=scanner.row,
            rows=scanner.rows,
            test_mode=counter.test_mode,
        )

    @app.get("/events", response_class=EventStream, responses={200: {"content": EVENTS}})
    async def events(
        token: Annotated[Token, may(Scope.STATES)], last_event_id: Annotated[str, Header()] = ""
    ) -> Response:
        """What happens at the counter, as server-sent events: `state` with each change, `check` with each check that
        ended, `beat` when nothing changes for 2.5 s.

        A `check` has its reference as its id, and the first `state` the end of the log. Who was away sends the last
        id in `Last-Event-ID`, as browsers do by themselves, and is told first which checks ended since. A `check` may
        come twice, with the same id. The stream ends when the token is revoked, and when records cannot say what was
        missed: then ask again with the same id.
        """
        events = feed(counter, lambda: tokens.is_active(token.name), ended.after, last_event_id)
        full = JSONResponse({"detail": "too many programs follow the counter already"}, 503)
        return feeds.stream(None, events, full)

    feeds = Places(_MOST_FEEDS)


def _add_webhook(app: FastAPI) -> None:
    @app.webhooks.post("check.ended")
    def check_ended(body: CheckEnded) -> None:
        """A check has ended: what `run --webhook` sends, signed as Standard Webhooks has it.

        Headers: `webhook-id` (the same at each try), `webhook-timestamp` (of this try), `webhook-signature`. Any answer
        from 200 to 299 takes it.
        """


def _add_letters(app: FastAPI, test_mode: bool, database: Database, keyring: Keyring, chain: ChainState) -> None:
    @app.post("/consignments")
    def import_letters(
        letters: Annotated[list[Letter], Field(max_length=_MOST_LETTERS)],
        token: Annotated[Token, may(Scope.LETTERS)],
    ) -> Imported:
        """Register letters, all or none. Sending them again is harmless; changed contents are refused."""
        rows = "[" + ",\n".join(letter.model_dump_json() for letter in letters) + "]"
        done = load(rows.encode(), database, keyring, "letters", test=test_mode, token=token.name)
        return Imported(new=done.new, unchanged=done.unchanged)

    @app.get("/consignments", dependencies=[may(Scope.STATES)])
    def list_letters(
        state: Stands | None = None,
        office: Text | None = None,
        after: Text = "",
        limit: Annotated[int, Field(ge=1, le=_MOST_LISTED)] = 100,
    ) -> Letters:
        """The letters that are or were here, without their recipients: all, or those of one state or one office."""
        today, found = utc_now().date(), list[LetterState]()
        with reading_chain(database, keyring, chain) as connection:
            for letter in find(connection, keyring, chain):
                wanted = letter.test == test_mode and letter.tracking > after
                if wanted and state in (None, letter.state_on(today)) and office in (None, letter.office):
                    if len(found) == limit:
                        return Letters(letters=found, after=found[-1].tracking)
                    found.append(_state(letter, today, chain))
        return Letters(letters=found, after=None)

    @app.get("/consignments/{number}", dependencies=[may(Scope.STATES)], responses={404: {"model": Problem}})
    def letter_state(number: str) -> LetterState:
        """Whether a letter is here, and whether it has been handed out."""
        numbers = tracking.numbers(number, test=test_mode)
        with reading_chain(database, keyring, chain) as connection:
            letter = known_by(numbers, connection, keyring, chain, test=test_mode)
            if letter is not None:
                return _state(letter, utc_now().date(), chain)
        raise HTTPException(404, "no such letter here")


def _add_statistics(app: FastAPI, test_mode: bool, database: Database, keyring: Keyring, chain: ChainState) -> None:
    @app.get("/statistics", dependencies=[may(Scope.AUDIT)])
    def statistics(days: Annotated[int, Field(ge=1, le=_MOST_DAYS)] = 7) -> Statistics:
        """How many letters stand how, and how the checks of the last days ended, by verdict and reason."""
        now = utc_now()
        verdicts, reasons = Counted[str](), Counted[str]()
        with reading_chain(database, keyring, chain) as connection:
            stands = Counted[str](
                letter.state_on(now.date()) for letter in find(connection, keyring, chain) if letter.test == test_mode
            )
            for facts in _checks_since(connection, keyring, now - timedelta(days=days)):
                verdicts[facts["verdict"]] += 1
                reasons.update(facts["reasons"])
        return Statistics(
            letters=dict(stands), days=days, checks=verdicts.total(), verdicts=dict(verdicts), reasons=dict(reasons)
        )


def _add_rules(app: FastAPI) -> None:
    @app.post("/rules/decide", dependencies=[may(Scope.CASES)])
    def decide(case: CaseIn) -> RulingOut:
        """The verdict that the rules would come to; nothing is recorded and no letter handed out."""
        if case.now.tzinfo is None:
            raise HTTPException(422, "'now' has no time zone; write Z for UTC")
        try:
            ruling = decide_case(_case(case))
        except OverflowError:  # a moment at the end of all years, in a time zone that is beyond it
            raise HTTPException(422, "'now' is no moment of the years 1 to 9999 in UTC") from None
        return RulingOut(verdict=ruling.verdict, reasons=list(ruling.reasons))

    @app.get("/rules/reasons", dependencies=[may(Scope.CASES)])
    def reasons() -> dict[str, dict[str, str]]:
        """Every reason code: what it leads to, and when it applies."""
        return {code: {"verdict": entry.verdict, "when": entry.when} for code, entry in explanations().items()}


def _add_audit(app: FastAPI, database: Database, keyring: Keyring) -> None:
    @app.get("/audit/entries", dependencies=[may(Scope.AUDIT)])
    def audit_entries(last: Annotated[int, Field(ge=1, le=_MOST_ENTRIES)] = 20) -> list[dict[str, Any]]:
        """The last entries of the audit log, without personal parts."""
        with database.reading() as connection:
            end = head_of(connection)
            before = max(0, end.seq - last) if end is not None else 0
            return [_facts(entry, keyring) for entry in deque(entries(connection, before), maxlen=last)]

    @app.get("/audit/verify", dependencies=[may(Scope.AUDIT)])
    def audit_verify() -> Whole:
        """Walk the whole audit log: is every entry, its order and its end as it was written?"""
        found = verify(database, keyring)
        return Whole(
            whole=not found.findings, entries=found.entries, findings=[str(finding) for finding in found.findings]
        )


def _state(letter: StoredConsignment, today: date, chain: ChainState) -> LetterState:
    return LetterState(
        tracking=letter.tracking,
        deadline=letter.deadline,
        office=letter.office,
        released=letter.released,
        state=letter.state_on(today),
        test=letter.test,
        mark=mark(chain, letter.tracking),
    )


def _checks_since(connection: Connection, keyring: Keyring, since: datetime) -> Iterator[dict[str, Any]]:
    """What the entries of checks since then say, the newest last. RecordsError for one that was tampered with."""
    end = head_of(connection)
    first = end.seq if end is not None else 0
    while first > 0:  # entries are in the order of time: back until one is older
        first = max(0, first - _MOST_ENTRIES)
        oldest = next(iter(entries(connection, first)), None)
        if oldest is None or datetime.fromisoformat(oldest.facts["time"]) < since:
            break
    for entry in entries(connection, first):
        facts = entry.facts
        if facts["kind"] == kinds.CHECK and datetime.fromisoformat(facts["time"]) >= since:
            yield _facts(entry, keyring)


def _facts(entry: ChainEntry, keyring: Keyring) -> dict[str, Any]:
    """What an entry says. RecordsError for one that was tampered with: nothing of it is told as if it were so."""
    wrong = problem(entry, keyring)
    if wrong is not None:
        raise broken(f"entry {entry.seq}: {wrong}")
    return entry.facts


def _case(case: CaseIn) -> Case:
    letter = case.consignment
    return Case(
        mrz=case.mrz,
        certain=case.certain,
        consignment=None if letter is None else Consignment(**letter.model_dump()),
        second_document=None if case.second_document is None else case.second_document.number,
        face_matches=case.face_matches,
        now=case.now.astimezone(UTC),
        test_mode=case.test_mode,
    )

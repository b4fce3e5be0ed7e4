"""The HTTP API for integrators, under /api/v1: letters in, states out, cases tried. Every call needs a bearer token.

Nothing here finishes a check or hands a letter out: that needs the scanner, the clerk and the page.
"""

import logging
from collections import deque
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from stillscan import __version__
from stillscan.counter.counter import Counter
from stillscan.errors import InputError, StillscanError
from stillscan.records import tracking
from stillscan.records.audit import entries, head_of, reading_chain
from stillscan.records.chain_entry import ChainEntry, problem
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.consignments import find
from stillscan.records.database import Database
from stillscan.records.errors import RowsError, broken
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.tokens import Scope, Token, TokenList
from stillscan.records.verification import verify
from stillscan.verify.case import Case, Consignment
from stillscan.verify.rules import decide_case
from stillscan.verify.ruling import explanations
from stillscan.web.bearer import TokenFirst, may, most_bytes
from stillscan.web.language import begin_in
from stillscan.web.limits import WholeBody

_LOG = logging.getLogger(__name__)
_MOST_LETTERS = 10_000  # in one request: about 1 MB of JSON; larger lists are files
_MOST_ENTRIES = 1000  # in one answer; `audit export` gives them all
Text = Annotated[str, StringConstraints(max_length=200)]
# No surrogates and no control characters: they have no place in a database or a letter.
Plain = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Letter(_Strict):
    """A letter to hand out."""

    tracking: Plain
    order: Plain
    recipient: Plain
    deadline: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    office: Plain = ""


class Imported(BaseModel):
    """How many letters are new, and how many were there already, the same."""

    new: int
    unchanged: int


class LetterState(BaseModel):
    """A letter as far as a program needs to know it: without its recipient."""

    tracking: str
    deadline: date
    office: str
    released: bool
    state: Literal["waiting", "deadline over", "released", "withdrawn", "returned"]
    test: bool


class Status(BaseModel):
    """What happens at the counter; nothing personal."""

    version: str
    step: Literal["tracking", "scan", "second", "face", "recording", "unknown", "verdict"]
    scanner: str
    trouble: str
    row: int
    rows: int
    test_mode: bool


class CaseLetter(_Strict):
    """The letter of a case."""

    tracking: Text
    order: Text = ""
    recipient: Text
    deadline: Annotated[date, Field(strict=False)]
    released: bool
    office: Text = ""


class SecondDocument(_Strict):
    """The second document of a case."""

    number: Text


class CaseIn(_Strict):
    """A case to try the rules on; nothing of it is kept."""

    mrz: Annotated[list[Text], Field(max_length=3)] | None
    certain: bool
    consignment: CaseLetter | None
    second_document: SecondDocument | None
    face_matches: bool | None
    now: Annotated[datetime, Field(strict=False)]
    test_mode: bool = False


class RulingOut(BaseModel):
    """A verdict and every reason for it."""

    verdict: Literal["release", "refuse", "rescan", "needs_second_document", "compare_by_hand"]
    reasons: list[str]


class Problem(BaseModel):
    """Why a call was not carried out, in one line or one for each row."""

    detail: Any


class Whole(BaseModel):
    """Whether the audit log is as it was written."""

    whole: bool
    entries: int
    findings: list[str]


def api(counter: Counter, database: Database, keyring: Keyring, tokens: TokenList) -> FastAPI:
    """The application to be mounted under /api/v1."""
    refused: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (400, 401, 403, 413, 422, 503)}
    app = FastAPI(
        title="stillscan",
        version=__version__,
        description=__doc__,
        docs_url=None,
        redoc_url=None,
        dependencies=[Security(HTTPBearer(auto_error=False))],  # for the description: TokenFirst has looked at it
        responses=refused,
    )
    begin_in(app, "en")  # programs that call it are written in English
    app.add_middleware(WholeBody, most=most_bytes)
    app.add_middleware(TokenFirst, find=tokens.find)
    _add_failures(app)
    _add_counter(app, counter)
    _add_letters(app, counter.test_mode, database, keyring)
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


def _add_counter(app: FastAPI, counter: Counter) -> None:
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


def _add_letters(app: FastAPI, test_mode: bool, database: Database, keyring: Keyring) -> None:
    chain = ChainState()

    @app.post("/consignments")
    def import_letters(
        letters: Annotated[list[Letter], Field(max_length=_MOST_LETTERS)],
        token: Annotated[Token, may(Scope.LETTERS)],
    ) -> Imported:
        """Register letters, all or none. Sending them again is harmless; changed contents are refused."""
        rows = "[" + ",\n".join(letter.model_dump_json() for letter in letters) + "]"
        done = load(rows.encode(), database, keyring, "letters", test=test_mode, token=token.name)
        return Imported(new=done.new, unchanged=done.unchanged)

    @app.get("/consignments/{number}", dependencies=[may(Scope.STATES)], responses={404: {"model": Problem}})
    def letter_state(number: str) -> LetterState:
        """Whether a letter is here, and whether it has been handed out."""
        normal = tracking.normalise(number, test=test_mode)
        with reading_chain(database, keyring, chain) as connection:
            for letter in find(connection, keyring, chain, [normal]):
                if letter.test == test_mode:
                    return LetterState(
                        tracking=letter.tracking,
                        deadline=letter.deadline,
                        office=letter.office,
                        released=letter.released,
                        state=letter.state_on(utc_now().date()),
                        test=letter.test,
                    )
        raise HTTPException(404, "no such letter here")


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

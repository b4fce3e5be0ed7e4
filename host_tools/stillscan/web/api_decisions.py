"""What a supervisor decides about a letter, by the API: a later last day, the right name, withdrawn, returned, again.

The token was made by a supervisor who signed in for it, and each entry names both. A decision names the letter as it
was seen, by its mark, and no letter has the same mark twice: a call that is repeated is never a second entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

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
from stillscan.records.consignments import from_fields
from stillscan.records.database import Database
from stillscan.records.importing import take_in_again
from stillscan.records.keyring import Keyring
from stillscan.records.staff import NotAllowedError, Person, Role
from stillscan.records.tokens import Scope, Token
from stillscan.web.api_shapes import Conflict, Correction, Decided, Extension, Problem, Return, TakingIn, Withdrawal
from stillscan.web.bearer import may

_Decider = Annotated[Token, may(Scope.DECISIONS)]


def add_decisions(app: FastAPI, test_mode: bool, database: Database, keyring: Keyring, chain: ChainState) -> None:
    """One operation for each kind of change. ``chain``: what the API knows of it."""
    _add_refusals(app)
    responses: dict[int | str, dict[str, Any]] = {404: {"model": Problem}, 409: {"model": Conflict}}

    def changed(number: str, change: Change, seen: str, token: Token) -> Decided:
        def work() -> Changed:
            by, name = _supervisor(token), token.name
            return record(change, number, by, database, keyring, chain, seen=seen, test=test_mode, token=name)

        return _decided(number, change.kind, work)

    @app.post("/consignments/{number}/extend", responses=responses)
    def extend(number: str, decision: Extension, token: _Decider) -> Decided:
        """A later last day to collect the letter."""
        return changed(number, extension(decision.deadline), decision.mark, token)

    @app.post("/consignments/{number}/correct", responses=responses)
    def correct(number: str, decision: Correction, token: _Decider) -> Decided:
        """The recipient's name as it should have been."""
        return changed(number, correction(decision.recipient), decision.mark, token)

    @app.post("/consignments/{number}/withdraw", responses=responses)
    def withdraw(number: str, decision: Withdrawal, token: _Decider) -> Decided:
        """Do not hand the letter out any more."""
        return changed(number, withdrawal(decision.reason), decision.mark, token)

    @app.post("/consignments/{number}/return", responses=responses, summary="Return")
    def return_(number: str, decision: Return, token: _Decider) -> Decided:
        """The letter goes back to its sender."""
        return changed(number, return_to_sender(), decision.mark, token)

    @app.post("/consignments/{number}/again", responses=responses)
    def again(number: str, decision: TakingIn, token: _Decider) -> Decided:
        """Take the letter in again, after it was withdrawn, returned, or erased before it was handed out."""
        fields = {**decision.model_dump(exclude={"mark"}), "tracking": number}
        letter, errors = from_fields(fields, test=test_mode)
        if letter is None:
            raise errors[0]
        return _decided(
            number,
            kinds.CONSIGNMENT_AGAIN,
            lambda: take_in_again(
                letter, _supervisor(token), database, keyring, chain, seen=decision.mark, token=token.name
            ),
        )


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(ChangeError)
    async def not_so(_: Request, error: ChangeError) -> JSONResponse:
        return JSONResponse(
            {"detail": str(error), "problem": error.problem}, 404 if error.problem == "unknown" else 409
        )

    @app.exception_handler(NotAllowedError)
    async def not_any_more(_: Request, error: NotAllowedError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 403)


def _decided(number: str, kind: str, work: Callable[[], Changed]) -> Decided:
    """What came of it; a letter that is so already is an answer as good, without an entry."""
    try:
        done = work()
    except ChangeError as error:
        if not error.already:
            raise
        return Decided(tracking=tracking.normalise(number, test=True), change=kind, entry=None)
    return Decided(tracking=done.tracking, change=done.change, entry=done.entry)


def _supervisor(token: Token) -> Person:
    """In whose name it decides; `changes.deciding` looks whether they are one still."""
    if token.by is None:
        raise HTTPException(403, "nobody stands behind this token")
    return Person(token.by, Role.SUPERVISOR)

"""What a supervisor may do to a letter that is here: each is a signed entry of its own kind that names who did it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal, NamedTuple

from stillscan.errors import StillscanError
from stillscan.records import kinds, text, tracking
from stillscan.records.accounts import Accounts, Scope
from stillscan.records.audit import appending
from stillscan.records.canonical import canonical, digest
from stillscan.records.chain_state import ChainState
from stillscan.records.consignments import StoredConsignment, day_of, stored
from stillscan.records.database import Database
from stillscan.records.errors import NOTHING
from stillscan.records.keyring import Keyring
from stillscan.records.staff import NotAllowedError, Person, Role, require

Problem = Literal["unknown", "released", "withdrawn", "returned", "erased", "waiting", "same", "past", "meanwhile"]
_SAID: dict[Problem, str] = {
    "unknown": "there is no such letter here",
    "released": "the letter has been handed out already",
    "withdrawn": "the letter was withdrawn; a supervisor can take it in again",
    "returned": "the letter was returned to its sender; a supervisor can take it in again",
    "erased": "the letter's recipient was erased when its time was over; a supervisor can take it in again",
    "waiting": "the letter waits here, with other contents",
    "same": "nothing would change: the letter has this name, or this deadline or a later one",
    "past": "that day is over",
    "meanwhile": "the letter was changed since it was looked at",
}


class ChangeError(StillscanError):
    """A change that cannot be made to this letter; ``problem`` says why. Nothing was written.

    ``already``: the letter is as it was to become. Who repeats a call has what they asked for.
    """

    def __init__(self, problem: Problem, *, already: bool = False) -> None:
        super().__init__(f"{_SAID[problem]}. {NOTHING}")
        self.problem = problem
        self.already = already


class Change(NamedTuple):
    """One change, ready to be recorded: its kind, what of it stays for ever, and what is erased in its time."""

    kind: str
    details: dict[str, Any]
    person: dict[str, str] | None
    against: Callable[[StoredConsignment, date], Problem | None]
    """Why it cannot be made to a letter on a day; None when it can."""
    made: Callable[[StoredConsignment], bool]
    """Whether a letter is as it leaves one."""


class Changed(NamedTuple):
    """A change that is recorded: the letter's number, what was done, and the entry that says so."""

    tracking: str
    change: str
    entry: int


def extension(deadline: str) -> Change:
    """A later last day to collect the letter (YYYY-MM-DD). FieldError."""
    day = day_of("deadline", deadline)

    def against(letter: StoredConsignment, today: date) -> Problem | None:
        if day < today:
            return "past"
        return "same" if day <= letter.deadline else None

    made = _of_one_that_waits(lambda letter: letter.deadline == day)
    return Change(kinds.EXTENSION, {"deadline": day.isoformat()}, None, _while_it_waits(against), made)


def correction(recipient: str) -> Change:
    """The recipient's name as it should have been. FieldError."""
    name = text.name("recipient", recipient)

    def against(letter: StoredConsignment, today: date) -> Problem | None:
        return "same" if letter.recipient == name else None

    made = _of_one_that_waits(lambda letter: letter.recipient == name)
    return Change(kinds.CORRECTION, {}, {"recipient": name}, _while_it_waits(against), made)


def withdrawal(reason: str | None = None) -> Change:
    """Not to be handed out any more; it lies here still. ``reason`` is erased when its time is over. FieldError.

    A reason that is given says something: an empty one is refused. None: none is given.
    """
    person = None if reason is None else {"reason": text.words("reason", reason)}
    return Change(kinds.WITHDRAWAL, {}, person, lambda letter, today: _ended(letter), lambda letter: letter.withdrawn)


def return_to_sender() -> Change:
    """Sent back to where it came from: one that waits, its deadline over or not, or was withdrawn."""

    def against(letter: StoredConsignment, today: date) -> Problem | None:
        return None if letter.withdrawn else _ended(letter)

    return Change(kinds.RETURN, {}, None, against, lambda letter: letter.returned)


def record(
    change: Change,
    number: str,
    supervisor: Person,
    database: Database,
    keyring: Keyring,
    chain: ChainState | None = None,
    *,
    seen: str | None = None,
    test: bool | None = None,
    token: str | None = None,
) -> Changed:
    """Make a change to the letter with this number; when this returns, it is durable.

    ``supervisor`` is signed in, or calls by a ``token`` of this name. ``seen``: `mark` of the letter as it was when
    they decided; None: however it stands. ``test``: whether only letters for trying out are there, or only others;
    None: both.

    FieldError for a number that is none; NotAllowedError for somebody who is none, or not
    any more; ChangeError when there is no such letter or this cannot be done to it; RecordsError: nothing was
    recorded.
    """
    number = tracking.normalise(number, test=True)
    chain = chain or ChainState()
    with appending(database, keyring, chain) as appender:
        moment = appender.judged()
        details = {"tracking": number, "staff": deciding(chain, supervisor, token), **named(token), **change.details}
        letter = next((now for now, _ in stored(appender.connection, keyring, chain, [number])), None)
        if letter is not None and test not in (None, letter.test):
            letter = None
        problem = "unknown" if letter is None else change.against(letter, moment.date())
        if letter is not None and seen is not None and seen != mark(chain, number):
            problem = "meanwhile"
        if problem is not None:
            raise ChangeError(problem, already=letter is not None and change.made(letter))
        entry = appender.append(change.kind, moment, details, change.person)
    return Changed(number, change.kind, entry.seq)


def mark(chain: ChainState, number: str) -> str:
    """What stands for the letter as the chain has it: another when anything that decides on it has changed."""
    letter = chain.letter(number)
    return digest(canonical(None if letter is None else list(letter)))


def deciding(chain: ChainState, person: Person, token: str | None = None) -> str:
    """The id of somebody who may decide on letters now, as the chain has it. NotAllowedError.

    ``token``: the name of the one by which they call; it has to be theirs, and in force.
    """
    accounts = Accounts.of(chain)
    if token is not None:
        shown = accounts.token(token)
        if shown is None or not shown.active or Scope.DECISIONS not in shown.scopes or shown.by != person.staff:
            raise NotAllowedError(f"the token {token} decides on no letters, or not any more")
    member = accounts.member(person.staff)
    role = member.role if member is not None and member.active else None
    return require(Person(person.staff, role or Role.CLERK), Role.SUPERVISOR).staff


def named(token: str | None) -> dict[str, str]:
    """What an entry says of the token of the API that it came by."""
    return {} if token is None else {"token": token}


def _ended(letter: StoredConsignment) -> Problem | None:
    if letter.released:
        return "released"
    if letter.returned:
        return "returned"
    return "withdrawn" if letter.withdrawn else None


def _while_it_waits(against: Callable[[StoredConsignment, date], Problem | None]) -> Callable[..., Problem | None]:
    def found(letter: StoredConsignment, today: date) -> Problem | None:
        return _ended(letter) or ("erased" if letter.erased else against(letter, today))

    return found


def _of_one_that_waits(found: Callable[[StoredConsignment], bool]) -> Callable[[StoredConsignment], bool]:
    return lambda letter: letter.waits and not letter.erased and found(letter)

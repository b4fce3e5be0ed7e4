"""Who may sign in and which programs may call, as the audit chain has it: nothing of it is read from a table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from stillscan.records.chain_state import ChainState
from stillscan.records.errors import RecordsError

STAFF = "staff"  # kinds of entries
TOKEN = "token"
ADD, LOCK, UNLOCK, ROLE, RESET, REVOKE = "add", "lock", "unlock", "role", "reset", "revoke"  # what was done


class Role(StrEnum):
    """What a member of staff may do: serve customers, decide on letters and staff too, or look after the scanner."""

    CLERK = "clerk"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"


class Scope(StrEnum):
    """What a program may do with a token of the API."""

    LETTERS = "letters"
    """Register letters."""
    STATES = "states"
    """Ask whether a letter is here, and what happens at the counter."""
    AUDIT = "audit"
    """Read and verify the audit chain."""
    CASES = "cases"
    """Try the rules on a case."""
    DECISIONS = "decisions"
    """Decide on letters, in the name of the supervisor who made the token."""


class Person(NamedTuple):
    """Somebody who is signed in."""

    staff: str
    role: Role


class Member(NamedTuple):
    """A member of staff; ``entry`` is the last about them, ``pin`` the one whose personal part holds their PIN."""

    staff: str
    role: Role
    active: bool
    pin: int
    entry: int


class Token(NamedTuple):
    """A token of the API: ``digest`` is all that is kept of it; a revoked one is no more ``active``.

    ``by``: who made it, if they signed in for it. In their name it decides on letters.
    """

    name: str
    scopes: frozenset[Scope]
    digest: str
    active: bool
    entry: int
    by: str | None = None


class Accounts:
    """Members of staff and tokens by their names."""

    def __init__(self) -> None:
        self.staff: dict[str, Member] = {}
        self.tokens: dict[str, Token] = {}

    @classmethod
    def of(cls, chain: ChainState) -> Accounts:
        """As the chain has them, as far as it was followed. RecordsError for an entry of a newer stillscan."""
        found = cls()
        for seq, facts in chain.kept(STAFF, TOKEN):
            take = found._member if facts["kind"] == STAFF else found._token
            try:
                take(seq, facts)
            except (KeyError, ValueError, AttributeError, TypeError):
                raise RecordsError(
                    f"entry {seq} about {facts['kind']} is of a newer stillscan; update this one", "newer"
                ) from None
        return found

    def member(self, staff: str) -> Member | None:
        """The member of staff of that id, however its letters are written: nobody shall be two by a capital letter."""
        return self.staff.get(staff.lower())

    def token(self, name: str) -> Token | None:
        """The token of that name, however its letters are written."""
        return self.tokens.get(name.lower())

    def pins(self) -> set[int]:
        """Entries whose personal part is in force, however old: a PIN until another takes its place."""
        return {one.pin for one in self.staff.values()}

    def supervisors(self) -> set[str]:
        """Ids of those who are active."""
        return {one.staff for one in self.staff.values() if one.active and one.role is Role.SUPERVISOR}

    def _member(self, seq: int, facts: Mapping[str, Any]) -> None:
        staff, action = facts["staff"], facts["action"]
        if action == ADD:
            self.staff[staff.lower()] = Member(staff, Role(facts["role"]), True, seq, seq)
            return
        before = self.staff[staff.lower()]
        changes: dict[str, Any] = {
            LOCK: {"active": False},
            UNLOCK: {"active": True},
            ROLE: {"role": Role(facts["role"])},
            RESET: {"active": True, "pin": seq},
        }
        self.staff[staff.lower()] = before._replace(entry=seq, **changes[action])
        self._end_tokens_of(staff, seq)

    def _token(self, seq: int, facts: Mapping[str, Any]) -> None:
        name, action = facts["token"], facts["action"]
        if action == ADD:
            scopes = frozenset(map(Scope, facts["scopes"]))
            by = facts.get("by")
            if Scope.DECISIONS in scopes and not isinstance(by, str):
                raise ValueError(scopes)
            self.tokens[name.lower()] = Token(name, scopes, facts["digest"], True, seq, by)
        elif action == REVOKE:
            self.tokens[name.lower()] = self.tokens[name.lower()]._replace(active=False, entry=seq)
        else:
            raise ValueError(action)

    def _end_tokens_of(self, staff: str, seq: int) -> None:
        """Whatever is changed about somebody (lock, role, PIN) ends what decides in their name.

        For good: who has learnt a PIN may have made a token by it, and that shall not outlive the lock or the new PIN.
        """
        for name, one in self.tokens.items():
            if one.active and Scope.DECISIONS in one.scopes and str(one.by).lower() == staff.lower():
                self.tokens[name] = one._replace(active=False, entry=seq)

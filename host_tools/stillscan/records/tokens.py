"""Tokens of the API: made, listed and revoked by name, each for a few things. Only their digests are kept.

A token is 256 bits from the system's random numbers: unlike a PIN it cannot be found from a plain SHA-256 by trying, so
the digest may stand in the chain's signed bodies, and comparing one costs nothing.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from stillscan.errors import StillscanError
from stillscan.records import text
from stillscan.records.accounts import ADD, REVOKE, TOKEN, Accounts, Scope, Token
from stillscan.records.audit import appending, reading_chain
from stillscan.records.canonical import digest
from stillscan.records.chain_state import ChainState
from stillscan.records.changes import deciding
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.errors import FieldError, RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.staff import Person

__all__ = ["Scope", "Token", "TokenError", "TokenList"]

_BYTES = 32  # of a token: what nobody guesses, and as many as its digest has
_PREFIX = "stillscan_"
"""So that people, and programs that look for secrets in files, see what it is."""
_FORM = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{43}}")


class TokenError(StillscanError):
    """A token cannot be made or revoked: the name is taken, or unknown."""


class TokenList:
    """The tokens of the office whose chain this is. Safe between threads."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        chain: ChainState | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._chain = chain or ChainState()
        self._now = now or utc_now
        self._known: list[Token] | None = None

    def add(
        self,
        name: str,
        scopes: Iterable[Scope],
        by: Person | None = None,
        show: Callable[[str], None] = lambda made: None,
    ) -> str:
        """A new token: it is told here and never again. FieldError, TokenError.

        ``by``: who is signed in and makes it; one that decides on letters needs a supervisor, in whose name it does
        (NotAllowedError). A name is given once: entries that a program left behind name it. ``show`` hands the token to
        whoever asked: where that fails none is made, and the name stays free.
        """
        name, wanted = text.identifier("token", name), sorted(set(map(Scope, scopes)))
        if not wanted:
            raise FieldError("scope", "is missing")
        made = _PREFIX + secrets.token_urlsafe(_BYTES)
        if Scope.DECISIONS in wanted and by is None:
            raise FieldError("staff", "is missing: a token decides in the name of a supervisor")
        details: dict[str, Any] = {
            "token": name,
            "action": ADD,
            "scopes": list(map(str, wanted)),
            "digest": _digest(made),
        }
        with appending(self._database, self._keyring, self._chain) as appender:
            details["by"] = None if by is None else deciding(appender.chain, by)
            before = Accounts.of(appender.chain).token(name)
            if before is not None:
                was = "is there already" if before.active else "was revoked"
                raise TokenError(f"{name}: {was}; take another name")
            appender.append(TOKEN, self._now(), details)
            show(made)
        return made

    def revoke(self, name: str, by: str | None = None) -> bool:
        """Nobody is let in with it any more; False when it was revoked already. TokenError."""
        with appending(self._database, self._keyring, self._chain) as appender:
            before = Accounts.of(appender.chain).token(name)
            if before is None:
                raise TokenError(f"{name}: there is no token of this name; 'stillscan token list' shows all")
            if before.active:
                appender.append(TOKEN, self._now(), {"token": before.name, "action": REVOKE, "by": by})
            return before.active

    def tokens(self) -> list[Token]:
        """All that were ever made, by name. RecordsError."""
        with reading_chain(self._database, self._keyring, self._chain):
            return sorted(Accounts.of(self._chain).tokens.values(), key=lambda one: one.name)

    def find(self, given: str) -> Token | None:
        """The token that somebody shows; None for one that is unknown or revoked.

        Each is compared, by digest and in constant time: how long it takes says nothing about any of them. When the
        chain does not hold any more, or says nothing, what it said last counts: somebody has to be able to ask what is
        wrong with it. RecordsError when it has said nothing yet.
        """
        if not _FORM.fullmatch(given):
            return None
        shown, found = _digest(given), None
        for one in self._told():
            if hmac.compare_digest(shown, one.digest) and one.active:
                found = one
        return found

    def is_active(self, name: str) -> bool:
        """Whether the token of this name is still let in, as `find` has it. RecordsError."""
        return any(one.name == name and one.active for one in self._told())

    def _told(self) -> list[Token]:
        try:
            self._known = self.tokens()
        except RecordsError:
            if self._known is None:
                raise
        return self._known


def _digest(token: str) -> str:
    return digest(token.encode())

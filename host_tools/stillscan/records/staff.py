"""The staff: who they are, what they may do, and signing in with a PIN.

Everything that decides is read from the verified chain. A PIN is kept as an argon2 string in the personal part of a
signed entry: a row that somebody edits plants nobody, and what is exported or printed of the chain holds no PIN to try
out. Who signs in is looked up, counted and then compared, in that order; nobody learns from an answer whether an id
exists.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from threading import Lock

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from stillscan.errors import StillscanError
from stillscan.records import text
from stillscan.records.accounts import ADD, LOCK, RESET, ROLE, STAFF, UNLOCK, Accounts, Member, Person, Role
from stillscan.records.attempts import MOST, Attempts
from stillscan.records.audit import Appender, appending, reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.consignments import read_entries
from stillscan.records.database import Database
from stillscan.records.errors import FieldError, RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.tracking import is_number

__all__ = ["Member", "NotAllowedError", "Person", "Role", "SignInError", "StaffError", "StaffList", "require", "weak"]

SHORTEST, LONGEST = 4, 64  # characters of a PIN: what people are used to, and what no keyboard exceeds
_PASSES, _KIB, _LANES = 3, 32 * 1024, 1
"""Of argon2id, RFC 9106. A tenth of a second on one core, a quarter on a busy one (measured), which is no wait for a
person and a quarter of an hour for all PINs of four digits: more cannot be had of so short a secret. 32 MiB, because
one PIN at a time is looked at and a kiosk under load shall not grow by more than 50 MB; RFC 9106's second choice has
64."""
HASHER = PasswordHasher(time_cost=_PASSES, memory_cost=_KIB, parallelism=_LANES, type=Type.ID)
_NOBODY = f"$argon2id$v=19$m={_KIB},t={_PASSES},p={_LANES}${'A' * 22}${'A' * 43}"
"""Compared with when the id is nobody's, so that it takes as long: a salt and a digest of zeros. No PIN leads there."""
_HASHING = Lock()
"""One PIN at a time is compared, and nothing else is held meanwhile: who is signed in does not wait for who tries."""
_PIN = "pin"  # in the personal part


class SignInError(StillscanError):
    """Nobody was signed in. ``key`` names the sentence for people; ``seconds`` is how long to wait, or 0."""

    def __init__(self, key: str, seconds: int = 0, sentence: str | None = None) -> None:
        """``sentence``: that of the guidance in a language, if the reader's is known."""
        super().__init__((sentence or _ENGLISH[key]).format(seconds=seconds))
        self.key = key
        self.seconds = seconds


_ENGLISH = {
    "signin_needed": "nobody is signed in",
    "signin_wrong": "this id and PIN do not belong together",
    "signin_wait": "the PIN was wrong too often; try again in {seconds} s",
    "signin_locked": "this id is locked; a supervisor can unlock it ('stillscan staff unlock')",
}


class StaffError(StillscanError):
    """A change of the staff is refused: the id is there already, or unknown, or the last supervisor's."""


class NotAllowedError(StillscanError):
    """Somebody is signed in, and this is for others. ``key`` names the sentence for people."""

    key = "role_needed"


def require(person: Person, *roles: Role) -> Person:
    """The person, who has one of these roles. NotAllowedError."""
    if person.role not in roles:
        raise NotAllowedError(f"this is for a {' or '.join(roles)}; {person.staff} is a {person.role}")
    return person


def pin(value: str) -> str:
    """A PIN as it is compared: composed (NFC), without spaces around it. FieldError, which never holds it."""
    written = _written(value)
    if not written:
        raise FieldError("PIN", "is empty")
    if not SHORTEST <= len(written) <= LONGEST:
        raise FieldError("PIN", f"is {SHORTEST} to {LONGEST} digits or other characters")
    if not written.isprintable():
        raise FieldError("PIN", "holds a character that cannot be seen")
    if is_number(written):
        raise FieldError("PIN", "is a letter's number, which a bar code scanner types by itself")
    return written


def _written(value: str) -> str:
    return unicodedata.normalize("NFC", value[: 4 * LONGEST]).strip()


def weak(value: str) -> str | None:
    """Why a PIN would be among the first that somebody tries; None for one that would not."""
    written = pin(value)
    steps = {ord(b) - ord(a) for a, b in pairwise(written)}
    if steps <= {0}:
        return "one character repeated"
    if steps in ({1}, {-1}):
        return "a run"
    if re.fullmatch(r"(19|20)\d\d", written):
        return "a year"
    return None


class StaffList:
    """The staff of the office whose chain this is. Safe between threads."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        chain: ChainState | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """``chain``: what this process knows of it, shared with whoever else reads and writes there."""
        self._database = database
        self._keyring = keyring
        self._chain = chain or ChainState()
        self._now = now or utc_now
        self._attempts = Attempts(keyring)

    def sign_in(self, staff: str, pin_: str) -> Person:
        """The person of this id and PIN. SignInError; RecordsError when it cannot be told.

        An id that is nobody's is answered like a wrong PIN, after the same time, and counted like one.
        """
        staff = staff.strip()
        member, hashed, spared = self._pin_of(staff)
        if member is not None and not member.active:
            raise SignInError("signin_locked")
        if not text.ID.fullmatch(staff):  # nobody can have it, which everybody may know
            self._fits(_NOBODY, pin_)
            raise SignInError("signin_wrong")
        entry = member.entry if member is not None else 0
        count, wait_s = self._attempts.begin(staff, entry, self._now(), spared=spared)
        if wait_s:
            raise SignInError("signin_wait", math.ceil(wait_s))
        if (count <= MOST or spared) and self._fits(hashed, pin_) and member is not None:
            self._attempts.succeeded(staff)
            return Person(member.staff, member.role)
        if count >= MOST and not spared:
            if member is not None:
                self._lock_tried(member)
            raise SignInError("signin_locked")
        raise SignInError("signin_wrong")

    def is_active(self, staff: str) -> Role | None:
        """What somebody who signed in earlier may do now; None when they were locked meanwhile. RecordsError."""
        with reading_chain(self._database, self._keyring, self._chain):
            member = Accounts.of(self._chain).member(staff)
        return member.role if member is not None and member.active else None

    def people(self) -> list[Member]:
        """Everybody who was ever added, by id. RecordsError."""
        with reading_chain(self._database, self._keyring, self._chain):
            return sorted(Accounts.of(self._chain).staff.values())

    def add(self, staff: str, role: Role, pin_: str, by: str | None = None) -> None:
        """A new member of staff; ``by``: the id of who does it, if somebody is signed in. FieldError, StaffError."""
        staff, hashed = text.identifier("staff", staff), _hash(pin_)
        with appending(self._database, self._keyring, self._chain) as appender:
            if Accounts.of(appender.chain).member(staff) is not None:
                raise StaffError(f"{staff}: is there already; 'stillscan staff reset {staff}' gives a new PIN")
            self._append(appender, staff, ADD, Role(role), by, hashed)

    def reset_pin(self, staff: str, pin_: str, by: str | None = None) -> None:
        """A new PIN, which unlocks too. FieldError, StaffError."""
        hashed = _hash(pin_)
        with appending(self._database, self._keyring, self._chain) as appender:
            member = _there(appender, staff)
            self._append(appender, member.staff, RESET, member.role, by, hashed)

    def lock(self, staff: str, by: str | None = None, *, force: bool = False) -> bool:
        """Nobody signs in with this id any more; False when it was locked. StaffError; the last supervisor: `force`."""
        with appending(self._database, self._keyring, self._chain) as appender:
            member = _there(appender, staff)
            if not member.active:
                return False
            _keep_one(appender, member, force)
            self._append(appender, member.staff, LOCK, member.role, by)
        return True

    def unlock(self, staff: str, by: str | None = None) -> None:
        """The id can be signed in with again, and wrong PINs are counted anew. StaffError."""
        with appending(self._database, self._keyring, self._chain) as appender:
            member = _there(appender, staff)
            self._append(appender, member.staff, UNLOCK, member.role, by)

    def set_role(self, staff: str, role: Role, by: str | None = None, *, force: bool = False) -> bool:
        """Another role; False when it was that already. StaffError; the last supervisor's: ``force``."""
        with appending(self._database, self._keyring, self._chain) as appender:
            member = _there(appender, staff)
            if member.role is Role(role):
                return False
            if member.active:
                _keep_one(appender, member, force)
            self._append(appender, member.staff, ROLE, Role(role), by)
        return True

    def _pin_of(self, staff: str) -> tuple[Member | None, str, bool]:
        """(the member of that id, the argon2 string of the PIN in force, is it the last supervisor), or nobody's."""
        with reading_chain(self._database, self._keyring, self._chain) as connection:
            accounts = Accounts.of(self._chain)
            member = accounts.member(staff)
            if member is None:
                return None, _NOBODY, False
            entry = read_entries(connection, self._keyring, [member.pin])[member.pin]
        if entry.person is None:
            raise RecordsError(
                f"the PIN of entry {entry.seq} is gone; 'stillscan staff reset' gives a new one",
                "pin",
            )
        return member, entry.person[_PIN], accounts.supervisors() == {member.staff}

    def _fits(self, hashed: str, pin_: str) -> bool:
        """Whether a PIN leads to that string; one at a time, for all of the program."""
        try:
            with _HASHING:
                return HASHER.verify(hashed, _written(pin_).encode("utf-8", "replace"))
        except (VerificationError, InvalidHashError):
            return False

    def _lock_tried(self, tried: Member) -> None:
        """Lock somebody whose PIN was tried too often, unless that has changed meanwhile."""
        with appending(self._database, self._keyring, self._chain) as appender:
            member = Accounts.of(appender.chain).member(tried.staff)
            if member == tried and Accounts.of(appender.chain).supervisors() != {tried.staff}:
                self._append(appender, tried.staff, LOCK, tried.role, None, cause="attempts")

    def _append(
        self,
        appender: Appender,
        staff: str,
        action: str,
        role: Role,
        by: str | None,
        hashed: str | None = None,
        cause: str | None = None,
    ) -> None:
        details = {"staff": staff, "action": action, "role": str(role), "by": by, "cause": cause}
        appender.append(STAFF, self._now(), details, None if hashed is None else {_PIN: hashed})


def _hash(value: str) -> str:
    written = pin(value)
    with _HASHING:
        return HASHER.hash(written)


def _there(appender: Appender, staff: str) -> Member:
    member = Accounts.of(appender.chain).member(staff)
    if member is None:
        raise StaffError(f"{staff}: there is nobody of this id; 'stillscan staff list' shows all")
    return member


def _keep_one(appender: Appender, member: Member, force: bool) -> None:
    if not force and Accounts.of(appender.chain).supervisors() == {member.staff}:
        raise StaffError(f"{member.staff}: is the last supervisor who can sign in; --force does it all the same")

"""Finishing a check: the rules are asked, and their answer is durable before anybody is told.

A letter becomes released only here, in one transaction with the signed record of it. The rules are not a parameter, and
the state of the letter that they see is read inside that transaction, so that two kiosks cannot both hand it out.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, insert, select, type_coerce, update

from stillscan.link.identity import ScannerIdentity
from stillscan.records import retention, text, tracking
from stillscan.records.accounts import Accounts
from stillscan.records.audit import Appender, appending, keep_checkpoint, reading_chain
from stillscan.records.canonical import canonical, instant
from stillscan.records.chain_entry import ChainEntry, problem
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.consignments import StoredConsignment, find
from stillscan.records.database import Database
from stillscan.records.errors import RecordsError, broken
from stillscan.records.keyring import Keyring
from stillscan.records.kinds import CHECK
from stillscan.records.kinds import RELEASE as RELEASED
from stillscan.records.models import CONSIGNMENT, ENTRY, RELEASE
from stillscan.records.observations import Observations, observations_digest
from stillscan.records.scanners import may_feed
from stillscan.records.staff import Person, Role, SignInError, require
from stillscan.verify.rules import decide_case

_log = logging.getLogger(__name__)
RECORD = "release 1"  # purpose of the record's signature
_CODE = re.compile(r"[A-Z]{1,3}")
_RECORD = insert(RELEASE)
_MARK = update(CONSIGNMENT).where(CONSIGNMENT.c.tracking == bindparam("number")).values(released=True)
_KEPT = (
    select(RELEASE.c.entry, RELEASE.c.record, RELEASE.c.signature, type_coerce(CONSIGNMENT.c.released, Integer))
    .join_from(RELEASE, CONSIGNMENT, CONSIGNMENT.c.tracking == RELEASE.c.tracking)
    .where(RELEASE.c.tracking == bindparam("number"))
)
_NAMED = select(ENTRY).where(ENTRY.c.body.contains(bindparam("part")))
_TIDY_EVERY = timedelta(days=1)
Beside = Callable[[Appender, ChainEntry, Observations], None]
"""What else is written in the transaction of a check, once its entry stands at the chain's end."""


class Finished(NamedTuple):
    """A check that is recorded: what the rules said, and the entry that holds it."""

    verdict: str
    reasons: tuple[str, ...]
    entry: int
    digest: str


class Desk:
    """One kiosk at one office, where checks are finished."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        office: str,
        retention_days: int = retention.DAYS,
        chain: ChainState | None = None,
        paired_scanners: bool = False,
        beside: Beside | None = None,
    ) -> None:
        """``chain``: what this process knows of it, shared with whoever else reads and writes there;
        ``paired_scanners``: a check may rest on no scanner but one that is paired here (see scanners.may_feed).
        ``beside``: what else is durable with the check, or not at all.

        FieldError for an office that is no line of text, or a retention time under a day.
        """
        self._database = database
        self._keyring = keyring
        self._office = text.line("office", office)
        self._retention_days = retention.days(retention_days)
        self._tidied: datetime | None = None
        self._chain = chain or ChainState()
        self._paired_scanners = paired_scanners
        self._beside = beside

    def finish(
        self,
        number: str,
        observed: Observations,
        staff: Person,
        check: str | None = None,
        began_by: Person | None = None,
    ) -> Finished:
        """Ask the rules about a letter and what was seen, and record their answer; when this returns it is durable.

        ``staff`` is who answered last, ``began_by`` who did first, if that was another. FieldError for a tracking
        number or staff id that is none; SignInError and NotAllowedError for somebody who may not hand letters out, or
        not any more; RecordsError when it cannot be recorded: then the letter is not released. OutcomeUnknownError when
        the database did not answer in the end: ``check``, a name that `new_check` made, is then what to ask `recorded`
        for.
        """
        number = tracking.normalise(number, test=observed.test_mode)
        text.line("staff", staff.staff)
        now = utc_now()
        try:
            self.tidy(now)
        except RecordsError as error:  # another letter's: what is wrong with this one is found below
            _log.error("nothing was erased: %s", error)
        with appending(self._database, self._keyring, self._chain) as appender:
            person_there = _may_check(appender, staff)
            letter = _letter(appender, number, observed.test_mode)
            now = appender.judged(now)
            case = observed.case(letter, now, self._office, self._may_feed(observed))
            ruling = decide_case(case)
            details = {
                "check": check or new_check(),
                "tracking": number,
                "office": self._office,
                **_who(person_there, began_by),
                "read_at": None if observed.read_at is None else instant(observed.read_at),
                "verdict": ruling.verdict,
                "reasons": list(ruling.reasons),
                "evidence": observations_digest(self._keyring, case),
                "test": observed.test_mode,
                "scanner": _scanner(observed.scanner),
            }
            document, person = _document(self._keyring, observed)
            entry = appender.append(CHECK, now, {**details, **document}, person)
            if ruling.verdict == RELEASED:
                _release(appender, number, entry)
            if self._beside is not None:
                self._beside(appender, entry, observed)
        return Finished(ruling.verdict, ruling.reasons, entry.seq, entry.digest)

    def _may_feed(self, observed: Observations) -> bool:
        """As the chain stands in this transaction: a pairing may have been revoked since the document was read."""
        kiosk, test_mode = self._keyring.kiosk, observed.test_mode
        return not self._paired_scanners or may_feed(self._chain, kiosk, observed.scanner, test_mode=test_mode)

    def recorded(self, check: str) -> Finished | None:
        """How the check of that name ended, or None when it was not recorded and never will be.

        Who still writes holds the chain's end; this waits for it first, so that nothing can come after the answer.
        RecordsError when it cannot be told now.
        """
        with appending(self._database, self._keyring, self._chain) as appender:
            row = appender.connection.execute(_NAMED, {"part": f'"check":"{check}"'}).one_or_none()
            if row is None:
                return None
            entry = ChainEntry.of(row)
            if wrong := problem(entry, self._keyring):
                raise broken(f"entry {entry.seq}: {wrong}")
        facts = entry.facts
        return Finished(facts["verdict"], tuple(facts["reasons"]), entry.seq, entry.digest)

    def look_at_clock(self) -> datetime:
        """The time, when the computer's clock can be believed by all that is known. ClockError, RecordsError.

        Whoever waits asks now and then, so that this kiosk's note goes with the time though nothing is recorded.
        """
        with reading_chain(self._database, self._keyring, self._chain):
            return self._keyring.clock.judge(utc_now(), self._chain.time)

    def likely_time(self) -> datetime:
        """The time to show, whatever the clock says; nothing is recorded by it."""
        return self._keyring.clock.best(utc_now(), self._chain.time)

    def tidy(self, now: datetime | None = None) -> None:
        """Erase what is past its time, once a day; `finish` sees to it, an idle kiosk may too."""
        now = now or utc_now()
        with self._chain.alone:
            if self._tidied is None or not timedelta(0) <= now - self._tidied < _TIDY_EVERY:
                self._tidied = now
                retention.purge(self._database, self._keyring, self._retention_days, now, self._chain)
                keep_checkpoint(self._keyring, self._chain)


def new_check() -> str:
    """A name for a check, which nobody can guess: by it the chain tells whether the check was recorded."""
    return secrets.token_hex(16)


def _scanner(scanner: ScannerIdentity | None) -> dict[str, Any] | None:
    """The scanner that the check rests on, for its entry."""
    if scanner is None:
        return None
    return {
        "id": scanner.scanner,
        "board": scanner.board,
        "firmware": scanner.firmware,
        "boot": scanner.boot_id,
        "session": scanner.session,
    }


def record(entry: ChainEntry) -> dict[str, Any]:
    """What is signed about a hand-over: the letter, the digest of what was observed, where the chain then ended."""
    return record_of(entry.facts, entry.seq, entry.digest)


def record_of(facts: dict[str, Any], seq: int, digest: str) -> dict[str, Any]:
    """The same, of an entry whose body was read already."""
    kept = ("tracking", "evidence", "test", "kiosk", "office", "staff", "time", "version")
    return {**{name: facts[name] for name in kept}, "chain": {"count": seq, "digest": digest}}


def _may_check(appender: Appender, person: Person) -> Person:
    """The person as the chain has them now: they may have been locked, or given another role, since they signed in.

    A chain without staff is that of a program that signs nobody in (records.md, "From Python").
    """
    accounts = Accounts.of(appender.chain)
    if accounts.staff:
        member = accounts.member(person.staff)
        if member is None or not member.active:
            raise SignInError("signin_locked")
        person = Person(member.staff, member.role)
    return require(person, Role.CLERK, Role.SUPERVISOR)


def _who(person: Person, began_by: Person | None) -> dict[str, str]:
    who = {"staff": person.staff, "role": str(person.role)}
    return who if began_by is None or began_by.staff == person.staff else {**who, "began_by": began_by.staff}


def _release(appender: Appender, number: str, entry: ChainEntry) -> None:
    data = canonical(record(entry))
    signature = appender.keyring.sign(RECORD, data)
    row = {"tracking": number, "entry": entry.seq, "record": data.decode(), "signature": signature}
    appender.connection.execute(_RECORD, row)
    appender.connection.execute(_MARK, {"number": number})
    appender.expect(_KEPT, {"number": number}, (entry.seq, row["record"], signature, 1))


def _letter(appender: Appender, number: str, test: bool) -> StoredConsignment | None:
    """The letter as the rules may see it: in test mode only letters for trying out, otherwise only real ones."""
    for letter in find(appender.connection, appender.keyring, appender.chain, [number]):
        if letter.test == test and not (letter.waits and letter.erased):
            return letter
    return None


def _document(keyring: Keyring, observed: Observations) -> tuple[dict[str, str | None], dict[str, str] | None]:
    """(kind, issuing state and expiry, keyed hash of the number): of a document that was read with certainty only."""
    mrz = observed.document()
    if mrz is None:
        return {"document": None, "issuer": None, "expiry": None}, None
    expiry = mrz.expiry_date()
    kept = {
        "document": mrz.document_code if _CODE.fullmatch(mrz.document_code) else None,
        "issuer": mrz.issuer if _CODE.fullmatch(mrz.issuer) else None,
        "expiry": expiry.isoformat() if expiry else None,
    }
    if not mrz.number:
        return kept, None
    return kept, {"document_number": keyring.keyed("document number 1", f"{mrz.issuer}<{mrz.number}".encode())}

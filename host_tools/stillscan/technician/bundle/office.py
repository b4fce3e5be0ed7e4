"""What the records of a kiosk are like: how many, whole or not, and what is wrong. Nothing of what stands in them."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import func, select

from stillscan.errors import InputError, StillscanError
from stillscan.link.identity import Admission
from stillscan.records import kinds, schema
from stillscan.records.accounts import STAFF, Accounts
from stillscan.records.admission import Gate
from stillscan.records.audit import head_of, reading_chain
from stillscan.records.chain_entry import OTHER_KEY
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import ClockError, ClockRules, utc_now
from stillscan.records.database import Database
from stillscan.records.errors import OWN, UNKNOWN, RecordsError
from stillscan.records.keyring import Keyring
from stillscan.records.models import ENTRY, SchemaVersionRow
from stillscan.records.passphrase import given_passphrase
from stillscan.records.place import DATABASE, open_database, open_keyring
from stillscan.records.scanners import Scanners
from stillscan.records.verification import Verified, verify
from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.bundle.plain import plausible, small

_WAIT_S = 1.0  # for a database that another program holds: a bundle is made in 20 s, and says that it was held
_VERIFY_S = 7.0
"""For the audit chain, of the 20 s of a bundle: some 200,000 entries, which an office has after four years."""
_LAST = 200  # checks of which the reasons are told: a day of a busy counter
_ENTRIES = 20_000  # that are looked through for them, from the newest
_CLOCKS = ("clock_behind", "clock_ahead", "clock_unsynchronised", "clock_stepped")
_MOST_SCHEMA = 999  # a number beyond that is no version, whatever it is
_KB = 1024  # bytes
_MOST_KINDS = 40  # twice those that there are; a table somebody filled up makes no bundle long
_FOUND: dict[str, Callable[[str], bool]] = {
    "damaged_file": lambda problem: problem.startswith("the database file is damaged"),
    "own_key": lambda problem: problem.startswith(UNKNOWN) and OWN in problem,
    "kiosk_not_trusted": lambda problem: problem.startswith(UNKNOWN),
    "newer": lambda problem: problem.startswith(kinds.NEWER),
    "entries_missing": lambda problem: "missing before it" in problem or "missing at its end" in problem,
    "remembered": lambda problem: "remembers" in problem,
    "other_key": lambda problem: problem.startswith(OTHER_KEY),
}
"""What an audit finding is about, without its words: those name kiosks and people."""


class _TimeOverError(Exception):
    """The chain is longer than there is time for."""


class Office:
    """Database and keys, as far as they can be opened; ``trouble`` is the kind of what was in the way."""

    def __init__(self, database: str | None, keys: str | None, kiosk: str | None, rules: ClockRules | None) -> None:
        self.trouble: str | None = None
        self.named = database is not None or DATABASE in os.environ
        self.keyring: Keyring | None = None
        self.database: Database | None = None
        self.chain = ChainState()
        try:
            self.keyring = open_keyring(database, keys, kiosk, rules, given_passphrase)
            self.database = open_database(database, wait_s=_WAIT_S, examine=True)
        except RecordsError as error:
            self.trouble = error.kind
        except InputError:
            self.trouble = "missing"

    def close(self) -> None:
        """Give the database back."""
        if self.database is not None:
            self.database.close()

    def admission(self) -> Admission:
        """The gate of a session that feeds no check: who can prove who it is does so."""
        database, keyring = self.database, self.keyring
        known = None if database is None or keyring is None else Scanners(database, keyring, self.chain)
        return Gate(lambda: known, test_mode=True)

    def state(self, hidden: Hidden) -> dict[str, Any]:
        """Of the whole: see the module."""
        place = "none" if self.database is None else "file" if self.database.file is not None else "server"
        keyring, database = self.keyring, self.database
        told: dict[str, Any] = {"database": place, "named": self.named, "trouble": self.trouble}
        if keyring is None:
            return told
        told["kiosk"] = hidden.of("kiosk", keyring.kiosk)
        told["keys"] = _tried(lambda: _keys(keyring))
        if database is None:
            return told
        told["size_kb"] = _size_kb(database)
        told["schema"] = _tried(lambda: _schema(database))
        told["entries"] = _tried(lambda: _entries(database))
        most = told["entries"].get("count", 0)
        told["verify"], whole = _verified(database, keyring, hidden, most)
        if whole:
            told["chain"] = _tried(lambda: self._followed(hidden))
        told["clock"] = {"judged": self._clock() if whole else None}
        return told

    def _followed(self, hidden: Hidden) -> dict[str, Any]:
        """What the chain says, counted."""
        assert self.database is not None
        assert self.keyring is not None
        with reading_chain(self.database, self.keyring, self.chain):
            pass
        accounts = Accounts.of(self.chain)
        facts = {one.seq: one.facts for one in self.chain.kept(STAFF)}
        people = [
            {"person": hidden.of("person", one.staff), "role": str(one.role), "active": one.active,
             "locked_by_attempts": not one.active and facts[one.entry].get("cause") == "attempts"}
            for one in accounts.staff.values()
        ]  # fmt: skip
        known = Scanners(self.database, self.keyring, self.chain)
        scanners = [
            {"scanner": hidden.of("scanner", one.scanner), "standing": known.standing(one), "board": one.board,
             "test": one.test, "kiosk": hidden.of("kiosk", one.kiosk)}
            for one in known.all().values()
        ]  # fmt: skip
        tokens = sum(one.active for one in accounts.tokens.values())
        letters = {"known": self.chain.known.count, "released": self.chain.known.released}
        return {"staff": people, "scanners": scanners, "tokens": tokens, "letters": letters}

    def _clock(self) -> str | None:
        """Whether the clock is believed: "believed", or why not."""
        if self.keyring is None:
            return None
        try:
            self.keyring.clock.judge(utc_now(), self.chain.time)
        except ClockError as error:
            return error.key if error.key in _CLOCKS else _kind(error)
        except StillscanError as error:
            return _kind(error)
        return "believed"

    def checks(self, hidden: Hidden) -> dict[str, Any] | None:
        """The last checks, by hour: verdicts and reasons."""
        database = self.database
        return None if database is None else _tried(lambda: _checks(database, hidden))


def _kind(error: StillscanError) -> str:
    return str(getattr(error, "kind", "refused"))


def _tried(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return look()
    except StillscanError as error:
        return {"trouble": _kind(error)}
    except OSError:
        return {"trouble": "closed"}


def _size_kb(database: Database) -> int | None:
    with contextlib.suppress(OSError):
        return None if database.file is None else database.file.stat().st_size // _KB
    return None


def _keys(keyring: Keyring) -> dict[str, Any]:
    """The folder of keys: may it be used, and is its secret under a passphrase?"""
    if not keyring.folder.exists():
        return {"there": False}
    mode = stat.S_IMODE(keyring.folder.stat().st_mode)
    told = {"there": True, "open_to_others": bool(mode & (stat.S_IRWXG | stat.S_IRWXO))}
    told["wrapped"] = keyring.wrapping.on

    def guarded() -> dict[str, Any]:
        keyring.guard()
        keyring.expect_key()
        return {"trouble": None}

    return told | _tried(guarded)


def _schema(database: Database) -> dict[str, Any]:
    with database.reading() as connection:
        versions = connection.scalars(select(SchemaVersionRow.version).limit(2)).all()
    known = versions[0] if len(versions) == 1 and type(versions[0]) is int else None
    return {
        "version": small(known, _MOST_SCHEMA),
        "of_this_program": schema.current(),
        "newer": (known or 0) > schema.current(),
    }


def _entries(database: Database) -> dict[str, Any]:
    """How many entries there are, and whether the head says so too."""
    with database.reading() as connection:
        count = connection.scalar(select(func.count()).select_from(ENTRY)) or 0
        head = head_of(connection)
    return {"count": count, "head_agrees": head is not None and head.seq == count}


def _verified(database: Database, keyring: Keyring, hidden: Hidden, most: int) -> tuple[dict[str, Any], bool]:
    """What ``audit verify`` finds, in numbers, and whether all is whole. ``most``: entries that there are.

    A number of an entry that was edited may be anything: above ``most`` it is not told.
    """
    run = _Verifying(database, keyring)
    run.start()
    run.join(_VERIFY_S)
    run.over = True
    if run.failure is not None:
        raise run.failure
    if run.trouble is not None:
        return {"done": False, "trouble": _kind(run.trouble)}, False
    if run.found is None:
        return {"done": False, "entries": small(run.seen, most)}, False
    return _numbers(run.found, hidden, most), not run.found.findings


class _Verifying(threading.Thread):
    """A thread, because what SQLite itself looks at cannot be asked to stop; it ends with the program at the latest."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        super().__init__(name="verify", daemon=True)
        self._database, self._keyring = database, keyring
        self.over = False
        self.seen = 0
        self.found: Verified | None = None
        self.trouble: StillscanError | None = None
        self.failure: Exception | None = None

    def run(self) -> None:
        """See Thread."""
        try:
            self.found = verify(self._database, self._keyring, progress=self._progress)
        except _TimeOverError:
            return
        except StillscanError as error:
            self.trouble = error
        except Exception as error:  # told by whoever waits
            self.failure = error

    def _progress(self, entry: int) -> None:
        self.seen = entry
        if self.over:
            raise _TimeOverError


def _numbers(found: Verified, hidden: Hidden, most: int) -> dict[str, Any]:
    of = Counter(_about(one.problem) for one in found.findings)
    return {
        "done": True,
        "whole": not found.findings,
        "entries": small(found.entries, most),
        "findings": len(found.findings),
        "of": [{"finding": what, "count": count} for what, count in sorted(of.items())],
        "first_entry": small(min((one.entry for one in found.findings if one.entry is not None), default=None), most),
        "changes": len(found.changes),
        "kiosks": [hidden.of("kiosk", kiosk) for kiosk in found.kiosks],
        "head": f"{found.entries}:{found.end}" if not found.findings else None,
    }


def _about(problem: str) -> str:
    return next((name for name, fits in _FOUND.items() if fits(problem)), "altered")


def _checks(database: Database, hidden: Hidden) -> dict[str, Any]:
    newest = select(ENTRY.c.body).order_by(ENTRY.c.seq.desc()).limit(_ENTRIES)
    hours: dict[str, list[dict[str, Any]]] = {}
    count = 0
    with database.reading() as connection, contextlib.closing(connection.execute(newest)) as rows:
        for facts in _facts(row.body for row in rows):
            if count == _LAST:
                break
            hour = f"{facts['time'][:13]}Z" if plausible(facts["time"]) else ""
            hours.setdefault(hour, []).append(facts)
            count += 1
    return {"checks": count, "hours": [_hour(hour, told, hidden) for hour, told in sorted(hours.items())]}


def _facts(bodies: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Of the checks among these bodies."""
    for body in bodies:
        with contextlib.suppress(kinds.BodyError, TypeError, AttributeError):
            facts = kinds.facts_of(body)
            if facts["kind"] == kinds.CHECK:
                yield facts


def _hour(hour: str, told: list[dict[str, Any]], hidden: Hidden) -> dict[str, Any]:
    verdicts = Counter(facts["verdict"] for facts in told)
    reasons = Counter(reason for facts in told for reason in facts["reasons"])
    people = Counter(hidden.of("person", facts["staff"]) for facts in told)
    return {
        "hour": hour or None,
        "checks": len(told),
        "verdicts": [{"verdict": name, "count": count} for name, count in verdicts.most_common(_MOST_KINDS)],
        "reasons": [{"reason": name, "count": count} for name, count in reasons.most_common(_MOST_KINDS)],
        "staff": [{"person": name, "count": count} for name, count in people.most_common(_MOST_KINDS)],
    }

"""One entry of the audit chain: how it is made, and what can be wrong with it. Knows nothing of tables."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from stillscan import __version__
from stillscan.records import kinds, text
from stillscan.records.canonical import canonical, digest
from stillscan.records.errors import NOTHING, OWN, UNKNOWN, RecordsError, broken
from stillscan.records.keyring import Keyring

ENTRY = "audit entry 1"  # purposes of signatures: part of the format, never reused for anything else
HEAD = "audit head 1"
_MOST = 2**53  # whole numbers that every reader of JSON keeps, and that canonical takes
OTHER_KEY = "it was not signed by the kiosk that it names"


class ChainEntry(NamedTuple):
    """An entry as it is stored (see models.AuditEntryRow)."""

    seq: int
    body: str
    digest: str
    signature: str
    time: str
    salt: str | None
    personal: str | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> ChainEntry:
        """From a row of the table. What is no text there becomes one: it will not fit its digest."""
        seq, body, own, signature, time, salt, personal = row
        return cls(
            seq, str(body), str(own), str(signature), str(time), *(x if x is None else str(x) for x in (salt, personal))
        )

    @property
    def facts(self) -> dict[str, Any]:
        """The body, read. RecordsError for one that makes no sense, or that a newer stillscan wrote."""
        try:
            return kinds.facts_of(self.body)
        except kinds.BodyError as error:
            raise self.wrong(error) from None

    @property
    def person(self) -> dict[str, str] | None:
        """The personal part, read; None when there is none or it was erased. Only for an entry that was found whole."""
        person: dict[str, str] | None = None if self.personal is None else json.loads(self.personal)
        return person

    def wrong(self, error: kinds.BodyError) -> RecordsError:
        """The error for a body that cannot be acted on: damage, or only written by a newer stillscan."""
        what = f"entry {self.seq}: {error}"
        return RecordsError(f"{what}. {NOTHING}", "newer") if isinstance(error, kinds.NewerError) else broken(what)


def sign_entry(
    keyring: Keyring,
    seq: int,
    former: str,
    time: str,
    kind: str,
    details: dict[str, Any],
    person: dict[str, str] | None,
) -> ChainEntry:
    """A new entry, signed: its body names the digest of the former one, and a salted digest of the personal part."""
    salt = None if person is None else secrets.token_hex(32)
    personal = None if person is None else canonical(person).decode()
    body = {
        "seq": seq,
        "former": former,
        "time": time,
        "kiosk": keyring.kiosk,
        "version": __version__,
        "kind": kind,
        "personal": None if salt is None or personal is None else personal_digest(salt, personal),
        **details,
    }
    data = canonical(body)
    own = digest(data)
    return ChainEntry(seq, data.decode(), own, keyring.sign(ENTRY, own.encode()), time, salt, personal)


def personal_digest(salt: str, personal: str) -> str:
    """What a body holds of the personal part: without the salt nobody can try names or numbers out."""
    return digest(f"{salt}\n{personal}".encode())


def problem(entry: ChainEntry, keyring: Keyring) -> str | None:
    """What is wrong with an entry in itself; None for a whole one. A missing personal part is not judged here."""
    return looked_at(entry, keyring)[1]


def looked_at(entry: ChainEntry, keyring: Keyring, *, confirmed: bool = False) -> tuple[dict[str, Any], str | None]:
    """(the facts of a whole entry, None), or ({}, what is wrong); ``confirmed``: its signature was found good."""
    wrong = None
    try:
        facts = kinds.facts_of(entry.body)
    except kinds.BodyError as error:
        facts, wrong = _common(entry.body), str(error)
    if found := _untrue(entry, facts, keyring, confirmed):
        wrong = found
    return ({}, wrong) if wrong else (facts, None)


def _common(body: str) -> dict[str, Any]:
    """What of a body that makes no sense can be held against its entry all the same."""
    try:
        facts = json.loads(body)
        return {name: facts[name] for name in ("kiosk", "seq", "time", "personal")}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}


def _untrue(entry: ChainEntry, facts: dict[str, Any], keyring: Keyring, confirmed: bool) -> str | None:
    """Why an entry is not what was signed."""
    if digest(entry.body.encode()) != entry.digest:
        return "its contents do not fit its digest"
    if not facts:
        return None  # there is nothing more to hold against it
    kiosk = facts["kiosk"]
    if not isinstance(kiosk, str) or not keyring.knows(kiosk):
        return unknown(str(kiosk), keyring)
    if not confirmed and not keyring.signed(kiosk, ENTRY, entry.digest.encode(), entry.signature, entry.seq):
        return f"{OTHER_KEY} ({kiosk})"
    if facts["seq"] != entry.seq:
        return f"it is entry {facts['seq']}, in another's place"
    if facts["time"] != entry.time:
        return "its time was altered"
    if (entry.salt is None) != (entry.personal is None):
        return "its personal part was altered"
    if entry.salt is not None and personal_digest(entry.salt, entry.personal or "") != facts["personal"]:
        return "its personal part was altered"
    return None


def unknown(kiosk: str, keyring: Keyring) -> str:
    """What is told when nothing that a kiosk signed can be checked here."""
    key = f"{kiosk}.pub" if text.ID.fullmatch(kiosk) else "NAME.pub"
    if kiosk == keyring.kiosk:
        return (
            f"{UNKNOWN} {kiosk!r}{OWN} is not in {keyring.folder}; put it back: 'stillscan keys restore "
            f"FILE', or a copy of {key} alone, and go on under another name (--kiosk NAME)"
        )
    return (
        f"{UNKNOWN} {kiosk!r} is not in {keyring.folder}; to trust that kiosk: 'stillscan audit key > {key}' "
        f"there, and 'stillscan audit key --trust {key}' here"
    )


class ChainHead(NamedTuple):
    """Where the chain ends, as it is stored (see models.AuditHeadRow)."""

    seq: int
    digest: str
    kiosk: str
    signature: str

    @classmethod
    def of(cls, row: Sequence[Any] | None) -> ChainHead | None:
        """From a row of the table; None for one that is not there, is not the one, or counts nothing."""
        if row is None or row[0] != 1 or type(row[1]) is not int or not 0 <= row[1] < _MOST:
            return None
        return cls(row[1], str(row[2]), str(row[3]), str(row[4]))


def head_message(count: int, end: str) -> bytes:
    """What the kiosk that wrote last signs about the chain's end."""
    return canonical({"count": count, "digest": end})

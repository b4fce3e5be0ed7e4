"""One entry of the audit chain: how it is made, and what can be wrong with it. Knows nothing of tables."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from stillscan import __version__
from stillscan.records import text
from stillscan.records.canonical import EXACT, canonical, digest
from stillscan.records.keyring import Keyring

ENTRY = "audit entry 1"  # purposes of signatures: part of the format, never reused for anything else
HEAD = "audit head 1"
UNKNOWN = "the key of the kiosk"
PURGE = "purge"  # a kind of entry that the chain itself knows: which entries lost their personal part


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
        """The body, read. Only for one that was found whole."""
        facts: dict[str, Any] = json.loads(self.body)
        return facts

    @property
    def person(self) -> dict[str, str] | None:
        """The personal part, read; None when there is none or it was erased."""
        person: dict[str, str] | None = None if self.personal is None else json.loads(self.personal)
        return person


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
    if digest(entry.body.encode()) != entry.digest:
        return "its contents do not fit its digest"
    try:
        body = json.loads(entry.body)
        kiosk, seq, time, personal = body["kiosk"], body["seq"], body["time"], body["personal"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "its contents are no entry"
    if not isinstance(kiosk, str) or not keyring.knows(kiosk):
        return unknown(str(kiosk), keyring)
    if not keyring.signed(kiosk, ENTRY, entry.digest.encode(), entry.signature):
        return f"it was not signed by the kiosk that it names ({kiosk})"
    if seq != entry.seq:
        return f"it is entry {seq}, in another's place"
    if time != entry.time:
        return "its time was altered"
    if (entry.salt is None) != (entry.personal is None):
        return "its personal part was altered"
    if entry.salt is not None and personal_digest(entry.salt, entry.personal or "") != personal:
        return "its personal part was altered"
    return None


def unknown(kiosk: str, keyring: Keyring) -> str:
    """What is told when nothing that a kiosk signed can be checked here."""
    key = f"{kiosk}.pub" if text.ID.fullmatch(kiosk) else "NAME.pub"
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
        """From a row of the table; None for one that is not there or counts nothing."""
        if row is None or not isinstance(row[1], int) or not 0 <= row[1] < EXACT:
            return None
        return cls(row[1], str(row[2]), str(row[3]), str(row[4]))


def head_message(count: int, end: str) -> bytes:
    """What the kiosk that wrote last signs about the chain's end."""
    return canonical({"count": count, "digest": end})

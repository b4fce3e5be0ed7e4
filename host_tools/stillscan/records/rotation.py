"""Exchanging a kiosk's key: an entry that the old key signs, and the new one too, so that others follow by the chain.

The old key vouches for the new one; the new one shows that whoever exchanged it has it. An entry after that one is
good only when the new key signed it: who stole the old key signs nothing any more.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, bindparam, select

from stillscan.records.canonical import canonical
from stillscan.records.chain_entry import ChainEntry, problem
from stillscan.records.errors import RecordsError
from stillscan.records.keyring import Keyring, framed, signature_by
from stillscan.records.models import ENTRY
from stillscan.records.public_keys import PublicKeys, raw

KEYS = "keys"  # kind of entry
PROOF = "new key 1"  # purpose of the new key's signature
_MARK = (
    f'"kind":"{KEYS}"'  # in the canonical body of such an entry, and in no text of another: quotes are escaped there
)
_EXCHANGES = select(ENTRY).where(ENTRY.c.seq > bindparam("after"), ENTRY.c.body.contains(_MARK)).order_by(ENTRY.c.seq)


class Exchange(NamedTuple):
    """What an entry of this kind holds besides who did it: the new public key, and its signature."""

    key: str
    proof: str


def exchange(kiosk: str, seq: int, former: str, new: Ed25519PrivateKey) -> Exchange:
    """For the entry ``seq`` that follows the one with the digest ``former``."""
    key = raw(new.public_key())
    return Exchange(key, signature_by(new, PROOF, _proven(kiosk, seq, former, key)))


def noticing(entries: Iterable[ChainEntry], keyring: Keyring) -> Iterator[ChainEntry]:
    """The entries as they come, and every exchange of a key among them taken in before anything follows it.

    What an entry says is believed when the key before signed it: an altered or forged one is passed over here, and
    found by whoever follows the chain.
    """
    for entry in entries:
        if _MARK in entry.body:
            _take(entry, keyring)
        yield entry


def learn(connection: Connection, keyring: Keyring, after: int = 0) -> None:
    """Take in every exchange in the entries behind ``after`` at once: for a head that only the last key fits."""
    for row in connection.execute(_EXCHANGES, {"after": after}):
        _take(ChainEntry.of(row), keyring)


def _take(entry: ChainEntry, keyring: Keyring) -> None:
    found = _brought(entry, keyring)
    if found is not None:
        with contextlib.suppress(RecordsError):  # a folder that cannot be written to: it is learned anew each time
            keyring.exchanged(*found)


def unproven(entry: ChainEntry, facts: Mapping[str, Any], keyring: Keyring) -> str | None:
    """What is wrong with a whole entry of this kind that `learn` did not take; None for one that it took."""
    if facts["kind"] == KEYS and entry.seq not in [since for since, _ in keyring.keys_of(facts["kiosk"]).keys]:
        return "it exchanges a key, and the new key did not sign that"
    return None


def _brought(entry: ChainEntry, keyring: Keyring) -> tuple[str, int, PublicKeys] | None:
    """(kiosk, entry, all its keys) for an exchange that is news; None for any other entry."""
    if problem(entry, keyring):
        return None
    facts: dict[str, Any] = json.loads(entry.body)
    if facts.get("kind") != KEYS or entry.seq <= keyring.keys_of(facts["kiosk"]).keys[-1][0]:
        return None
    try:
        new = Ed25519PublicKey.from_public_bytes(bytes.fromhex(facts["key"]))
        keys = keyring.keys_of(facts["kiosk"]).after(entry.seq, new)
        message = _proven(facts["kiosk"], entry.seq, facts["former"], facts["key"])
        if not PublicKeys([(0, new)]).signed(framed(PROOF, message), facts["proof"], None):
            return None
    except (KeyError, TypeError, ValueError):
        return None
    return facts["kiosk"], entry.seq, keys


def _proven(kiosk: str, seq: int, former: str, key: str) -> bytes:
    """What the new key signs: its place in the chain, so that the proof is good there only."""
    return canonical({"kiosk": kiosk, "seq": seq, "former": former, "key": key})

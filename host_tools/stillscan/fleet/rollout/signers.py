"""Whose keys sign what in a repository of releases, as its metadata have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import DelegatedRole, Delegations, Key, Role

from stillscan.errors import InputError
from stillscan.fleet.rollout.roles import OFFLINE, ONLINE, ORDERS, ROLLOUTS


def refuse_keys(keys: Mapping[str, Sequence[Ed25519PublicKey]], threshold: int) -> None:
    """InputError: too few, or one that would sign twice."""
    for role in (*OFFLINE, ONLINE, ROLLOUTS):
        needed = threshold if role in OFFLINE else 1
        if len({as_tuf(key).keyid for key in keys.get(role, ())}) < max(needed, 1):
            raise InputError(f"{role}: {len(keys.get(role, ()))} keys; {max(needed, 1)} that differ are needed")
    offline = {as_tuf(key).keyid for role in OFFLINE for key in keys[role]}
    if offline & {as_tuf(key).keyid for role in (ONLINE, ROLLOUTS) for key in keys[role]}:
        raise InputError("an offline key is named as an online one: it would lie where a network is")


def refuse_stranger(name: str, key: Ed25519PrivateKey, role: Role) -> None:
    """InputError: the key is none of the role's."""
    if CryptoSigner(key).public_key.keyid not in role.keyids:
        raise InputError(f"the key of {name} is not the one that the published root and releases name")


def delegations(keys: Sequence[Ed25519PublicKey]) -> Delegations:
    """The keys of roll-outs say who gets what, and nothing else: no other path is theirs."""
    known: dict[str, Key] = {key.keyid: key for key in map(as_tuf, keys)}
    role = DelegatedRole(ROLLOUTS, list(known), 1, True, paths=[ORDERS])
    return Delegations(known, {ROLLOUTS: role})


def as_tuf(key: Ed25519PublicKey) -> SSlibKey:
    """The key as metadata name it."""
    return SSlibKey.from_crypto(key)

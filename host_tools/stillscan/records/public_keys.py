"""The public keys of one kiosk: the first one, which somebody trusted, and those that took its place in the chain.

NAME.pub holds them in order, each as PEM; before each but the first stands a line "since entry N": the entry by which
the kiosk exchanged its key. An entry after N is only as good as the key that was exchanged in N.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stillscan.records.errors import RecordsError

_BLOCK = re.compile(
    rb"(?:since entry ([0-9]{1,18}):\s*)?(-----BEGIN PUBLIC KEY-----.{1,500}?-----END PUBLIC KEY-----)\s*", re.DOTALL
)


class PublicKeys:
    """In force one after another: ``since`` N the key that entry N brought, 0 for the first."""

    def __init__(self, keys: list[tuple[int, Ed25519PublicKey]]) -> None:
        self.keys = keys

    @classmethod
    def parse(cls, path: Path, content: bytes) -> PublicKeys:
        """From a file's content. RecordsError for one that holds no such keys."""
        keys: list[tuple[int, Ed25519PublicKey]] = []
        at = 0
        while at < len(content.rstrip()):
            match = _BLOCK.match(content, at)
            if match is None or (match[1] is None) != (not keys):
                raise _damaged(path)
            keys.append((int(match[1] or 0), _public(path, match[2])))
            at = match.end()
        if not keys or any(a[0] >= b[0] for a, b in pairwise(keys)):
            raise _damaged(path)
        return cls(keys)

    def file(self) -> bytes:
        """As a file's content."""
        return b"".join((f"since entry {since}:\n".encode() if since else b"") + pem(key) for since, key in self.keys)

    @property
    def current(self) -> Ed25519PublicKey:
        """The one in force now."""
        return self.keys[-1][1]

    @property
    def first(self) -> Ed25519PublicKey:
        """The one that was trusted."""
        return self.keys[0][1]

    def after(self, seq: int, key: Ed25519PublicKey) -> PublicKeys:
        """With one more, which entry ``seq`` brought."""
        return PublicKeys([*self.keys, (seq, key)])

    def signed(self, message: bytes, signature: str, seq: int | None) -> bool:
        """Whether the key in force at entry ``seq`` made this signature; without an entry, any of them."""
        before = [key for since, key in self.keys if seq is None or since < seq]
        good = before if seq is None else before[-1:]
        return any(_made(key, message, signature) for key in good)


def pem(key: Ed25519PublicKey) -> bytes:
    """A key as PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def raw(key: Ed25519PublicKey) -> str:
    """A key's 32 bytes in hexadecimal."""
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


def _made(key: Ed25519PublicKey, message: bytes, signature: str) -> bool:
    try:
        given = bytes.fromhex(signature)
        if given.hex() != signature:  # one spelling: another is an edit
            return False
        key.verify(given, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _public(path: Path, content: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(content)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise _damaged(path)
    return key


def _damaged(path: Path) -> RecordsError:
    return RecordsError(
        f"{path}: is no Ed25519 public key in PEM form; move it away and put it back: 'stillscan keys restore', or, "
        "for another kiosk's, what 'stillscan audit key' prints there",
        "keys",
    )

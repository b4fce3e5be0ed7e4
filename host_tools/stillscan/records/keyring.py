"""The keys of an installation, in one folder beside the database and never in it.

NAME.key    private Ed25519 key of the kiosk NAME (PEM, mode 0600), made on first use
NAME.pub    public key of a kiosk: what `audit verify` trusts; other kiosks' are put here (`audit key --trust`)
NAME.head   how far the audit chain went when the kiosk NAME wrote to it last (see `witness`)
NAME.clock  the newest time that the kiosk NAME has seen (see `clock_notes`)
secret      keys the hashes of document numbers and observations (mode 0600), so that nobody can try numbers out
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from stillscan.errors import InputError
from stillscan.records import text
from stillscan.records.clock import Clock, ClockRules
from stillscan.records.errors import RecordsError
from stillscan.records.files import is_there, place, read


class Keyring:
    """Signs as one kiosk, checks the signatures of all that are trusted. RecordsError for keys that cannot be used."""

    def __init__(self, folder: Path, kiosk: str, clock: ClockRules | None = None) -> None:
        """``folder`` is made when the kiosk signs for the first time; checking needs no private key."""
        self.folder = folder
        self.kiosk = text.identifier("kiosk", kiosk)
        self.head = folder / f"{kiosk}.head"
        self.clock = Clock(folder, self.kiosk, clock)
        """A signature says who and when: by which clock."""
        self._private: Ed25519PrivateKey | None = None
        self._secret: bytes | None = None
        self._public: dict[str, Ed25519PublicKey] = {}

    def sign(self, purpose: str, message: bytes) -> str:
        """Signature (hexadecimal) over a message; the purpose keeps one kind of record from passing as another."""
        if self._private is None:
            self._private = self._own_key()
        return self._private.sign(_framed(purpose, message)).hex()

    def signed(self, kiosk: str, purpose: str, message: bytes, signature: str) -> bool:
        """Whether that kiosk signed this. False as well when its public key is not here."""
        if not self.knows(kiosk):
            return False
        try:
            self._public[kiosk].verify(bytes.fromhex(signature), _framed(purpose, message))
        except (InvalidSignature, ValueError):
            return False
        return True

    def knows(self, kiosk: str) -> bool:
        """Whether the kiosk's public key is in the folder."""
        path = self.folder / f"{kiosk}.pub"
        if kiosk not in self._public and text.ID.fullmatch(kiosk) and is_there(path):
            self._public[kiosk] = _public(path, read(path))
        return kiosk in self._public

    def public_pem(self) -> bytes:
        """The own public key as PEM, for others to trust; makes the key on first use."""
        if self._private is None:
            self._private = self._own_key()
        return _pem(self._private.public_key())

    def public_of(self, kiosk: str) -> bytes:
        """The public key of a kiosk that we `know`, as PEM."""
        return _pem(self._public[kiosk])

    def trust(self, kiosk: str, pem: bytes, source: Path | None = None) -> None:
        """Put a kiosk's public key into the folder. RecordsError when that kiosk is known by another key.

        InputError for a ``source``, the file that somebody gave, that holds none.
        """
        path = self.folder / f"{text.identifier('kiosk', kiosk)}.pub"
        try:
            own = _pem(_public(source or path, pem))
        except RecordsError as error:
            raise InputError(str(error)) if source else error from None
        if _pem(_public(path, read(place(path, own, 0o644)))) != own:
            raise RecordsError(f"{path}: another key is trusted for this kiosk; remove the file if that is meant")

    def keyed(self, purpose: str, message: bytes) -> str:
        """HMAC-SHA-256 (hexadecimal) with the secret of the installation, which is made on first use."""
        if self._secret is None:
            path = place(self.folder / "secret", secrets.token_bytes(32), 0o600)
            self._secret = read(path)
            if len(self._secret) != 32:
                raise RecordsError(f"{path}: is not the secret of 32 bytes that was written there")
        return hmac.digest(self._secret, _framed(purpose, message), "sha256").hex()

    def _own_key(self) -> Ed25519PrivateKey:
        made = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = place(self.folder / f"{self.kiosk}.key", made, 0o600)
        try:
            key = serialization.load_pem_private_key(read(path), password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise RecordsError(f"{path}: is no Ed25519 key in PEM form")
        self.trust(self.kiosk, _pem(key.public_key()))
        return key


def _public(path: Path, pem: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise RecordsError(f"{path}: is no Ed25519 public key in PEM form")
    return key


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _framed(purpose: str, message: bytes) -> bytes:
    return b"stillscan " + purpose.encode() + b"\n" + message

"""The keys of an installation, in one folder beside the database and never in it.

NAME.key    private Ed25519 key of the kiosk NAME (PEM, mode 0600), made on first use
NAME.pub    public keys of a kiosk: what `audit verify` trusts; other kiosks' are put here (`audit key --trust`)
NAME.head   how far the audit chain went when the kiosk NAME saw it last (see `witness`)
NAME.checkpoint  what the chain said up to an entry, signed by the kiosk NAME, so that its start is short
NAME.clock  the newest time that the kiosk NAME has seen (see `clock_notes`)
secret      keys the hashes of document numbers and observations (mode 0600), so that nobody can try numbers out
wrapping    when there is one, NAME.key, secret and all other secrets here are sealed (see `wrapping`)

A folder or file that another account could have written or can read is refused (see `ownership`).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stillscan.errors import InputError
from stillscan.records import text
from stillscan.records.clock import Clock, ClockRules
from stillscan.records.errors import RecordsError
from stillscan.records.files import is_there, names, place, read, remove, replace
from stillscan.records.ownership import look_at_folder
from stillscan.records.passphrase import given_passphrase
from stillscan.records.public_keys import PublicKeys, pem, raw
from stillscan.records.wrapping import Wrapping


class Keyring:
    """Signs as one kiosk, checks the signatures of all that are trusted. RecordsError for keys that cannot be used."""

    def __init__(
        self,
        folder: Path,
        kiosk: str,
        clock: ClockRules | None = None,
        passphrase: Callable[[Path], str] = given_passphrase,
    ) -> None:
        """``folder`` is made when the kiosk signs for the first time; checking needs no private key.

        ``passphrase`` is asked, with the folder, when a secret there turns out to be wrapped.
        """
        self.folder = folder
        self.kiosk = text.identifier("kiosk", kiosk)
        self.head = folder / f"{kiosk}.head"
        self.clock = Clock(folder, self.kiosk, clock)
        """A signature says who and when: by which clock."""
        self.wrapping = Wrapping(folder, passphrase)
        self._private: Ed25519PrivateKey | None = None
        self._secret: bytes | None = None
        self._public: dict[str, PublicKeys] = {}

    def guard(self) -> None:
        """RecordsError when somebody else could have put something into the folder, or can read what is secret."""
        look_at_folder(self.folder)

    def sign(self, purpose: str, message: bytes) -> str:
        """Signature (hexadecimal) over a message; the purpose keeps one kind of record from passing as another."""
        if self._private is None:
            self._private = self._own_key()
        return signature_by(self._private, purpose, message)

    def expect_key(self) -> None:
        """RecordsError for an own key that is there, under no passphrase, and is none. Nothing is made or exchanged."""
        path = self.folder / f"{self.kiosk}.key"
        if not self.wrapping.on and is_there(path):
            _private(path, self.wrapping.read(path))

    @property
    def signs_unasked(self) -> bool:
        """Whether this kiosk has a key, and nobody would be asked for a passphrase."""
        return self._private is not None or (not self.wrapping.on and is_there(self.folder / f"{self.kiosk}.key"))

    def signed(self, kiosk: str, purpose: str, message: bytes, signature: str, seq: int | None = None) -> bool:
        """Whether that kiosk signed this, with the key in force at entry ``seq`` (None: any that it had).

        False as well when its public key is not here.
        """
        return self.knows(kiosk) and self._public[kiosk].signed(framed(purpose, message), signature, seq)

    def knows(self, kiosk: str) -> bool:
        """Whether the kiosk's public key is in the folder."""
        path = self.folder / f"{kiosk}.pub"
        if kiosk not in self._public and text.ID.fullmatch(kiosk) and is_there(path):
            self.guard()
            self._public[kiosk] = PublicKeys.parse(path, read(path))
        return kiosk in self._public

    def public_pem(self) -> bytes:
        """The own public keys as PEM, for others to trust; makes the key on first use."""
        if self._private is None:
            self._private = self._own_key()
        return self.keys_of(self.kiosk).file()

    @property
    def is_known(self) -> bool:
        """Whether anything of this kiosk's own keys is in the folder."""
        self.guard()
        return not {f"{self.kiosk}.key", f"{self.kiosk}.pub"}.isdisjoint(names(self.folder))

    def lost(self) -> RecordsError:
        """What to tell where this kiosk has signed, and its key is not there."""
        return RecordsError(
            f"{self.folder / self.kiosk}.key: is missing; put it back: 'stillscan keys restore FILE'. Without a backup "
            "this kiosk goes on under another name (--kiosk NAME)",
            "keys",
        )

    def keys_of(self, kiosk: str) -> PublicKeys:
        """The public keys of a kiosk. RecordsError for one that is not known."""
        if not self.knows(kiosk):
            raise RecordsError(f"the key of the kiosk {kiosk!r} is not in {self.folder}", "keys")
        return self._public[kiosk]

    def trust(self, kiosk: str, content: bytes, source: Path | None = None) -> None:
        """Put a kiosk's public keys into the folder. RecordsError when that kiosk is known by another key.

        InputError for a ``source``, the file that somebody gave, that holds none.
        """
        self.guard()
        path = self.folder / f"{text.identifier('kiosk', kiosk)}.pub"
        try:
            given = PublicKeys.parse(source or path, content)
        except RecordsError as error:
            raise InputError(str(error)) if source else error from None
        known = PublicKeys.parse(path, read(place(path, given.file(), 0o644)))
        if raw(known.first) != raw(given.first):  # what came later, the chain says
            raise RecordsError(
                f"{path}: another key is trusted for this kiosk, and what it signed needs that; a kiosk that has lost "
                "its key goes on under another name (--kiosk)",
                "keys",
            )
        self._public.pop(kiosk, None)

    def exchanged(self, kiosk: str, seq: int, keys: PublicKeys) -> None:
        """A verified entry ``seq`` has exchanged the kiosk's key: ``keys`` are all that it had, the new one last."""
        self._public[kiosk] = keys
        if kiosk == self.kiosk:
            self._private = None  # the new one lies ready, and is taken into use when something is to be signed
        replace(self.folder / f"{kiosk}.pub", keys.file(), 0o644)

    def next_key(self) -> Ed25519PrivateKey:
        """A new key, which lies ready until an entry of the chain brings it into force."""
        made = Ed25519PrivateKey.generate()
        self.wrapping.replace(self._next, _private_pem(made))
        return made

    def keyed(self, purpose: str, message: bytes) -> str:
        """HMAC-SHA-256 (hexadecimal) with the secret of the installation, which is made on first use."""
        if self._secret is None:
            self.guard()
            path = self._place_secret()
            self._secret = self.wrapping.read(path)
            if len(self._secret) != 32:
                raise RecordsError(
                    f"{path}: is not the secret of 32 bytes that was written there; move it away and put a backup back "
                    "('stillscan keys restore')",
                    "keys",
                )
        return hmac.digest(self._secret, framed(purpose, message), "sha256").hex()

    @property
    def _next(self) -> Path:
        return self.folder / f"{self.kiosk}.key.next"

    def _own_key(self) -> Ed25519PrivateKey:
        """The key in force, made on first use; one that lies ready takes its place when the chain says so."""
        self.guard()
        path = self.folder / f"{self.kiosk}.key"
        used = self._was_used()  # asked first: another process may be making the first key just now
        if not is_there(path):
            if used:
                raise self.lost()
            self._place_secret()  # before the key: where a key is, the secret was
            self.wrapping.place(path, _private_pem(Ed25519PrivateKey.generate()))
        key = _private(path, self.wrapping.read(path))
        if not self.knows(self.kiosk):
            self.trust(self.kiosk, pem(key.public_key()))
        known = self.keys_of(self.kiosk)
        if raw(key.public_key()) == raw(known.current):
            return key
        if is_there(self._next):
            new = _private(self._next, self.wrapping.read(self._next))
            if raw(new.public_key()) == raw(known.current):
                self.wrapping.replace(path, _private_pem(new))
                remove(self._next)
                return new
        if len(known.keys) > 1:
            raise RecordsError(
                f"{path}: was exchanged by entry {known.keys[-1][0]}; put a backup back that is younger",
                "keys",
            )
        raise RecordsError(
            f"{path}: is not the key that {self.kiosk}.pub beside it is of; move it away and put the right one back: "
            "'stillscan keys restore FILE'. Without a backup this kiosk goes on under another name (--kiosk NAME)",
            "keys",
        )

    def _was_used(self) -> bool:
        """Whether this kiosk has signed already: its first key was made, so that it is never made again in silence.

        A note of the chain's end alone says so only where no public key is left: who only reads keeps one too.
        """
        there = set(names(self.folder))
        if there & {f"{self.kiosk}{end}" for end in (".pub", ".key.next", ".checkpoint")}:
            return True
        noted = self.head.name in there and bool(read(self.head))
        return noted and not any(name.endswith(".pub") for name in there)

    def _place_secret(self) -> Path:
        """The file of the secret, made where no kiosk has a key yet: by another one no hash would compare any more."""
        path = self.folder / "secret"
        used = self._was_used() or any(name.endswith(".key") for name in names(self.folder))
        if not is_there(path):
            if used:
                raise RecordsError(
                    f"{path}: is missing; put it back: 'stillscan keys restore FILE'. Without a backup go on in a new "
                    "folder of keys under another name (--keys FOLDER --kiosk NAME), which trusts this one's NAME.pub",
                    "keys",
                )
            self.wrapping.place(path, secrets.token_bytes(32))
        return path


def signature_by(key: Ed25519PrivateKey, purpose: str, message: bytes) -> str:
    """A signature (hexadecimal) as `Keyring.sign` makes it, by any key."""
    return key.sign(framed(purpose, message)).hex()


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _private(path: Path, content: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise RecordsError(
            f"{path}: is no Ed25519 key in PEM form; put a backup back ('stillscan keys restore')",
            "keys",
        )
    return key


def framed(purpose: str, message: bytes) -> bytes:
    """What is signed or hashed for a purpose."""
    return b"stillscan " + purpose.encode() + b"\n" + message

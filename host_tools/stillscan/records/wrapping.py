"""Secrets of the folder of keys under a passphrase: who steals the disk learns no recipient's number and signs nothing.

The file `wrapping` holds a random key, sealed by the passphrase (scrypt, AES-256-GCM); every secret is sealed with
that key. So another passphrase is one small file, written at once, and a secret that is made later needs none.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from stillscan.errors import InputError
from stillscan.records.errors import RecordsError
from stillscan.records.files import is_there, place, read, remove, replace

NAME = "wrapping"
LEAST_PASSPHRASE = 12
"""Characters: with scrypt's cost, what people can remember and nobody can try out; a credential may be random."""
MOST_PASSPHRASE = 1024  # more than anybody types; a file that is no passphrase is not read to its end
_SCRYPT = {"n": 2**16, "r": 8, "p": 1}
"""64 MB and about 0.2 s for each guess, and once for each start of a kiosk."""
_MOST_N, _MOST_R, _MOST_P = 2**20, 16, 4
"""Bounds for what a file asks for: 2 GB and some seconds, so that a damaged file does not take the computer."""
_KEY, _NONCE, _SALT = 32, 12, 16  # bytes: of AES-256, and as GCM and scrypt recommend
_SEALED = b'{"stillscan sealed":1,'


class PassphraseError(RecordsError):
    """There is no passphrase, or it is not the one."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "passphrase")


class StoredPassphrase(str):
    """One that a file holds, which is named when the passphrase is not the one."""

    file: Path

    def __new__(cls, text: str, file: Path) -> StoredPassphrase:
        """``text`` as ``file`` has it."""
        made = super().__new__(cls, text)
        made.file = file
        return made


class Wrapping:
    """The secrets of one folder, wrapped or not."""

    def __init__(self, folder: Path, passphrase: Callable[[Path], str]) -> None:
        """``passphrase`` is asked once, and only when something sealed is to be read; it gets the folder."""
        self._folder = folder
        self._passphrase = passphrase
        self._key: bytes | None = None

    @property
    def on(self) -> bool:
        """Whether secrets are wrapped here."""
        return is_there(self._folder / NAME)

    def read(self, path: Path) -> bytes:
        """A secret's content. RecordsError; PassphraseError when it is sealed and cannot be opened."""
        content = read(path)
        return self._open(path, content) if is_sealed(content) else content

    def place(self, path: Path, content: bytes) -> None:
        """Put a secret there unless one is there already, sealed where secrets are; see `files.place`."""
        if not is_there(path):
            place(path, self._sealed(path, content), 0o600)

    def replace(self, path: Path, content: bytes) -> None:
        """Put a secret in the place of another."""
        replace(path, self._sealed(path, content), 0o600)

    def wrap(self, paths: list[Path], passphrase: str) -> None:
        """From now on this passphrase opens the secrets; those that are not sealed yet are.

        A crash in the middle leaves some unsealed, which are read all the same; wrapping again goes on.
        """
        _usable(passphrase)
        self._key = self._folder_key() if self.on else secrets.token_bytes(_KEY)
        replace(self._folder / NAME, sealed_by_passphrase(self._key, passphrase, NAME), 0o600)
        for path in paths:
            content = read(path)
            if not is_sealed(content):
                self.replace(path, content)

    def unwrap(self, paths: list[Path]) -> None:
        """Secrets are plain again; ``paths`` are all that may be sealed."""
        for path in paths:
            content = read(path)
            if is_sealed(content):
                replace(path, self._open(path, content), 0o600)
        remove(self._folder / NAME)

    def _sealed(self, path: Path, content: bytes) -> bytes:
        if not self.on:
            return content
        nonce = secrets.token_bytes(_NONCE)
        data = AESGCM(self._folder_key()).encrypt(nonce, content, self._bound_to(path))
        return _line({"stillscan sealed": 1, "nonce": nonce.hex(), "data": data.hex()})

    def _open(self, path: Path, content: bytes) -> bytes:
        fields = _fields(path, content)
        try:
            nonce, data = bytes.fromhex(fields["nonce"]), bytes.fromhex(fields["data"])
            return AESGCM(self._folder_key()).decrypt(nonce, data, self._bound_to(path))
        except (InvalidTag, ValueError, KeyError, TypeError):
            raise RecordsError(f"{path}: is damaged, or was sealed in another folder of keys", "keys") from None

    def _bound_to(self, path: Path) -> bytes:
        """A sealed file is good at its place only: nobody can exchange two of them."""
        return f"stillscan sealed 1 {path.relative_to(self._folder).as_posix()}".encode()

    def _folder_key(self) -> bytes:
        if self._key is None:
            path = self._folder / NAME
            if not is_there(path):
                raise RecordsError(
                    f"{path}: is gone, and what it sealed cannot be read without: put the backup back",
                    "keys",
                )
            content = read(path)
            _fields(path, content)  # a damaged file needs no passphrase
            self._key = opened_by_passphrase(path, content, self._passphrase(self._folder), NAME)
        return self._key


def is_sealed(content: bytes) -> bool:
    """Whether a file's content is a sealed secret."""
    return content.startswith(_SEALED)


def sealed_by_passphrase(content: bytes, passphrase: str, purpose: str) -> bytes:
    """A line of JSON that only this passphrase opens. InputError for a passphrase that could be guessed."""
    _usable(passphrase)
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    data = AESGCM(_stretched(passphrase, salt, **_SCRYPT)).encrypt(nonce, content, _about(purpose))
    head = {"stillscan sealed by a passphrase": 1, **_SCRYPT}
    return _line({**head, "salt": salt.hex(), "nonce": nonce.hex(), "data": data.hex()})


def opened_by_passphrase(path: Path, content: bytes, passphrase: str, purpose: str) -> bytes:
    """What was sealed. PassphraseError for another passphrase, RecordsError for a damaged file."""
    fields = _fields(path, content)
    try:
        n, r, p = (int(fields[name]) for name in ("n", "r", "p"))
        salt, nonce, data = (bytes.fromhex(fields[name]) for name in ("salt", "nonce", "data"))
        if not (1 < n <= _MOST_N and n & (n - 1) == 0 and 0 < r <= _MOST_R and 0 < p <= _MOST_P):
            raise ValueError
        return AESGCM(_stretched(passphrase, salt, n=n, r=r, p=p)).decrypt(nonce, data, _about(purpose))
    except InvalidTag:
        given = f"what {passphrase.file} holds" if isinstance(passphrase, StoredPassphrase) else "this"
        raise PassphraseError(f"{path}: {given} is not its passphrase (or the file was altered)") from None
    except (ValueError, KeyError, TypeError):
        raise _damaged(path) from None


def _stretched(passphrase: str, salt: bytes, *, n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=_KEY, n=n, r=r, p=p).derive(passphrase.encode("utf-8", "surrogateescape"))


def _about(purpose: str) -> bytes:
    return f"stillscan sealed by a passphrase 1 {purpose}".encode()


def _usable(passphrase: str) -> None:
    """InputError for a new passphrase that could be guessed, or that a start may not be able to give again."""
    if not LEAST_PASSPHRASE <= len(passphrase) <= MOST_PASSPHRASE:
        raise InputError(f"the passphrase: has {LEAST_PASSPHRASE} to {MOST_PASSPHRASE} characters")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in passphrase):  # how Python keeps bytes that are none
        raise InputError("the passphrase: is not UTF-8 text")
    if not passphrase.isprintable():
        raise InputError("the passphrase: holds a character that cannot be seen")


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _fields(path: Path, content: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise _damaged(path)
    return fields


def _damaged(path: Path) -> RecordsError:
    return RecordsError(f"{path}: is damaged or cut off; a whole backup helps ('stillscan keys restore')", "keys")

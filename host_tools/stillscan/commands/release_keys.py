"""Keys that people hold, as files: made under a passphrase, and read by whoever signs with them."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from stillscan.boards.release import key_name
from stillscan.errors import EnvironmentTroubleError, InputError
from stillscan.files import read_whole, trouble, write_whole
from stillscan.records.wrapping import LEAST_PASSPHRASE
from stillscan.terminal.asking import asked_unseen, at_terminal

_MOST_KEY = 10_000
"""Bytes of a key in PEM: some thirty times what one takes."""
_OTHERS = 0o077
"""Rights of anybody but the owner."""


def refuse_there(path: Path) -> Path:
    """The file of the public half. InputError: this key, or its public half, is there already."""
    public = path.with_name(path.name + ".pub")
    for there in (path, public):
        if os.path.lexists(there):
            raise InputError(f"{there}: is there already; a key is never written over")
    return public


def asked_passphrase(what: str) -> bytes:
    """Of a new key, typed twice at a terminal; b"" for none. InputError: too short, or not the same."""
    passphrase = _passphrase(f"passphrase of {what}: ")
    if passphrase and len(passphrase) < LEAST_PASSPHRASE:
        raise InputError(f"a passphrase has {LEAST_PASSPHRASE} characters at least, or none: an empty line")
    if passphrase and at_terminal() and passphrase != _passphrase("once more: "):
        raise InputError("the two passphrases are not the same")
    return passphrase


def make_key(path: Path, passphrase: bytes) -> str:
    """A new key at ``path``, its public half beside it; its name. InputError, EnvironmentTroubleError."""
    public = refuse_there(path)
    key = Ed25519PrivateKey.generate()
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except (OSError, ValueError) as error:
        raise trouble(path, error, "made") from None
    write_whole(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return key_name(key.public_key())


def private_key(path: Path) -> Ed25519PrivateKey:
    """InputError: it is none, or the passphrase is wrong; EnvironmentTroubleError: others may read it."""
    content = read_whole(path, _MOST_KEY)
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        raise EnvironmentTroubleError(f"{path}: others may read this key: chmod 600 {path}")
    try:
        try:
            key = load_pem_private_key(content, None)
        except TypeError:  # it has a passphrase
            key = load_pem_private_key(content, _passphrase("passphrase of the key: "))
    except (ValueError, TypeError):
        raise InputError(f"{path}: is no private key in PEM, or the passphrase is wrong") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: is not an Ed25519 key")
    return key


def _passphrase(prompt: str) -> bytes:
    """Asked for without being shown; from a program the next line of standard input."""
    try:
        return asked_unseen(prompt).encode()
    except EOFError:
        return b""

"""``stillscan release``: sign a firmware or a file as a release, and verify such a signature."""

from __future__ import annotations

import argparse
import os
import sys
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

from stillscan.boards.files import firmware_folder
from stillscan.boards.release import (
    UnsignedError,
    key_name,
    public_key,
    sign,
    signature_file,
    trusted,
    verify,
)
from stillscan.errors import EnvironmentTroubleError, InputError
from stillscan.files import read_whole, trouble, write_whole
from stillscan.records.wrapping import LEAST_PASSPHRASE
from stillscan.terminal.asking import asked_unseen, at_terminal

_MOST_KEY = 10_000
"""Bytes of a key in PEM: some thirty times what one takes."""
_OTHERS = 0o077
"""Rights of anybody but the owner."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "release",
        help="sign releases, and verify them",
        description="A release is a list of files with their SHA-256, signed by Ed25519. SECURITY.md has the ceremony.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    keygen = actions.add_parser(
        "keygen",
        help="make a key of releases, on a computer without a network",
        description="Writes the private key to KEYFILE, under a passphrase (asked for, or a line of standard input; "
        "an empty one: none), and its public half to KEYFILE.pub.",
    )
    keygen.add_argument("key", metavar="KEYFILE", help="a new file")
    keygen.set_defaults(run=_keygen)
    signing = actions.add_parser(
        "sign",
        help="sign a firmware, or any one file",
        description="A folder with firmware and boards in it, such as a checkout, gets its signature in "
        "firmware/release.json, which goes into the wheel; a file gets FILE.release.json beside it.",
    )
    signing.add_argument("what", metavar="FILE|FOLDER", help="what is signed")
    signing.add_argument("--key", required=True, metavar="KEYFILE", help="the private key")
    signing.set_defaults(run=_sign)
    verifying = actions.add_parser(
        "verify",
        help="is it exactly what was signed, by a key of ours?",
        description="Exit code: 0 it is, 1 it is not, 2 bad input.",
    )
    verifying.add_argument(
        "what", nargs="?", metavar="FILE|FOLDER", help="what was signed (default: the firmware of this installation)"
    )
    verifying.add_argument(
        "--key", metavar="NAME.pub", help="trust this public key in place of those of this installation"
    )
    verifying.set_defaults(run=_verify)


def _keygen(args: argparse.Namespace) -> int:
    path, public = Path(args.key), Path(args.key + ".pub")
    for there in (path, public):
        if os.path.lexists(there):
            raise InputError(f"{there}: is there already; a key is never written over")
    passphrase = _passphrase("passphrase of the new key: ")
    if passphrase and len(passphrase) < LEAST_PASSPHRASE:
        raise InputError(f"a passphrase has {LEAST_PASSPHRASE} characters at least, or none: an empty line")
    if passphrase and at_terminal() and passphrase != _passphrase("once more: "):
        raise InputError("the two passphrases are not the same")
    key = Ed25519PrivateKey.generate()
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except (OSError, ValueError) as error:
        raise trouble(path, error, "made") from None
    write_whole(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    print(f"{path}: the private key{'' if passphrase else ', without a passphrase'}; it never leaves this computer")
    print(f"{public}: its public half, {key_name(key.public_key())}")
    return 0


def _sign(args: argparse.Namespace) -> int:
    what = Path(args.what)
    key = _private_key(Path(args.key))
    place = signature_file(what)
    write_whole(place, sign(what, key))
    print(f"{place}: signed by {key_name(key.public_key())}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    what = Path(args.what) if args.what is not None else firmware_folder().parent
    if not what.exists():
        raise InputError(f"{what}: no such file or folder")
    keys = trusted()
    if args.key is not None:
        key = public_key(Path(args.key))
        keys = {key_name(key): key}
    try:
        signer = verify(what, keys)
    except UnsignedError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{what}: as it was signed by {signer.key}")
    return 0


def _private_key(path: Path) -> Ed25519PrivateKey:
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

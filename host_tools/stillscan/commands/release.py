"""``stillscan release``: sign a firmware or a file as a release, and verify such a signature."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from stillscan.boards.files import firmware_folder
from stillscan.boards.release import UnsignedError, key_name, public_key, sign, signature_file, trusted, verify
from stillscan.commands.release_keys import asked_passphrase, make_key, private_key, refuse_there
from stillscan.errors import InputError
from stillscan.files import write_whole


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
    path = Path(args.key)
    public = refuse_there(path)
    passphrase = asked_passphrase("the new key")
    name = make_key(path, passphrase)
    print(f"{path}: the private key{'' if passphrase else ', without a passphrase'}; it never leaves this computer")
    print(f"{public}: its public half, {name}")
    return 0


def _sign(args: argparse.Namespace) -> int:
    what = Path(args.what)
    key = private_key(Path(args.key))
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

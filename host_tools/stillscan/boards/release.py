"""Releases: a signed list of all files of a firmware, or of any one file, by Ed25519 (RFC 8032).

The signature of a firmware lies in `firmware/release.json` and goes into the wheel with it. Trusted are the public keys
in `release_keys`; as long as there is none, every package counts as unsigned. SECURITY.md has the ceremony.
"""

from __future__ import annotations

import ast
import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from stillscan import __version__
from stillscan.boards.files import firmware_folder
from stillscan.errors import InputError, StillscanError
from stillscan.files import read_whole, trouble

SIGNED = "firmware/release.json"
KEYS = Path(__file__).with_name("release_keys")
_ROOTS = ("firmware", "boards")  # all of both is what `flash` compiles, or may
_LEFT_OUT = ".pyc"  # made by Python when the package is installed; never compiled for a board
_PURPOSE = b"stillscan release 1\n"  # so that a signature of something else is none of a release
_NAME_DIGITS = 16  # of a key's SHA-256: what people compare by eye
_MOST_BYTES = 1_000_000  # of a signature file: ten times one that lists every file of the firmware


class UnsignedError(StillscanError):
    """There is no signature by a trusted key, or it is not of these files."""


class Signer(NamedTuple):
    """Whose signature holds, and what it is of."""

    key: str
    release: Mapping[str, Any]


def key_name(key: Ed25519PublicKey) -> str:
    """What people call a key: the first digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:_NAME_DIGITS]


def trusted(folder: Path | None = None) -> dict[str, Ed25519PublicKey]:
    """The public keys of releases (``KEYS``), by name. InputError for a file that is none."""
    found = {}
    for path in sorted((folder or KEYS).glob("*.pub")):
        key = public_key(path)
        found[key_name(key)] = key
    return found


def public_key(path: Path) -> Ed25519PublicKey:
    """An Ed25519 key in PEM. InputError."""
    try:
        key = load_pem_public_key(read_whole(path, _MOST_BYTES))
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{path}: is not the public half of a release key (Ed25519 in PEM)")
    return key


def firmware_version(root: Path | None = None) -> tuple[int, int, int]:
    """Of the firmware in this package, or below ``root``, whose code is read and never run. InputError."""
    path = (firmware_folder() if root is None else root / "firmware") / "kiosk" / "version.py"
    try:
        (value,) = (
            node.value
            for node in ast.parse(read_whole(path, _MOST_BYTES)).body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "VERSION"
        )
        major, minor, patch = map(int, ast.literal_eval(value))
    except (SyntaxError, ValueError, TypeError):
        raise InputError(f"{path}: VERSION is not three numbers") from None
    return major, minor, patch


def contents(path: Path) -> dict[str, Any]:
    """What is signed: version, boards and the SHA-256 of every file below a folder with `firmware` and `boards`; or the
    name and SHA-256 of one file. InputError: it is neither."""
    try:
        if path.is_file():
            return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        if not all((path / root).is_dir() for root in _ROOTS):
            raise InputError(f"{path}: is neither a file nor a folder with {' and '.join(_ROOTS)} in it")
        files = {}
        for file in sorted(file for root in _ROOTS for file in (path / root).rglob("*")):
            name = file.relative_to(path).as_posix()
            if file.is_file() and file.suffix != _LEFT_OUT and name != SIGNED:
                files[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        boards = sorted(file.parent.name for file in (path / "boards").glob("*/board.py"))
        version = ".".join(map(str, firmware_version(path)))
    except (OSError, ValueError) as error:
        raise trouble(path, error) from None
    return {"stillscan": __version__, "firmware": version, "boards": boards, "files": files}


def sign(path: Path, key: Ed25519PrivateKey) -> bytes:
    """The content of a signature file."""
    release = contents(path)
    record = {
        "release": release,
        "key": key_name(key.public_key()),
        "signature": base64.b64encode(key.sign(_bytes(release))).decode(),
    }
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def signature_file(path: Path) -> Path:
    """Where the signature of a folder or a file lies."""
    return path / SIGNED if path.is_dir() else path.with_name(path.name + ".release.json")


def verify(path: Path, keys: Mapping[str, Ed25519PublicKey]) -> Signer:
    """Exactly these files, signed by one of ``keys``. UnsignedError says why not."""
    place = signature_file(path)
    if not keys:
        raise UnsignedError(f"{path}: no key of releases is known, so nothing counts as signed")
    if not place.is_file():
        raise UnsignedError(f"{path}: is not signed")
    try:
        record = json.loads(read_whole(place, _MOST_BYTES))
        release, name = record["release"], record["key"]
        signature = base64.b64decode(record["signature"], validate=True)
        signed = _bytes(release)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise UnsignedError(f"{place}: is no signature of a release") from None
    if not isinstance(name, str) or name not in keys:
        raise UnsignedError(f"{place}: is signed by a key that is not ours")
    try:
        keys[name].verify(signature, signed)
    except InvalidSignature:
        raise UnsignedError(f"{place}: the signature is not of what it stands under") from None
    _compare(path, release, contents(path))
    return Signer(name, release)


def _compare(path: Path, release: Any, found: Mapping[str, Any]) -> None:
    """UnsignedError names the first difference between what was signed and what is there."""
    if release == found:
        return
    signed_files = release.get("files", {}) if isinstance(release, dict) else {}
    there = found.get("files", {})
    for name in sorted({*signed_files, *there}):
        if signed_files.get(name) != there.get(name):
            what = "is missing" if name not in there else "was added" if name not in signed_files else "was changed"
            raise UnsignedError(f"{path}: '{name}' {what} after the release was signed")
    raise UnsignedError(f"{path}: is another one than was signed")


def _bytes(release: Any) -> bytes:
    """One form for one content: sorted, without spaces, UTF-8."""
    return _PURPOSE + json.dumps(release, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

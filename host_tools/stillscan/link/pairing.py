"""What a board and a kiosk share once they are paired, and how it lies on the board."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from typing import Any, NamedTuple

BOARD_FILE = "pairing.json"
"""On the board, beside the folders of its versions (firmware/kiosk/app.py)."""
KEY_BYTES = 32
"""Twice what is needed: HMAC takes any length, and the board reads the file once."""
KEYS_BYTES = range(16, 65)  # 128 bits cannot be tried out; more than a block of SHA-256 is another key to HMAC
_ID_BYTES = 8  # 64 bits: of a million scanners no two share one by chance
_ID = re.compile(r"[0-9a-f]{16}")


class Pairing(NamedTuple):
    """Id of the scanner (16 hexadecimal digits, not all of them 0) and the key."""

    scanner: str
    key: bytes

    @classmethod
    def new(cls) -> Pairing:
        """One that nobody has had before."""
        return cls(secrets.token_bytes(_ID_BYTES).hex(), secrets.token_bytes(KEY_BYTES))

    @classmethod
    def read(cls, content: bytes) -> Pairing | None:
        """From a file's content; None when it is no whole pairing."""
        try:
            found: Any = json.loads(content)
            scanner, key = str(found["scanner"]), bytes.fromhex(found["key"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return cls(scanner, key) if is_id(scanner) and len(key) in KEYS_BYTES else None

    def written(self) -> bytes:
        """The content of a file that holds it."""
        return json.dumps({"scanner": self.scanner, "key": self.key.hex()}).encode() + b"\n"

    @property
    def digest(self) -> str:
        """Tells one key from another without telling the key (SHA-256, hexadecimal)."""
        return hashlib.sha256(b"stillscan scanner key 1\n" + self.key).hexdigest()


def is_id(text: str) -> bool:
    """Whether a scanner can have this id."""
    return _ID.fullmatch(text) is not None and text.strip("0") != ""

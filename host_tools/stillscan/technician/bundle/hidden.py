"""Stand-ins for names: the same for the same name throughout one bundle, and nothing leads back from it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string

_LETTERS = "bcdfghjkmnpqrstvwxz"
"""Consonants that are not mistaken for digits: no stand-in spells a word or a number that somebody could have."""
_LENGTH = 6  # 47 million: two of the thousand names of a bundle share one in one bundle of a hundred
_KEY_BYTES = 32  # as of SHA-256: nobody tries it out


class Hidden:
    """The stand-ins of one bundle, by a random key that is in no file and is gone with this object."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._kinds: dict[str, str] = {}
        self._made: set[str] = set()

    def of(self, kind: str, name: str) -> str:
        """As ``kiosk-bdfgkm``; ``kind`` is that by which the name was met first, however its letters are written, and
        whatever stands around it."""
        name = name.strip().strip(string.punctuation).casefold() or name
        kind = self._kinds.setdefault(name, kind)
        number = int.from_bytes(hmac.digest(self._key, name.encode("utf-8", "surrogatepass"), hashlib.sha256))
        letters = ""
        for _ in range(_LENGTH):
            number, letter = divmod(number, len(_LETTERS))
            letters += _LETTERS[letter]
        self._made.add(f"{kind}-{letters}")
        return f"{kind}-{letters}"

    def made(self, text: str) -> bool:
        """Whether it is a stand-in of this bundle already."""
        return text in self._made

"""One spelling for what is hashed and signed: JSON as RFC 8785 writes it, for the types that records use.

Those are objects with plain ASCII keys, lists, text, whole numbers, true, false and null. A float has no place here.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

EXACT = 2**53  # whole numbers that every JSON reader keeps


def canonical(value: Any) -> bytes:
    """The one UTF-8 spelling of a value: keys sorted, no spaces, no escapes that JSON does not demand."""
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(data: bytes) -> str:
    """SHA-256, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def instant(moment: datetime) -> str:
    """A moment in UTC as 2026-11-22T10:15:30.123456Z. ValueError without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _check(value: Any) -> None:
    match value:
        case bool() | None:
            return
        case int() if abs(value) < EXACT:
            return
        case str():
            return
        case list():
            for item in value:
                _check(item)
            return
        case dict() if all(isinstance(key, str) and key.isascii() for key in value):
            for item in value.values():
                _check(item)
            return
    raise TypeError(f"{type(value).__name__} has no place in a record")

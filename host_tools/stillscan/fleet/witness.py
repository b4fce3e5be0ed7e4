"""The witness outside the office: ends of a kiosk's audit chain as its centre keeps them, and what they are good for.

A database that was put back together with its head and its notes agrees with itself. It does not agree with what the
kiosk told its centre meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from stillscan.errors import InputError, one_line
from stillscan.fleet.events import PURPOSE, EventError, HeadData, parse
from stillscan.fleet.tables import CHECK, HEAD
from stillscan.records.canonical import EXACT
from stillscan.records.keyring import Keyring
from stillscan.records.witness import Seen

_MOST_LINES = 100_000  # ten years of hourly heads
_MOST_NAME = 64  # letters of a kiosk's name
_HEX = frozenset("0123456789abcdef")
Ends = list[tuple[str, Seen]]
"""Who saw it, and what."""


def kept(connection: Connection, kiosk: str) -> Iterator[str]:
    """What the centre keeps of a kiosk's chain, a line of JSON each: signed heads, then the entry of its last check."""
    heads = select(HEAD.c.body, HEAD.c.signature).where(HEAD.c.kiosk == kiosk).order_by(HEAD.c.n)
    for body, signature in connection.execute(heads):
        yield json.dumps({"body": body, "signature": signature})
    last = select(CHECK.c.seq, CHECK.c.digest).where(CHECK.c.kiosk == kiosk, CHECK.c.seq.is_not(None))
    found = connection.execute(last.order_by(CHECK.c.seq.desc()).limit(1)).first()
    if found is not None:
        yield json.dumps({"kiosk": kiosk, "seq": found.seq, "digest": found.digest})


def ends(name: str, content: bytes, keyring: Keyring) -> Ends:
    """The ends in a file of `kept`, each with who witnesses it.

    InputError for what is no such file, is forged, or is of another kiosk, whose chain would only seem to be another.
    """
    found: Ends = []
    for number, line in enumerate(content.splitlines(), 1):
        if number > _MOST_LINES:
            raise InputError(f"{name}: has more than {_MOST_LINES} lines")
        try:
            told = json.loads(line)
            signed = isinstance(told, dict) and "body" in told
            kiosk = parse(str(told["body"]).encode()).kiosk if signed else str(told["kiosk"])
            if not keyring.knows(kiosk):
                raise InputError(
                    f"{name}:{number}: is of {one_line(kiosk)[:_MOST_NAME]}, and no key of that kiosk is here; "
                    f"'stillscan fleet heads {keyring.kiosk}' prints the witness of this one"
                )
            found.append(_signed(told, keyring) if signed else ("the centre", _seen(told)))
        except (ValueError, KeyError, TypeError, RecursionError, EventError):
            raise InputError(
                f"{name}:{number}: is nothing that 'stillscan fleet heads' printed, or it was altered"
            ) from None
    if not found:
        raise InputError(f"{name}: holds no end of a chain")
    return found


def _signed(told: dict[str, Any], keyring: Keyring) -> tuple[str, Seen]:
    body, signature = str(told["body"]).encode(), str(told["signature"])
    event = parse(body)
    if not isinstance(event.data, HeadData) or not keyring.signed(event.kiosk, PURPOSE, body, signature):
        raise ValueError
    return f"kiosk {event.kiosk}, as it told the centre", Seen(event.data.seq, event.data.digest)


def _seen(told: dict[str, Any]) -> Seen:
    seq, digest = told["seq"], told["digest"]
    if type(seq) is not int or not 0 < seq < EXACT or len(digest) != 64 or not set(digest) <= _HEX:
        raise ValueError
    return Seen(seq, digest)

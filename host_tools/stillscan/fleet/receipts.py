"""The centre's answer to a kiosk: up to which number it has all events, signed by the centre itself.

A server stands between both: whoever trusts what it passes on without a signature lets go of events on its word.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from stillscan.records.canonical import EXACT, canonical
from stillscan.records.keyring import framed
from stillscan.records.public_keys import PublicKeys

PURPOSE = "fleet receipt 1"
"""Purpose of a receipt's signature: part of the format, never reused for anything else."""
PURPOSE_FIRST = "fleet first 1"
"""Purpose of a kiosk's signature under the number of the first event that it has yet: part of the format."""
REFUSED = "it is not enrolled, or revoked"
Sign = Callable[[str, bytes], str]


class ReceiptError(Exception):
    """An answer that is no receipt of the centre's."""


class Receipt(NamedTuple):
    """``highest``: up to here all is there; None: nothing is taken from this kiosk. ``behind``: messages of all kiosks
    that the centre has not taken yet."""

    highest: int | None
    behind: int


def written(kiosk: str, receipt: Receipt, sign: Sign | None) -> bytes:
    """As it is sent. An old one that is sent again says less, so it needs no number of its own."""
    if receipt.highest is None:
        return json.dumps({"refused": REFUSED, "behind": receipt.behind}).encode()
    told = {"highest": receipt.highest, "behind": receipt.behind}
    if sign is None:
        return json.dumps(told).encode()
    return json.dumps({**told, "signature": sign(PURPOSE, _body(kiosk, receipt.highest))}).encode()


def read(kiosk: str, content: bytes, centre: PublicKeys | None) -> Receipt:
    """What was answered; with ``centre`` only what it has signed for this kiosk. ReceiptError."""
    try:
        told = json.loads(content)
        highest, behind, signature = told.get("highest"), told.get("behind"), told.get("signature")
        refused = bool(told.get("refused"))
    except (ValueError, AttributeError, RecursionError):
        raise ReceiptError("the answer is no receipt") from None
    behind = behind if type(behind) is int and behind > 0 else 0
    if refused:
        return Receipt(None, behind)
    if type(highest) is not int or highest < 0:
        raise ReceiptError("the answer is no receipt")
    if centre is not None and not (
        type(signature) is str and centre.signed(framed(PURPOSE, _body(kiosk, highest)), signature, None)
    ):
        raise ReceiptError("a receipt came that the centre has not signed: nothing is let go of")
    return Receipt(highest, behind)


def first_told(kiosk: str, first: int, sign: Sign) -> bytes:
    """What a kiosk asks with when the centre has less than it once confirmed: the first event that is still here.

    Signed, so that no server makes a centre go past events; an old one that is sent again says less.
    """
    return json.dumps({"first": first, "signature": sign(PURPOSE_FIRST, _first(kiosk, first))}).encode()


def first_of(kiosk: str, content: bytes, keys: PublicKeys | None) -> int:
    """The number that the kiosk itself told so; 0: it told none."""
    try:
        told = json.loads(content)
        first, signature = told["first"], told["signature"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return 0
    if type(first) is not int or not 0 < first < EXACT or type(signature) is not str or keys is None:
        return 0
    return first if keys.signed(framed(PURPOSE_FIRST, _first(kiosk, first)), signature, None) else 0


def _first(kiosk: str, first: int) -> bytes:
    return canonical({"first": first, "kiosk": kiosk})


def _body(kiosk: str, highest: int) -> bytes:
    return canonical({"highest": highest, "kiosk": kiosk})

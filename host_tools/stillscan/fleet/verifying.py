"""Which messages are events of the kiosk that they name: read, held against its key, and refused in a word."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from stillscan.fleet.batch import Arrived
from stillscan.fleet.events import PURPOSE, SUBJECTS, EventError, parse, parse_payload, subject_of
from stillscan.fleet.refusals import Refusal
from stillscan.fleet.store import Store
from stillscan.records.keyring import framed
from stillscan.records.public_keys import PublicKeys


def verified(
    given: Sequence[tuple[str, bytes, int]], keys: dict[str, PublicKeys], store: Store
) -> tuple[list[Arrived], list[Refusal]]:
    """Messages that a kiosk signed and sent under its own name, and why the others are none.

    ``keys`` are those that are known already; others are looked up, and once more where a signature does not agree: a
    key may have been exchanged. RecordsError.
    """
    read: list[tuple[str, Arrived]] = []
    refused: list[Refusal] = []
    for subject, payload, number in given:
        try:
            body, signature, hour = parse_payload(payload)
            read.append((subject, Arrived(parse(body), body, signature, number, hour)))
        except EventError as error:
            refused.append(Refusal(number, kiosk_of(subject), str(error)))
    unknown = {one.event.kiosk for _, one in read} - keys.keys()
    if unknown:
        keys |= store.keys(unknown)
    doubted = {one.event.kiosk for _, one in read if not _signed(one, keys)}
    if doubted - unknown:
        keys |= store.keys(doubted - unknown)
    arrived = []
    for subject, one in read:
        kiosk = one.event.kiosk
        if subject != subject_of(kiosk):
            refused.append(Refusal(one.stream, kiosk_of(subject), "wrong_subject"))
        elif kiosk not in keys:
            refused.append(Refusal(one.stream, kiosk, "unknown"))
        elif kiosk in doubted and not _signed(one, keys):
            refused.append(Refusal(one.stream, kiosk, "forged"))
        else:
            arrived.append(one)
    return arrived, refused


def kiosk_of(subject: str) -> str:
    """The kiosk that a subject names, as far as a column holds it."""
    return subject.removeprefix(f"{SUBJECTS}.").replace(":", ".")[:64]


def _signed(one: Arrived, keys: dict[str, PublicKeys]) -> bool:
    known = keys.get(one.event.kiosk)
    return known is not None and signed(known, framed(PURPOSE, one.body), one.signature)


def signed(keys: PublicKeys, message: bytes, signature: str) -> bool:
    """Whether one of the keys made this signature (128 hexadecimal digits): as `PublicKeys.signed` without an entry.

    By libsodium, which takes half as long as OpenSSL (87 and 174 us, in Ed25519 of 420 bytes) and lets other threads
    work meanwhile: of all that a centre does with an event this was two thirds.
    """
    from nacl.bindings import crypto_sign_open
    from nacl.exceptions import CryptoError

    whole = bytes.fromhex(signature) + message
    for _, key in keys.keys:
        with contextlib.suppress(CryptoError):
            crypto_sign_open(whole, key.public_bytes_raw())
            return True
    return False

"""What a centre makes of messages from anybody."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from kiosks import HOUR, NOW, Kiosk, check

from stillscan.fleet.batch import Arrived
from stillscan.fleet.centre import Centre, verified
from stillscan.fleet.connection import Address
from stillscan.fleet.events import EventError, parse_payload, payload_of, subject_of
from stillscan.fleet.receipts import first_told
from stillscan.fleet.store import Store
from stillscan.records.canonical import canonical
from stillscan.records.keyring import signature_by
from stillscan.records.public_keys import PublicKeys, pem


def sent(one: Arrived, subject: str | None = None, number: int = 1) -> tuple[str, bytes, int]:
    """A message as the server delivers it."""
    return subject or subject_of(one.event.kiosk), payload_of(one.body, one.signature, HOUR), number


def test_what_a_kiosk_signed_is_taken(store: Store, kiosk: Kiosk) -> None:
    one = kiosk.tell(check())
    arrived, refused = verified([sent(one, number=7)], {}, store)
    assert (arrived, refused) == ([one._replace(stream=7)], [])


def test_everything_else_is_refused_in_a_word(store: Store, kiosk: Kiosk) -> None:
    other = Kiosk("bergen-1")
    other.enrol(store)
    one, stranger, imitator = kiosk.tell(check()), Kiosk("moss-1").tell(check()), Kiosk("oslo-1").tell(check())
    edited = one._replace(body=one.body.replace(b"release", b"refuse_"))
    newer = canonical({"v": 9, "kiosk": "oslo-1", "n": 1, "kind": "new", "hour": HOUR, "office": "x", "data": {}})
    given_ = [
        sent(stranger), sent(imitator), sent(edited), sent(one, subject_of("bergen-1")),
        (subject_of("oslo-1"), b"", 1), (subject_of("oslo-1"), b"x" * 1_000_000, 1),
        (subject_of("oslo-1"), payload_of(b"{}", one.signature, HOUR), 1),
        (subject_of("oslo-1"), payload_of(b"{", one.signature, HOUR), 1),
        (subject_of("oslo-1"), payload_of(newer, one.signature, HOUR), 1),
    ]  # fmt: skip
    arrived, refused = verified(given_, {}, store)
    assert arrived == []
    assert sorted(refused) == [
        ("bergen-1", "wrong_subject"), ("moss-1", "unknown"), ("oslo-1", "forged"), ("oslo-1", "forged"),
        ("oslo-1", "forged"), ("oslo-1", "malformed"), ("oslo-1", "malformed"), ("oslo-1", "not_json"),
        ("oslo-1", "too_large"),
    ]  # fmt: skip


def test_a_centre_goes_past_what_a_kiosk_has_not_any_more_and_says_so(
    store: Store, kiosk: Kiosk, caplog: pytest.LogCaptureFixture
) -> None:
    centre = Centre(store, Address(("nats://127.0.0.1:1",)))
    first = kiosk.tell(check())
    store.take([first._replace(stream=7)], NOW)
    told = first_told("oslo-1", 5, functools.partial(signature_by, kiosk.key))
    assert (
        centre._past("oslo-1", told, 1, floor=8) == 1
    )  # this state reads again what was acknowledged: it may come yet
    assert centre._past("oslo-1", told.replace(b"5", b"6", 1), 1, floor=7) == 1
    assert centre._past("oslo-1", told, 1, floor=7) == 4
    assert "3 events of oslo-1 up to 4 are lost" in caplog.text
    assert centre._past("oslo-1", told, 4, floor=7) == 4


def test_a_key_that_was_exchanged_is_taken_once_it_is_enrolled(store: Store, kiosk: Kiosk) -> None:
    keys: dict[str, PublicKeys] = {}
    verified([sent(kiosk.tell(check()))], keys, store)
    first, kiosk.key = kiosk.key, Ed25519PrivateKey.generate()
    one = kiosk.tell(check())
    assert verified([sent(one)], keys, store)[1] == [("oslo-1", "forged")]
    both = PublicKeys.parse(Path("x"), pem(first.public_key())).after(5, kiosk.key.public_key())
    store.enrol("oslo-1", "0001 Oslo", both.file())
    assert verified([sent(one)], keys, store) == ([one._replace(stream=1)], [])


@settings(deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=99).map(lambda b: b"2026-11-29T10 " + b"0" * 128 + b"\n" + b))
def test_any_payload_is_parted_or_refused(payload: bytes) -> None:
    try:
        body, signature, hour = parse_payload(payload)
    except EventError:
        return
    assert payload_of(body, signature, hour) == payload

"""What a centre makes of messages from anybody."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from kiosks import HOUR, NOW, Kiosk, check
from places import ON_BOTH

from stillscan.fleet import place
from stillscan.fleet.batch import Arrived
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import Address
from stillscan.fleet.events import EventError, parse_payload, payload_of, subject_of
from stillscan.fleet.joining import CentreError
from stillscan.fleet.receipts import first_told
from stillscan.fleet.refusals import Refusal, by_kiosk
from stillscan.fleet.store import Store
from stillscan.fleet.verifying import signed, verified
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
    assert sorted(one[1:] for one in refused) == [
        ("bergen-1", "wrong_subject"), ("moss-1", "unknown"), ("oslo-1", "forged"), ("oslo-1", "forged"),
        ("oslo-1", "forged"), ("oslo-1", "malformed"), ("oslo-1", "malformed"), ("oslo-1", "not_json"),
        ("oslo-1", "too_large"),
    ]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=50)
@given(st.binary(max_size=50), st.integers(0, 63), st.integers(0, 255))
def test_both_libraries_judge_a_signature_alike(message: bytes, place: int, other: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    keys = PublicKeys([(0, Ed25519PrivateKey.generate().public_key()), (3, key.public_key())])
    good = key.sign(message)
    for signature in (good, bytes([*good[:place], other, *good[place + 1 :]])):
        told = signed(keys, message, signature.hex())
        assert told == keys.signed(message, signature.hex(), None) == (signature == good)


def refused(store: Store) -> dict[str, dict[str, int]]:
    """What the state counts."""
    with store.reading() as connection:
        return by_kiosk(connection)


@pytest.mark.slow
@ON_BOTH
def test_a_message_that_is_read_again_counts_once(store: Store, kiosk: Kiosk) -> None:
    forged, stranger = Kiosk("oslo-1").tell(check()), Kiosk("moss-1").tell(check())
    given_ = [sent(forged, number=4), sent(stranger, number=5), (subject_of("oslo-1"), b"", 6)]
    first, copy = (Centre(store, Address(("nats://127.0.0.1:1",))) for _ in range(2))
    for centre in (first, first, copy):  # an acknowledgement was lost; another copy got it
        centre._keep(given_)
    assert refused(store) == {"moss-1": {"unknown": 1}, "oslo-1": {"forged": 1, "malformed": 1}}
    store.revoke("oslo-1")
    for _ in range(2):
        first._keep([*given_, sent(kiosk.tell(check(), n=1), number=7), sent(forged, number=8)])
    assert refused(store)["oslo-1"] == {"forged": 2, "malformed": 1, "revoked": 1}
    store.gone(7)  # the server keeps them no longer
    first._keep([sent(forged, number=8)])
    assert refused(store)["oslo-1"]["forged"] == 2
    place.begin_anew(store, "", "now")  # another stream, whose messages count from 1 again
    first._keep([sent(forged, number=8)])
    assert refused(store)["oslo-1"]["forged"] == 3


@pytest.mark.slow
def test_a_state_that_was_put_back_counts_what_came_since_and_nothing_twice(
    store: Store, kiosk: Kiosk, tmp_path: Path
) -> None:
    forged = Kiosk("oslo-1").tell(check())
    centre = Centre(store, Address(("nats://127.0.0.1:1",)))
    centre._keep([sent(forged, number=number) for number in (1, 2)])
    with contextlib.closing(sqlite3.connect(tmp_path / "centre.db")) as now, now:
        now.execute("VACUUM INTO ?", (str(tmp_path / "yesterday.db"),))
    centre._keep([sent(forged, number=3)])
    yesterday = Store(tmp_path / "yesterday.db")
    Centre(yesterday, Address(("nats://127.0.0.1:1",)))._keep([sent(forged, number=number) for number in (1, 2, 3)])
    assert refused(yesterday) == refused(store) == {"oslo-1": {"forged": 3}}
    yesterday.close()


def test_a_centre_goes_past_what_a_kiosk_has_not_any_more_and_says_so(
    store: Store, kiosk: Kiosk, caplog: pytest.LogCaptureFixture
) -> None:
    centre = Centre(store, Address(("nats://127.0.0.1:1",)))
    first = kiosk.tell(check())
    store.take([first._replace(stream=7)], NOW)
    told = first_told("oslo-1", 5, functools.partial(signature_by, kiosk.key))
    assert centre._past("oslo-1", told.replace(b"5", b"6", 1), 1) == 1
    assert centre._past("oslo-1", told, 1) == 4
    assert "3 events of oslo-1 up to 4 are lost" in caplog.text
    assert centre._past("oslo-1", told, 4) == 4


def test_a_key_that_was_exchanged_is_taken_once_it_is_enrolled(store: Store, kiosk: Kiosk) -> None:
    keys: dict[str, PublicKeys] = {}
    verified([sent(kiosk.tell(check()))], keys, store)
    first, kiosk.key = kiosk.key, Ed25519PrivateKey.generate()
    one = kiosk.tell(check())
    assert verified([sent(one)], keys, store)[1] == [Refusal(1, "oslo-1", "forged")]
    both = PublicKeys.parse(Path("x"), pem(first.public_key())).after(5, kiosk.key.public_key())
    store.enrol("oslo-1", "0001 Oslo", both.file())
    assert verified([sent(one)], keys, store) == ([one._replace(stream=1)], [])


@pytest.mark.slow
@settings(deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=99).map(lambda b: b"2026-11-29T10 " + b"0" * 128 + b"\n" + b))
def test_any_payload_is_parted_or_refused(payload: bytes) -> None:
    try:
        body, signature, hour = parse_payload(payload)
    except EventError:
        return
    assert payload_of(body, signature, hour) == payload


@pytest.mark.parametrize("stumbles", [ValueError, TypeError, KeyError, AttributeError, RecursionError])
def test_an_answer_that_no_server_gives_ends_no_centre(
    store: Store, monkeypatch: pytest.MonkeyPatch, stumbles: type[Exception]
) -> None:
    asked: list[str] = []

    async def stream_info(_: str) -> Any:
        asked.append(centre.trouble)
        raise stumbles if len(asked) < 3 else CentreError("enough")

    @contextlib.asynccontextmanager
    async def connected(*_: Any) -> Any:
        yield SimpleNamespace(jetstream=lambda **_: SimpleNamespace(stream_info=stream_info))

    monkeypatch.setattr("stillscan.fleet.centre.connected", connected)
    monkeypatch.setattr("stillscan.fleet.centre.pause_s", lambda _: 0.0)
    centre = Centre(store, Address(("nats://127.0.0.1:4222",)))
    with pytest.raises(CentreError, match="enough"):
        asyncio.run(centre.run())
    assert asked == ["", *["nats://127.0.0.1:4222: what answers there speaks as no NATS server does"] * 2]

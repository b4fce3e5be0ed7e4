"""Bytes from anywhere are an event or an EventError, and a kiosk cannot make one that a centre would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kiosks import HOUR, check
from pydantic import ValidationError

from stillscan.fleet.events import CheckData, CountsData, EventError, body_of, message_id, parse, subject_of

BODY = body_of("oslo-1", 1, "check", HOUR, "0001 Oslo", check())


def changed(**more: Any) -> bytes:
    """A body in which something is otherwise."""
    return json.dumps({**json.loads(BODY), **more}).encode()


def test_what_is_written_is_what_is_read() -> None:
    event = parse(BODY)
    assert (event.kiosk, event.n, event.kind, event.hour) == ("oslo-1", 1, "check", HOUR)
    assert event.data == check()


@pytest.mark.parametrize(
    "more",
    [
        {"n": 0}, {"n": "1"}, {"n": 2**53}, {"n": True}, {"kiosk": "a b"}, {"kiosk": "../x"}, {"kiosk": "stillscan.>"},
        {"hour": "2026-11-29T10:15"}, {"hour": "2026-11-29"}, {"office": ""}, {"office": "a\nb"}, {"kind": "letter"},
        {"data": None}, {"data": {}}, {"data": {"verdict": "AASE OESTENBYEN", "read": True}}, {"v": 0},
        {"data": {"verdict": "release", "read": 1}},
        {"data": {"verdict": "release", "read": True, "reasons": ["a"] * 41}},
        {"data": {"verdict": "release", "read": True, "failed_at": [[0, 1]]}},
        {"data": {"verdict": "release", "read": True, "series": {"issuer": "NOR"}}},
        {"data": {"verdict": "release", "read": True, "series": {"issuer": "nor", "kind": "P", "expiry_year": 2031}}},
    ],
)  # fmt: skip
def test_everything_has_bounds(more: dict[str, Any]) -> None:
    with pytest.raises(EventError, match="malformed"):
        parse(changed(**more))


def test_what_a_newer_kiosk_appended_is_let_be() -> None:
    assert parse(changed(more=[1], data={"verdict": "release", "read": True, "felt": {}})).data == CheckData(
        verdict="release", read=True
    )


def test_a_newer_schema_is_known_by_its_envelope() -> None:
    assert parse(changed(v=2, kind="letter", data={"x": 1})).data is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 60_000, b'{"v":1e400}', b"x" * 1_000_000])
def test_what_is_no_event_is_refused_in_a_word(body: bytes) -> None:
    with pytest.raises(EventError, match=r"^(too_large|not_json|malformed)$"):
        parse(body)


@pytest.mark.slow
@settings(deadline=None)
@given(st.binary(max_size=400) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(list(json.loads(BODY))), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_nothing_else_is_raised(body: bytes) -> None:
    try:
        parse(body)
    except EventError:
        return


def test_a_kiosk_cannot_make_what_is_no_code() -> None:
    with pytest.raises(ValidationError):
        CountsData(codes={"cause": "Åse Østenbyen"})
    with pytest.raises(EventError):
        body_of("oslo-1", 1, "check", HOUR, "o" * 65, check())


def test_a_name_with_dots_is_one_token_of_a_subject() -> None:
    assert subject_of("a.b-c") == "stillscan.events.a:b-c"
    assert message_id("a.b", 3) == "a.b.3"

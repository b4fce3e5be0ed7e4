"""What a release is called, and what a kiosk makes of orders."""

from __future__ import annotations

import pytest

from stillscan.errors import InputError
from stillscan.fleet.rollout import orders, rings
from stillscan.fleet.rollout.orders import OWN, Does, Had, Installed, Order
from stillscan.fleet.rollout.release import Kind, Release, read, release
from stillscan.fleet.rollout.rings import Member

# --- what a release is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        ("song", "v1", 1, ""),
        ("known", "../v1", 1, ""),
        ("known", "", 1, ""),
        ("known", "V1", 1, ""),
        ("known", "v1", 0, ""),
        ("known", "v1", 2**31, ""),
        ("known", "v1", 1, "rpi_pico"),
        ("firmware", "v1", 1, ""),
        ("firmware", "v1", 1, "../x"),
    ],
)
def test_what_is_no_release(values: tuple[str, str, int, str]) -> None:
    with pytest.raises(InputError):
        release(*values)


@pytest.mark.parametrize(
    "custom",
    [
        None,
        {},
        {"kind": "known", "version": "v1", "serial": 1},
        {"kind": "known", "version": "v1", "serial": True, "board": ""},
        {"kind": "known", "version": "v2", "serial": 1, "board": ""},
        {"kind": "known", "version": "v1", "serial": "1", "board": ""},
    ],
)
def test_metadata_that_say_something_else_than_the_path(custom: object) -> None:
    with pytest.raises(InputError):
        read("known/v1.toml", custom)


# --- orders -----------------------------------------------------------------------------------------------------------

ME = Member("oslo-1", "0001 Oslo", "rpi_pico")
HERE = rings.parse(["office:0001 Oslo", "100%"])


def steps(given: list[Order], installed: dict[Kind, Installed], me: Member = ME) -> list[tuple[str, bool]]:
    signed = {
        "firmware/rpi_pico/v2.zip": Release(Kind.FIRMWARE, "v2", 2, "rpi_pico"),
        "firmware/rpi_pico2/v3.zip": Release(Kind.FIRMWARE, "v3", 3, "rpi_pico2"),
        "known/v1.toml": Release(Kind.KNOWN, "v1", 1),
        "known/v2.toml": Release(Kind.KNOWN, "v2", 2),
    }
    found = orders.steps(given, signed.get, me, installed)
    return [("" if step.release is None else step.release.path, step.back) for step in found]


def test_each_kiosk_finds_what_is_for_it() -> None:
    both = [
        Order("a", "firmware/rpi_pico/v2.zip", HERE, 1, Does.INSTALL),
        Order("b", "firmware/rpi_pico2/v3.zip", HERE, 2, Does.INSTALL),
        Order("c", "known/v1.toml", HERE, 2, Does.INSTALL),
        Order("d", "known/v2.toml", HERE, 0, Does.INSTALL),
        Order("e", "known/v9.toml", HERE, 2, Does.INSTALL),
    ]
    assert steps(both, {}) == [("firmware/rpi_pico/v2.zip", False), ("known/v1.toml", False)]
    assert steps(both, {}, Member("bergen-1", "5003 Bergen", "rpi_pico2")) == [
        ("firmware/rpi_pico2/v3.zip", False),
        ("known/v1.toml", False),
    ]
    have = {Kind.FIRMWARE: Installed(Had("firmware/rpi_pico/v2.zip", 2), OWN)}
    assert steps(both, have) == [("known/v1.toml", False)]


def test_nothing_older_is_installed_whoever_orders_it() -> None:
    ordered = [Order("c", "known/v1.toml", HERE, 2, Does.INSTALL)]
    assert steps(ordered, {Kind.KNOWN: Installed(Had("known/v2.toml", 2), Had("known/v1.toml", 1))}) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"v":"1"}',
        b'{"v":1}',
        b'{"v":1,"orders":{}}',
        b'{"v":1,"orders":[{}]}',
        b'{"v":1,"orders":[null]}',
        b"[" * 100_000,
        b'{"v":1,"orders":[{"rollout":"a","path":"p","rings":[],"open":0,"does":"install"}]}',
        b'{"v":1,"orders":[{"rollout":"a","path":"p","rings":[{"share":100}],"open":2,"does":"install"}]}',
        b'{"v":1,"orders":[{"rollout":"a","path":"p","rings":[{"share":100}],"open":1,"does":"burn"}]}',
        b'{"v":1,"orders":[{"rollout":"a","path":"p","rings":[{"share":1e400}],"open":1,"does":"wait"}]}',
        b'{"v":1,"orders":[{"rollout":"","path":"p","rings":[{"share":100}],"open":1,"does":"wait"}]}',
    ],
)
def test_orders_that_are_none(content: bytes) -> None:
    with pytest.raises(InputError):
        orders.parse(content)


def test_orders_are_read_as_they_were_written() -> None:
    given = [
        Order("a", "known/v1.toml", rings.parse(["1%", "office:A,B", "board:rpi_pico", "100%"]), 2, Does.BACK),
        Order("b", "known/v2.toml", rings.parse(["100%"]), 0, Does.WAIT),
    ]
    assert orders.parse(orders.written(given)) == given

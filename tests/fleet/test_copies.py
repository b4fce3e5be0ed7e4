"""Copies of a centre share one consumer of the server and one state, whoever of them is killed."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import pytest
from patience import until

from stillscan.fleet.agent import Agent
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import Address, connected
from stillscan.fleet.events import STREAM, SUBJECTS, payload_of
from stillscan.fleet.offices import Office, drawn
from stillscan.fleet.pulling import Pulling
from stillscan.fleet.running import running
from stillscan.fleet.servers import Server
from stillscan.fleet.store import Store

pytestmark = [pytest.mark.process, pytest.mark.slow]


def test_copies_of_a_centre_share_the_work_and_refuse_what_is_forged(
    two: tuple[Server, Office, Office, str], tmp_path: Path
) -> None:
    server, first, second, seed = two
    store, dice = Store(tmp_path / "centre.db"), random.Random(1)
    first.enrol(store)  # the other one is not enrolled yet
    for office in (first, second):
        for _ in range(10):
            office.serve(drawn(dice), dice)
    copies = [Centre(store, Address((server.url,), seed)) for _ in range(2)]
    agents = [Agent(one.outbox, Address((server.url,), one.seed), again_s=0.5) for one in (first, second)]
    with running("centre", lambda: [one.run() for one in copies]) as check:
        until(lambda: check() or all(one.ready.is_set() for one in copies), "ready")  # type: ignore[func-returns-value]
        asyncio.run(_publish(server, first.seed, payload_of(b"{}", "0" * 128, "2026-11-29T10")))
        with running("agents", lambda: [one.run() for one in agents]):
            until(lambda: not first.waits, "the first is through")
            assert second.waits
            until(lambda: "takes nothing" in agents[1].trouble, "the second is told that it is not enrolled")
            assert store.counted() == 10
    store.close()
    assert sum(one.refused for one in copies) >= 11


def test_what_a_killed_copy_had_is_soon_another_ones(
    two: tuple[Server, Office, Office, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consumer is of an older centre, which let a minute pass."""
    server, _, _, seed = two
    to, name, store = Address((server.url,), seed), "seconds", Store(tmp_path / "centre.db")
    monkeypatch.setattr("stillscan.fleet.centre.ACK_WAIT_S", 60.0)

    async def taken() -> int:
        """By a copy that takes what there is and dies."""
        async with connected(to, name) as client:
            await Centre(store, to, name)._prepare(client.jetstream())
            pulls = Pulling(client, STREAM, name, 500)
            await pulls.begin()
            await client.jetstream().publish(f"{SUBJECTS}.kiosk-0001", b"of no use")
            return len(await pulls.batch())

    until(lambda: asyncio.run(taken()) > 0, "something was taken")
    monkeypatch.setattr("stillscan.fleet.centre.ACK_WAIT_S", 0.5)
    centre, began_s = Centre(store, to, name), time.monotonic()
    with running("centre", lambda: [centre.run()]) as check:
        until(lambda: check() or centre.refused > 0, "another copy has it")  # type: ignore[func-returns-value]
    assert time.monotonic() - began_s < 60
    store.close()


async def _publish(server: Server, seed: str, payload: bytes) -> None:
    async with connected(Address((server.url,), seed), "kiosk-0001") as kiosk:
        await kiosk.jetstream().publish(f"{SUBJECTS}.kiosk-0001", payload)

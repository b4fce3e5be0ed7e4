"""Copies of a centre share one consumer of the server and one state, whoever of them is killed."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import time
from pathlib import Path

import pytest
from patience import until

from stillscan.fleet.agent import Agent
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import Address, connected
from stillscan.fleet.events import STREAM, SUBJECTS, payload_of
from stillscan.fleet.joining import CentreError, Joining
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
    monkeypatch.setattr("stillscan.fleet.joining.ACK_WAIT_S", 60.0)

    async def taken() -> int:
        """By a copy that takes what there is and dies."""
        async with connected(to, name) as client:
            await Joining(store, to, name, 1, -1).join(client, client.jetstream())
            pulls = Pulling(client, STREAM, name, 500)
            await pulls.begin()
            await client.jetstream().publish(f"{SUBJECTS}.kiosk-0001", b"of no use")
            return len(await pulls.batch())

    until(lambda: asyncio.run(taken()) > 0, "something was taken")
    monkeypatch.setattr("stillscan.fleet.joining.ACK_WAIT_S", 0.5)
    centre, began_s = Centre(store, to, name), time.monotonic()
    with running("centre", lambda: [centre.run()]) as check:
        until(lambda: check() or centre.refused > 0, "another copy has it")  # type: ignore[func-returns-value]
    assert time.monotonic() - began_s < 60
    store.close()


async def _publish(server: Server, seed: str, payload: bytes) -> None:
    async with connected(Address((server.url,), seed), "kiosk-0001") as kiosk:
        await kiosk.jetstream().publish(f"{SUBJECTS}.kiosk-0001", payload)


def test_of_a_state_and_its_backup_one_is_at_work(
    two: tuple[Server, Office, Office, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each begins where the other one is; each goes on where it is not, and has all of it then."""
    monkeypatch.setattr("stillscan.fleet.centre._WATCH_S", 0.1)
    server, office, _, seed = two
    to, name, dice = Address((server.url,), seed), "backed-up", random.Random(1)
    first, agent = Store(tmp_path / "first.db"), Agent(office.outbox, Address((server.url,), office.seed), again_s=0.5)
    office.enrol(first)
    with contextlib.closing(sqlite3.connect(tmp_path / "first.db")) as now:
        now.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    backup = Store(tmp_path / "backup.db")

    def works(store: Store) -> None:
        """Until it has all that the kiosk told."""
        office.serve(drawn(dice), dice)
        with running("centre", lambda: [Centre(store, to, name).run()]) as check:
            until(lambda: check() or store.highest("kiosk-0001") == office.outbox.last(), "all is there")  # type: ignore[func-returns-value]
            if store is first:
                with pytest.raises(CentreError, match="is at work, and this state is a backup of its own"):
                    asyncio.run(Centre(backup, to, name).run())

    with running("agent", lambda: [agent.run()]):
        for store in (first, backup, first, backup):
            works(store)
        one = Centre(backup, to, name)
        with running("backup", lambda: [one.run()]) as check:
            until(lambda: check() or one.ready.is_set(), "it is at work")  # type: ignore[func-returns-value]
            with pytest.raises(CentreError, match="is at work"):
                asyncio.run(Centre(first, to, name).run())
    first.close()
    backup.close()


def test_a_centre_that_nobody_could_ask_ends_when_another_went_on(
    two: tuple[Server, Office, Office, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stillscan.fleet.centre._WATCH_S", 0.1)
    server, _, _, seed = two
    to, name = Address((server.url,), seed), "cut-off"
    store = Store(tmp_path / "first.db")
    one = Centre(store, to, name)
    with contextlib.closing(store), running("centre", lambda: [one.run()]) as check:
        until(lambda: check() or one.ready.is_set(), "it is at work")  # type: ignore[func-returns-value]
        asyncio.run(_named_by(to, name, "state other " + store.identities()[0]))
        with pytest.raises(CentreError, match="went on from a backup of this state"):
            until(lambda: check() or False, "it notices")  # type: ignore[func-returns-value]


async def _named_by(to: Address, name: str, description: str) -> None:
    async with connected(to, name) as client:
        stream = client.jetstream()
        config = (await stream.consumer_info(STREAM, name)).config
        await stream.add_consumer(STREAM, config.evolve(description=description))

"""Copies of a centre share one consumer of the server and one state, whoever of them is killed."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from nats.aio.client import Client
from patience import until
from places import ON_BOTH
from servers import Server as PostgreSQL
from sqlalchemy import select

from stillscan.fleet import place
from stillscan.fleet.agent import Agent
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import Address, connected
from stillscan.fleet.events import STREAM, SUBJECTS, payload_of
from stillscan.fleet.joining import CentreError, Joining
from stillscan.fleet.offices import Office, drawn
from stillscan.fleet.pulling import Pulling
from stillscan.fleet.refusals import by_kiosk
from stillscan.fleet.running import running
from stillscan.fleet.servers import Server
from stillscan.fleet.store import Store
from stillscan.fleet.tables import CHECK, KIOSK
from stillscan.records.errors import RecordsError

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
    monkeypatch.setattr("stillscan.fleet.joining.ACK_WAIT_S", 0.5)
    server, _, _, seed = two
    to, name, store = Address((server.url,), seed), "seconds", Store(tmp_path / "centre.db")
    centre = Centre(store, to, name)

    async def joined(client: Client) -> Joining:
        joining = Joining(store, to, name, 1, -1)
        await joining.join(client, client.jetstream())
        await joining.begin(client)
        return joining

    async def try_it() -> int:
        async with connected(to, name) as answers:
            await joined(answers)  # a copy that is at work, so that others share its place
            async with connected(to, name) as dies:
                pulls = Pulling(dies, STREAM, (await joined(dies)).consumer, 500)
                await pulls.begin()
                await dies.jetstream().publish(f"{SUBJECTS}.kiosk-0001", b"of no use")
                had = len(await pulls.batch())
            working = asyncio.ensure_future(centre.run())
            while not (working.done() or centre.refused):
                await asyncio.sleep(0.02)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            return had

    assert asyncio.run(asyncio.wait_for(try_it(), 60)) > 0
    assert centre.refused > 0
    store.close()


async def _publish(server: Server, seed: str, payload: bytes) -> None:
    async with connected(Address((server.url,), seed), "kiosk-0001") as kiosk:
        await kiosk.jetstream().publish(f"{SUBJECTS}.kiosk-0001", payload)


def copied(store: Store, other: Path) -> Store:
    """Another state, from a backup that is made now."""
    with contextlib.closing(sqlite3.connect(str(store))) as now:
        now.execute("VACUUM INTO ?", (str(other),))
    return Store(other)


def test_of_a_state_and_its_backup_one_is_at_work(two: tuple[Server, Office, Office, str], tmp_path: Path) -> None:
    """Each begins where the other one is; each goes on where it is not, and has all of it then."""
    server, office, _, seed = two
    to, name, dice = Address((server.url,), seed), "backed-up", random.Random(1)
    first, agent = Store(tmp_path / "first.db"), Agent(office.outbox, Address((server.url,), office.seed), again_s=0.5)
    office.enrol(first)
    backup = copied(first, tmp_path / "backup.db")

    def works(store: Store) -> None:
        """Until it has all that the kiosk told."""
        office.serve(drawn(dice), dice)
        with running("centre", lambda: [Centre(store, to, name).run()]) as check:
            until(lambda: check() or store.highest("kiosk-0001") == office.outbox.last(), "all is there")  # type: ignore[func-returns-value]
            if store is first:
                with pytest.raises(CentreError, match="is at work with another state, of which this one may be"):
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


@ON_BOTH
@pytest.mark.parametrize("ran", [False, True])
def test_of_two_copies_of_one_backup_that_start_together_one_ends_and_the_other_has_all(
    two: tuple[Server, Office, Office, str], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest, ran: bool,
) -> None:  # fmt: skip
    """Neither is at work when the other asks. ``ran``: the backup is newer than all that was taken."""
    server, office, _, seed = two
    to, name, dice = Address((server.url,), seed), f"twins-{ran}-{store.url.get_backend_name()}", random.Random(1)
    office.enrol(store)
    agent = Agent(office.outbox, Address((server.url,), office.seed), again_s=0.5)
    with contextlib.ExitStack() as opened:
        opened.enter_context(running("agent", lambda: [agent.run()]))
        office.serve(drawn(dice), dice)
        if ran:
            with running("before", lambda: [Centre(store, to, name).run()]) as check:
                until(lambda: check() or not office.waits, "all is there")  # type: ignore[func-returns-value]
        if store.url.get_backend_name() == "postgresql":
            store._engine.dispose()
            postgresql: PostgreSQL = request.getfixturevalue("postgresql")
            twin = Store(opened.enter_context(postgresql.database(copy_of=str(store.url.database))))
        else:
            twin = copied(store, tmp_path / "twin.db")
        opened.callback(twin.close)
        both, alone, waited = threading.Barrier(2), Joining._alone, set[Joining]()

        async def together(joining: Joining, client: Client) -> bool:
            answer = await alone(joining, client)
            if joining not in waited:  # who begins anew on a busy computer comes alone
                waited.add(joining)
                await asyncio.to_thread(both.wait)
            return answer

        monkeypatch.setattr(Joining, "_alone", together)
        states = [store, twin]
        centres = [Centre(one, to, name) for one in states]
        checks = [
            opened.enter_context(running(f"twin {number}", lambda one=one: [one.run()]))  # type: ignore[misc]
            for number, one in enumerate(centres)
        ]
        until(lambda: any(_ended(check) for check in checks), "one has ended")
        left = 0 if _ended(checks[1]) else 1
        for _ in range(5):
            office.serve(drawn(dice), dice)
        until(lambda: checks[left]() or not office.waits, "the other one has all")  # type: ignore[func-returns-value]
        assert _checks(states[left], "kiosk-0001") == office.recorded()
        assert states[left].highest("kiosk-0001") == office.outbox.last()


def _ended(check: Callable[[], None]) -> bool:
    try:
        check()
    except CentreError as error:
        return "is at work with another state" in str(error)
    return False


def _checks(store: Store, kiosk: str) -> set[int]:
    """The entries of a kiosk's chain that a state counts, each once."""
    with store.reading() as connection:
        rows = list(connection.scalars(select(CHECK.c.seq).where(CHECK.c.kiosk == kiosk)))
        assert connection.scalar(select(KIOSK.c.checks).where(KIOSK.c.kiosk == kiosk)) == len(rows) == len(set(rows))
    return set(rows)


def test_a_centre_that_nobody_could_ask_ends_when_another_went_on(
    two: tuple[Server, Office, Office, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its database hangs when it is asked: the other goes on, and has all; this one ends when it sees that."""
    monkeypatch.setattr("stillscan.fleet.centre._WATCH_S", 0.1)
    monkeypatch.setattr("stillscan.fleet.joining._ALIVE_S", 0.1)
    server, _, office, seed = two
    to, name, dice = Address((server.url,), seed), "cut-off", random.Random(1)
    first, hangs, knows = Store(tmp_path / "first.db"), True, place.knows
    office.enrol(first)

    def asked(store: Store, word: str) -> bool:
        if hangs and store is first:
            raise RecordsError("the server does not answer", "silent")
        return knows(store, word)

    monkeypatch.setattr(place, "knows", asked)
    agent = Agent(office.outbox, Address((server.url,), office.seed), again_s=0.5)
    one = Centre(first, to, name)
    with running("agent", lambda: [agent.run()]), running("first", lambda: [one.run()]) as goes_on:
        until(lambda: goes_on() or one.ready.is_set(), "it is at work")  # type: ignore[func-returns-value]
        backup = copied(first, tmp_path / "backup.db")
        two_ = Centre(backup, to, name)
        with contextlib.closing(backup), running("backup", lambda: [two_.run()]) as check:
            until(lambda: check() or two_.ready.is_set(), "so is the other one")  # type: ignore[func-returns-value]
            for _ in range(5):
                office.serve(drawn(dice), dice)
            until(lambda: check() or backup.highest("kiosk-0002") == office.outbox.last(), "the other one has all")  # type: ignore[func-returns-value]
            hangs = False
            with pytest.raises(CentreError, match="is at work with another state"):
                until(lambda: goes_on() or False, "this one ends")  # type: ignore[func-returns-value]
            office.serve(drawn(dice), dice)
            until(lambda: check() or not office.waits, "the other one goes on")  # type: ignore[func-returns-value]
            assert _checks(backup, "kiosk-0002") == office.recorded()
    first.close()


def test_a_backup_older_than_what_the_server_keeps_counts_what_is_gone_and_goes_on(
    two: tuple[Server, Office, Office, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """The server lets go of messages as after 35 days; kiosks let go of them when they were confirmed."""
    monkeypatch.setattr("stillscan.fleet.agent._LONGEST_ASK_S", 0.5)
    server, _, office, seed = two
    to, name, dice = Address((server.url,), seed), "long-ago", random.Random(1)
    first, agent = (
        Store(tmp_path / "first.db"),
        Agent(office.outbox, Address((server.url,), office.seed), sign=office.keyring.sign, again_s=0.5),
    )
    office.enrol(first)

    def serve(store: Store, checks: int) -> None:
        for _ in range(checks):
            office.serve(drawn(dice), dice)
        with running("centre", lambda: [Centre(store, to, name).run()]) as check:
            until(lambda: check() or store.highest("kiosk-0002") == office.outbox.last(), "all is there")  # type: ignore[func-returns-value]
            until(lambda: check() or not office.waits, "and confirmed")  # type: ignore[func-returns-value]

    with running("agent", lambda: [agent.run()]):
        serve(first, 2)
        backup, kept = copied(first, tmp_path / "backup.db"), office.recorded()
        serve(first, 3)
        gone = office.recorded() - kept
        _expire(server, seed)
        serve(first, 1)  # which the server has yet
        serve(backup, 1)
    assert "are not on the server any more" in caplog.text
    assert f"{len(gone)} events of kiosk-0002 up to" in caplog.text
    assert _checks(backup, "kiosk-0002") == office.recorded() - gone
    with backup.reading() as connection:
        assert by_kiosk(connection)["kiosk-0002"] == {"lost": len(gone)}
    first.close()
    backup.close()


def _expire(server: Server, seed: str) -> None:
    """All that is there."""

    async def purge() -> None:
        async with connected(Address((server.url,), seed), "days") as client:
            await client.jetstream().purge_stream(STREAM)

    asyncio.run(purge())

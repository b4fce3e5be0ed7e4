"""The whole with a real server: nothing is lost, nothing counts twice, and nobody writes for another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace

import pytest
from nats.aio.msg import Msg
from patience import until
from sqlalchemy import func, select

from stillscan.cli import main
from stillscan.fleet import servers
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import Address, NatsError, connected
from stillscan.fleet.events import SUBJECTS
from stillscan.fleet.joining import CentreError
from stillscan.fleet.nkey import new_seed, public_of
from stillscan.fleet.offices import Office
from stillscan.fleet.receipts import written
from stillscan.fleet.running import running
from stillscan.fleet.servers import Server, User, started
from stillscan.fleet.store import Store
from stillscan.fleet.tables import KIOSK
from stillscan.fleet.up import fleet, go_on
from stillscan.records.errors import RecordsError

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.usefixtures("nats_is_here")]


def quiet(what: str, done: int, of: int) -> None:
    """No progress is told."""


def test_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "up", "--offices", "2", "--checks", "50", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert list(told) == ["offices", "checks", "received", "lost", "twice", "series", "seconds"]
    assert [told[name] for name in ("offices", "checks", "received", "lost", "twice")] == [2, 50, 50, 0, 0]
    assert all(
        list(one) == ["issuer", "kind", "expiry_year", "documents", "failed", "flagged"] and one["documents"] >= 20
        for one in told["series"]
    )


def test_the_trial_believes_receipts_of_its_centre_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    taken = "stillscan.fleet.centre.written"
    monkeypatch.setattr(taken, lambda kiosk, receipt, _: written(kiosk, receipt, None))
    with fleet(tmp_path, 1, 1, 1, quiet) as one:
        one.serve(0)
        until(lambda: "the centre has not signed" in caplog.text, "what came in between is told")
        assert one.offices[0].waits
        monkeypatch.setattr(taken, written)
        until(lambda: not one.offices[0].waits, "what the centre has signed is believed")


def test_a_server_that_is_killed_and_a_centre_that_is_put_back_lose_nothing(tmp_path: Path) -> None:
    with fleet(tmp_path, 2, 30, 1, quiet) as one:
        for number in range(30):
            if number == 10:
                one.server.kill()
            if number == 20:
                one.server.start()
            one.serve(number)
        until(lambda: not any(office.waits for office in one.offices), "all is told to the kiosks")
        assert one.store.counted() == 30
    kept, empty = tmp_path / "centre.db", tmp_path / "yesterday.db"
    yesterday = Store(empty)  # a backup from before anything came, of the same centre
    yesterday.close()
    _same_centre(kept, empty)
    store, seed = Store(empty), new_seed()
    for office in one.offices:
        office.enrol(store)
    (tmp_path / "server" / "users.conf").write_text(servers.users_file([User(public_of(seed), None)]))
    with started(one.server):
        centre = Centre(store, Address((one.server.url,), seed))
        with running("centre", lambda: [centre.run()]) as check:
            until(lambda: check() or store.counted() == 30, "what was acknowledged is read again")  # type: ignore[func-returns-value]
        stranger = Store(tmp_path / "other.db")
        with pytest.raises(CentreError, match="keeps its state elsewhere"):
            asyncio.run(Centre(stranger, Address((one.server.url,), seed)).run())
        stranger.close()
    store.close()


def test_a_network_that_stands_still_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillscan.fleet.agent._ACK_S", 0.5)
    monkeypatch.setattr("stillscan.fleet.connection._LONGEST_PAUSE_S", 0.5)
    with fleet(tmp_path, 2, 30, 1, quiet) as one:
        for number in range(30):
            if number == 10:
                until(lambda: one.store.counted() > 0, "the first ones arrive")
                _signal(one.server, signal.SIGSTOP)  # as far as others see: connections stay, and nothing comes through
            if number == 20:
                until(lambda: "does not answer" in "".join(agent.trouble for agent in one.agents), "it is noticed")
                _signal(one.server, signal.SIGCONT)
            one.serve(number)
        until(lambda: not any(office.waits for office in one.offices), "all is told to the kiosks")
        with one.store.reading() as connection:
            assert connection.scalar(select(func.sum(KIOSK.c.checks))) == 30
        assert one.store.counted() == 30
        assert all(one.store.highest(kiosk.keyring.kiosk) == kiosk.outbox.last() for kiosk in one.offices)


def _signal(server: Server, number: signal.Signals) -> None:
    assert server.process is not None
    server.process.send_signal(number)


def _same_centre(kept: Path, empty: Path) -> None:
    import sqlite3

    with contextlib.closing(sqlite3.connect(empty)) as connection, connection:
        connection.execute("ATTACH ? AS kept", (str(kept),))
        connection.execute(
            "UPDATE fleet_about SET value = (SELECT value FROM kept.fleet_about WHERE name = 'identity') "
            "WHERE name = 'identity'"
        )


def test_a_kiosk_writes_its_own_subjects_and_hears_nobody_else(two: tuple[Server, Office, Office, str]) -> None:
    server, first, _, seed = two
    heard: dict[str, list[str]] = {"centre": [], "kiosk": []}
    own = {"centre": f"{SUBJECTS}.kiosk-0001", "kiosk": "_INBOX.kiosk-0001.x"}

    def hear(who: str, last: asyncio.Event) -> Callable[[Msg], Coroutine[None, None, None]]:
        async def note(message: Msg) -> None:
            heard[who].append(message.subject)
            if message.subject == own[who]:
                last.set()

        return note

    async def try_it() -> None:
        # A flush tells what the server took, not what a callback was given: each side waits for its own message.
        came = {who: asyncio.Event() for who in heard}
        async with (
            connected(Address((server.url,), seed), "centre") as centre,
            connected(Address((server.url,), first.seed), "kiosk-0001") as kiosk,
        ):
            for subject in ("stillscan.>", "x"):
                await centre.subscribe(subject, cb=hear("centre", came["centre"]))
            for subject in ("_INBOX.kiosk-0002.>", "_INBOX.kiosk-0001.>", "stillscan.>", ">"):
                await kiosk.subscribe(subject, cb=hear("kiosk", came["kiosk"]))
            await asyncio.gather(centre.flush(), kiosk.flush())
            for other in (f"{SUBJECTS}.kiosk-0002", "stillscan.receipts.kiosk-0002", "$JS.API.STREAM.NAMES", "x"):
                await kiosk.publish(other, b"forged")
            await kiosk.publish(own["centre"], b"own")
            await asyncio.wait_for(came["centre"].wait(), 30)
            for subject in ("_INBOX.kiosk-0002.x", f"{SUBJECTS}.kiosk-0002", "_INBOX.kiosk-0001.x"):
                await centre.publish(subject, b"for one kiosk alone")
            await asyncio.wait_for(came["kiosk"].wait(), 30)

    asyncio.run(try_it())
    assert heard["centre"][0] == own["centre"]  # and nothing that was forged before it
    assert heard["kiosk"] == [own["kiosk"]]
    assert "does not take this NKey" in _refused(Address((server.url,), new_seed()))


def _refused(to: Address) -> str:
    """What whoever signs in is told. A server closes the connection behind its refusal, which a busy computer may lose
    with it: whoever signs in tries again, as agents do."""
    said = ""
    for _ in range(5):
        with pytest.raises(NatsError) as refused:
            asyncio.run(_sign_in(to))
        said = str(refused.value)
        if "cannot be reached" not in said:
            break
    return said


async def _sign_in(to: Address) -> None:
    async with connected(to, "kiosk-0001"):
        pass


def test_a_server_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from stillscan.fleet.servers import local\n"
        "server = local(Path(sys.argv[1]), []); server.start(); print(server.process.pid, flush=True); time.sleep(999)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        server = int(killed.stdout.readline())
        killed.kill()
        until(lambda: not _runs(server), "the server ends too")


def _runs(process: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_without_a_server_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert main(["fleet", "up", "--offices", "1", "--checks", "1"]) == 4
    assert capsys.readouterr().err == f"stillscan: {servers.MISSING}\n"


def test_a_demonstration_goes_on_until_it_is_stopped(tmp_path: Path) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 25:
            raise KeyboardInterrupt

    with fleet(tmp_path, 1, 0, 1, quiet) as one:  # its office has no letter: more are brought
        with pytest.raises(KeyboardInterrupt):
            go_on(one, pause)
        assert len(one.offices[0].recorded()) == 25


def test_a_full_disk_ends_no_demonstration() -> None:
    pauses: list[float] = []
    served: list[int] = []
    full = iter([False, True, True, False])

    def serve(number: int) -> None:
        served.append(number)
        if next(full):
            raise RecordsError("records.db: the disk is full; nothing was written", "full")

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go_on(SimpleNamespace(serve=serve, check=lambda: None), pause)  # type: ignore[arg-type]
    assert (served, [one > 0 for one in pauses]) == ([0, 1, 1, 1], [False, True, True, False])

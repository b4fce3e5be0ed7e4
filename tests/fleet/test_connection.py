"""Servers that are away, refuse, or are full: what whoever runs them is told, and how often."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
from types import SimpleNamespace
from typing import Any

import pytest

from stillscan.commands.fleet_serve import waiting
from stillscan.fleet import connection
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import Address, NatsError, connected, pause_s, reason
from stillscan.fleet.store import Store

pytest.importorskip("nats")
from nats import errors
from nats.js import errors as of_streams


def api(code: int, description: str | None, kind: type[of_streams.APIError] = of_streams.ServerError) -> Exception:
    """An answer of JetStream."""
    return kind(code=500, err_code=code, description=description, stream="STILLSCAN", seq=0)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (api(10077, "maximum bytes exceeded", of_streams.ServiceUnavailableError), "is full"),
        (api(10077, "write 1.blk: no space left on device", of_streams.ServiceUnavailableError), "is full"),
        (api(10077, "open 1.blk: operation not permitted"), "cannot write to its disk, and says: open 1.blk"),
        (api(10077, "open 1.blk: read-only file system"), "cannot write to its disk, and says: open 1.blk"),
        (api(10047, "insufficient storage resources available"), "is full"),
        (api(10023, "insufficient resources"), "is full"),
        (api(10074, "replicas > 1 not supported\nin non-clustered mode"), "says: replicas > 1 not supported"),
        (api(0, "x" * 5000), "says: xxx"),
        (api(0, None, of_streams.ServiceUnavailableError), "has no JetStream"),
        (of_streams.NoStreamResponseError(), "no centre"),
        (errors.MaxPayloadError(), "max_payload is to be"),
        (errors.TimeoutError(), "does not answer"),
        (TimeoutError(), "does not answer"),
        (errors.ConnectionClosedError(), "was lost"),
        (ConnectionResetError(), "was lost"),
        (errors.BadSubjectError(), "cannot be used"),
    ],
)
def test_each_refusal_is_one_line_in_words(error: Exception, says: str) -> None:
    told = reason(error)
    assert says in told
    assert "\n" not in told
    assert len(told) < 300


async def _connects(*ports: int) -> None:
    async with connected(Address(tuple(f"nats://127.0.0.1:{port}" for port in ports)), "oslo-1"):
        pass


def test_servers_that_are_not_there_are_told_together_and_at_once() -> None:
    with socket.socket() as one, socket.socket() as other:  # bound, and nobody listens
        for bound in (one, other):
            bound.bind(("127.0.0.1", 0))
        ports = [bound.getsockname()[1] for bound in (one, other)]
        with pytest.raises(NatsError) as caught:
            asyncio.run(_connects(*ports))
    where = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
    assert str(caught.value) == f"{where}: the server cannot be reached"


@pytest.mark.parametrize("says", [b"INFO []\r\n", b"INFO " + b"[" * 90_000 + b"\r\n", b"x" * 200_000])
def test_what_speaks_no_nats_is_told_as_that(says: bytes) -> None:
    async def meets() -> str:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(says)
            await reader.read()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            with pytest.raises(NatsError) as caught:
                await _connects(server.sockets[0].getsockname()[1])
            return str(caught.value)

    assert re.search("speaks as no NATS server does|cannot be reached", asyncio.run(meets()))


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("Authorization Violation", "does not take this NKey"),
        ("Authentication Timeout", "lets nobody in now, and says: Authentication Timeout"),
        ("maximum connections exceeded", "lets nobody in now, and says: maximum connections exceeded"),
    ],
)
def test_a_server_that_resets_what_it_has_refused_is_told_of_as_one_that_refuses(says: str, told: str) -> None:
    async def meets() -> str:
        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b'INFO {"server_id": "x", "version": "2.9.10", "max_payload": 1048576}\r\n')
            while await reader.readline() != b"PING\r\n":
                pass
            writer.write(f"-ERR '{says}'\r\n".encode())
            await writer.drain()
            at_once = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            writer.close()

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            with pytest.raises(NatsError) as caught:
                await _connects(server.sockets[0].getsockname()[1])
        return str(caught.value)

    assert told in asyncio.run(meets())


def test_a_name_that_nobody_knows_is_no_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(asyncio, "open_connection", unknown)
    with pytest.raises(NatsError, match="nobody here knows a computer of that name"):
        asyncio.run(_connects(4222))


@pytest.mark.slow
def test_a_program_with_a_thousand_kiosks_lets_few_of_them_sign_in_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most, done = 0, 0, 0

    async def signing_in(*_: Any) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return SimpleNamespace(close=lambda: asyncio.sleep(0))

    async def all_at_once() -> None:
        nonlocal done
        done = len(await asyncio.gather(*(_connects(4222) for _ in range(1000))))

    monkeypatch.setattr(connection, "_one", signing_in)
    for _ in range(2):  # each event loop by itself
        asyncio.run(all_at_once())
        assert (done, most) == (1000, connection._AT_ONCE)


def test_whoever_waits_long_for_servers_that_let_nobody_in_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    async def slow(*_: Any) -> Any:
        while not told:
            await asyncio.sleep(0)
        raise NatsError("the server cannot be reached")

    async def sign_in() -> None:
        async with connected(Address(("nats://a", "nats://b")), "oslo-1", told.append):
            pass

    monkeypatch.setattr(connection, "_TELL_S", 0.0)
    monkeypatch.setattr(connection, "_one", slow)
    with pytest.raises(NatsError, match="cannot be reached"):
        asyncio.run(sign_in())
    assert told == ["nats://a, nats://b: no server has let us in yet; it is being tried"]


@pytest.mark.slow
def test_kiosks_that_lost_a_server_together_do_not_come_back_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "random", random.Random(1))
    pauses = sorted(pause_s(0) for _ in range(1500))
    in_a_second = max(sum(start <= one < start + 1.0 for one in pauses) for start in pauses)
    assert in_a_second * 0.0026 < connection.PATIENCE_S / 2  # what RSA costs a server
    assert in_a_second < 450
    assert pauses[-1] < 5.0


def test_a_centre_says_at_once_what_it_waits_for_and_ever_more_seldom(store: Store) -> None:
    at_s, told = 0.0, list[str]()
    centre = Centre(store, Address(("nats://127.0.0.1:1",)))
    look = waiting(centre, told.append, lambda: at_s)
    look()
    assert told == ["nats://127.0.0.1:1: no answer yet; it is tried again until that is mended"]
    centre._say("nats://127.0.0.1:1: the server cannot be reached")
    for second in range(0, 86_400, 10):
        at_s = float(second)
        look()
    assert set(told[1:]) == {"nats://127.0.0.1:1: the server cannot be reached; it is tried again until that is mended"}
    assert len(told) == 29
    centre.ready.set()
    centre._say("")
    look()
    look()
    assert told[29:] == ["all is well again: events are taken"]
    centre._say("nothing is kept now: the disk is full")  # with a server that is there
    look()
    assert told[30:] == ["nothing is kept now: the disk is full; it is tried again until that is mended"]


def test_a_centre_notices_that_its_server_answers_nothing_though_no_kiosk_speaks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre, looks, said = Centre(store, Address(("nats://127.0.0.1:1",))), 0, list[str]()

    class Stream:
        async def consumer_info(self, *_: str) -> SimpleNamespace:
            if looks in (2, 3, 6):  # its disk is full, and it holds its own lock; it is slow
                raise errors.TimeoutError
            if looks == 7:
                raise errors.ConnectionClosedError
            return SimpleNamespace(ack_floor=None)

        async def publish(self, *_: object) -> None:
            """Nobody listens."""

    async def pause(_: float) -> None:
        nonlocal looks
        said.append(centre.trouble)
        looks += 1
        centre.taken += looks == 6

    monkeypatch.setattr("stillscan.fleet.centre.asyncio", SimpleNamespace(sleep=pause))
    with pytest.raises(errors.ConnectionClosedError):
        asyncio.run(centre._watch(Stream(), Stream()))  # type: ignore[arg-type]
    assert [bool(one) for one in said] == [False, False, True, True, False, False, False]
    assert "does not answer (one whose disk was full" in said[2]


def test_a_centre_whose_state_takes_nothing_says_so_and_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillscan.fleet import centre as centres
    from stillscan.records.errors import RecordsError

    centre, troubles, took = Centre(store, Address(("nats://127.0.0.1:1",))), list[str](), list[Any]()

    async def pause(_: float) -> None:
        troubles.append(centre.trouble)
        if len(troubles) == 3:
            monkeypatch.setattr(centre, "_take", taken)

    async def fails(_: Any) -> None:
        raise RecordsError("the disk is full", "full")

    async def taken(batch: Any) -> None:
        took.append(batch)

    monkeypatch.setattr(centre, "_take", fails)
    monkeypatch.setattr(centres, "asyncio", SimpleNamespace(sleep=pause))
    batch = [SimpleNamespace()]
    asyncio.run(centre._take_surely(batch))  # type: ignore[arg-type]
    assert troubles == ["nothing is kept now: the disk is full"] * 3
    assert (took, centre.trouble) == ([batch], "")

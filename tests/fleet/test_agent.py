"""An agent before servers and centres that do everything wrong: nothing is lost, and what is there is let go of."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from kiosks import NOW

from stillscan.fleet import agent as agents
from stillscan.fleet import connection
from stillscan.fleet.agent import AGAIN_S, Agent
from stillscan.fleet.connection import Address, NatsError
from stillscan.fleet.events import STREAM, parse_payload
from stillscan.fleet.outbox import Waiting
from stillscan.fleet.receipts import Receipt, ReceiptError, first_of, first_told, read, written
from stillscan.records.errors import RecordsError
from stillscan.records.keyring import signature_by
from stillscan.records.public_keys import PublicKeys

pytestmark = pytest.mark.slow

pytest.importorskip("nats")
_KEY = Ed25519PrivateKey.generate()
_KEYS = PublicKeys([(0, _KEY.public_key())])


class Box:
    """An outbox in memory."""

    kiosk = "oslo-1"

    def __init__(self, count: int) -> None:
        self.rows = {n: Waiting(n, b"%d" % n, "0" * 128) for n in range(1, count + 1)}
        self.given = count

    def waiting(self, after: int, most: int) -> Sequence[Waiting]:
        return [row for n, row in sorted(self.rows.items()) if n > after][:most]

    def taken(self, upto: int) -> None:
        self.rows = {n: row for n, row in self.rows.items() if n > upto}

    def last(self) -> int:
        return self.given

    def first(self) -> int:
        return min(self.rows, default=self.given + 1)


class World:
    """A server and a centre; `stores` says of a message whether it is kept, `fails` whether its answer is an error."""

    def __init__(self, box: Box) -> None:
        self.box, self.came, self.sends, self.at_s = box, set[int](), list[int](), 0.0
        self.stores = lambda n: True
        self.fails = lambda n: False
        self.stream = STREAM
        self.reachable = self.centre = True
        self.behind, self.refused = 0, False
        self.key: Ed25519PrivateKey | None = None  # the centre's
        self.lie = 0  # a server says so much more than the centre
        self.looks = 0
        self.is_closed = False

    @contextlib.asynccontextmanager
    async def connected(self, to: Address, name: str, waits: Any) -> AsyncIterator[World]:
        if not self.reachable:
            waits("no server has let us in yet")
            raise NatsError("the server cannot be reached")
        yield self

    def jetstream(self, timeout: float) -> World:
        return self

    async def publish(self, subject: str, payload: bytes, timeout: float, headers: dict[str, str]) -> Any:
        n = int(parse_payload(payload)[0])
        assert (subject, headers) == ("stillscan.events.oslo-1", {"Nats-Msg-Id": f"oslo-1.{n}"})
        self.sends.append(n)
        if self.fails(n):
            raise TimeoutError
        if self.stores(n):
            self.came.add(n)
        return SimpleNamespace(stream=self.stream)

    async def request(self, subject: str, payload: bytes, timeout: float) -> Any:
        assert subject == "stillscan.receipts.oslo-1"
        if not self.centre:
            raise TimeoutError
        if payload:
            self.came |= set(range(1, first_of("oslo-1", payload, _KEYS)))
        highest = next(n for n in range(self.box.given + 1) if n + 1 not in self.came)
        receipt = Receipt(None if self.refused else highest, self.behind)
        data = written("oslo-1", receipt, self.key and functools.partial(signature_by, self.key))
        return SimpleNamespace(
            data=data.replace(f'"highest": {highest}'.encode(), f'"highest": {highest + self.lie}'.encode())
        )

    async def pause(self, seconds: float) -> None:
        """Time passes at once; the world may change."""
        self.at_s += seconds
        self.looks += 1
        await asyncio.sleep(0)

    def lives(self, seconds: float, agent: Agent | None = None) -> Agent:
        """So much time with an agent that is ended then."""
        agent = agent or Agent(
            self.box,
            Address(("nats://x",)),
            centre=self.key and PublicKeys([(0, self.key.public_key())]),
            sign=functools.partial(signature_by, _KEY),
            pause=self.pause,
            clock=lambda: self.at_s,
            now=lambda: NOW,
        )

        async def live() -> None:
            running, until = asyncio.create_task(agent.run()), self.at_s + seconds
            while self.at_s < until and not running.done():
                await asyncio.sleep(0.0005)
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

        asyncio.run(live())
        return agent


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """500 events and a world in which all is well."""
    world = World(Box(500))
    monkeypatch.setattr(agents, "connected", world.connected)
    return world


def test_all_is_sent_once_in_order_and_let_go_of(world: World) -> None:
    world.lives(20)
    assert (world.sends, world.box.rows) == (list(range(1, 501)), {})


def test_what_no_centre_has_confirmed_is_kept_and_not_sent_again(world: World) -> None:
    world.centre = False
    agent = world.lives(10 * AGAIN_S)
    assert (len(world.sends), len(world.box.rows)) == (500, 500)
    world.centre = True
    world.lives(200, agent)
    assert (len(world.sends), world.box.rows) == (500, {})


def test_a_server_that_lies_about_acknowledgements_loses_nothing(world: World) -> None:
    world.stores = lambda n: n % 7 > 0 or world.sends.count(n) > 1
    world.lives(3 * AGAIN_S)
    assert (world.came, world.box.rows) == (set(range(1, 501)), {})


def test_a_centre_that_has_others_to_take_first_is_waited_for(world: World) -> None:
    world.stores, world.behind = (lambda n: False), 4000
    world.lives(5 * AGAIN_S)
    assert len(world.sends) == 500


def test_a_server_that_fails_is_tried_again(world: World) -> None:
    world.fails = lambda n: world.sends.count(n) < 3 and n % 50 == 0
    world.lives(300)
    assert (world.came, world.box.rows) == (set(range(1, 501)), {})


def test_a_week_without_a_line(world: World) -> None:
    world.reachable = False
    agent = world.lives(7 * 86400)
    assert agent.trouble == "the server cannot be reached"
    world.reachable = True
    world.lives(200, agent)
    assert (agent.trouble, world.box.rows) == ("", {})


def test_an_agent_that_is_killed_begins_where_the_centre_is(world: World) -> None:
    for _ in range(4):
        world.lives(0.7)
    world.lives(20)
    assert (world.came, world.box.rows) == (set(range(1, 501)), {})


def test_another_stream_is_no_acknowledgement(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.stream = "OTHER"
    world.lives(30)
    assert "another stream takes the events" in caplog.text
    assert len(world.box.rows) == 500


def test_a_week_leaves_room_for_others(world: World) -> None:
    slices, before = [], 0

    async def pause(seconds: float) -> None:
        nonlocal before
        await asyncio.sleep(0)  # what is under way goes out
        slices.append((len(world.sends) - before, seconds))
        before = len(world.sends)
        world.at_s += seconds

    world.pause = pause  # type: ignore[method-assign]
    world.lives(60)
    sent = [one for one in slices if one[0]]
    assert sum(number for number, _ in sent) == 500
    assert all(number <= 50 and seconds * 1000 >= number for number, seconds in sent)  # 1,000 a second at most


def test_a_server_that_takes_nothing_is_told_of_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.fails = lambda n: True
    agent = world.lives(600)
    assert (caplog.text.count("the server does not answer"), len(world.box.rows)) == (1, 500)
    world.fails = lambda n: False
    agent = world.lives(600, agent)
    assert (agent.trouble, world.box.rows) == ("", {})


def test_an_acknowledgement_that_takes_long_is_told_of_before_ten_seconds_have_passed(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "_TELL_S", 0.0)
    publish = world.publish

    async def slow(*args: Any, **more: Any) -> Any:
        for _ in range(1000):
            if "has not acknowledged yet" in caplog.text:
                return await publish(*args, **more)
            await asyncio.sleep(0)
        raise TimeoutError

    world.publish = slow  # type: ignore[method-assign]
    agent = world.lives(60)
    assert (agent.trouble, world.box.rows) == ("", {})
    assert caplog.text.count("has not acknowledged yet") == 3, "500 events are three windows, each of which was slow"


def test_a_day_without_a_server_is_two_lines_of_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.reachable = False
    assert "cannot be reached" in world.lives(86400).trouble
    assert caplog.text.count("WARNING") == 2


def test_a_kiosk_that_is_refused_says_so_and_keeps_all(world: World) -> None:
    world.refused = True
    assert "takes nothing from oslo-1" in world.lives(5 * AGAIN_S).trouble
    assert (len(world.sends), len(world.box.rows)) == (500, 500)


def test_a_server_that_lies_for_the_centre_makes_the_outbox_forget_nothing(world: World) -> None:
    world.key, world.stores = Ed25519PrivateKey.generate(), lambda n: n <= 300
    world.lie = 200
    agent = world.lives(AGAIN_S)
    assert "the centre has not signed" in agent.trouble
    assert len(world.box.rows) == 500
    world.lie, world.stores = 0, lambda n: True
    world.lives(3 * AGAIN_S, agent)
    assert (world.came, world.box.rows) == (set(range(1, 501)), {})


@given(st.binary(max_size=99) | st.from_regex(r'\{"highest": [^}]{0,9}, "signature": [^}]{0,9}\}').map(str.encode))
def test_any_answer_is_a_signed_receipt_or_none(content: bytes) -> None:
    with contextlib.suppress(ReceiptError):
        assert read("oslo-1", content, _KEYS).highest is None


def test_a_receipt_is_for_one_kiosk() -> None:
    signed = written("oslo-1", Receipt(7, 0), functools.partial(signature_by, _KEY))
    assert read("oslo-1", signed, _KEYS) == (7, 0)
    with pytest.raises(ReceiptError):
        read("oslo-2", signed, _KEYS)


def test_a_centre_that_was_put_back_with_its_servers_waits_for_nothing_that_is_gone(world: World) -> None:
    agent = world.lives(60)
    world.came = set(range(1, 401))  # yesterday's, and nobody has the others any more
    world.box.rows = {n: Waiting(n, b"%d" % n, "0" * 128) for n in range(501, 511)}
    world.box.given = 510
    world.lives(600, agent)
    assert (world.box.rows, world.came >= set(range(501, 511))) == ({}, True)


@given(st.binary(max_size=200) | st.integers(-5, 2**70).map(lambda n: b'{"first": %d, "signature": "00"}' % n))
def test_what_nobody_signed_makes_no_centre_go_past_events(content: bytes) -> None:
    assert first_of("oslo-1", content, _KEYS) == 0


def test_a_kiosk_tells_of_itself_alone_what_it_has_yet() -> None:
    told = first_told("oslo-1", 501, functools.partial(signature_by, _KEY))
    assert first_of("oslo-1", told, _KEYS) == 501
    assert first_of("oslo-2", told, _KEYS) == first_of("oslo-1", told, None) == 0
    assert first_of("oslo-1", told.replace(b"501", b"502"), _KEYS) == 0


@pytest.mark.parametrize("stumbles", [ValueError, TypeError, KeyError, AttributeError, RecursionError])
def test_an_acknowledgement_that_no_server_sends_ends_no_agent(world: World, stumbles: type[Exception]) -> None:
    good, world.publish = world.publish, lambda *_, **__: _raises(stumbles)  # type: ignore[method-assign,assign]
    agent = world.lives(60)
    assert ("speaks as no NATS server does" in agent.trouble, len(world.box.rows)) == (True, 500)
    world.publish = good  # type: ignore[method-assign]
    world.lives(300, agent)
    assert (agent.trouble, world.box.rows) == ("", {})


async def _raises(error: type[Exception]) -> None:
    raise error


def test_an_outbox_on_a_full_disk_is_told_of_and_sends_what_it_has(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(upto: int) -> None:
        raise RecordsError("records.db: the disk is full; nothing was written", "full")

    with monkeypatch.context() as disk:
        disk.setattr(world.box, "taken", full)
        agent = world.lives(600)
        assert (world.came, len(world.box.rows)) == (set(range(1, 501)), 500)
        assert caplog.text.count("the disk is full") >= 1
    world.lives(300, agent)
    assert (agent.trouble, world.box.rows) == ("", {})


def test_a_database_that_was_put_back_is_told(world: World) -> None:
    world.lives(20)
    world.box.given, world.box.rows = 400, {400: Waiting(400, b"400", "0" * 128)}
    world.came = set(range(1, 501))

    async def request(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(data=b'{"highest": 500, "behind": 0}')

    world.request = request  # type: ignore[method-assign]
    assert "put back" in world.lives(20).trouble
    assert world.box.rows

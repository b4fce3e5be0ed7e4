"""Messages that a server gives a centre: as soon as they are there, whatever else it was asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.js.errors import APIError, ServiceUnavailableError

from stillscan.fleet import pulling
from stillscan.fleet.pulling import Pulling

INBOX = "_INBOX.centre.1"
EVENT = "stillscan.events.oslo-1"


class Server:
    """A client of a server that sends what it is told to."""

    is_closed = False

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.when_asked: list[Msg] = []
        self._cb: Callable[[Msg], Coroutine[Any, Any, None]] | None = None

    def new_inbox(self) -> str:
        return INBOX

    async def subscribe(self, subject: str, cb: Callable[[Msg], Coroutine[Any, Any, None]]) -> None:
        assert subject == INBOX
        self._cb = cb

    async def publish(self, subject: str, payload: bytes, reply: str) -> None:
        self.asked.append((subject, json.loads(payload), reply))
        sending, self.when_asked = self.when_asked, []
        await self.send(*sending)

    async def send(self, *messages: Msg) -> None:
        assert self._cb is not None
        for one in messages:
            await self._cb(one)


class Told(Msg):
    """A message that notes what its server is told of it."""

    async def ack(self) -> None:
        self.told.append("ack")

    async def in_progress(self) -> None:
        self.told.append("ours")

    @property
    def told(self) -> list[str]:
        """What was told, the first first."""
        return self.__dict__.setdefault("_told", [])


def message(subject: str = EVENT, **headers: str) -> Told:
    return Told(_client=None, subject=subject, data=b"", headers=headers or None)  # type: ignore[arg-type]


def tried(use: Callable[[Server, Pulling], Coroutine[Any, Any, None]], most: int = 500) -> None:
    """Use what begins to pull from a server."""

    async def begun() -> None:
        server = Server()
        pulls = Pulling(server, "STILLSCAN", "centre", most)  # type: ignore[arg-type]
        await pulls.begin()
        await use(server, pulls)

    asyncio.run(begun())


@pytest.fixture(autouse=True)
def _for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait for more would never end."""
    monkeypatch.setattr(pulling, "_AGAIN_S", 1e6)


@pytest.fixture
def nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for is over at once."""
    monkeypatch.setattr(pulling, "_AGAIN_S", 0.0)


def test_a_message_that_is_alone_is_given_at_once() -> None:
    async def use(server: Server, pulls: Pulling) -> None:
        waiting = asyncio.ensure_future(pulls.batch())
        while not server.asked:
            await asyncio.sleep(0)
        one = message()
        await server.send(one)
        assert await waiting == [one]
        (asked,) = server.asked
        assert asked[0] == "$JS.API.CONSUMER.MSG.NEXT.STILLSCAN.centre"
        assert (asked[1]["batch"], asked[2]) == (500, INBOX)
        assert "no_wait" not in asked[1]

    tried(use)


def test_what_came_meanwhile_is_one_batch_and_no_larger_than_asked_for() -> None:
    async def use(server: Server, pulls: Pulling) -> None:
        first, *others = [message() for _ in range(4)]
        server.when_asked = [first]
        assert await pulls.batch() == [first]
        await server.send(*others)
        assert await pulls.batch() == others[:2]
        assert await pulls.batch() == others[2:]
        assert len(server.asked) == 1  # what is here is taken before more is asked for

    tried(use, most=2)


def test_workers_take_turns() -> None:
    async def use(server: Server, pulls: Pulling) -> None:
        server.when_asked = [message(), message(), message()]
        batches = await asyncio.gather(pulls.batch(), pulls.batch())
        assert [len(one) for one in batches] == [2, 1]

    tried(use, most=2)


@pytest.mark.usefixtures("nothing_comes")
def test_a_server_that_forgot_the_request_is_asked_again() -> None:
    async def use(server: Server, pulls: Pulling) -> None:
        assert await pulls.batch() == []
        server.when_asked = [one := message()]
        assert await pulls.batch() == [one]
        assert len(server.asked) == 2

    tried(use)


@pytest.mark.usefixtures("nothing_comes")
@pytest.mark.parametrize("status", ["404", "408", "409"])
def test_the_end_of_a_request_is_nothing_to_tell(status: str) -> None:
    async def use(server: Server, pulls: Pulling) -> None:
        server.when_asked = [message(INBOX, Status=status, Description="Request Timeout")]
        assert await pulls.batch() == []

    tried(use)


@pytest.mark.parametrize(("status", "error"), [("503", ServiceUnavailableError), ("400", APIError)])
def test_a_server_that_refuses_is_told_of(status: str, error: type[Exception]) -> None:
    async def use(server: Server, pulls: Pulling) -> None:
        server.when_asked = [message(INBOX, Status=status, Description="Bad Request")]
        with pytest.raises(error):
            await pulls.batch()

    tried(use)


def test_a_message_whose_header_says_that_it_is_none_is_one() -> None:
    async def use(server: Server, pulls: Pulling) -> None:
        server.when_asked = [one := message(EVENT, Status="404")]
        assert await pulls.batch() == [one]

    tried(use)


@pytest.mark.usefixtures("nothing_comes")
def test_a_connection_that_is_lost_gives_what_came_and_ends() -> None:
    async def use(server: Server, pulls: Pulling) -> None:
        server.when_asked = [one := message()]
        server.is_closed = True
        assert await pulls.batch() == [one]
        with pytest.raises(ConnectionClosedError):
            await pulls.batch()

    tried(use)


def test_what_takes_long_stays_ours_until_it_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "_SIGN_S", 0.0)

    async def use(server: Server, pulls: Pulling) -> None:
        taken, lies, later = message(), message(), message()
        server.when_asked = [taken, lies]
        assert await pulls.batch() == [taken]
        holding = asyncio.ensure_future(pulls.hold())
        while len(lies.told) < 3:
            await asyncio.sleep(0)
        assert abs(len(taken.told) - len(lies.told)) <= 1
        await server.send(later)
        await pulls.acknowledge([taken])
        before = len(lies.told)
        while len(lies.told) < before + 3:
            await asyncio.sleep(0)
        holding.cancel()
        assert taken.told[-1] == "ack", "nothing is told of what is not ours any more"
        assert 0 < len(later.told) < len(lies.told), "what has just come needs no sign"

    tried(use, most=1)


def test_a_sign_that_cannot_be_sent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "_SIGN_S", 0.0)

    async def lost(_: Msg) -> None:
        raise ConnectionClosedError

    monkeypatch.setattr(Told, "in_progress", lost)

    async def use(server: Server, pulls: Pulling) -> None:
        await server.send(message())
        with pytest.raises(ConnectionClosedError):
            await pulls.hold()

    tried(use)

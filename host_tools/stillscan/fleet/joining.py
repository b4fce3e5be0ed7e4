"""How a copy of a centre finds the stream, and the place in it that is its state's alone.

A place is a durable consumer of the server, and can be thrown away: the state itself knows up to which message it has
all, and whoever begins on a state on which nobody works makes another place, from there. So a state that was put back
from a backup, or copied, gets all that it has not, whatever others were given: no two states ever share a place.

Two states at work under one name would both answer kiosks and conduct roll-outs, so one of them ends. Each copy writes
a word of its own into its state and tells it to all that work under its name: who does not find it has another state.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import secrets
import time
from typing import TYPE_CHECKING

from stillscan.errors import EnvironmentTroubleError
from stillscan.fleet import place
from stillscan.fleet.connection import Address, NatsError, understood
from stillscan.fleet.events import CENTRES, MOST_BYTES, STREAM, SUBJECTS
from stillscan.fleet.place import Place
from stillscan.fleet.pulling import ACK_WAIT_S
from stillscan.fleet.store import Store

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext
    from nats.js.api import ConsumerInfo, StreamInfo

BATCH = 500  # events of a transaction: its commit costs some ms, and each waits for it
_MOST_PENDING = 4 * BATCH  # two copies with two batches each
_KEEP_DAYS = 35
"""The server keeps what was taken for so long: a centre that is restored from a backup reads it again."""
_WINDOW_S = 120.0  # in which the server knows repeats by their id: its own default, and all need it at 30 a second
_DAY_S = 86400.0  # a day
_ALIVE_S = 5.0  # for another copy to answer: it takes some ms, and one that verifies a batch a second
_STATE = "state"
_OURS, _OTHERS = b"ours", b"others"
_log = logging.getLogger(__name__)


class CentreError(EnvironmentTroubleError):
    """This centre cannot serve, and why."""


class Joining:
    """Of a centre called ``name``; ``replicas`` and ``most_bytes`` are of the stream, if it is made here."""

    def __init__(self, store: Store, to: Address, name: str, replicas: int, most_bytes: int) -> None:
        self._store, self._to, self._name = store, to, name
        self._replicas, self._most_bytes = replicas, most_bytes
        self._subject = f"{CENTRES}.{name}"
        self._word, self._began = secrets.token_hex(16), False
        self._since_s = 0.0  # at work
        self._place = ""
        self._other: asyncio.Future[None]

    @property
    def consumer(self) -> str:
        """The server's consumer of this state, once it has joined."""
        return self._consumer(self._place)

    def _consumer(self, named: str) -> str:
        return f"{self._name.replace('.', ':')}-{named}"  # a dot would part the subjects of the server

    async def join(self, client: Client, stream: JetStreamContext) -> None:
        """Find stream and place, or make them. CentreError; RecordsError; the library's errors."""
        with understood(self._to):
            found = await self._stream(stream)
            before = await asyncio.to_thread(place.place, self._store)
            await asyncio.to_thread(place.enter, self._store, self._word)
            alone = await self._alone(client)
            others = await self._consumers(stream)
            await self._find(found, before, self._expect_no_stranger(others, before), alone)
            now = await asyncio.to_thread(place.place, self._store)
            self._place, self._began = now.place, True
            if before.place not in ("", now.place):
                await self._remove(stream, self._consumer(before.place))
            await self._make(stream, now)

    async def _find(self, found: StreamInfo, before: Place, others: list[ConsumerInfo], alone: bool) -> None:
        """Another place in the state, where it needs one."""
        made, oldest = found.created.isoformat() if found.created else "", found.state.first_seq
        there = any(one.name == self._consumer(before.place) for one in others)
        if found.state.last_seq < before.furthest or (before.made not in ("", made) and not there):
            _log.error("fleet: the server has lost its stream; kiosks send again what this state has not")
            await asyncio.to_thread(place.begin_anew, self._store, before.place, made)
            return
        if before.furthest and oldest > before.furthest + 1:
            _log.error(
                "fleet: messages %d to %d are not on the server any more; what kiosks have of them, they send again",
                before.furthest + 1, oldest - 1,
            )  # fmt: skip
        had = max((one.ack_floor.stream_seq for one in others if one.ack_floor), default=0)
        if had > before.furthest:
            _log.warning(
                "fleet: a centre of this name has taken more than this state has; messages from %d on are read again",
                before.floor + 1,
            )  # fmt: skip
        if alone and not self._began:
            await asyncio.to_thread(place.renew, self._store, before.place, made, self._word)
        await asyncio.to_thread(self._store.gone, oldest)

    async def begin(self, client: Client) -> None:
        """At work from now on: say so to all that are, and to whoever asks later."""
        self._since_s, self._other = time.time(), asyncio.get_running_loop().create_future()
        await client.subscribe(self._subject, cb=functools.partial(self._hears, client))
        await self._tell(client)

    async def other(self) -> None:
        """Wait until another state is at work that was so before this one. CentreError."""
        await self._other
        raise CentreError(
            f"another centre called {self._name!r} is at work with another state, and was so before this one: this one "
            "has ended. Give it another --name"
        )

    async def look(self, client: Client, stream: JetStreamContext) -> None:
        """Note how far the state is, and tell others of us. NatsError: the place is gone; RecordsError; the library's
        errors."""
        info = await self.there(stream)
        floor = info.ack_floor.stream_seq if info.ack_floor else 0
        if not await asyncio.to_thread(place.keep, self._store, self._place, self._word, floor):
            raise NatsError(f"{self._to}: another copy has found another place in the stream")
        await self._tell(client)

    async def there(self, stream: JetStreamContext) -> ConsumerInfo:
        """What the server says of our place. NatsError: it is gone."""
        from nats.js.errors import NotFoundError

        try:
            with understood(self._to):
                info: ConsumerInfo = await stream.consumer_info(STREAM, self.consumer)
        except NotFoundError:
            raise NatsError(
                f"{self._to}: the stream, or this centre's consumer of it, is on the server no more; it is made anew"
            ) from None
        return info

    async def _tell(self, client: Client) -> None:
        await client.publish(self._subject, json.dumps({"word": self._word, "since": self._since_s}).encode())

    async def _hears(self, client: Client, message: Msg) -> None:
        """A copy asks, or says that it is at work. Whoever asks takes silence for nobody; what is said later tells."""
        with contextlib.suppress(Exception):
            told = json.loads(message.data)
            word, since_s = str(told["word"]), float(told["since"])
            if word == self._word or self._other.done():
                return
            ours = await asyncio.to_thread(place.knows, self._store, word)
            if message.reply:
                await message.respond(_OURS if ours else _OTHERS)
            elif not ours and (since_s, word) < (self._since_s, self._word):
                self._other.set_result(None)
            elif not ours:
                await self._tell(client)  # which it may not have heard yet, and ends

    async def _alone(self, client: Client) -> bool:
        """Whether no copy that shares this state is at work. CentreError: one with another state is."""
        from nats.errors import NoRespondersError

        told = json.dumps({"word": self._word, "since": 0}).encode()
        try:
            answer = await client.request(self._subject, told, timeout=_ALIVE_S)
        except (NoRespondersError, TimeoutError):
            return True
        if answer.data != _OURS:
            raise CentreError(
                f"a centre called {self._name!r} is at work with another state, of which this one may be a copy or a "
                "backup: both would answer kiosks. End that one first, or give this one another --name"
            )
        return False

    def _expect_no_stranger(self, consumers: list[ConsumerInfo], mine: Place) -> list[ConsumerInfo]:
        """Those of centres of this name. CentreError: one has a state that is no backup of ours, nor ours of it."""
        named = [one for one in consumers if one.name.rpartition("-")[0] == self._consumer("")[:-1]]
        if any(one.config.description != f"{_STATE} {mine.state}" for one in named):
            raise CentreError(
                f"another centre is called {self._name!r} and keeps its state elsewhere: kiosks would be answered by "
                "both. Give this one its database, or another --name"
            )
        return named

    async def _consumers(self, stream: JetStreamContext) -> list[ConsumerInfo]:
        found: list[ConsumerInfo] = []
        while some := await stream.consumers_info(STREAM, len(found)):
            found += some
        return found

    async def _stream(self, stream: JetStreamContext) -> StreamInfo:
        from nats.js.api import DiscardPolicy, StorageType, StreamConfig
        from nats.js.errors import NotFoundError

        wanted = StreamConfig(
            name=STREAM, subjects=[f"{SUBJECTS}.*"], storage=StorageType.FILE, num_replicas=self._replicas,
            discard=DiscardPolicy.NEW,  # a full server says so, and the outbox waits; OLD would lose in silence
            max_age=_KEEP_DAYS * _DAY_S, max_msg_size=MOST_BYTES + 4096, max_bytes=self._most_bytes,
            duplicate_window=_WINDOW_S,
        )  # fmt: skip
        try:
            return await stream.stream_info(STREAM)
        except NotFoundError:
            return await stream.add_stream(wanted)

    async def _make(self, stream: JetStreamContext, now: Place) -> None:
        """The consumer, where it is not there yet."""
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
        from nats.js.errors import BadRequestError, NotFoundError

        wanted = ConsumerConfig(
            durable_name=self.consumer, description=f"{_STATE} {now.state}", ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S, max_ack_pending=_MOST_PENDING, filter_subject=f"{SUBJECTS}.*", max_deliver=-1,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=now.floor + 1,
            inactive_threshold=_KEEP_DAYS * _DAY_S,  # of centres that are no more
        )  # fmt: skip
        try:
            await stream.consumer_info(STREAM, self.consumer)
        except NotFoundError:
            with contextlib.suppress(BadRequestError):  # another copy was faster
                await stream.add_consumer(STREAM, wanted)

    async def _remove(self, stream: JetStreamContext, consumer: str) -> None:
        from nats.js.errors import NotFoundError

        with contextlib.suppress(NotFoundError):
            await stream.delete_consumer(STREAM, consumer)

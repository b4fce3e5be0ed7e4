"""How a copy of a centre finds stream and consumer: made where they are not, shared with copies, and with nobody else.

The consumer names the state that its messages go into, and those that it was before: one that is put back from a backup
gets another name. Two states that both go on would each get a part of the events, so the second one is refused, and one
that comes to be second is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from stillscan.errors import EnvironmentTroubleError
from stillscan.fleet.connection import Address, understood
from stillscan.fleet.events import CENTRES, MOST_BYTES, STREAM, SUBJECTS
from stillscan.fleet.pulling import ACK_WAIT_S
from stillscan.fleet.store import Store

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext
    from nats.js.api import ConsumerConfig, ConsumerInfo

BATCH = 500  # events of a transaction: its commit costs some ms, and each waits for it
MOST_PENDING = 4 * BATCH  # two copies with two batches each
_KEEP_DAYS = 35
"""The server keeps what was taken for so long: a centre that is restored from a backup reads it again."""
_WINDOW_S = 120.0  # in which the server knows repeats by their id: its own default, and all need it at 30 a second
_DAY_S = 86400.0  # a day
_ALIVE_S = 5.0  # for another centre to answer: it takes some ms, and one that verifies a batch a second
_STATE = "state"
_MOST_FORMER = 50  # put back so often: the server takes 4,096 characters, and each has 32
_log = logging.getLogger(__name__)


class CentreError(EnvironmentTroubleError):
    """This centre cannot serve, and why."""


class Joining:
    """Of a centre called ``name``; ``replicas`` and ``most_bytes`` are of the stream, if it is made here."""

    def __init__(self, store: Store, to: Address, name: str, replicas: int, most_bytes: int) -> None:
        self._store, self._to, self._name = store, to, name
        self._replicas, self._most_bytes = replicas, most_bytes

    async def join(self, client: Client, stream: JetStreamContext) -> tuple[int, int]:
        """Up to which message of the stream all, and any, may be acknowledged. CentreError; the library's errors."""
        oldest = await self._stream(stream)
        info, mine = await self._consumer(stream), await self._identities()
        named = _named(info)
        if mine[0] not in named and mine[1] not in named:
            raise CentreError(
                f"another centre is called {self._name!r} and keeps its state elsewhere: each would get a part of the "
                "events. Give this one its database, or another --name"
            )
        floor, most = acknowledged(info)
        have = await asyncio.to_thread(self._store.stream)
        if named[0] not in mine or have < floor >= oldest:
            await self._put_back(client, stream, mine[0], floor)
            mine = await self._identities()
        wanted = self._wanted(mine[0], *(one for one in named if one != mine[0]))
        if (info.config.description, info.config.ack_wait) != (wanted.description, ACK_WAIT_S):
            with understood(self._to):
                await stream.add_consumer(STREAM, wanted)
        return floor, most

    async def answer(self, client: Client) -> None:
        """Say from now on to whoever asks that a centre of this name is at work."""

        async def here(message: Msg) -> None:
            with contextlib.suppress(Exception):  # whoever asks takes silence for nobody, and the look finds that out
                await message.respond(b"")

        await client.subscribe(f"{CENTRES}.{self._name}", cb=here)

    async def look(self, stream: JetStreamContext) -> None:
        """Is what comes still for this state? CentreError: no; the library's errors."""
        with understood(self._to):
            info = await stream.consumer_info(STREAM, self._name)
        if _named(info)[0] not in await self._identities():
            raise CentreError(
                f"a centre called {self._name!r} went on from a backup of this state, and gets the events now: this "
                "one has ended"
            )

    async def _identities(self) -> tuple[str, str]:
        return await asyncio.to_thread(self._store.identities)

    async def _stream(self, stream: JetStreamContext) -> int:
        """The number of its oldest message."""
        from nats.js.api import DiscardPolicy, StorageType, StreamConfig
        from nats.js.errors import NotFoundError

        wanted = StreamConfig(
            name=STREAM, subjects=[f"{SUBJECTS}.*"], storage=StorageType.FILE, num_replicas=self._replicas,
            discard=DiscardPolicy.NEW,  # a full server says so, and the outbox waits; OLD would lose in silence
            max_age=_KEEP_DAYS * _DAY_S, max_msg_size=MOST_BYTES + 4096, max_bytes=self._most_bytes,
            duplicate_window=_WINDOW_S,
        )  # fmt: skip
        with understood(self._to):
            try:
                state = (await stream.stream_info(STREAM)).state
            except NotFoundError:
                state = (await stream.add_stream(wanted)).state
        if state.last_seq < await asyncio.to_thread(self._store.stream):
            _log.error("fleet: the server has lost its stream; kiosks send again what this state has not")
            await asyncio.to_thread(self._store.begin_anew, 0)
        await asyncio.to_thread(self._store.gone, state.first_seq)
        return int(state.first_seq)

    async def _consumer(self, stream: JetStreamContext) -> ConsumerInfo:
        from nats.js.errors import BadRequestError, NotFoundError

        with understood(self._to):
            try:
                found: ConsumerInfo = await stream.consumer_info(STREAM, self._name)
            except NotFoundError:
                mine, _ = await self._identities()
                with contextlib.suppress(BadRequestError):  # another copy was faster
                    await stream.add_consumer(STREAM, self._wanted(mine))
                found = await stream.consumer_info(STREAM, self._name)
        return found

    def _wanted(self, *identities: str) -> ConsumerConfig:
        from nats.js.api import AckPolicy, ConsumerConfig

        return ConsumerConfig(
            durable_name=self._name, description=" ".join([_STATE, *identities[:_MOST_FORMER]]),
            ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT_S, max_ack_pending=MOST_PENDING,
            filter_subject=f"{SUBJECTS}.*", max_deliver=-1,
        )  # fmt: skip

    async def _put_back(self, client: Client, stream: JetStreamContext, before: str, floor: int) -> None:
        """This state is a backup: another one went on from it, or what was acknowledged is not in it, and whoever
        acknowledges has committed. CentreError: that one is at work.
        """
        from nats.errors import NoRespondersError

        try:
            await client.request(f"{CENTRES}.{self._name}", timeout=_ALIVE_S)
        except (NoRespondersError, TimeoutError):
            await asyncio.to_thread(self._store.renew, before)
            return
        named = _named(await self._consumer(stream))
        if named[0] not in await self._identities() or await asyncio.to_thread(self._store.stream) < floor:
            raise CentreError(
                f"a centre called {self._name!r} is at work, and this state is a backup of its own: each would get a "
                "part of the events. End that one first, or give this one another --name"
            )  # else it was a copy that shares this state, and has brought it up to date


def _named(consumer: ConsumerInfo) -> list[str]:
    """The state that its messages go into, and those that it was before; of a stranger's something else."""
    return (consumer.config.description or "").split()[1:] or [""]


def acknowledged(consumer: ConsumerInfo) -> tuple[int, int]:
    """Up to which message of the stream a consumer was told that all are taken, and up to which any may be."""
    floor = consumer.ack_floor.stream_seq if consumer.ack_floor else 0
    most = consumer.delivered.stream_seq if consumer.delivered else 0
    open_ = consumer.num_ack_pending or 0
    return floor, (most if most - floor > open_ else floor)  # else all that came above the floor are open

"""The centre's consumer: takes what kiosks sent, verifies it, keeps it, and tells each kiosk how far it is.

Many copies may run: they share a durable consumer and one state. A message is acknowledged when the state has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stillscan.errors import StillscanError
from stillscan.fleet.connection import Address, connected, pause_s, reason, telling, understood
from stillscan.fleet.events import RECEIPTS, STREAM
from stillscan.fleet.joining import BATCH, CentreError, Joining
from stillscan.fleet.pulling import Pulling
from stillscan.fleet.receipts import Receipt, Sign, first_of, written
from stillscan.fleet.refusals import Refusal
from stillscan.fleet.store import Store, utc_now
from stillscan.fleet.verifying import verified
from stillscan.records.errors import RecordsError
from stillscan.records.public_keys import PublicKeys

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

_ANSWER_S = 10.0  # for the server: a cluster that elects a leader takes 4 s
_BEHIND_S = 1.0  # between questions to the server how much waits: kiosks ask 30 times a second
_WATCH_S = 10.0  # between questions whether the stream is there: where nothing comes, nobody else would notice
_WORKERS = 2  # one waits for the database while the other verifies
_KEEPS_NOTHING = "nothing is kept now: {}"
_log = logging.getLogger(__name__)


class Centre:
    """One copy. ``replicas``: on how many servers each event lies; ``most_bytes`` of a stream, -1: as the disk has."""

    def __init__(
        self,
        store: Store,
        to: Address,
        name: str = "centre",
        replicas: int = 1,
        most_bytes: int = -1,
        sign: Sign | None = None,
    ) -> None:
        """``sign`` signs receipts: kiosks that know the centre's key believe no others."""
        self._sign = sign
        self._store, self.to, self._name = store, to, name
        self._joining = Joining(store, to, name, replicas, most_bytes)
        self._keys: dict[str, PublicKeys] = {}
        self._refusals: set[tuple[str, str]] = set()  # told in the log once
        self.taken = self.repeated = self.refused = 0
        """Since this copy started."""
        self.ready = asyncio.Event()
        self.trouble = ""
        """Why nothing is taken now, in one line; "" when all is well, or nothing is known yet."""

    async def run(self) -> None:
        """Serve until cancelled, whatever happens to server and database. CentreError for what will not mend itself."""
        from nats.errors import Error

        attempt = 0
        while True:
            try:
                await asyncio.to_thread(self._understand)
                async with connected(self.to, self._name, self._waits) as client:
                    await self._serve(client)
            except CentreError:
                raise
            except (TimeoutError, StillscanError, Error, OSError) as error:
                known = isinstance(error, StillscanError)
                self._say(str(error) if known else f"{self.to}: {reason(error)}")
                attempt = 0 if self.ready.is_set() else attempt + 1
                self.ready.clear()
            await asyncio.sleep(pause_s(attempt))

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            _log.warning("fleet: %s", f"{trouble}; it is tried again" if trouble else "all is well again")
        self.trouble = trouble

    def _waits(self, what: str) -> None:
        """Something takes long. Where more is known already it is no news, at each of a thousand tries."""
        self._say(self.trouble or what)

    def _understand(self) -> None:
        if understood := self._store.understand(utc_now()):
            _log.info("fleet: %d events of a newer schema, kept until now, are understood", understood)

    async def _serve(self, client: Client) -> None:
        stream = client.jetstream(timeout=_ANSWER_S)
        with telling(self._waits, f"{self.to}: the server lets us in, and has not told of its stream yet"):
            await self._joining.join(client, stream)
        await self._joining.begin(client)
        answering = functools.partial(self._answer, _Behind(stream, self._joining.consumer))
        await client.subscribe(f"{RECEIPTS}.*", queue=self._name, cb=answering)
        self.ready.set()
        self._say("")
        pulling = Pulling(client, STREAM, self._joining.consumer, BATCH)
        await pulling.begin()
        works = [self._work(pulling, stream) for _ in range(_WORKERS)]
        beside = [pulling.hold(), self._watch(client, stream), self._joining.other()]
        working = [asyncio.create_task(one) for one in (*works, *beside)]
        try:
            done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_EXCEPTION)
            for one in done:
                one.result()
        finally:
            for one in working:
                one.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def _watch(self, client: Client, stream: JetStreamContext) -> None:
        """Says when server or state answer nothing any more, however quiet kiosks are.

        The connection stays: what was fetched by one that is only slow would be given to another copy.
        """
        said, came = "", 0
        while True:
            await asyncio.sleep(_WATCH_S)
            before, came = came, self.taken + self.repeated + self.refused
            try:
                await self._joining.look(client, stream)
            except (TimeoutError, RecordsError) as error:
                if came == before:
                    kept = isinstance(error, TimeoutError)
                    said = f"{self.to}: {reason(error)}" if kept else _KEEPS_NOTHING.format(error)
                    self._say(said)
            else:
                if said and self.trouble == said:
                    self._say("")

    async def _work(self, pulling: Pulling, stream: JetStreamContext) -> None:
        from nats.js.errors import ServiceUnavailableError

        while True:
            try:
                with understood(self.to):
                    messages = await pulling.batch()
            except ServiceUnavailableError:
                await self._joining.there(stream)
                raise
            if messages:
                await self._take_surely(messages)
                await pulling.acknowledge(messages)

    async def _take_surely(self, messages: Sequence[Msg]) -> None:
        """Until the database takes them."""
        attempt = 0
        while True:
            try:
                await self._take(messages)
                self._say("")
                return
            except RecordsError as error:
                self._say(_KEEPS_NOTHING.format(error))
                await asyncio.sleep(pause_s(attempt))
                attempt += 1

    async def _take(self, messages: Sequence[Msg]) -> None:
        with understood(self.to):
            given = [(one.subject, one.data, one.metadata.sequence.stream) for one in messages]
        taken, repeated, refused, new = await asyncio.to_thread(self._keep, given)
        self.taken, self.repeated, self.refused = self.taken + taken, self.repeated + repeated, self.refused + new
        for one in {(one.kiosk, one.reason) for one in refused} - self._refusals:
            _log.warning("fleet: events of %s are refused: %s", *one)
            self._refusals.add(one)

    def _keep(self, given: Sequence[tuple[str, bytes, int]]) -> tuple[int, int, list[Refusal], int]:
        """Verify and keep messages (subject, payload, number in the stream).

        Gives how many are new and how many were here before, what was refused, and how much of it for the first time.
        """
        arrived, refused = verified(given, self._keys, self._store)
        now = utc_now()
        taken = self._store.take(arrived, now)
        refused += [Refusal(one.stream, one.event.kiosk, why) for one, why in taken.refused]
        return taken.new, taken.repeated, refused, self._store.refused(refused, now) if refused else 0

    async def _answer(self, behind: _Behind, message: Msg) -> None:
        """How far a kiosk is: asked by itself alone, as the server lets nobody else write to its subject."""
        kiosk = message.subject.removeprefix(f"{RECEIPTS}.").replace(":", ".")
        with contextlib.suppress(Exception):  # it asks again
            highest, waits = await asyncio.to_thread(self._store.highest, kiosk), await behind.count()
            if message.data and highest is not None and not waits:
                highest = await asyncio.to_thread(self._past, kiosk, message.data, highest)
            receipt = Receipt(highest, waits)
            await message.respond(await asyncio.to_thread(written, kiosk, receipt, self._sign))

    def _past(self, kiosk: str, told: bytes, highest: int) -> int:
        """Past what a kiosk has let go of, and this state lost when it was put back: nobody can send it again."""
        keys = self._store.keys([kiosk]).get(kiosk)
        upto = first_of(kiosk, told, keys) - 1
        if upto <= highest:
            return highest
        if lost := self._store.go_past(kiosk, upto, utc_now()):
            _log.error(
                "fleet: %d events of %s up to %d are lost: this state is older than what it had confirmed",
                lost, kiosk, upto,
            )  # fmt: skip
        return self._store.highest(kiosk) or highest


class _Behind:
    """How many messages wait for this centre, all copies together; asked of the server now and then."""

    def __init__(self, stream: JetStreamContext, consumer: str) -> None:
        self._stream, self._consumer = stream, consumer
        self._asked_s, self._count = -_BEHIND_S, 0

    async def count(self) -> int:
        """Messages that no copy has acknowledged."""
        now_s = time.monotonic()
        if now_s - self._asked_s >= _BEHIND_S:
            self._asked_s = now_s
            info = await self._stream.consumer_info(STREAM, self._consumer)
            self._count = (info.num_pending or 0) + (info.num_ack_pending or 0)
        return self._count

"""The agent of a kiosk: sends what its outbox holds, in order, and lets go of it when the centre has it.

A server's acknowledgement means that the next may be sent, no more: a row is let go of when the centre itself has said
that it is there. What the centre does not have after a while is sent again, whatever a server claimed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from stillscan.errors import StillscanError
from stillscan.fleet.connection import Address, NatsError, connected, pause_s, reason, telling, understood
from stillscan.fleet.events import RECEIPTS, STREAM, hour_of, message_id, payload_of, subject_of
from stillscan.fleet.outbox import Waiting
from stillscan.fleet.receipts import REFUSED, ReceiptError, Sign, first_told, read
from stillscan.records.public_keys import PublicKeys

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext

_WINDOW = 200
"""Events under way at once: what a line of 200 ms needs to keep up with `_PACE_S`."""
_SLICE, _PACE_S = 50, 0.05
"""So many go out together, and no sooner than so many seconds after those before: a week's 50,000 events go at 1,000 a
second, a third of what a centre on two cores takes, and others' events never wait for more than a slice of them."""
_ACK_S = 10.0  # for an acknowledgement: a cluster that elects a leader takes 4 s
_RECEIPT_S = 5.0  # for the centre's answer
LOOK_S = 0.5
"""Between looks into the outbox: most of what passes until a check is in the centre's state, 0.3 s in the median."""
_ASK_S, _LONGEST_ASK_S = 1.0, 60.0  # between questions to a centre that has not all yet
AGAIN_S = 150.0
"""After so long without progress what was acknowledged is sent again: longer than the server's window of 120 s, in
which it would take it for a repeat."""
_log = logging.getLogger(__name__)


class Box(Protocol):
    """What an agent needs of an outbox (see `Outbox`)."""

    kiosk: str

    def waiting(self, after: int, most: int) -> Sequence[Waiting]: ...
    def taken(self, upto: int) -> None: ...
    def last(self) -> int: ...
    def first(self) -> int: ...


class Agent:
    """Sends for one kiosk, until it is cancelled. Nothing that happens to server, line or disk ends it."""

    def __init__(
        self,
        box: Box,
        to: Address,
        *,
        centre: PublicKeys | None = None,
        sign: Sign | None = None,
        look_s: float = LOOK_S,
        again_s: float = AGAIN_S,
        pause: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``centre``: whose receipts count; None: whatever comes back through the servers. ``sign``: the kiosk's, with
        which it tells a centre that was put back what is not here any more."""
        self._centre, self._sign = centre, sign
        self._lacks = False  # the centre has less than it once confirmed
        self._box, self._to, self._look_s, self._again_s = box, to, look_s, again_s
        self._pause, self._clock, self._now = pause, clock, now
        self._sent = -1  # up to here a server has acknowledged; -1: not looked yet
        self._had = 0  # up to here the centre has it
        self._progress_s = self._ask_at_s = clock()
        self._ask_s = _ASK_S
        self._told = ""
        self.trouble = ""
        """Why nothing goes out now, in one line; "" when all is well."""

    async def run(self) -> None:
        """Send until cancelled."""
        from nats.errors import Error

        attempt = 0
        while True:
            try:
                async with connected(self._to, self._box.kiosk, self._waits) as client:
                    before = self._sent
                    try:
                        await self._serve(client)
                    finally:
                        attempt = 0 if self._sent > before else attempt
            except StillscanError as error:
                self._say(str(error))
            except (TimeoutError, Error, OSError) as error:
                self._say(f"{self._to}: {reason(error)}; what waits is sent later")
            await self._pause(pause_s(attempt))
            attempt += 1

    def _say(self, trouble: str) -> None:
        if trouble != self._told:
            self._told = trouble
            _log.warning("fleet: %s", trouble) if trouble else _log.info("fleet: connected to %s", self._to)
        self.trouble = trouble

    def _waits(self, what: str) -> None:
        """Something takes long. Where more is known already it is no news: a month of tries is a line or two."""
        self._say(self.trouble or what)

    async def _serve(self, client: Client) -> None:
        stream = client.jetstream(timeout=_ACK_S)
        if self._sent < 0:
            self._sent = await asyncio.to_thread(self._box.first) - 1
            self._had = self._sent
        fresh = True
        while True:
            rows = await asyncio.to_thread(self._box.waiting, self._sent, _WINDOW)
            slow = f"{self._to}: the server has not acknowledged yet; it is waited for, and all is kept"
            if rows:
                with telling(self._waits, slow):
                    await self._send(stream, rows)
            if fresh or self.trouble == slow:  # a server that lets us in and takes nothing is no end of the trouble
                fresh = False
                self._say("")
            if self._had < self._sent and self._clock() >= self._ask_at_s:
                await self._ask(client)
            if not rows:
                if client.is_closed:
                    raise NatsError(f"{self._to}: the connection was lost")
                await self._pause(self._look_s)

    async def _send(self, stream: JetStreamContext, rows: Sequence[Waiting]) -> None:
        """Send some in order; what is acknowledged without a gap need not be sent again for now."""
        hour, kiosk = hour_of(self._now()), self._box.kiosk
        subject = subject_of(kiosk)
        sending: list[asyncio.Future[Any]] = []
        try:
            for number, row in enumerate(rows, 1):
                going = stream.publish(
                    subject,
                    payload_of(row.body, row.signature, hour),
                    timeout=_ACK_S,
                    headers={"Nats-Msg-Id": message_id(kiosk, row.n)},
                )
                sending.append(asyncio.ensure_future(going))
                if not number % _SLICE:
                    await self._pause(_PACE_S)
            answers = await asyncio.gather(*sending, return_exceptions=True)
        except asyncio.CancelledError:
            for one in sending:
                one.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
            raise
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, BaseException):
                with understood(self._to):
                    raise answer
            if answer.stream != STREAM:
                raise NatsError(f"{self._to}: another stream takes the events: {answer.stream!r}")
            if self._sent == self._had:
                self._progress_s, self._ask_s = self._clock(), _ASK_S
                self._ask_at_s = self._clock()
            self._sent = row.n

    async def _ask(self, client: Client) -> None:
        """How far the centre is: so far the outbox lets go. What it has not, though none waits, is sent again."""
        from nats.errors import Error

        self._ask_at_s = self._clock() + self._ask_s
        self._ask_s = min(2 * self._ask_s, _LONGEST_ASK_S)
        receipt, kiosk = None, self._box.kiosk
        try:
            told = first_told(kiosk, self._had + 1, self._sign) if self._lacks and self._sign else b""
            answer = await client.request(subject_of(kiosk, RECEIPTS), told, timeout=_RECEIPT_S)
            receipt = read(self._box.kiosk, answer.data, self._centre)
        except (TimeoutError, Error):
            pass  # no centre is there now: the stream keeps it, and so does the outbox
        except ReceiptError as error:
            self._say(str(error))
        if receipt is not None and receipt.highest is None:
            self._say(f"the centre takes nothing from {self._box.kiosk}: {REFUSED}")
        highest = None if receipt is None else receipt.highest
        self._lacks = highest is not None and highest < self._had
        if highest is not None and highest > self._had:
            await self._lets_go(highest)
        elif receipt is None or highest is None or receipt.behind:
            # It takes nothing from us, has others to take first, or is not there: more would not help.
            self._progress_s = self._clock()
        elif self._clock() - self._progress_s >= self._again_s:
            self._progress_s = self._clock()
            self._sent = self._had

    async def _lets_go(self, highest: int) -> None:
        last = await asyncio.to_thread(self._box.last)
        if highest > last:
            self._say(
                f"the centre has event {highest} of {self._box.kiosk}, which gave {last} last: a database was put back"
            )
            return
        await asyncio.to_thread(self._box.taken, highest)
        self._had = highest
        self._sent = max(self._sent, highest)
        self._progress_s, self._ask_s = self._clock(), _ASK_S
        self._ask_at_s = self._clock() + self._ask_s

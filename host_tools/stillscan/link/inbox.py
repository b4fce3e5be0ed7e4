"""Where a session takes its messages from: straight from a simulated transport, or drained by a thread of its own.

A real port must be emptied whatever else the computer does: a scanner that cannot get rid of a frame for a second ends
the subscription. So one thread reads and decodes, and does nothing else; who reads strips or serves pages never holds
it up. A transport with a virtual clock is read directly instead, because there time passes only while it is read.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from stillscan.link.messages import Message
from stillscan.link.proof import Proof, Sealed
from stillscan.link.reception import Reception
from stillscan.link.transport import LinkLostError, Transport

MOST_WAITING = 1024
"""Messages that may wait to be taken. Credit keeps bands below 96; a device that sends more ignores it."""
_READ_MS = 50.0
"""The draining thread looks so often whether it is to end; also the longest silence that one reading can count."""
_END_S = 2.0
"""For the draining thread's end: forty of its readings."""

Arrived = Message | Sealed | None
"""A message; a band that is still to be verified; None where ``wake`` was called."""


class Inbox(Protocol):
    """Messages of one scanner, in order."""

    reception: Reception

    @property
    def silent_ms(self) -> float:
        """For how long the port was listened to without a message. Time in which nobody listened does not count."""
        ...

    def take(self, timeout_ms: float) -> Sequence[Arrived]:
        """All that has arrived, waiting at most so long for the first; empty when nothing came. LinkLostError."""
        ...

    def demand(self, proof: Proof) -> None:
        """From now on only what proves itself arrives, and HELLO; what has arrived until now is dropped."""
        ...

    def wake(self) -> None:
        """Let a ``take`` that waits, or the next one, return at once. From any thread."""
        ...

    def close(self) -> None:
        """Nothing is read any more when this returns; the transport stays open."""
        ...


class DirectInbox:
    """Reads the transport whenever messages are asked for: for transports with a clock of their own."""

    def __init__(self, transport: Transport) -> None:
        self.reception = Reception()
        self._transport = transport
        self._silent_ms = 0.0

    @property
    def silent_ms(self) -> float:
        """See Inbox."""
        return self._silent_ms

    def take(self, timeout_ms: float) -> Sequence[Arrived]:
        """See Inbox."""
        began_ms = self._transport.now_ms()
        messages = self.reception.feed(self._transport.read(timeout_ms))
        passed_ms = self._transport.now_ms() - began_ms
        self._silent_ms = 0.0 if messages else self._silent_ms + passed_ms
        return messages

    def demand(self, proof: Proof) -> None:
        """See Inbox."""
        self.reception.proof = proof

    def wake(self) -> None:
        """See Inbox: nothing waits here while something else happens."""

    def close(self) -> None:
        """See Inbox."""


class DrainedInbox:
    """A thread reads the transport and decodes; ``take`` gives what it has laid down."""

    def __init__(self, transport: Transport) -> None:
        self.reception = Reception()
        self._transport = transport
        self._waiting: deque[Arrived] = deque()
        self._changed = threading.Condition()
        self._feeding = threading.Lock()  # from a frame's decoding to its place among those that wait
        self._lost: Exception | None = None
        self._silent_ms = 0.0
        self._ending = False
        self._thread = threading.Thread(target=self._drain, name="drain", daemon=True)
        self._thread.start()

    @property
    def silent_ms(self) -> float:
        """See Inbox."""
        with self._changed:
            return self._silent_ms

    def take(self, timeout_ms: float) -> Sequence[Arrived]:
        """See Inbox."""
        with self._changed:
            if not self._waiting and self._lost is None:
                self._changed.wait(timeout_ms / 1000)
            messages = list(self._waiting)
            self._waiting.clear()
            if not messages and self._lost is not None:
                raise self._lost
            return messages

    def demand(self, proof: Proof) -> None:
        """See Inbox."""
        with self._feeding, self._changed:
            self.reception.proof = proof
            self._waiting.clear()

    def wake(self) -> None:
        """See Inbox."""
        with self._changed:
            if not self._waiting or self._waiting[-1] is not None:
                self._waiting.append(None)
            self._changed.notify_all()

    def close(self) -> None:
        """See Inbox."""
        self._ending = True
        self._thread.join(_END_S)

    def _drain(self) -> None:
        while not self._ending:
            began_s = time.monotonic()
            try:
                data = self._transport.read(_READ_MS)
                # a computer that slept, or a process that was stopped, has not listened all that time
                listened_ms = min((time.monotonic() - began_s) * 1000, _READ_MS)
                with self._feeding:
                    self._lay_down(self.reception.feed(data), listened_ms, None)
            except Exception as lost:  # a defect too is for who takes the messages, not for this thread
                self._lay_down([], 0.0, lost)
                return

    def _lay_down(self, messages: Sequence[Message | Sealed], listened_ms: float, lost: Exception | None) -> None:
        with self._changed:
            self._waiting.extend(messages)
            self._silent_ms = 0.0 if messages else self._silent_ms + listened_ms
            if lost is None and len(self._waiting) > MOST_WAITING:
                lost = LinkLostError(f"{self._transport.name}: the scanner sends more than it was given room for")
                self._ending = True
            self._lost = lost or self._lost
            if messages or lost is not None:
                self._changed.notify_all()

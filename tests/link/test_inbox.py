"""The thread that drains a port: order, wake-ups, the end, and a device that ignores credit."""

from __future__ import annotations

import queue
import threading

import pytest

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.framing import encode
from stillscan.link.inbox import MOST_WAITING, DrainedInbox
from stillscan.link.messages import State
from stillscan.link.transport import LinkLostError


class Pipe:
    """A transport that gives what the test puts in, and nothing before."""

    name = "pipe"

    def __init__(self) -> None:
        self.source: queue.Queue[bytes | Exception] = queue.Queue()
        self.reads = 0

    def read(self, timeout_ms: float) -> bytes:
        self.reads += 1
        try:
            data = self.source.get(timeout=timeout_ms / 1000)
        except queue.Empty:
            return b""
        if isinstance(data, Exception):
            raise data
        return data

    def write(self, data: bytes) -> None: ...

    def now_ms(self) -> float:
        return 0.0

    def close(self) -> None: ...


def state(number: int) -> bytes:
    return encode(wire.M_STATE, number, wire.pack(wire.M_STATE, wire.EMPTY, 0, 0, 0, 0, number))


def drained(inbox: DrainedInbox, count: int) -> list[int | None]:
    """t_ms of the next messages; None for a wake-up."""
    found: list[int | None] = []
    while len(found) < count:
        found += [m.t_ms if isinstance(m, State) else None for m in inbox.take(60_000)]
    return found


def test_messages_come_in_order_whoever_waits() -> None:
    pipe = Pipe()
    inbox = DrainedInbox(pipe)
    for number in range(200):
        pipe.source.put(state(number))
    assert drained(inbox, 200) == list(range(200))
    inbox.close()


def test_a_frame_may_come_in_pieces() -> None:
    pipe = Pipe()
    inbox = DrainedInbox(pipe)
    for byte in state(7):
        pipe.source.put(bytes((byte,)))
    assert drained(inbox, 1) == [7]
    inbox.close()


def test_waking_ends_a_wait_once() -> None:
    inbox = DrainedInbox(Pipe())
    threading.Timer(0.01, inbox.wake).start()
    assert list(inbox.take(60_000)) == [None]
    inbox.wake()
    inbox.wake()
    assert list(inbox.take(60_000)) == [None], "one is enough"
    assert list(inbox.take(0)) == []
    inbox.close()


def test_what_came_before_the_end_is_not_lost() -> None:
    pipe = Pipe()
    inbox = DrainedInbox(pipe)
    pipe.source.put(state(1))
    pipe.source.put(LinkLostError("pipe: gone", "gone"))
    assert drained(inbox, 1) == [1]
    with pytest.raises(DeviceError, match="gone") as caught:
        inbox.take(60_000)
    assert caught.value.kind == "gone"
    inbox.close()


def test_a_defect_of_a_transport_reaches_who_takes_and_not_the_terminal() -> None:
    pipe = Pipe()
    inbox = DrainedInbox(pipe)
    pipe.source.put(ZeroDivisionError("a defect"))
    with pytest.raises(ZeroDivisionError):
        inbox.take(60_000)
    inbox.close()


def test_a_device_that_ignores_credit_does_not_fill_the_memory() -> None:
    pipe = Pipe()
    inbox = DrainedInbox(pipe)
    for number in range(MOST_WAITING * 3):
        pipe.source.put(state(number))
    inbox._thread.join(60)
    waiting = inbox.take(0)
    assert MOST_WAITING < len(waiting) <= MOST_WAITING + 1
    with pytest.raises(LinkLostError, match="sends more than it was given room for"):
        inbox.take(0)
    inbox.close()


@pytest.mark.slow
def test_silence_counts_only_while_somebody_listens() -> None:
    """However long a single reading took, as when the computer slept, it counts as one."""
    pipe = Pipe()
    inbox = DrainedInbox(pipe)
    while pipe.reads < 4:
        pass
    inbox.close()
    assert 0 < inbox.silent_ms <= 50.0 * pipe.reads


def test_closing_ends_the_thread() -> None:
    inbox = DrainedInbox(Pipe())
    inbox.close()
    assert not inbox._thread.is_alive()

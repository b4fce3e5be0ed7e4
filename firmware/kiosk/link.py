"""The link to the host: frames out and in over a byte stream, credit for bands. COBS between zero bytes, CRC-32.

A message that is filled in place allocates nothing; everything else is small and rare. A frame that could not be
written whole counts as ``short_writes`` and ends the subscription: nothing is lost silently.
"""

import micropython
from micropython import const

from kiosk import framing, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

    from kiosk.parts import Fill, Kernels, Stream
    from kiosk.proof import Proof, Session

_CHUNK = const(64)  # bytes taken at a time: on the chip 3 ms
_HEAD = const(3)  # type, sequence
_EPOCH = const(4)  # bytes before a frame that are not sent, but proven with it
_TAG = const(8)  # wire.TAG, without looking it up in every line


class Link:
    """``stream.write(buffer, n) -> bytes taken`` may block for a second, ``readinto(buffer) -> bytes`` never."""

    def __init__(self, stream: Stream, kernels: Kernels, longest: int = wire.MAX_FRAME) -> None:
        """``longest``: bytes of the longest frame that is sent, before stuffing."""
        self._stream = stream
        self._kernels = kernels
        self.proof: Proof | None = None  # on a board that was paired
        self.sealing: array[int] | None = None  # the key of what is sent, in a session of that
        self._sent = bytearray(_EPOCH + longest)
        self._plain = memoryview(self._sent)[_EPOCH:]
        self._body = memoryview(self._plain)[_HEAD:]
        self._filled: Fill | None = None  # whose body _plain still holds
        self._stuffed = bytearray(longest + longest // 254 + 8)
        self._chunk = bytearray(_CHUNK)
        self._pending = 0
        self._taken = 0
        self._received = bytearray(_EPOCH + wire.MAX_COMMAND + 2)
        self._frame = memoryview(self._received)[_EPOCH:]
        self._length = 0
        self._body_end = _HEAD
        self._sequence = 0
        self.epoch = 0  # how often that has begun anew
        self.streams = 0
        self.sweep = 0
        self.granted = 0  # bands of this sweep that the host has room for
        self.frames_in = 0
        self.bad_crc = 0
        self.bad_frame = 0
        self.oversized = 0
        self.unknown = 0
        self.short_writes = 0

    def send(self, kind: int, *values: object) -> bool:
        """One message; False when the host did not take it whole."""
        body = wire.pack(kind, *values)
        return self.send_body(kind, body)

    def send_body(self, kind: int, body: bytes) -> bool:
        self._filled = None
        self._plain[_HEAD : _HEAD + len(body)] = body
        return self._ship(kind, _HEAD + len(body))

    def send_unproven(self, kind: int, body: bytes) -> bool:
        """What is said before the host can verify it."""
        kept = self.sealing
        self.sealing = None
        taken = self.send_body(kind, body)
        self.sealing = kept
        return taken

    def event(self, kind: int, *values: object) -> None:
        """A message for those who subscribed to events."""
        if self.streams & wire.STREAM_EVENTS:
            self.send(kind, *values)

    @micropython.native
    def send_filled(self, kind: int, fill: Fill) -> bool:
        """A message whose body ``fill`` makes where it is sent from; False when the host did not take it whole.

        Allocates nothing.
        """
        kept = self._filled is fill
        self._filled = fill
        return self._ship(kind, _HEAD + fill(self._body, kept))

    @micropython.native
    def _ship(self, kind: int, n: int) -> bool:
        sent = self._sent
        sent[_EPOCH] = kind
        sent[_EPOCH + 1] = self._sequence & 0xFF
        sent[_EPOCH + 2] = self._sequence >> 8
        kernels = self._kernels
        key = self.sealing
        if key is not None:
            kernels.seal(key, sent, _EPOCH + n)
            n += _TAG
        self._sequence = (self._sequence + 1) & 0xFFFF
        if not self._sequence:
            self._begin_epoch()
        plain = self._plain
        kernels.crc32_append(plain, n, framing.CRC_TABLE)
        n = kernels.stuff(plain, n + 4, self._stuffed)
        if self._stream.write(self._stuffed, n) == n:
            return True
        self.short_writes += 1
        self.streams = 0
        return False

    def _begin_epoch(self) -> None:
        self.epoch = (self.epoch + 1) & 0xFFFF
        self._sent[0] = self.epoch & 0xFF
        self._sent[1] = self.epoch >> 8

    @micropython.native
    def receive(self) -> int:
        """The type of the next good command, 0 when there is none; CREDIT is settled here. Allocates nothing.

        Takes one chunk from the stream and no more: noise without end must not hold up the loop.
        """
        looked = False
        while True:
            if self._taken == self._pending:
                if looked:
                    return 0
                looked = True
                self._pending = self._stream.readinto(self._chunk) or 0
                self._taken = 0
                if not self._pending:
                    return 0
            byte = self._chunk[self._taken]
            self._taken += 1
            if byte:
                if self._length < len(self._frame):
                    self._frame[self._length] = byte
                self._length += 1
                continue
            kind = self._finish()
            if kind == wire.C_CREDIT:
                if self.proof is None or self.proven(self.proof.now):
                    self._credit()
            elif kind:
                return kind

    @micropython.native
    def _finish(self) -> int:
        n = self._length
        self._length = 0
        if not n:
            return 0
        if n > len(self._frame):
            self.oversized += 1
            return 0
        n = framing.unstuff(self._frame, n)
        if n < wire.OVERHEAD:
            self.bad_frame += 1
            return 0
        if not framing.crc32_matches(self._frame, n, framing.CRC_TABLE):
            self.bad_crc += 1
            return 0
        self.frames_in += 1
        self._body_end = n - 4
        kind = self._frame[0]
        if not kind:  # receive says 0 for nothing
            self.unknown += 1
        return kind

    def body(self) -> bytes:
        """Body of the command that ``receive`` returned last."""
        return bytes(self._frame[_HEAD : self._body_end])

    @property
    def received(self) -> int:
        """Sequence number of that command."""
        return self._frame[1] | self._frame[2] << 8

    def proven(self, session: Session | None) -> bool:
        """Does that command come from the host of this session?"""
        return self.proof is None or self.proof.proven(session, self._received, _EPOCH + self._body_end)

    def _credit(self) -> None:
        frame = self._frame
        if self._body_end < _HEAD + 4:
            self.bad_frame += 1
        elif frame[3] | frame[4] << 8 == self.sweep:
            self.granted = max(self.granted, frame[5] | frame[6] << 8)

    def begin_sweep(self) -> None:
        """The next sweep number; credit starts at none. 0 is never a sweep: a host may grant it beforehand."""
        self.sweep = self.sweep % 0xFFFF + 1
        self.granted = 0
        self._filled = None

"""Bytes of a scanner to messages, and what went wrong with them on the way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from kiosk import wire
from stillscan.link.framing import Decoder, Frame
from stillscan.link.messages import Band, Hello, Message, parse
from stillscan.link.proof import Proof, Sealed

_GREETINGS = 4  # HELLOs whose frames are kept: one a try of a session, and one more

_PROMPT = (b">>> ", b"raw REPL; CTRL-B to exit")
_HEARD = 256
"""Bytes of noise that are kept: the prompt says its name anew at nearly every byte of a frame."""


@dataclass
class Reception:
    """``feed`` it whatever arrives. Counts frames that were lost, of unknown types, and of a malformed body."""

    decoder: Decoder = field(default_factory=Decoder)
    lost_frames: int = 0
    unknown: int = 0
    malformed: int = 0
    noise: int = 0
    """Bytes that arrived without completing a frame that could be read."""
    unproven: int = 0
    """Frames that did not prove that they come from the scanner."""
    proof: Proof | None = None
    """Once it is there only what proves itself is a message; but for HELLO, which nobody can prove."""
    greetings: deque[tuple[Hello, Frame]] = field(default_factory=lambda: deque(maxlen=_GREETINGS))
    """The newest HELLOs and how they came."""
    _expected: int | None = None
    _heard: bytes = b""  # the end of the noise

    @property
    def damaged(self) -> int:
        """Frames that were damaged or lost on the way so far."""
        return self.decoder.bad_crc + self.decoder.bad_frame + self.malformed + self.lost_frames

    @property
    def at_prompt(self) -> bool:
        """Was the last noise that of MicroPython's prompt, plain or raw? It answers to the bytes of any frame."""
        return any(sign in self._heard for sign in _PROMPT)

    def feed(self, data: bytes) -> list[Message | Sealed]:
        """The messages that ``data`` completes; what is damaged is counted and left out."""
        messages: list[Message | Sealed] = []
        frames = self.decoder.feed(data)
        if not frames:
            self.noise += len(data)
            self._heard = (self._heard + data)[-_HEARD:]
        for frame in frames:
            if self._expected is not None:
                self.lost_frames += (frame.sequence - self._expected) & 0xFFFF
            self._expected = (frame.sequence + 1) & 0xFFFF
            try:
                message = self._message(frame)
            except ValueError:
                self.malformed += 1
                continue
            if message is not None:
                messages.append(message)
        return messages

    def _message(self, frame: Frame) -> Message | Sealed | None:
        """What a frame says, counted when it is nothing that can be used. ValueError: its body is malformed."""
        proof = self.proof
        if frame.kind == wire.M_HELLO:
            hello = parse(frame.kind, frame.body)
            assert isinstance(hello, Hello)
            self.greetings.append((hello, frame))
            return hello
        if proof is None:
            return self._known(parse(frame.kind, frame.body))
        if frame.kind == wire.M_BAND:
            body, covered, tag, counter = proof.unopened(frame)
            band = parse(frame.kind, body)
            assert isinstance(band, Band)
            return Sealed(band, covered, tag, counter)
        opened = proof.open(frame)
        if opened is None:
            self.unproven += 1
            return None
        return self._known(parse(frame.kind, opened))

    def _known(self, message: Message | None) -> Message | None:
        self.unknown += message is None
        return message

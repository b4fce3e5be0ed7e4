"""Bytes of a scanner to messages, and what went wrong with them on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from stillscan.link.framing import Decoder
from stillscan.link.messages import Message, parse

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
    _expected: int | None = None
    _heard: bytes = b""  # the end of the noise

    @property
    def at_prompt(self) -> bool:
        """Was the last noise that of MicroPython's prompt, plain or raw? It answers to the bytes of any frame."""
        return any(sign in self._heard for sign in _PROMPT)

    def feed(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes; what is damaged is counted and left out."""
        messages = []
        frames = self.decoder.feed(data)
        if not frames:
            self.noise += len(data)
            self._heard = (self._heard + data)[-_HEARD:]
        for frame in frames:
            if self._expected is not None:
                self.lost_frames += (frame.sequence - self._expected) & 0xFFFF
            self._expected = (frame.sequence + 1) & 0xFFFF
            try:
                message = parse(frame.kind, frame.body)
            except ValueError:
                self.malformed += 1
                continue
            if message is None:
                self.unknown += 1
            else:
                messages.append(message)
        return messages

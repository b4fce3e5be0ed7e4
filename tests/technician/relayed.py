"""A relay whose kiosk and scanner say what a test says."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.scripted import HELLO

from kiosk import wire
from stillscan.link.framing import Decoder, Frame, encode
from stillscan.link.messages import Hello, Message, Service, State
from stillscan.link.reception import Reception
from stillscan.technician.lease import Lease
from stillscan.technician.relay import Relay


@dataclass
class Port:
    """The kiosk's session: what is sent there is noted."""

    name: str = "/dev/ttyACM0"
    pseudo: bool = False
    sent: list[tuple[int, bytes]] = field(default_factory=list)
    woken: int = 0

    def __post_init__(self) -> None:
        self.hello = Hello(*HELLO)  # type: ignore[arg-type]
        self.transport = self
        self.reception = Reception()
        self.inbox = self

    def wake(self) -> None:
        self.woken += 1

    def send_body(self, kind: int, body: bytes) -> None:
        self.sent.append((kind, body))


class Kiosk:
    """A relay whose scanner says what the test says."""

    def __init__(self) -> None:
        self.served = False
        self.now_s = 0.0
        self.relay = Relay(lambda: not self.served, lambda: self.now_s)
        self.port = Port()
        self.turn()
        self.state(wire.EMPTY)

    def turn(self) -> None:
        self.relay.turn(self.port)  # type: ignore[arg-type]

    def state(self, state: int, cause: int = 0) -> None:
        self.say(State(state, cause, 0, 0, 1, 0))

    def say(self, message: Message) -> None:
        self.relay.heard(message)

    def sends(self) -> list[int]:
        """The kinds of commands that went out with this turn."""
        self.turn()
        sent, self.port.sent = [kind for kind, _ in self.port.sent], []
        return sent


def command(kind: int, *values: object) -> bytes:
    return encode(kind, 0, wire.pack(kind, *values))


def heard(lease: Lease) -> list[Frame]:
    return Decoder().feed(lease.read(0))


def serve(kiosk: Kiosk, lease: Lease) -> None:
    lease.write(command(wire.C_SERVICE, 120))
    assert kiosk.sends() == [wire.C_SERVICE]
    kiosk.state(wire.SERVICE)
    kiosk.say(Service(1, 120, 0, 40))

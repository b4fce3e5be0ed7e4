"""A real kiosk on a serial port, as a test sees it: a person in place of the hand, the scanner's own clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from stillscan.errors import NotHereError
from stillscan.link.messages import Abort, Health, Hello, Message, SweepBegin
from stillscan.link.serial_port import SerialTransport

_LOOK_MS = 50.0  # how often the person is looked at while time passes
PATIENCE_MS = 10_000.0
"""What a limit gets more when a person begins the movement: nobody knows the moment of it better than that."""


class Person(Protocol):
    """Somebody at the terminal."""

    def __call__(self, text: str, wait: Callable[[Callable[[], bool]], None]) -> None:
        """Ask for this; ``wait`` lets time pass until what it is given says that it is done."""
        ...


class PortKiosk:
    """A Transport. ``person``: who does what the hand of a test does; None: nobody is there.

    ``board``: the only one that will do, by its name or that of its folder.
    """

    def __init__(self, port: str, person: Person | None, board: str | None = None) -> None:
        self._serial = SerialTransport(port)
        self.name, self.pseudo = port, self._serial.pseudo
        self.person = person
        self._board = board and Path(board).absolute().name
        self._behind_ms = 0.0  # the scanner's clock, behind the computer's

    @property
    def now_us(self) -> int:
        """The scanner's clock, within the time that a message takes."""
        return round((self.now_ms() - self._behind_ms) * 1000)

    def greeted(self, hello: Hello, health: Health | None) -> None:
        """Who answers. NotHereError: a board that no test can use, or not the one that is wanted."""
        if hello.scanner_id is not None:
            raise NotHereError(f"{self.name}: this scanner is paired with a kiosk; a test has no key to it")
        if self._board not in (None, hello.board_name):
            raise NotHereError(f"{self.name}: a {hello.board_name} answers there, not a {self._board}")
        if health is not None:
            self._behind_ms = self.now_ms() - health.uptime_ms

    def heard(self, message: Message) -> None:
        """A message tells the scanner's time, later by what it was under way: the quickest one counts."""
        told_ms = message.uptime_ms if isinstance(message, Health) else None
        if isinstance(message, Abort | SweepBegin):
            told_ms = message.t_ms
        if told_ms is not None:
            self._behind_ms = min(self._behind_ms, self.now_ms() - told_ms)

    def ask(self, text: str, pass_ms: Callable[[float], None]) -> None:
        """Let the person do it; ``pass_ms`` lets time pass. NotHereError: nobody is there."""
        if self.person is None:
            raise NotHereError(f"{self.name}: nobody is there to {text} (--stillscan-ask: a person at the terminal)")

        def wait(done: Callable[[], bool]) -> None:
            while not done():
                pass_ms(_LOOK_MS)

        self.person(text, wait)

    def read(self, timeout_ms: float) -> bytes:
        """See Transport."""
        return self._serial.read(timeout_ms)

    def write(self, data: bytes) -> None:
        """See Transport."""
        self._serial.write(data)

    def now_ms(self) -> float:
        """See Transport: the computer's clock."""
        return self._serial.now_ms()

    def close(self) -> None:
        """Give the port back."""
        self._serial.close()

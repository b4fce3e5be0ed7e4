"""What a scanner under test did and what was done to it, in the device's own time; what an expectation says that fails.

Nothing here holds what a document says: a failed test is printed, and printed things are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from kiosk import wire
from stillscan.errors import InputError
from stillscan.link.messages import Abort, Message, State, SweepBegin, named

_SHOWN = 30  # events of a failure's text: some two whole checks


class NotAsExpectedError(AssertionError):
    """The scanner did something else than was expected; the text says what, when, and how to see it again."""


@dataclass(frozen=True)
class Event:
    """Something that happened at ``at_ms``. Of a state: its name, and the names of cause, part and fault ("none")."""

    at_ms: float
    text: str
    state: str | None = None
    cause: str | None = None
    part: str | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Wanted:
    """Which event is meant; None stands for any. ``state``, ``cause``, ``part``: names of PROTOCOL.md."""

    state: str | None = None
    cause: str | None = None
    part: str | None = None

    def __post_init__(self) -> None:
        for what, value, names in (
            ("state", self.state, wire.STATES),
            ("cause", self.cause, wire.CAUSES),
            ("part", self.part, wire.PARTS),
        ):
            if value is not None and value not in names:
                raise InputError(f"no {what} '{value}'; there are: {', '.join(names)}")
        if self.state is self.cause is self.part is None:
            raise InputError("name what is expected: state, cause or part")

    @classmethod
    def parse(cls, text: str) -> Wanted:
        """From STATE or STATE:CAUSE."""
        state, _, cause = text.partition(":")
        return cls(state, cause or None)

    def is_met_by(self, event: Event) -> bool:
        """Whether it is this one."""
        return event.state is not None and all(
            wanted in (None, found)
            for wanted, found in ((self.state, event.state), (self.cause, event.cause), (self.part, event.part))
        )

    def __str__(self) -> str:
        named_ones = (("state", self.state), ("cause", self.cause), ("part", self.part))
        return ", ".join(f"{what} '{value}'" for what, value in named_ones if value is not None)


@dataclass
class Timeline:
    """All events, and the moment that limits count from: the latest step, or the event that was expected last."""

    events: list[Event] = field(default_factory=list)
    mark_ms: float = 0.0
    mark: str = "power-on"
    patience_ms: float = 0.0
    """What limits that count from the mark get more: it is a person's movement, whose moment nobody knows exactly."""
    state: State | None = None
    """The newest that the scanner has told."""
    _first: int = 0  # of the events that came after the mark

    def step(self, at_ms: float, text: str, patience_ms: float = 0.0) -> None:
        """Something is done from this moment on; it may lie ahead."""
        self.events.append(Event(at_ms, text))
        self._count_from(at_ms, text, len(self.events), patience_ms)

    def note(self, at_ms: float, text: str) -> None:
        """Something happened that is no state of the scanner's."""
        self.events.append(Event(at_ms, text))

    def message(self, message: Message) -> None:
        """Take one message of the scanner, with its own time."""
        if isinstance(message, State):
            self.state = message
            self.events.append(_of_state(message))
        elif isinstance(message, SweepBegin):
            self.note(message.t_ms, f"sweep {message.attempt} from row {message.first_row}")
        elif isinstance(message, Abort):
            self.note(message.t_ms, f"sweep stopped at row {message.row}: {named(wire.CAUSES, message.cause)}")

    def since_mark(self) -> Iterator[tuple[int, Event]]:
        """States after the mark, with their numbers. The scanner's time is in whole milliseconds, rounded down."""
        for number in range(self._first, len(self.events)):
            event = self.events[number]
            if event.state is not None and event.at_ms >= math.floor(self.mark_ms):
                yield number, event

    def came_before(self, wanted: Wanted) -> float | None:
        """How long before the mark such a state came last, in ms; None: never."""
        found = [event.at_ms for event in self.events if event.at_ms < self.mark_ms and wanted.is_met_by(event)]
        return self.mark_ms - found[-1] if found else None

    def go_on_from(self, number: int, event: Event) -> None:
        """What is expected next comes after this event, and limits count from it."""
        self._count_from(event.at_ms, event.text, number + 1)

    def go_on_after(self, at_ms: float, text: str) -> None:
        """What is expected next comes after all that there is."""
        self._count_from(at_ms, text, len(self.events))

    def _count_from(self, at_ms: float, text: str, first: int, patience_ms: float = 0.0) -> None:
        self.mark_ms, self.mark, self._first, self.patience_ms = at_ms, text, first, patience_ms

    def told(self) -> str:
        """The last events, one a line: time, time since the mark, what."""
        shown = sorted(self.events, key=lambda event: event.at_ms)[-_SHOWN:]
        lines = [f"  {event.at_ms:10.1f} ms {event.at_ms - self.mark_ms:+10.1f}  {event.text}" for event in shown]
        return "\n".join(lines) or "  nothing at all"


def _of_state(message: State) -> Event:
    state, cause = named(wire.STATES, message.state), named(wire.CAUSES, message.cause)
    part, fault = named(wire.PARTS, message.part), named(wire.FAULTS, message.fault)
    text = f"state {state}"
    if message.cause:
        text += f", cause {cause}"
    if message.part or message.fault:
        text += f", {part}: {fault}"
    return Event(float(message.t_ms), text, state, cause, part, fault)

"""What a reading costs, counted step by step instead of measured: the same picture has the same effort on any machine.

A step says what it is about to do (`spend`) before it does it. So the count also serves as budget of a search, and the
place between two steps is where a reading that nobody waits for any more is ended.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

Stop = Callable[[], bool]
"""Asked between expensive steps: True when the reading has become idle or has taken too long."""

TIME_IS_OVER = "the time for reading is over"

COSTS_MS = {
    "glance": 0.1,
    "ink": 1.3,
    "strip-lines": 3.5,
    "line": 0.4,
    "slant": 0.5,
    "window": 4.0,
    "stacks": 12.0,
    "resize": 1.0,
    "spot": 14.0,
    "spot-row": 0.25,
    "faint": 18.0,
    "faint-row": 0.6,
    "faint-turn": 5.0,
    "probe-row": 0.1,
    "quick": 1.5,
    "lines": 4.4,
    "second": 4.4,
    "grid": 0.5,
    "grid-steep": 0.9,
    "decode": 1.2,
    "decode-unclear": 0.025,
    "quality": 0.9,
    "clarity": 0.3,
}


class TimeIsOver(Exception):
    """The reading was told to stop; the reading functions turn it into a reason."""


@dataclass
class Effort:
    """What one reading has cost so far."""

    stop: Stop | None = None
    search_ms: float = float("inf")
    """What looking for an MRZ may cost."""
    ms: float = 0.0
    """Modelled milliseconds of one core of the reference."""


_current: ContextVar[Effort | None] = ContextVar("effort", default=None)


@contextmanager
def counted(stop: Stop | None = None, search_ms: float = float("inf")) -> Iterator[Effort]:
    """Counts the steps of this thread inside the `with` block."""
    effort = Effort(stop, search_ms)
    token = _current.set(effort)
    try:
        yield effort
    finally:
        _current.reset(token)


def spend(step: str, amount: float = 1.0) -> None:
    """Count `amount` of a step of `COSTS_MS` that is about to be done; TimeIsOver when the reading was told to stop."""
    effort = _current.get()
    if effort is None:
        return
    if effort.stop is not None and effort.stop():
        raise TimeIsOver
    effort.ms += COSTS_MS[step] * amount


def exhausted() -> bool:
    """Whether a search in which nothing was found has cost all that it may cost."""
    effort = _current.get()
    return effort is not None and effort.ms > effort.search_ms

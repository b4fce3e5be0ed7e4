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
    # a megapixel of the picture, or of the size at which it is looked at
    "glance": 0.1,
    "ink": 1.9,
    "strip-lines": 3.6,
    "resize": 1.0,
    "spot": 17.0,
    "faint": 10.0,
    "faint-turn": 7.0,
    "window": 8.0,
    "stacks": 16.0,
    # a row of text
    "spot-row": 0.55,
    "faint-row": 0.7,
    "probe-row": 0.26,
    # a line of 1476 columns: cut out, or seen by a network
    "line": 0.36,
    "quick": 1.5,
    "lines": 4.4,
    "second": 4.4,
    # lines looked at together
    "grid": 0.7,
    "grid-steep": 1.6,
    "clarity": 0.45,
    "quality": 0.7,
    "unity": 0.6,
    "sheet": 1.5,
    "typeface": 3.4,
    "worn-typeface": 6.2,
    # a text, and each of its characters that the print leaves open
    "decode": 1.2,
    "decode-unclear": 0.06,
}
"""Milliseconds of a step, for the amount that each group names. Measured as median of strips of all levels, photographs
and pictures without an MRZ, on one core of the reference: an EPYC with 58 GFLOP/s that others share
(`python -m bench.reader --effort` measures them anew). Those of the networks of print were measured later on a slower
one, and count by 0.73, as much as all steps together were modelled of what they took there."""


class TimeIsOver(Exception):  # noqa: N818 - no error, the end of an idle reading
    """The reading was told to stop; the reading functions turn it into a reason."""


@dataclass
class Effort:
    """What one reading has cost so far."""

    stop: Stop | None = None
    search_ms: float = float("inf")
    """What looking for an MRZ may cost."""
    ms: float = 0.0
    """Modelled milliseconds of one core of the reference."""


Watch = Callable[[str, float], None]
"""Told of each step and its amount, for measuring the costs anew."""

_current: ContextVar[Effort | None] = ContextVar("effort", default=None)
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Tells `watch` of the steps of this thread inside the `with` block."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


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
    if (watch := _watch.get()) is not None:
        watch(step, amount)


def exhausted(next_ms: float = 0.0) -> bool:
    """Whether a search in which nothing was found has cost all that it may, or would with a step that costs so much."""
    effort = _current.get()
    return effort is not None and effort.ms + next_ms > effort.search_ms

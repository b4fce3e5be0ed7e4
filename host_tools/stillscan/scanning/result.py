"""How a check ended, and what was seen on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from stillscan.mrz import QualityFinding
from stillscan.mrz.series import Series

Judgement = Literal["verified", "refused"]
"""What a reading that is certain leads to."""
Outcome = Literal["verified", "refused", "gave_up", "fault"]


@dataclass
class AbortSeen:
    """An abort as the host saw it: the host's clock when it came, cause, next row, the device's own latency."""

    at_ms: float
    cause: str
    row: int
    latency_us: int


@dataclass
class Result:
    """How a check ended. ``lines`` only when the reading was certain; times are the transport's clock in ms."""

    outcome: Outcome = "gave_up"
    reason: str = "time"
    lines: tuple[str, ...] | None = field(default=None, repr=False)  # personal: not where a failed test is printed
    format: str | None = None
    attempts: int = 0
    aborts: list[AbortSeen] = field(default_factory=list)
    still_ms: float | None = None
    last_row_ms: float | None = None  # when the last row came that the reading rests on
    verdict_ms: float | None = None
    quality: tuple[QualityFinding, ...] = ()  # what is wrong with the last picture that was not read with certainty
    unsure: tuple[tuple[int, int], ...] = ()  # line and position of characters in doubt, from 1; never which they are
    series: Series | None = None  # of the last picture whose few characters for it were certain
    sensors: list[str] = field(default_factory=list)  # that make no sense and were done without: names in the guidance

"""What to do about a fault of a picture, in words for the clerk."""

from __future__ import annotations

from typing import Protocol

from stillscan.guidance.catalogue import say
from stillscan.guidance.numbers import of_number


class PictureFault(Protocol):
    """What is wrong with a picture, and where: a finding of the reader."""

    @property
    def code(self) -> str: ...
    @property
    def x_mm(self) -> float | None: ...
    @property
    def line(self) -> int | None: ...
    @property
    def characters(self) -> tuple[int, int] | None: ...


def say_finding(finding: PictureFault, language: str) -> str:
    """The sentence about one fault, with its place."""
    first, last = finding.characters or ("?", "?")
    mm = "?" if finding.x_mm is None else f"{finding.x_mm:.0f}"
    key = f"quality.{finding.code}"
    if finding.code == "worn-ink":
        key = of_number(key, 1 if first == last else 2)
    return say(key, language, mm=mm, line=finding.line, first=first, last=last)

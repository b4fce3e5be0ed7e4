"""What to do about a fault of a picture, in words for the clerk."""

from __future__ import annotations

from stillscan.guidance.catalogue import say
from stillscan.mrz.finding import Finding


def say_finding(finding: Finding, language: str) -> str:
    """The sentence about one fault, with its place."""
    first, last = finding.characters or ("?", "?")
    mm = "?" if finding.x_mm is None else f"{finding.x_mm:.0f}"
    return say(f"quality.{finding.code}", language, mm=mm, line=finding.line, first=first, last=last)

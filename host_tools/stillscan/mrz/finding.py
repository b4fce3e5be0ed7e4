"""A fault of a picture, as it is reported."""

from typing import NamedTuple


class QualityFinding(NamedTuple):
    """One fault: a code for programs, a sentence for people, and where it is."""

    code: str
    text: str
    x_mm: float | None = None
    """Distance from the left edge of a strip; in other pictures from the left edge of the first character."""
    line: int | None = None
    characters: tuple[int, int] | None = None
    """First and last character of `line` that it concerns, from 1."""

"""Numbers that a test or a scenario gives: what is one, and within which bounds."""

from __future__ import annotations

from stillscan.errors import InputError


def fits(value: object, low: float, high: float) -> bool:
    """Is it a number within bounds? Neither true nor NaN is; an integer of any length is compared as it is."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def bounded(what: str, value: object, low: float, high: float) -> None:
    """InputError, with the name of ``what`` it is, unless ``fits``."""
    if not fits(value, low, high):
        raise InputError(f"{what} is a number from {low:g} to {high:.12g}, not {value!r:.40}")

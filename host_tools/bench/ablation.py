"""What a check is without one of the ideas that it rests on, for `make bench-motion ARGS=--without`.

Each is switched off where it is at home, while the context lasts; the device's settings are handed in with the check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from stillscan.scanning.check import Check
from stillscan.scanning.strips import StripStore
from stillscan.scanning.sweep import Sweep


@contextmanager
def _salvage() -> Iterator[None]:
    """What came before an abort is thrown away, the next sweep begins at the first row."""

    def anew(check: Check) -> None:
        check.store.look_anew()
        check._ask(0, check.store.rows - 1)

    with patch.object(Check, "_plan", anew):
        yield


@contextmanager
def _straightening() -> Iterator[None]:
    """Lines stay where the glass saw them."""

    def unmoved(sweep: Sweep) -> NDArray[np.float64]:
        return np.zeros((len(sweep.rows), 2))

    with patch.object(Sweep, "displacement_um", unmoved):
        yield


@contextmanager
def _registering() -> Iterator[None]:
    """Sweeps lie where the flow sensor says."""
    with patch.object(StripStore, "settle", lambda store: False):
        yield


@contextmanager
def _early_end() -> Iterator[None]:
    """Nothing is read before a sweep has come to its last row."""
    with patch.object(Check, "_enough", lambda check: False):
        yield


@contextmanager
def _former_looks() -> Iterator[None]:
    """Each look is read by itself."""

    def forget(check: Check) -> None:
        check._stale = False
        check.store.look_anew()

    with patch.object(Check, "_look_anew", forget):
        yield


@contextmanager
def _nothing() -> Iterator[None]:
    yield


WITHOUT: dict[str, tuple[Callable[[], AbstractContextManager[None]], dict[str, int]]] = {
    "salvage": (_salvage, {}),
    "straightening": (_straightening, {}),
    "registering": (_registering, {}),
    "early end": (_early_end, {}),
    "former looks": (_former_looks, {}),
    "short dwell": (_nothing, {"dwell_again": 150}),
    "tolerance": (_nothing, {"restart_only": 1}),
}
"""Idea -> how it is switched off, and the device's settings for it. Without tolerance any displacement beyond `slip`
since the sweep began and any bump abort it."""

"""Looks at the glass that take seconds, and not half a minute of a scanner in real time."""

from __future__ import annotations

import pytest

from stillscan.technician import looking
from stillscan.technician.at_scanner import AtScanner

_ROWS = 30  # the first of some 300


def shorten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look ends after its first rows: how it is carried out, told and kept is the same; what it finds is less."""
    stepped = looking._stepped

    def short(at: AtScanner, direction: int, count: int, from_place: int) -> int:
        hello = at.session.hello
        if hello is not None and from_place >= _ROWS * looking._STEPS:
            return at.row0_steps + looking._STEPS * hello.rows  # the last of all
        return stepped(at, direction, count, from_place)

    monkeypatch.setattr(looking, "_stepped", short)

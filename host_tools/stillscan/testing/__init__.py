"""A whole kiosk without hardware: the pytest plugin's classes (`plugin` has its fixtures), one check in virtual time,
and pictures of it.

The names below are loaded when they are asked for: whoever has the plugin, and tests something else, waits for nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillscan.scanning.result import Result
    from stillscan.testing.documents import Document, passport
    from stillscan.testing.driver import Rule
    from stillscan.testing.plugin import Passports
    from stillscan.testing.scanner import Scanner
    from stillscan.testing.steps import Hand
    from stillscan.testing.timeline import Event, NotAsExpectedError
    from stillscan.testing.world import Clock, World

_HOMES = {
    "Clock": "stillscan.testing.world",
    "Document": "stillscan.testing.documents",
    "Event": "stillscan.testing.timeline",
    "Hand": "stillscan.testing.steps",
    "NotAsExpectedError": "stillscan.testing.timeline",
    "Passports": "stillscan.testing.plugin",
    "Result": "stillscan.scanning.result",
    "Rule": "stillscan.testing.driver",
    "Scanner": "stillscan.testing.scanner",
    "World": "stillscan.testing.world",
    "passport": "stillscan.testing.documents",
}
__all__ = [
    "Clock", "Document", "Event", "Hand", "NotAsExpectedError", "Passports", "Result", "Rule", "Scanner", "World",
    "passport",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)

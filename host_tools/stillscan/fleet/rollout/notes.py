"""What of each kind a kiosk has, had before, and could not take: a small file that is written whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stillscan.files import read_whole, write_whole
from stillscan.fleet.rollout.orders import OWN, Had, Installed
from stillscan.fleet.rollout.release import Kind

_MOST = 10_000
"""Bytes: ten times what three kinds take."""


@dataclass(frozen=True)
class Notes:
    """``refused``: what of each kind was tried and is not taken again."""

    installed: Mapping[Kind, Installed]
    refused: Mapping[Kind, Had]

    def took(self, kind: Kind, has: Had, back: bool) -> Notes:
        """With what was just installed."""
        former = self.installed.get(kind, Installed())
        before = None if back else former.before if former.now == has else former.now
        refused = {other: what for other, what in self.refused.items() if other != kind}
        return Notes({**self.installed, kind: Installed(has, before)}, refused)

    def refuse(self, kind: Kind, release: Had) -> Notes:
        """With a release that this kiosk could not take."""
        return replace(self, refused={**self.refused, kind: release})


def load(path: Path) -> Notes:
    """What was noted; nothing of a file that is not there or makes no sense: what is installed is installed again."""
    if not path.exists():
        return Notes({}, {})
    try:
        found = json.loads(read_whole(path, _MOST))
        installed = {Kind(kind): _installed(value) for kind, value in found["installed"].items()}
        refused = {Kind(kind): _had(value) for kind, value in found["refused"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return Notes({}, {})
    return Notes(installed, refused)


def store(path: Path, notes: Notes) -> None:
    """InputError, EnvironmentTroubleError as ``files.write_whole``."""
    told = {
        "installed": {kind: {"now": has.now, "before": has.before} for kind, has in notes.installed.items()},
        "refused": dict(notes.refused),
    }
    write_whole(path, json.dumps(told).encode())


def _installed(value: Any) -> Installed:
    now, before = value["now"], value["before"]
    return Installed(_had(now), None if before is None else _had(before))


def _had(value: Any) -> Had:
    path, serial = value
    if not isinstance(path, str) or type(serial) is not int:
        raise ValueError
    return Had(path, serial) if path else OWN

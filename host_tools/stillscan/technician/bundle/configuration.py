"""The kiosk's configuration: which keys are set, numbers and switches as they are, texts through the gate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from stillscan.boards.settings import known
from stillscan.errors import StillscanError
from stillscan.files import read_toml
from stillscan.guidance.catalogue import sections
from stillscan.guidance.whole import missing
from stillscan.technician.bundle.ask import Ask
from stillscan.technician.bundle.kiosk_log import KioskLog
from stillscan.technician.bundle.plain import Passed, small

_SHOWN = ("language", "motion", "dirt")
"""Keys whose texts are one of a few words; another text has a stand-in that begins with its option, in the log too."""
_MADE = ("record",)
"""Folders that the kiosk makes (recordings/visit.py)."""


def configuration(ask: Ask) -> dict[str, Any] | None:
    """None where no configuration is named; ``refused``: what `stillscan run` says of one that it does not take."""
    if ask.places.configuration is None:
        return None
    refused = {"refused": _why(ask, ask.places.refused)} if ask.places.refused else {}
    try:
        table = read_toml(ask.places.configuration)
    except StillscanError:
        return {"readable": False, **refused}
    mine = {key: value for key, value in table.items() if key in ask.places.options}
    rows = [{"option": Passed(key.replace("-", "_")), **_shown(ask, key, value)} for key, value in sorted(mine.items())]
    return {"readable": True, "options": rows, "unknown_keys": len(table) - len(mine), **refused}


def _why(ask: Ask, refused: str) -> Passed:
    """The option by its name, where it is one, and what it has to be."""
    key, quote, rest = refused.removeprefix("'").partition("' ")
    if quote and key in ask.places.options:
        return Passed(f"'{key}' {KioskLog(ask.plain).message(rest)}")
    return Passed(KioskLog(ask.plain).message(refused))


def _shown(ask: Ask, key: str, value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"value": value}
        case int():
            return {"value": small(value)}
        case float():
            return {"value": small(round(value))}
        case str() if key == "language" and value.endswith(".toml"):
            return {"value": Passed(ask.hidden.of(key, value)), **_lacking(Path(value))}
        case str() if key in _SHOWN:
            return {"value": ask.plain.text(value)}
        case str():
            shown = Passed(ask.hidden.of(key.replace("-", "_"), value))
            if key not in ask.places.files:
                return {"value": shown}
            return {"value": shown, "usable": _usable(Path(value), made=key in _MADE)}
        case list() if key == "set":
            return {"settings": [_setting(ask, one) for one in value if isinstance(one, str)]}
    return {"value": None}


def _lacking(file: Path) -> dict[str, Any]:
    """How many texts a language of somebody's own lacks, and the first: the English ones stand for them, in silence."""
    try:
        absent = list(missing(read_toml(str(file)), sections("en")))
    except StillscanError:
        return {}  # the kiosk does not start, and says why
    return {"lacking": len(absent), "first_lacking": Passed(absent[0]) if absent else None}


def _usable(place: Path, *, made: bool) -> bool | None:
    """Whether a file or folder is there and this user may read it, or write into it; None: it depends on from where.

    ``made``: the kiosk makes it, if this user may.
    """
    if not place.is_absolute():
        return None
    there = place
    while made and not there.exists() and there != there.parent:
        there = there.parent
    if there.is_dir():
        return os.access(there, os.R_OK | os.W_OK | os.X_OK)
    return there == place and os.access(place, os.R_OK)


def _setting(ask: Ask, text: str) -> dict[str, Any]:
    name, _, value = text.partition("=")
    fits = name in known().rows and value.isascii() and value.isdecimal() and known().fits(name, int(value))
    return {"setting": ask.plain.text(name), "value": int(value) if fits else None, "in_range": fits}

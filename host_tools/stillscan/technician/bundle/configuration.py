"""The kiosk's configuration: which keys are set, numbers and switches as they are, texts through the gate."""

from __future__ import annotations

from typing import Any

from stillscan.boards.settings import known
from stillscan.errors import StillscanError
from stillscan.files import read_toml
from stillscan.technician.bundle.ask import Ask
from stillscan.technician.bundle.plain import small

_SHOWN = ("language", "motion", "dirt")
"""Keys whose texts are one of a few words; of any other text only that it is there, by its stand-in."""


def configuration(ask: Ask) -> dict[str, Any] | None:
    """None where no configuration is named."""
    if ask.places.configuration is None:
        return None
    try:
        table = read_toml(ask.places.configuration)
    except StillscanError:
        return {"readable": False}
    mine = {key: value for key, value in table.items() if key in ask.places.options}
    rows = [{"option": key.replace("-", "_"), **_shown(ask, key, value)} for key, value in sorted(mine.items())]
    return {"readable": True, "options": rows, "unknown_keys": len(table) - len(mine)}


def _shown(ask: Ask, key: str, value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"value": value}
        case int():
            return {"value": small(value)}
        case float():
            return {"value": small(round(value))}
        case str() if key in _SHOWN:
            return {"value": ask.plain.text(value)}
        case str():
            return {"value": ask.hidden.of("text", value)}
        case list() if key == "set":
            return {"settings": [_setting(ask, one) for one in value if isinstance(one, str)]}
    return {"value": None}


def _setting(ask: Ask, text: str) -> dict[str, Any]:
    name, _, value = text.partition("=")
    fits = name in known().rows and value.isascii() and value.isdecimal() and known().fits(name, int(value))
    return {"setting": ask.plain.text(name), "value": int(value) if fits else None, "in_range": fits}

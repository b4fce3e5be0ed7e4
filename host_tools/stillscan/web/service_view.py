"""What the technician's page shows of a scanner: texts in one language, and drawings in mm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from stillscan.guidance.technicians import Words
from stillscan.technician.about import NOTHING
from stillscan.technician.dirt import HURTS, STRIP
from stillscan.technician.glass import Glass
from stillscan.technician.room import Seen

_WIDTH_MM, _GLASS_MM = 125.0, 23.2  # what the line sensor sees: 1476 pixels, and 274 rows at 300 dpi
_SENSOR_MM, _STRIP_MM, _GAP_MM = 2.0, 3.0, 2.0  # bands above the glass in which theirs is shown, and between them
_LEAST_MM = 0.8  # half a circle's width: smaller ones are not seen on a phone
_VERDICTS = {
    "clean": "verdict_clean",
    "wipe the glass": "verdict_glass",
    "wipe the white strip": "verdict_strip",
    "sensor: call a technician": "verdict_sensor",
}


def told(seen: Seen, texts: Mapping[str, str]) -> dict[str, Any]:
    """How the scanner was when it was asked last, for a template."""
    return {
        "when": f"{seen.when:%d.%m.%Y %H:%M}",
        "info": [
            (texts[f"info_{name}"], NOTHING.get(name, "not known") if value is None else value)
            for name, value in seen.info.items()
        ],
        "health": seen.health,
        "kept": seen.log["kept"],
        "recent": seen.log["since_power_on"],
        "settings": seen.settings,
    }  # fmt: skip


def partly_english(say: Words) -> Callable[[str], Markup]:
    """Texts in a language for a template, each marked with the language that it is in."""
    return lambda text: Markup('<span lang="{}">{}</span>').format(say.tongue(text), say(text))


def day(when: str) -> str:
    """A moment of the glass's history as the page writes moments."""
    return f"{datetime.fromisoformat(when):%d.%m.%Y %H:%M}"


def wipe(glass: Glass | None) -> dict[str, Any] | None:
    """What the clerk's page says of the glass: a drawing of what to wipe, what came of it, or nothing."""
    if glass is None:
        return None
    spots = glass.worth()
    if not spots and glass.wiped is None and glass.improved is None:
        return None
    return {
        "glass": dirt_drawing({"spots": spots, "verdict": "wipe the glass"}) if spots else None,
        "strip": bool(spots) and all(spot["where"] == STRIP for spot in spots),
        "looking": glass.wiped is not None,
        "improved": glass.improved,
        "mark": f"-{len(spots)}-{glass.wiped}-{glass.improved}",
    }


def dirt_drawing(result: Mapping[str, Any]) -> dict[str, Any]:
    """A look as bands and circles in mm from the upper left corner, and its verdict as a key of the texts."""
    strip_top = _SENSOR_MM + _GAP_MM
    glass_top = strip_top + _STRIP_MM + _GAP_MM
    bottoms = {"sensor": _SENSOR_MM / 2, "strip": strip_top + _STRIP_MM, "glass": glass_top + _GLASS_MM}
    marks = [
        {
            "x": piece["x_mm"],
            "y": round(bottoms[piece["where"]] - piece["y_mm"], 1),
            "r": max(piece["size_mm"] / 2, _LEAST_MM),
            "hurts": piece["hurts"] >= HURTS,
        }
        for piece in result["spots"]
    ]
    bands = [(0.0, _SENSOR_MM), (strip_top, _STRIP_MM), (glass_top, _GLASS_MM)]
    return {
        "width": _WIDTH_MM,
        "height": glass_top + _GLASS_MM,
        "bands": bands,
        "marks": marks,
        "spots": [{**piece, "hurts": piece["hurts"] >= HURTS} for piece in result["spots"]],
        "verdict": _VERDICTS[result["verdict"]],
    }

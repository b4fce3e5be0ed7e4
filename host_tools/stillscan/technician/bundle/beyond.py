"""Parts of the scanner that were measured beyond their limits: which of them leads, and what is said of it."""

from __future__ import annotations

from typing import Any

from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.seen import Figure
from stillscan.technician.bundle.values import first, values
from stillscan.technician.limits import limits, ordering, to_buy

_LAMP, _SENSOR, _USB = "lamp", "line_sensor", "usb"
_ERRORS = "errors"
_LEVELS = ("infrared level", "white level")
_LIGHT = "light against the calibration"
_OWN = ("dark level", "dark noise", "hot pixels")
"""What the line sensor shows without any lamp."""
_ENDS = ("infrared asymmetry", "white asymmetry")
_HALF = 0.8  # asymmetry of the light of either lamp: no two lamps fail at the same end
_LEADING = (_LAMP, _SENSOR)
_FOLLOWING = ("infrared settle time", "white settle time")
"""A lamp that flickers comes late in some looks."""


def parts_beyond(bundle: Bundle) -> Figure | None:
    """How many measurements lie beyond their limits, damaged frames apart; ``of``: what the leading one
    means.

    A lamp leads, because what the line sensor sees follows from it. Where both lamps are weak it is not they: what they
    have in common is the amplifier.
    """
    wrong = [(row.where, row.value) for row in values(bundle, "parts:measured[ok=false]")]
    wrong = [(where, row) for where, row in wrong if (row.get("part"), row.get("measurement")) != (_USB, _ERRORS)]
    if not wrong:
        return None
    where, row = min(wrong, key=lambda one: (_rank(one[1].get("part")), one[1].get("measurement") in _FOLLOWING))
    means, told = _said(row, _board(bundle))
    if set(_LEVELS) <= {row.get("measurement") for _, row in wrong}:
        means = limits("")[_SENSOR, _LIGHT].means
    return Figure(len(wrong), means, f"{where}: {told}")


def failing(bundle: Bundle, part: str, faults: str) -> str:
    """What a failure that the scanner says of a part may be of: it sees no light, and the lamp is one end of it; or
    nothing on the glass while something lies there. ``faults``: what it said."""
    if part == _LAMP:
        rows = [row.value for row in values(bundle, f"parts:measured[part={_SENSOR}]")]
        halves = [row.value for row in values(bundle, f"parts:measured[part={_LAMP}]")]
        own = any(row.get("measurement") in _OWN and row.get("ok") is False for row in rows)
        half = [row for row in halves if str(row.get("measurement")) in _ENDS and _number(row) > _HALF]
        if own or len(half) == len(_ENDS):
            return f"{_SENSOR}, or the amplifier behind it"
        return f"{_LAMP}, or the {_SENSOR} that sees its light"
    if part == "flow" and "no_texture" in faults:
        return "flow, which sees nothing, or presence, which says that something lies there"
    return part


def _number(row: dict[str, Any]) -> float:
    value = row.get("value")
    return float(value) if isinstance(value, int | float) else 0.0


def _rank(part: object) -> int:
    return _LEADING.index(part) if part in _LEADING else len(_LEADING)


def usb_measured(bundle: Bundle) -> Figure | None:
    """Frames that were damaged or lost while the parts were measured."""
    found = next(values(bundle, f"parts:measured[measurement={_ERRORS}].value"), None)
    errors = first(bundle, f"parts:measured[measurement={_ERRORS}].value")
    return None if found is None or errors is None else Figure(errors, "", f"{found.where} = {errors:g}")


def _board(bundle: Bundle) -> str:
    return next((str(one.value) for one in values(bundle, "scanner:board")), "")


def _said(row: dict[str, Any], board: str) -> tuple[str, str]:
    """What a measurement means, and the measurement with its limits, what to look at and what to order."""
    part, measurement, value = (row.get(name) for name in ("part", "measurement", "value"))
    limit = limits("").get((str(part), str(measurement)))
    name = f"{part}, {measurement}"
    if limit is None or value is None:
        return name if value is not None else f"{part} does not do its work", f"{name} = {value}"
    bounds = " ".join(
        f"{word} {bound:g}" for word, bound in (("from", limit.low), ("to", limit.high)) if bound is not None
    )
    told = f"{name} = {value} {limit.unit}".rstrip()
    return limit.means, f"{told}, a sound one has {bounds}; check: {limit.check}{ordering(limit, to_buy(board))}"

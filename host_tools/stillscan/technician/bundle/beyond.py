"""Parts of the scanner that were measured beyond their limits: which of them leads, and what is said of it."""

from __future__ import annotations

from typing import Any

from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.seen import Figure
from stillscan.technician.bundle.values import first, values
from stillscan.technician.limits import limits, to_buy

_LAMP, _SENSOR, _USB = "lamp", "line_sensor", "usb"
_ERRORS = "errors"
_LEVELS = ("infrared level", "white level")
_LIGHT = "light against the calibration"
_LEADING = (_LAMP, _SENSOR)


def parts_beyond(bundle: Bundle) -> Figure | None:
    """How many measurements lie beyond their limits, damaged frames apart; ``of`` what the leading one means.

    A lamp leads, because what the line sensor sees follows from it. Where both lamps are weak it is not they: what
    they have in common is the amplifier.
    """
    wrong = [(row.where, row.value) for row in values(bundle, "parts:measured[ok=false]")]
    wrong = [(where, row) for where, row in wrong if (row.get("part"), row.get("measurement")) != (_USB, _ERRORS)]
    if not wrong:
        return None
    where, row = min(wrong, key=lambda one: _rank(one[1].get("part")))
    means, told = _said(row, _board(bundle))
    if set(_LEVELS) <= {row.get("measurement") for _, row in wrong}:
        means = limits("")[_SENSOR, _LIGHT].means
    return Figure(len(wrong), means, f"{where}: {told}")


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
    order = to_buy(board).get(limit.order, limit.order)
    told = f"{name} = {value} {limit.unit}".rstrip()
    return limit.means, f"{told}, a sound one has {bounds}; check: {limit.check}; order: {order}"

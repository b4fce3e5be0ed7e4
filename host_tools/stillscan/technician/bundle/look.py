"""A look at the white strip and the empty glass for a bundle, where it was asked for: it takes half a minute."""

from __future__ import annotations

from typing import Any

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.dirt import dirt_map, verdict
from stillscan.technician.looking import look

LOOK = "look"
"""The key under which it is laid down."""
_PLACES = ("glass", "strip", "sensor")
_KINDS = ("spot", "streak", "scratch", "haze")
_TOLD = ("x_mm", "y_mm", "size_mm", "kind", "where", "hurts")
"""What `technician.dirt` calls places, kinds and facts: words that the gate lets through because they stand here."""


def looked(session: Session) -> dict[str, Any]:
    """The pieces of dirt, worst first; the kind of trouble where it could not be done. LinkLostError."""
    at = AtScanner(session)
    try:
        session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)
        at.ready()
        found = dirt_map(look(at)).pieces
    except LinkLostError:
        raise
    except DeviceError as error:
        return {"trouble": error.kind}
    known = [piece for piece in found if piece.where in _PLACES and piece.kind in _KINDS]
    pieces = [{name: getattr(piece, name) for name in _TOLD} for piece in known]
    return {"verdict": verdict(found), "pieces": pieces}

"""The scanner's parts beside the limits of a sound one, as `scanner test` measures them, with few trips."""

from __future__ import annotations

from typing import Any

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Hello
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.bundle.plain import Passed
from stillscan.technician.bundle.remembered import SINCE
from stillscan.technician.limits import Judged, judge, limits
from stillscan.technician.measuring import GROUPS, everything

_TRIPS = 3  # of the 100 of a test: 2 of the 7 s that all of it takes; a carriage that loses steps does so on each


def measured(session: Session, hello: Hello) -> dict[str, Any]:
    """Each measurement that has limits; ``empty``: False when something lay on the glass, and nothing was measured.

    {} of a scanner that is older than protocol 1.2. DeviceError, LinkLostError.
    """
    if hello.minor < SINCE:
        return {}
    at = AtScanner(session)
    session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)  # it answers with its state
    if at.ready().state != wire.EMPTY:
        return {"empty": False, "measured": []}
    try:
        found = judge(everything(at, lambda _: None, _TRIPS, GROUPS), hello.board_name)
    except LinkLostError:
        raise
    except DeviceError as error:
        return {"empty": True, "trouble": error.kind, "measured": []}
    return {"empty": True, "measured": [judged(one) for one in found]}


def judged(one: Judged) -> dict[str, Any]:
    """A value beside its limits, as bundles tell it; a name of our own table passes as it is."""
    ours = (one.part, one.measurement) in limits("")
    name = Passed(one.measurement) if ours else one.measurement
    return {
        "part": one.part, "measurement": name, "value": one.value, "low": one.low, "high": one.high,
        "ok": bool(one.ok),
    }  # fmt: skip

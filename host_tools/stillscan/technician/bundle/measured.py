"""The scanner's parts beside the limits of a sound one, as `scanner test` measures them, with few trips."""

from __future__ import annotations

from typing import Any

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Hello, named
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.technician.at_scanner import AtScanner, ServiceOverError
from stillscan.technician.bundle.plain import Passed
from stillscan.technician.bundle.remembered import SINCE
from stillscan.technician.limits import Judged, judge, limits
from stillscan.technician.measuring import GROUPS, Clock, everything

_TRIPS = 8  # of the 100 of a test: 7 of the 12 s that all of it takes; a home switch that scatters shows in eight


def measured(session: Session, hello: Hello, clock: Clock | None) -> dict[str, Any]:
    """Each measurement that has limits, the scanner's clock from ``clock`` on too; ``not_measured``: why there is
    none.

    {} of a scanner that is older than protocol 1.2. DeviceError, LinkLostError.
    """
    if hello.minor < SINCE:
        return {}
    at = AtScanner(session)
    session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)  # it answers with its state
    state = at.ready().state
    if state not in (wire.EMPTY, wire.FAULT):  # of a scanner that is out of order the parts tell which of them it is
        return {"not_measured": named(wire.STATES, state), "measured": []}
    try:
        found = everything(at, lambda _: clock.look() if clock else None, _TRIPS, GROUPS)
        if clock is not None:
            found.append(clock.measured())
    except LinkLostError:
        raise
    except ServiceOverError as error:
        return {"not_measured": error.why, "measured": []}
    except DeviceError as error:
        return {"not_measured": error.kind, "measured": []}
    return {"measured": [judged(one) for one in judge(found, hello.board_name)]}


def judged(one: Judged) -> dict[str, Any]:
    """A value beside its limits, as bundles tell it; a name of our own table passes as it is."""
    ours = (one.part, one.measurement) in limits("")
    name = Passed(one.measurement) if ours else one.measurement
    return {
        "part": one.part, "measurement": name, "value": one.value, "low": one.low, "high": one.high,
        "ok": bool(one.ok),
    }  # fmt: skip

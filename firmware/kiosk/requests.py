"""Answers to what a technician asks. Loaded for each, with what it needs (kiosk.seldom)."""

import struct

from kiosk import wire
from kiosk.seldom import borrow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.commands import Commands


def answer(commands: Commands, kind: int, *values: int) -> int:
    """Send the answer to a command; or an error of wire.ERRORS, else 0."""
    link = commands.link
    if kind == wire.C_IDENTITY:
        link.send_body(wire.M_IDENTITY, borrow("kiosk.identity").body())
    elif kind == wire.C_COUNTERS:
        kept = borrow("kiosk.lifetime").counters(commands.health)
        link.send_body(wire.M_COUNTERS, struct.pack(f"<B{len(kept)}I", len(kept), *kept))
    elif kind == wire.C_HISTORY:
        total, part = borrow("kiosk.lifetime").history(values[0])
        link.send_body(wire.M_HISTORY, wire.pack(wire.M_HISTORY, values[0], total, len(part)) + part)
    elif kind == wire.C_CALIBRATION:
        link.send_body(wire.M_CALIBRATION, borrow("kiosk.identity").calibration())
    elif kind == wire.C_CALIBRATE:
        return _go_back(commands)
    elif kind == wire.C_SERVICE:
        return _service(commands, values[0])
    elif kind == wire.C_UPLOAD:
        code: int = borrow("kiosk.upload").answer(commands, *values)
        return code
    elif commands.service is None:
        return wire.E_WRONG_STATE
    else:
        return commands.service.measure(*values)
    return 0


def _go_back(commands: Commands) -> int:
    if commands.scan.state != wire.EMPTY:
        return wire.E_WRONG_STATE
    if not borrow("kiosk.calibration").go_back(commands.surface.flat_field):
        return wire.E_FAILED
    commands.health.note(wire.EV_CALIBRATED, 1)
    commands.scan.report()
    return 0


def _service(commands: Commands, seconds: int) -> int:
    if not commands.link.streams:
        return wire.E_NOT_SUBSCRIBED
    if commands.service is None:
        if not seconds or commands.scan.state == wire.SERVICE:
            return wire.E_WRONG_STATE
        service = borrow("kiosk.service").Service(commands)
        if not commands.scan.serve():
            return wire.E_WRONG_STATE
        commands.health.note(wire.EV_SERVICE, 1)
        commands.service = service
    commands.service.extend(seconds)
    return 0

"""What is calibrated beside the white strip: the flow sensor's scale, what the test card tells, the axes."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Sample
from stillscan.technician import measuring
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.card.judged import card_scan
from stillscan.technician.card.scanning import read_card
from stillscan.technician.hands import Hands
from stillscan.technician.limits import Judged, judge
from stillscan.technician.measuring import Measured
from stillscan.technician.sliding import Picture, flow_scale

_SETTING = "flow_scale"
_FURTHEST = 2.0  # times the former scale: another mounting height has less, a slide that was not followed more
_SAMPLES = 150  # three seconds
_LEVELS = ("dark level", "infrared level", "white level")
_AXES = "xyz"


class Aligned(NamedTuple):
    """``values`` to be kept, ``judged`` beside their limits, ``wrong``: why nothing was calibrated."""

    values: dict[str, float | str | None]
    judged: list[Judged]
    wrong: str | None = None


def levels(at: AtScanner) -> dict[str, float | str | None]:
    """The dark, and what either lamp gives at the white strip, in LSB."""
    found = measuring.everything(at, lambda _: None, only={"light"})
    return {one.measurement: one.value for one in found if one.measurement in _LEVELS}


def align_flow(at: AtScanner, hands: Hands) -> Aligned:
    """Slide the test card: its printed ruler says how far, and `flow_scale` becomes what that was counted as.

    DeviceError: the scanner refuses the setting.
    """
    settings = at.session.settings()
    former = settings[_SETTING].value

    def ruler(picture: Picture) -> tuple[float | None, str]:
        scan = card_scan(picture)
        return (None, scan.wrong) if scan.wrong else (scan.px_per_mm, "")

    measured = flow_scale(at, hands.lay_card, hands.slide, hands.take, hands.slide_ms, ruler)
    board = _board(at)
    if measured.value is None:
        return Aligned({}, judge([measured], board), measured.why)
    scale = round(former * measured.value / 100)
    if not former / _FURTHEST <= scale <= former * _FURTHEST:
        return Aligned({}, judge([measured], board), f"it counted {measured.value:g} % of the way: nothing was changed")
    if not at.emptied():
        raise DeviceError(f"{at.session.transport.name}: something lies on the glass still: nothing was changed")
    at.session.set(settings[_SETTING].setting, scale)
    return Aligned({_SETTING: scale, "former": former, "counted_percent": measured.value}, [])


def set_flow(at: AtScanner, scale: int) -> int:
    """Set the scale to a former one; what it was. DeviceError."""
    setting = at.session.settings()[_SETTING]
    at.session.set(setting.setting, scale)
    return setting.value


def align_card(at: AtScanner, hands: Hands) -> Aligned:
    """Row pitch, squareness and what else the test card tells."""
    scan = read_card(at, hands.lay_card, hands.take)
    values: dict[str, float | str | None] = {one.measurement: one.value for one in scan.measured}
    return Aligned(values, judge(scan.measured, _board(at)), scan.wrong)


def align_axes(at: AtScanner) -> Aligned:
    """Which axis of the accelerometer points up, as gravity says, and by how much it leans; the kiosk stands still."""
    with at.service():
        found, end = at.measure(wire.LIVE, _SAMPLES)
    samples = [(one.x_mg, one.y_mg, one.z_mg) for one in found if isinstance(one, Sample)]
    if end.part or not samples:
        return Aligned({}, [], "the accelerometer does not answer: its plug and its cable first, then the part itself")
    mean = np.array(samples, dtype=np.float64).mean(axis=0)
    size = float(np.linalg.norm(mean))
    axis = int(np.abs(mean).argmax())
    tilt = math.degrees(math.acos(min(1.0, abs(float(mean[axis])) / max(size, 1.0))))
    values: dict[str, float | str | None] = {
        "up": f"{'+' if mean[axis] > 0 else '-'}{_AXES[axis]}",
        "tilt_degrees": round(tilt, 1),
        **{f"{name}_mg": round(float(value)) for name, value in zip(_AXES, mean, strict=True)},
    }
    measured = [
        Measured("accelerometer", "tilt", round(tilt, 1)),
        Measured("accelerometer", "gravity", round(size)),
    ]
    return Aligned(values, judge(measured, _board(at)))


def _board(at: AtScanner) -> str:
    hello = at.session.hello
    return hello.board_name if hello is not None else ""

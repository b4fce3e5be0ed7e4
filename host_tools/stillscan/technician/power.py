"""The power budget: what the parts take from each rail, and what each rail takes from the one that it is made from."""

from __future__ import annotations

from typing import NamedTuple

from stillscan.technician.parts import Kiosk


class Load(NamedTuple):
    """One line of the budget, mA."""

    what: str
    typical: float
    peak: float
    why: str


class Budget(NamedTuple):
    """One rail: its loads, their sum and what it can give, mA."""

    rail: str
    loads: list[Load]
    typical: float
    peak: float
    most: float


def shortages(kiosk: Kiosk) -> dict[str, str]:
    """Rails whose parts may take more than it can give, with one plain line each."""
    return {
        rail.rail: f"{rail.rail}: its parts take up to {rail.peak:.0f} mA, and it can give {rail.most:.0f} mA"
        for rail in budget(kiosk)
        if rail.peak > rail.most
    }


def budget(kiosk: Kiosk) -> list[Budget]:
    """Every rail, in the order of the table. A converted rail is a load of its parent."""
    return [_sum(kiosk, name) for name in kiosk.rails]


def _sum(kiosk: Kiosk, name: str) -> Budget:
    loads = [Load(part.name, part.typical, part.peak, part.why) for part in kiosk.parts.values() if part.rail == name]
    for child, rail in kiosk.rails.items():
        if rail.parent == name:
            below = _sum(kiosk, child)
            factor = rail.volts / kiosk.rails[name].volts / rail.efficiency
            why = f"{rail.source}: {rail.efficiency:.0%} efficient (?)"
            loads.append(Load(f"{child} rail", below.typical * factor, below.peak * factor, why))
    return Budget(
        name,
        loads,
        sum(load.typical for load in loads),
        sum(load.peak for load in loads),
        kiosk.rails[name].most,
    )

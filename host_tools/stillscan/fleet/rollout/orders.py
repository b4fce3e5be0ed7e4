"""What the centre orders: one list for all kiosks, of which each finds out by itself what is for it.

So the centre sends nothing to anybody, a kiosk that was off for a month reads what counts now, and what a kiosk does
follows from what is signed and from what it has. Orders name releases and never hold one: whoever forges orders can
bring about nothing that the offline keys have not signed, nor anything older than what a kiosk has but the one before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from stillscan.errors import InputError
from stillscan.fleet.rollout import rings
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.fleet.rollout.rings import Member, Ring
from stillscan.records.canonical import canonical

VERSION = 1
_MOST = 200  # roll-outs that are told at once: of three kinds, and of every board
_MOST_TEXT = 200  # characters of a name or path
_FIELDS = {"rollout", "path", "rings", "open", "does"}


class Does(StrEnum):
    """What kiosks of open rings do: install, leave all as it is, or go back to what they had before."""

    INSTALL = "install"
    WAIT = "wait"
    BACK = "back"


@dataclass(frozen=True)
class Order:
    """``open``: how many rings are open, from the first on."""

    rollout: str
    path: str
    rings: tuple[Ring, ...]
    open: int
    does: Does

    def record(self) -> dict[str, Any]:
        """As JSON."""
        told = {"rollout": self.rollout, "path": self.path, "open": self.open, "does": str(self.does)}
        return told | {"rings": [ring.record() for ring in self.rings]}


def written(orders: Iterable[Order]) -> bytes:
    """The file that is signed."""
    return canonical({"v": VERSION, "orders": [order.record() for order in orders]})


def parse(content: bytes) -> list[Order]:
    """InputError: it is none, or of a newer centre."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or type(found.get("v")) is not int:
        raise InputError("the orders are no JSON object with a version")
    if found["v"] != VERSION:
        raise InputError(f"the orders are of version {found['v']}, this program knows {VERSION}: update stillscan here")
    listed = found.get("orders")
    if not isinstance(listed, list) or len(listed) > _MOST:
        raise InputError(f"the orders are no list of at most {_MOST}")
    return [_order(item) for item in listed]


def _order(item: Any) -> Order:
    if not isinstance(item, dict) or set(item) != _FIELDS:
        raise InputError(f"an order has {', '.join(sorted(_FIELDS))}")
    rollout, path, opened = item["rollout"], item["path"], item["open"]
    if not all(isinstance(text, str) and 0 < len(text) <= _MOST_TEXT for text in (rollout, path)):
        raise InputError("an order names its roll-out and its release")
    all_rings = rings.read(item["rings"])
    if type(opened) is not int or not 0 <= opened <= len(all_rings) or item["does"] not in set(Does):
        raise InputError(f"order {rollout}: nothing that a kiosk can do")
    return Order(rollout, path, all_rings, opened, Does(item["does"]))


class Had(NamedTuple):
    """A release that a kiosk has, or had before."""

    path: str
    serial: int


OWN = Had("", 0)
"""What came with the program itself: older than any release."""


@dataclass(frozen=True)
class Installed:
    """Of one kind. ``before``: what it took the place of; None: it went back to this one, and goes no further."""

    now: Had = OWN
    before: Had | None = None


class Step(NamedTuple):
    """What is to be done for one kind. ``release`` None: back to what came with the program itself (OWN)."""

    kind: Kind
    release: Release | None
    rollout: str
    back: bool


def steps(
    orders: Iterable[Order],
    release: Callable[[str], Release | None],
    me: Member,
    installed: Mapping[Kind, Installed],
) -> list[Step]:
    """What this kiosk is to do, one step a kind at most: back first, else the newest that is meant for it.

    ``release`` says what the offline keys have signed of a path.
    """
    found: dict[Kind, Step] = {}
    for order in orders:
        ring = rings.ring_of(order.rings, order.rollout, me)
        signed = release(order.path)
        if ring is None or ring >= order.open or signed is None or signed.board not in ("", me.board):
            continue
        step = _step(order, signed, installed.get(signed.kind), release)
        former = found.get(signed.kind)
        if step is not None and (former is None or step.back or (not former.back and _serial(step) > _serial(former))):
            found[signed.kind] = step
    return list(found.values())


def _step(
    order: Order, signed: Release, has: Installed | None, release: Callable[[str], Release | None]
) -> Step | None:
    has = has or Installed()
    if order.does is Does.INSTALL and signed.serial > has.now.serial:
        return Step(signed.kind, signed, order.rollout, back=False)
    if order.does is Does.BACK and has.now.path == order.path and has.before is not None:
        before = release(has.before.path)
        if has.before == OWN or before is not None:
            return Step(signed.kind, before, order.rollout, back=True)
    return None


def _serial(step: Step) -> int:
    return 0 if step.release is None else step.release.serial

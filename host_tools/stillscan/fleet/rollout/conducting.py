"""The centre's roll-outs: kept in its state, looked at again and again, and told to all kiosks as orders.

Copies of a centre share one state. Whoever looks or changes locks all roll-outs, publishes, and lets go: two copies
publish one after another, and a person's word is never overtaken by a look that began before it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, func, insert, select, text, update

from stillscan.errors import InputError
from stillscan.fleet.events import hour_of
from stillscan.fleet.rollout import orders, rings
from stillscan.fleet.rollout.plan import OVER, Plan, RolloutError, State, advance, put_back, read
from stillscan.fleet.rollout.watching import Watched, fitting, fleet, watch
from stillscan.fleet.store import Store, utc_now
from stillscan.fleet.tables import ABOUT, ROLLOUT
from stillscan.records.canonical import digest

AGAIN = timedelta(hours=6)
"""So old may be what the online keys have signed: a publisher that is down for half a day leaves nobody without."""
_LOCK = text("SELECT pg_advisory_xact_lock(7365)")  # 7363 and 7364 are taken (records/postgresql.py, fleet/store.py)
_ORDERS = "orders"  # of ABOUT: the digest of those that were published last
_MOST = 1000
"""Roll-outs that are kept: one a day for three years."""
_NAME = 64  # characters, as the table has it

_log = logging.getLogger(__name__)


class Publish(Protocol):
    """Whoever makes orders valid."""

    def __call__(self, orders: bytes | None, /) -> None:
        """From now on; None: those that are there, for another day."""

    def ordered(self) -> bytes | None:
        """Those that are there; None: none yet."""


class Rollout(NamedTuple):
    """A plan, and how it looks now."""

    plan: Plan
    watched: Watched


class Conductor:
    """``publish`` is called while the roll-outs are locked; what it raises leaves all as it was.

    Kiosks that are told what this state does not know show that it was put back from a backup: see ``plan.put_back``.
    """

    def __init__(self, store: Store, publish: Publish | None = None) -> None:
        self._store, self._publish = store, publish
        self._published: datetime | None = None

    def plan(self, plan: Plan) -> None:
        """Begin a roll-out. InputError: its name is taken, a ring has no kiosk; RolloutError: another one is on."""
        if not plan.name.isprintable() or not 0 < len(plan.name) <= _NAME:
            raise InputError(f"a roll-out has a name of 1 to {_NAME} characters")
        with self._store.writing() as connection:
            plans = _locked(connection)
            _refuse(plan, plans)
            drawn = rings.members(plan.rings, plan.name, fleet(connection))
            for number, (ring, members) in enumerate(zip(plan.rings, drawn, strict=True), 1):
                if not fitting(plan.release, members):
                    raise InputError(f"ring {number} ({ring}) has no kiosk: nobody would try it there")
            number = (connection.scalar(select(func.max(ROLLOUT.c.number))) or 0) + 1
            connection.execute(insert(ROLLOUT).values(name=plan.name, number=number, plan=json.dumps(plan.record())))

    def change(self, name: str, how: Callable[[Plan], Plan]) -> Plan:
        """A person's word (``plan.pause``, ...), told at once, or at the next turn of a copy that publishes.

        InputError: no such roll-out; RolloutError: not where it is.
        """
        with self._store.writing() as connection:
            known = _locked(connection)
            plans = self._as_told(connection, known, known, utc_now())
            plan = next((plan for plan in plans if plan.name == name), None)
            if plan is None:
                there = ", ".join(plan.name for plan in plans) or "none"
                raise InputError(f"there is no roll-out '{name}'; there are: {there}")
            changed = how(plan)
            after = [changed if other.name == name else other for other in plans]
            _write(connection, known, after)
            if self._publish is not None:
                self._tell(connection, after)
        return changed

    def turn(self, now: datetime) -> list[Plan]:
        """One look at all that go on; those that changed. What is valid is signed anew before it runs out."""
        with self._store.writing() as connection:
            plans = _locked(connection)
            looked = [self._looked(connection, plan, now) for plan in plans]
            after = self._as_told(connection, plans, looked, now)
            changed = _write(connection, plans, after)
            if self._publish is not None:
                if self._tell(connection, after):
                    self._published = now
                elif self._published is None or now - self._published >= AGAIN:
                    self._publish(None)
                    self._published = now
        return changed

    def rollouts(self, now: datetime) -> list[Rollout]:
        """All, the newest first, as they look now; nothing changes."""
        with self._store.writing() as connection:
            return [Rollout(plan, watch(connection, plan, now)) for plan in reversed(_locked(connection))]

    @staticmethod
    def _looked(connection: Connection, plan: Plan, now: datetime) -> Plan:
        if plan.state is not State.RUNNING:
            return plan
        watched = watch(connection, plan, now)
        return advance(plan, watched.rings, watched.judgement, hour_of(now))

    def _as_told(
        self, connection: Connection, known: Sequence[Plan], after: Sequence[Plan], now: datetime
    ) -> Sequence[Plan]:
        """``after``; of a state that was put back, what follows for ``known`` from what kiosks are told.

        It is, where they are told neither what this state published last nor what it is about to publish: that is what
        a copy that was killed between publishing and keeping leaves.
        """
        content = None if self._publish is None else self._publish.ordered()
        last = connection.scalar(select(ABOUT.c.value).where(ABOUT.c.name == _ORDERS))
        found = {order.rollout: order for order in orders.parse(content)} if content else {}
        if content is None or not found or digest(content) in (last, digest(_content(after))):
            return after
        if strange := found.keys() - {plan.name for plan in known}:
            _log.error("fleet: this state knows nothing of %s; no kiosk takes it any more", ", ".join(sorted(strange)))
        return [put_back(plan, found.get(plan.name), hour_of(now)) for plan in known]

    def _tell(self, connection: Connection, plans: Sequence[Plan]) -> bool:
        """Publish orders that are others than those that were published last, by whichever copy of the centre."""
        content = _content(plans)
        where = ABOUT.c.name == _ORDERS
        if connection.scalar(select(ABOUT.c.value).where(where)) == digest(content):
            return False
        assert self._publish is not None
        self._publish(content)
        if not connection.execute(update(ABOUT).where(where).values(value=digest(content))).rowcount:
            connection.execute(insert(ABOUT).values(name=_ORDERS, value=digest(content)))
        return True


def _content(plans: Sequence[Plan]) -> bytes:
    return orders.written(plan.order for plan in told(plans))


def told(plans: Sequence[Plan]) -> list[Plan]:
    """Those that kiosks still have to know: a roll-out that is over tells nothing when a later one has all kiosks."""
    found: list[Plan] = []
    done: set[tuple[str, str]] = set()
    for plan in reversed(plans):
        what = (str(plan.release.kind), plan.release.board)
        if plan.open and what not in done:
            found.append(plan)
        if plan.state is State.DONE:
            done.add(what)
    return found[::-1]


def _refuse(plan: Plan, plans: Sequence[Plan]) -> None:
    if any(other.name == plan.name for other in plans):
        raise InputError(f"'{plan.name}' was the name of another roll-out: each is given once")
    if len(plans) >= _MOST:
        raise InputError(f"{_MOST} roll-outs are kept; this state of a centre takes no more")
    for other in plans:
        same = (other.release.kind, other.release.board) == (plan.release.kind, plan.release.board)
        if same and other.state not in OVER:
            raise RolloutError(f"{other.name} brings {other.release.path}: let it end, or take it back")
        if same and other.state is State.DONE and other.release.serial >= plan.release.serial:
            raise RolloutError(f"{other.name} brought {other.release.path}, which is as new: take it back instead")


def _locked(connection: Connection) -> list[Plan]:
    """All plans in their order, nobody else's until the end of the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
    return [read(json.loads(plan)) for (plan,) in connection.execute(select(ROLLOUT.c.plan).order_by(ROLLOUT.c.number))]


def _write(connection: Connection, before: Sequence[Plan], after: Sequence[Plan]) -> list[Plan]:
    """Those that are others now."""
    changed = [new for new, old in zip(after, before, strict=True) if new != old]
    for plan in changed:
        where = update(ROLLOUT).where(ROLLOUT.c.name == plan.name)
        connection.execute(where.values(plan=json.dumps(plan.record())))
    return changed

"""A roll-out as it goes: which rings are open, what comes next, why it stands still. Pure: nothing is read or written.

The rules are those of Eclipse hawkBit (groups in a row, the next at a success rate, a stop at an error rate, pause and
approval), and a judge that asks whether the kiosks with the new version read worse than the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from stillscan.errors import InputError, StillscanError
from stillscan.fleet.rollout import release as releases
from stillscan.fleet.rollout import rings as ringed
from stillscan.fleet.rollout.judge import Judgement
from stillscan.fleet.rollout.orders import Does, Order
from stillscan.fleet.rollout.release import Release
from stillscan.fleet.rollout.rings import Ring


class State(StrEnum):
    """Where a roll-out stands."""

    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    STOPPED = "stopped"
    BACK = "back"
    DONE = "done"


_DOES = {
    State.RUNNING: Does.INSTALL,
    State.WAITING: Does.INSTALL,
    State.DONE: Does.INSTALL,
    State.PAUSED: Does.WAIT,
    State.STOPPED: Does.WAIT,
    State.BACK: Does.BACK,
}
"""What kiosks of open rings do meanwhile."""
OVER = frozenset({State.DONE, State.BACK, State.STOPPED})
"""States from which nothing goes on by itself."""


class RolloutError(StillscanError):
    """The roll-out is not where this could be done: exit code 1."""


@dataclass(frozen=True)
class Rules:
    """``success``: share of a ring's kiosks that have the release before the next ring opens; ``error``: share of the
    open rings' that could not take it, at which it stops; ``checks`` of the ring since then; ``approve``: each ring
    waits for a person."""

    success: float = 0.9
    error: float = 0.1
    checks: int = 300
    approve: bool = False


_MOST_CHECKS = 1_000_000
"""That a ring can be asked for: a day of the whole fleet."""


class Seen(NamedTuple):
    """A ring now: its kiosks that were heard of lately, how many have the release, how many could not take it, and the
    checks since."""

    kiosks: int
    installed: int
    refused: int
    checks: int


@dataclass(frozen=True)
class Plan:
    """``open``: how many rings are open; ``since``: hour (UTC) in which the newest of them was opened; ``began``: in
    which the first was. ``why`` says in words what it waits for, or why it stands."""

    name: str
    release: Release
    rings: tuple[Ring, ...]
    rules: Rules
    state: State = State.RUNNING
    open: int = 0
    began: str = ""
    since: str = ""
    why: str = ""

    @property
    def order(self) -> Order:
        """What kiosks are told of it."""
        return Order(self.name, self.release.path, self.rings, self.open, _DOES[self.state])

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "name": self.name, "release": self.release.custom(), "rings": [ring.record() for ring in self.rings],
            "rules": asdict(self.rules), "state": str(self.state), "open": self.open, "began": self.began,
            "since": self.since, "why": self.why,
        }  # fmt: skip


def read(record: dict[str, Any]) -> Plan:
    """As ``Plan.record`` made it. InputError: it is none."""
    try:
        signed = releases.release(**record["release"])
        rules = checked(Rules(**record["rules"]))
        began, since, why = (str(record[name]) for name in ("began", "since", "why"))
        found, opened, state = ringed.read(record["rings"]), int(record["open"]), State(record["state"])
        return Plan(str(record["name"]), signed, found, rules, state, opened, began, since, why)
    except (KeyError, TypeError, ValueError):
        raise InputError("the plan of a roll-out is damaged") from None


def checked(rules: Rules) -> Rules:
    """InputError: rules that nobody can mean."""
    for name, value in (("success", rules.success), ("error", rules.error)):
        if not 0 < value <= 1:
            raise InputError(f"{name}: more than 0 %, and 100 % at most")
    if not 0 <= rules.checks <= _MOST_CHECKS:
        raise InputError(f"checks: 0 to {_MOST_CHECKS}")
    return rules


def advance(plan: Plan, seen: Sequence[Seen], judgement: Judgement | None, hour: str) -> Plan:
    """One look, as often as one likes. ``seen``: every ring; ``judgement``: of all kiosks that have the release."""
    if plan.state is not State.RUNNING:
        return plan
    if plan.open == 0:
        return _wait(plan, "begin") if plan.rules.approve else _open(plan, hour)
    opened, ring = seen[: plan.open], seen[plan.open - 1]
    kiosks, refused = sum(one.kiosks for one in opened), sum(one.refused for one in opened)
    if refused and refused >= plan.rules.error * kiosks:
        return replace(plan, state=State.STOPPED, why=f"{refused} of {kiosks} kiosks could not take it")
    if judgement is not None and judgement.worse:
        why = (
            f"{judgement.kiosks} kiosks that have it fail in {judgement.rate:.1%} of {judgement.checks} checks, "
            f"and {judgement.expected:.1%} were to be expected"
        )
        return replace(plan, state=State.STOPPED, why=why)
    if not ring.kiosks:
        return _wait(plan, f"go on: ring {plan.open} ({plan.rings[plan.open - 1]}) has no kiosk, so nobody tries it")
    if ring.installed < plan.rules.success * ring.kiosks or ring.checks < plan.rules.checks:
        why = f"ring {plan.open}: {ring.installed} of {ring.kiosks} kiosks have it, {ring.checks} checks since"
        return replace(plan, why=why)
    if plan.open == len(plan.rings):
        return replace(plan, state=State.DONE, why="")
    return _wait(plan, f"open ring {plan.open + 1}") if plan.rules.approve else _open(plan, hour)


def _open(plan: Plan, hour: str) -> Plan:
    if plan.open == len(plan.rings):
        return replace(plan, state=State.DONE, why="")
    began = plan.began or hour
    return replace(plan, state=State.RUNNING, open=plan.open + 1, began=began, since=hour, why="")


def _wait(plan: Plan, what: str) -> Plan:
    return replace(plan, state=State.WAITING, why=f"waits for approval to {what}")


def pause(plan: Plan) -> Plan:
    """Nobody takes it any more, until it is resumed. RolloutError."""
    if plan.state not in (State.RUNNING, State.WAITING):
        raise RolloutError(f"{plan.name} is {plan.state}: there is nothing to pause")
    return replace(plan, state=State.PAUSED, why="paused by a person")


def resume(plan: Plan) -> Plan:
    """Go on where it was paused. RolloutError."""
    if plan.state is not State.PAUSED:
        hint = f" ({plan.why}); take it back, or plan it anew" if plan.state is State.STOPPED else ""
        raise RolloutError(f"{plan.name} is {plan.state}, not paused{hint}")
    return replace(plan, state=State.RUNNING, why="")


def approve(plan: Plan, hour: str) -> Plan:
    """Open the next ring. RolloutError: it waits for nobody."""
    if plan.state is not State.WAITING:
        raise RolloutError(f"{plan.name} is {plan.state}: it waits for no approval")
    return _open(plan, hour)


def put_back(plan: Plan, told: Order | None, hour: str) -> Plan:
    """As it goes on where kiosks are told what this plan does not know: its state was put back from a backup.

    ``told``: what they are told of it. Rings that are open stay open, what is taken back stays so, and all else waits
    for a person: what was found out since, and who stopped it, is lost.
    """
    if told is not None and told.rings == plan.rings and told.open:
        began, since = plan.began or hour, plan.since if plan.open >= told.open else hour
        plan = replace(plan, open=max(plan.open, told.open), began=began, since=since)
        if told.does is Does.BACK:
            return replace(plan, state=State.BACK, why="taken back by a person")
    if plan.state in OVER:
        return plan
    why = "this state of the centre was put back from a backup: look at the rings, then resume it, or take it back"
    return replace(plan, state=State.PAUSED, why=why)


def back(plan: Plan) -> Plan:
    """Every kiosk that has it goes back to what it had before. RolloutError."""
    if plan.open == 0:
        raise RolloutError(f"{plan.name}: no kiosk has it yet; pause it")
    return replace(plan, state=State.BACK, why="taken back by a person")

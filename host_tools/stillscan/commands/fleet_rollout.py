"""``stillscan fleet rollout``: a release to kiosks, ring by ring."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stillscan.commands.fleet_kiosks import add_state, state
from stillscan.commands.fleet_release import add_online, publisher, there
from stillscan.commands.parser import seconds, whole
from stillscan.errors import InputError, StillscanError

if TYPE_CHECKING:
    from stillscan.fleet.rollout.conducting import Conductor, Publish, Rollout
    from stillscan.fleet.rollout.plan import Plan

_STANDARD = "1%, 5%, 20%, 50%, 100%"  # of fleet/rollout/rings.py, which tests hold against it
_CHECKS = (0, 1_000_000)  # that a ring can be asked for, as fleet/rollout/plan.py has it
_DAY_S = 86400.0  # the longest pause between two looks


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command below ``stillscan fleet``."""
    parser = subparsers.add_parser(
        "rollout",
        help="bring a release to kiosks ring by ring, and stop or take it back",
        description="The next ring opens when enough kiosks of the last have the release and enough checks were made "
        "with it. A roll-out stops by itself when kiosks cannot take it, or when those that have it fail more often "
        "than they would without. Kiosks install in the office's quiet hours. Exit code: 0 done, 1 not where the "
        "roll-out is, 2 bad input, 4 trouble with this computer or the database.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    plan = actions.add_parser("plan", help="begin a roll-out")
    plan.add_argument("name", metavar="NAME", help="of the roll-out; each is given once, and draws its own rings")
    plan.add_argument("path", metavar="PATH", help="of the release, as 'fleet release verify' lists it")
    plan.add_argument("--repository", required=True, metavar="FOLDER", help="in which the release is published")
    plan.add_argument(
        "--ring",
        action="append",
        metavar="RING",
        help="one after another: 5%% of all kiosks (those before counted), office:NAME[,NAME], board:NAME[,NAME] "
        f"(default: {_STANDARD.replace('%', '%%')})",
    )
    plan.add_argument(
        "--success", type=whole(1, 100), default=90, metavar="PERCENT",
        help="of a ring's kiosks have the release before the next one opens (90)",
    )  # fmt: skip
    plan.add_argument(
        "--error", type=whole(1, 100), default=10, metavar="PERCENT",
        help="of the open rings' kiosks could not take it: it stops (10)",
    )  # fmt: skip
    plan.add_argument(
        "--checks", type=whole(*_CHECKS), default=300, metavar="N", help="in a ring before the next one opens (300)"
    )
    plan.add_argument("--approve", action="store_true", help="each ring waits for a person")
    add_state(plan)
    plan.set_defaults(run=_plan)
    status = actions.add_parser("status", help="all roll-outs, the newest first")
    status.add_argument("--json", action="store_true", help="print JSON, a line for each")
    add_state(status)
    status.set_defaults(run=_status)
    for word, help_ in (
        ("pause", "no kiosk takes it any more, until it is resumed"),
        ("approve", "open the next ring"),
        ("resume", "go on where it was paused"),
        ("back", "every kiosk that has it goes back to what it had before"),
    ):
        change = actions.add_parser(word, help=help_)
        change.add_argument("name", metavar="NAME", help="of the roll-out")
        add_state(change)
        change.set_defaults(run=_change, word=word)
    conduct = actions.add_parser(
        "conduct",
        help="look at all that goes on, and publish what kiosks are to do",
        description="Once, as for a timer, or --every so many seconds. What is valid is signed anew every six hours.",
    )
    conduct.add_argument("repository", metavar="REPOSITORY", help="folder")
    add_online(conduct, required=True)
    conduct.add_argument("--every", type=seconds(_DAY_S), metavar="S", help="go on until interrupted")
    add_state(conduct)
    conduct.set_defaults(run=_conduct)


def _plan(args: argparse.Namespace) -> int:
    from stillscan.fleet.rollout import plan, rings

    signed = there(args.repository).releases()
    release = next((one for one in signed if one.path == args.path), None)
    if release is None:
        paths = ", ".join(one.path for one in signed) or "none"
        raise InputError(f"{args.path}: no release that is published; there are: {paths}")
    rules = plan.checked(plan.Rules(args.success / 100, args.error / 100, args.checks, args.approve))
    drawn = rings.parse(args.ring or rings.STANDARD)
    with _conductor(args) as conductor:
        conductor.plan(plan.Plan(args.name, release, drawn, rules))
    print(f"{args.name}: {release.path} to {', '.join(map(str, drawn))}; the centre opens ring 1 at its next look")
    return 0


def _change(args: argparse.Namespace) -> int:
    from stillscan.fleet.events import hour_of
    from stillscan.fleet.rollout import plan

    words: dict[str, Callable[[Plan], Plan]] = {
        "pause": plan.pause,
        "approve": lambda one: plan.approve(one, hour_of(_now())),
        "resume": plan.resume,
        "back": plan.back,
    }
    with _conductor(args) as conductor:
        changed = conductor.change(args.name, words[args.word])
    print(f"{changed.name}: {changed.state}, {changed.open} of {len(changed.rings)} rings open")
    return 0


def _status(args: argparse.Namespace) -> int:
    with _conductor(args) as conductor:
        found = conductor.rollouts(_now())
    for one in found:
        print(json.dumps(_record(one)) if args.json else _text(one))
    if not found and not args.json:
        print("no roll-outs")
    return 0


def _record(one: Rollout) -> dict[str, object]:
    judgement = one.watched.judgement
    rings = [
        {"ring": str(ring), **seen._asdict()} for ring, seen in zip(one.plan.rings, one.watched.rings, strict=True)
    ]
    told = {"name": one.plan.name, "path": one.plan.release.path, "serial": one.plan.release.serial}
    told |= {"state": str(one.plan.state), "why": one.plan.why, "open": one.plan.open, "rings": rings}
    return told | {"judgement": None if judgement is None else judgement._asdict()}


def _text(one: Rollout) -> str:
    plan, judgement = one.plan, one.watched.judgement
    lines = [f"{plan.name}: {plan.release.path}, {plan.state}{f': {plan.why}' if plan.why else ''}"]
    for number, (ring, seen) in enumerate(zip(plan.rings, one.watched.rings, strict=True), 1):
        opened = "open" if number <= plan.open else "closed"
        has = (
            f"{seen.installed} of {seen.kiosks} kiosks have it, {seen.refused} could not take it, {seen.checks} checks"
        )
        lines.append(f"  ring {number} ({ring}): {opened}" + (f"; {has}" if number <= plan.open else ""))
    if judgement is not None:
        lines.append(
            f"  with it {judgement.rate:.1%} of {judgement.checks} checks failed, {judgement.expected:.1%} were to be "
            f"expected; evidence that it is worse: {judgement.evidence:.3g}"
        )
    return "\n".join(lines)


def _conduct(args: argparse.Namespace) -> int:
    publish = publisher(args, args.repository)
    with _conductor(args, publish) as conductor:
        while True:
            try:
                look_at(conductor)
            except StillscanError as error:
                if args.every is None:
                    raise
                print(f"stillscan: {error}; the next look tries again", file=sys.stderr, flush=True)
            if args.every is None:
                return 0
            time.sleep(args.every)


def look_at(conductor: Conductor) -> None:
    """One look at all roll-outs; told is what changed. StillscanError."""
    for plan in conductor.turn(_now()):
        why = f": {plan.why}" if plan.why else ""
        print(f"{plan.name}: {plan.state}, {plan.open} of {len(plan.rings)} rings open{why}", flush=True)


@contextlib.contextmanager
def _conductor(args: argparse.Namespace, publish: Publish | None = None) -> Iterator[Conductor]:
    from stillscan.fleet.rollout.conducting import Conductor

    with state(args) as store:
        yield Conductor(store, publish)


def _now() -> datetime:
    return datetime.now(UTC)

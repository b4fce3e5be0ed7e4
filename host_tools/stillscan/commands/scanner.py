"""``stillscan scanner``: see inside a scanner, measure every part, calibrate, and what it remembers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from kiosk import wire
from stillscan.commands.at_scanner import add_port, at_scanner
from stillscan.commands.in_words import speaks, words
from stillscan.commands.scanner_calibrate import add_calibrate, add_folder, kept
from stillscan.commands.scanner_test import add_test, add_watch
from stillscan.errors import InputError
from stillscan.guidance import service_texts
from stillscan.guidance.technicians import ENGLISH, Words, counter_in, event_in
from stillscan.technician.about import NOTHING, happened, health, info, settings
from stillscan.technician.tasks import recover


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "scanner",
        help="see inside a scanner, measure its parts, calibrate it, and what it remembers",
        description="For technicians, with the port free or while 'stillscan run' holds it (--staff). "
        "Exit code: 0 done, 1 a part is not as it has to be, 2 bad input, 3 device trouble.",
    )
    actions = parser.add_subparsers(metavar="COMMAND", required=True)
    add_folder(_action(actions, "info", "which board, firmware and calibration it has, and how it fares", _info))
    _action(actions, "health", "counters since power-on, and of its whole life", _health)
    _action(actions, "log", "what happened: since power-on, and what outlived power cuts", _log)
    changing = _action(actions, "settings", "its settings, their ranges and defaults", _settings)
    changing.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="change one, for good, and show what it was"
    )
    add_watch(actions)
    add_test(actions)
    add_calibrate(actions)
    _action(actions, "recover", "start its parts again after a fault", _recover)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    line: str,
    carry_out: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=line, description=f"{line[0].upper()}{line[1:]}.")
    add_port(parser)
    speaks(parser, carry_out)
    return parser


def _info(args: argparse.Namespace) -> int:
    with at_scanner(args, asks_only=True) as at:
        record, calibrations = info(at), kept(args, at)
    if args.json:
        print(json.dumps({**record, "calibrations": calibrations}))
        return 0
    say = words(args)
    titles = {name: name if say is ENGLISH else service_texts(args.language)[f"info_{name}"] for name in record}
    wide = max(16, *map(len, titles.values()))
    for name, value in record.items():
        if name != "calibration":  # the row of its kind says it, below
            told = say(NOTHING.get(name, "not known")) if value is None else _told(value, say)
            print(f"{titles[name]:<{wide}} {told}")
    print(say("calibrations, as this computer knows them"))
    for one in calibrations:
        by = say(" by {staff}").format(staff=one["staff"]) if one["staff"] else ""
        told = say(str(one["next"]))
        when = told if str(one["next"]).startswith("due") else say("next {when}").format(when=told)
        print(f"  {say(one['kind']):<{wide - 2}} {one['when'] or say('never')}{by}; {when}")
    return 0


def _told(value: object, say: Words) -> str:
    return say.number(value, "") if isinstance(value, float) else say(str(value))


def _health(args: argparse.Namespace) -> int:
    with at_scanner(args, asks_only=True) as at:
        counters = health(at)
    if args.json:
        print(json.dumps(counters))
        return 0
    say = words(args)
    for title, table in (("since power-on", "since_power_on"), ("in its whole life", "life")):
        print(say(title))
        for name, value in counters[table].items():
            print(f"  {counter_in(say, name):<24} {value}")
    return 0


def _log(args: argparse.Namespace) -> int:
    with at_scanner(args, asks_only=True) as at:
        rows = happened(at)
    if args.json:
        print(json.dumps(rows))
        return 0
    say = words(args)
    print(say("what outlived power cuts" if rows["kept"] else "what outlived power cuts: nothing yet"))
    _show_events(rows["kept"], say)
    print(say("since power-on"))
    _show_events(rows["since_power_on"], say)
    return 0


def _show_events(rows: list[dict[str, object]], say: Words) -> None:
    for one in rows:
        t_ms = one["t_ms"]
        moment = f"{say.number(t_ms / 1000, '.1f')} s" if isinstance(t_ms, int) else ""
        what, detail = (event_in(say, str(one[name])) for name in ("what", "detail"))
        print(f"  {moment:>12}  {what:<10} {detail}".rstrip())


def _settings(args: argparse.Namespace) -> int:
    from stillscan.commands.settings import check, named_values

    values = named_values(args.set)
    check(values)
    with at_scanner(args, asks_only=not values) as at:
        there = at.session.settings()
        if missing := sorted(set(values) - set(there)):
            raise InputError(f"--set: this scanner's firmware has no setting '{missing[0]}'")
        for name, value in values.items():
            at.session.set(there[name].setting, value)
        rows = settings(at, {name: there[name].value for name in values})
    if args.json:
        print(json.dumps(rows))
        return 0
    say = words(args)
    for row in rows:
        if values and row["former"] is None:
            continue  # who changes something is told that; without --set all are listed
        former = (
            ""
            if row["former"] is None
            else say("; before {former}: {back} brings it back").format(
                former=row["former"], back=f"--set {row['name']}={row['former']}"
            )
        )
        ranged = say("default {default}, {low} to {high}").format(**row)
        what = f"{row['name']:<14} {row['value']:>8} {say(str(row['unit'])):<7}"
        print(f"{what} {say(str(row['about']))} ({ranged}){former}".replace("  (", " ("))
    return 0


def _recover(args: argparse.Namespace) -> int:
    with at_scanner(args) as at:
        was = at.state
        result = recover(at)
    fault = result["fault"]
    if args.json:
        print(json.dumps(result))
    elif was != wire.FAULT:
        print(words(args)("there is no fault: nothing to recover from"))
    else:
        print(words(args)(f"still a fault: {fault}" if fault else "all parts have started"))
    return 1 if fault else 0

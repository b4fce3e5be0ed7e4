"""``stillscan scanner``: see inside a scanner, measure every part, calibrate, and what it remembers."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from kiosk import wire
from stillscan.commands.at_scanner import add_port, at_scanner
from stillscan.commands.scanner_test import add_test, add_watch
from stillscan.errors import DeviceError, InputError
from stillscan.link.messages import State, named, plain
from stillscan.link.session import describe
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.calibrating import calibrate, due
from stillscan.technician.history import Told, events, told

_RECOVER_MS = 5000.0  # PROTOCOL.md promises 3 s


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "scanner",
        help="see inside a scanner, measure its parts, calibrate it, and what it remembers",
        description="For technicians. The scanner is not used by another program meanwhile: end 'stillscan run' first. "
        "Exit code: 0 done, 1 a part is not as it has to be, 2 bad input, 3 device trouble.",
    )
    actions = parser.add_subparsers(metavar="COMMAND", required=True)
    _action(actions, "info", "which board, firmware and calibration it has, and how it fares", _info)
    _action(actions, "health", "counters since power-on, and of its whole life", _health)
    _action(actions, "log", "what happened: since power-on, and what outlived power cuts", _log)
    settings = _action(actions, "settings", "its settings, their ranges and defaults", _settings)
    settings.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change one, for good")
    add_watch(actions)
    add_test(actions)
    calibrating = _action(actions, "calibrate", "measure its white strip anew; the glass has to be empty", _calibrate)
    calibrating.add_argument("--back", action="store_true", help="go back to the former calibration instead")
    _action(actions, "recover", "start its parts again after a fault", _recover)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    line: str,
    carry_out: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=line, description=f"{line[0].upper()}{line[1:]}.")
    add_port(parser)
    parser.set_defaults(run=carry_out)
    return parser


def _info(args: argparse.Namespace) -> int:
    with at_scanner(args, asks_only=True) as at:
        record = info(at)
    if args.json:
        print(json.dumps(record))
        return 0
    for name, value in record.items():
        print(f"{name:<16} {'not known' if value is None else value}")
    return 0


def info(at: AtScanner) -> dict[str, object]:
    """What `scanner info --json` says."""
    hello = at.session.hello
    if hello is None:
        raise AssertionError("the session is open")
    identity, counters, installed = at.identity(), at.counters(), at.session.installed()
    calibrated = datetime.fromtimestamp(identity.calibrated, UTC).isoformat() if identity.calibrated else None
    return {
        "serial": identity.number,
        "board": hello.board_name,
        "firmware": hello.firmware,
        "build": (plain(installed.build) or None) if installed is not None else None,
        "protocol": f"{hello.major}.{hello.minor}",
        "scanner": hello.scanner_id,
        "state": named(wire.STATES, at.state),
        "calibrated": calibrated,
        "calibration": due(identity),
        "lamp_hours": round(counters[wire.LAMP_S] / 3600, 2),
        "powered_hours": round(counters[wire.POWERED_S] / 3600, 2),
        "reset_cause": named(wire.RESET_CAUSES, identity.reset_cause),
        "temperature_c": identity.temperature_c,
        "supply_v": identity.supply / 1000 if identity.supply else None,
    }


def _health(args: argparse.Namespace) -> int:
    with at_scanner(args, asks_only=True) as at:
        since_power_on = at.health()._asdict()
        life = _life(at.counters())
    if args.json:
        print(json.dumps({"since_power_on": since_power_on, "life": life}))
        return 0
    for title, table in (("since power-on", since_power_on), ("in its whole life", life)):
        print(title)
        for name, value in table.items():
            print(f"  {name:<24} {value}")
    return 0


def _life(counters: tuple[int, ...]) -> dict[str, int]:
    """Counters by name; those of causes and parts that never came are left out."""
    named_ones = dict(zip(wire.COUNTERS, counters, strict=False))
    for first, names, kind in ((wire.ABORTS, wire.CAUSES, "aborts"), (wire.PART_FAULTS, wire.PARTS, "faults")):
        for number, count in enumerate(counters[first : first + 16]):
            if count:
                named_ones[f"{kind}_{named(names, number)}"] = count
    return named_ones


def _log(args: argparse.Namespace) -> int:
    with at_scanner(args, asks_only=True) as at:
        kept = told(at.history())
        recent = events(at.log().entries)
    if args.json:
        print(json.dumps({"kept": [one._asdict() for one in kept], "since_power_on": [o._asdict() for o in recent]}))
        return 0
    print("what outlived power cuts" + ": nothing yet" * (not kept))
    _show_events(kept)
    print("since power-on")
    _show_events(recent)
    return 0


def _show_events(rows: list[Told]) -> None:
    for one in rows:
        moment = "" if one.t_ms is None else f"{one.t_ms / 1000:.1f} s"
        print(f"  {moment:>12}  {one.what:<10} {one.detail}")


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
        now = at.session.settings() if values else there
    rows = [
        {
            "name": name, "value": s.value, "unit": plain(s.unit), "default": s.default, "low": s.low, "high": s.high,
            "former": there[name].value if name in values else None,
        }
        for name, s in now.items()
    ]  # fmt: skip
    if args.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        former = "" if row["former"] is None else f", before {row['former']}"
        print(
            f"{row['name']:<14} {row['value']:>8} {row['unit']:<7} default {row['default']}, {row['low']} to "
            f"{row['high']}{former}"
        )
    return 0


def _calibrate(args: argparse.Namespace) -> int:
    with at_scanner(args) as at:
        result = calibrate(at, int(time.time()), back=args.back)
    if args.json:
        print(json.dumps(result))
        return 0
    print(f"{'back to the former calibration' if args.back else 'calibrated'} at {result['temperature_c']} C")
    for where in ("strip", "sensor"):
        specks = result[where]
        if isinstance(specks, list):
            for speck in specks:
                print(f"  a speck of {speck['size_mm']} mm on the {where}, {speck['x_mm']} mm from the left")
    if result["advice"]:
        print(f"  {result['advice']}")
    print(f"next: {result['next']}")
    return 0


def _recover(args: argparse.Namespace) -> int:
    with at_scanner(args) as at:
        was = at.state
        state = None
        if was == wire.FAULT:
            at.session.send(wire.C_RECOVER)
            state = at.next(State, _RECOVER_MS, lambda state: state.state in (wire.EMPTY, wire.FAULT))
            if state is None:
                raise DeviceError(f"{at.session.transport.name}: the scanner did not answer to recover")
    fault = describe(state) if state is not None and state.state == wire.FAULT else None
    if args.json:
        now = state.state if state is not None else was
        print(json.dumps({"was": named(wire.STATES, was), "state": named(wire.STATES, now), "fault": fault}))
    elif state is None:
        print("there is no fault: nothing to recover from")
    else:
        print(f"still a fault: {fault}" if fault else "all parts have started")
    return 1 if fault else 0

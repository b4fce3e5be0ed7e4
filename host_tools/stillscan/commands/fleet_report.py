"""``stillscan fleet report``, for the issuer, and ``fleet heads``, for an auditor: what a centre says of the chains."""

from __future__ import annotations

import argparse

from stillscan.commands.fleet_kiosks import add_state, state
from stillscan.commands.records import add_place, keys, output
from stillscan.errors import InputError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the actions."""
    report = subparsers.add_parser(
        "report",
        help="for the issuer: how the checks of a month ended, signed, countable against the chains",
        description="One line of JSON: the report, the centre's name and its signature (its key: 'stillscan audit key' "
        "with the same --database, --keys and --kiosk). Of each kiosk it says between which entries of its audit chain "
        "the checks lie, so that whoever has an export of that chain counts the same.",
    )
    report.add_argument("--month", required=True, metavar="YYYY-MM", help="of which (UTC)")
    report.add_argument("--test", action="store_true", help="checks in test mode instead")
    report.add_argument("--out", metavar="FILE", help="where to (default: standard output)")
    add_state(report)
    add_place(report)
    report.set_defaults(run=_report)
    heads = subparsers.add_parser(
        "heads",
        help="for an auditor: the ends of a kiosk's audit chain that the centre keeps",
        description="Lines of JSON for 'stillscan audit verify --witness FILE' at the kiosk: signed heads as they were "
        "told, and the entry of the last check.",
    )
    heads.add_argument("kiosk", metavar="KIOSK", help="its name")
    heads.add_argument("--out", metavar="FILE", help="where to (default: standard output)")
    add_state(heads)
    heads.set_defaults(run=_heads)


def _report(args: argparse.Namespace) -> int:
    from stillscan.fleet.issuer_report import month_of, report, signed

    month = month_of(args.month)
    with state(args) as store:
        with store.reading() as connection:
            facts = report(connection, month, args.test)
        with output(args.out) as file:
            print(signed(facts, keys(args)), file=file)
    return 0


def _heads(args: argparse.Namespace) -> int:
    from stillscan.fleet.witness import kept

    with state(args) as store, store.reading() as connection:
        lines = list(kept(connection, args.kiosk))
    if not lines:
        raise InputError(f"{args.kiosk}: the centre has no end of its chain")
    with output(args.out) as file:
        for line in lines:
            print(line, file=file)
    return 0

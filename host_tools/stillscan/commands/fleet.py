"""``stillscan fleet``: many kiosks. What each action does stands in a module of its own."""

from __future__ import annotations

import argparse
from importlib import import_module

_ACTIONS = ("fleet_up", "fleet_serve", "fleet_kiosks", "fleet_report")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "fleet",
        help="many kiosks: a centre that knows what fails where",
        description="Events of many kiosks over NATS JetStream, without anything personal, to a centre that counts "
        "them once. Needs pip install 'stillscan[fleet]'.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name in _ACTIONS:
        import_module(f"stillscan.commands.{name}").add_parser(actions)

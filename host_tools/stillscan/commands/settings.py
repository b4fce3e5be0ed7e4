"""Settings of the scanner as options of a command."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from stillscan.boards.settings import known
from stillscan.errors import InputError


def add_expected(group: argparse._ActionsContainer) -> None:
    """--set of a command that uses a scanner and changes nothing of it."""
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting in which the scanner is meant to differ from its defaults; what differs otherwise is told",
    )


def expected(args: argparse.Namespace) -> dict[str, int]:
    """What ``add_expected`` was given. InputError."""
    values = named_values(args.set)
    check(values)
    return values


def named_values(texts: Sequence[str]) -> dict[str, int]:
    """From NAME=VALUE. InputError."""
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            found[name] = int(value)
        except ValueError:
            raise InputError(f"--set: '{text}' is not NAME=VALUE with a whole number") from None
    return found


def check(values: Mapping[str, int]) -> None:
    """Before anything is changed: InputError for what the firmware of this package would refuse."""
    ours = known()
    try:
        ours.see(values)
    except InputError as error:
        raise InputError(f"--set: {error}") from None
    if together := ours.clash(values):
        raise InputError(f"--set: {', '.join(together)}: allowed each, but together no passport would come through")

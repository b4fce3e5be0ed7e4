"""``stillscan run --config FILE``: options of the command line from a TOML file, and the samples that are shipped."""

from __future__ import annotations

import argparse
import os
import shlex
import stat
import sys
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from stillscan.commands.parser import Language
from stillscan.errors import InputError
from stillscan.files import read_toml

_NOT_IN_A_FILE = ("help", "config", "print-config", "print-unit")
SAMPLES = {"--print-config": "kiosk.toml", "--print-unit": "stillscan.service"}


def add_config(parser: argparse.ArgumentParser) -> None:
    """--config, and what prints the samples."""
    group = parser.add_argument_group("as a service")
    group.add_argument(
        "--config", metavar="TOML", help="take options from this file, by their long names; the command line wins"
    )
    for option, name in SAMPLES.items():
        help_ = f"print a sample of {'its configuration' if name.endswith('.toml') else 'its unit for systemd'}"
        group.add_argument(option, action=_Print, nargs=0, const=name, help=help_)


def from_file(name: str, parser: argparse.ArgumentParser) -> list[str]:
    """The options of a file as a command line. InputError names the file and the key that cannot be used."""
    table = read_toml(name)
    _keep_password(name, table.get("database"))
    known = options(parser)
    found: list[str] = []
    for key, value in table.items():
        if key not in known:
            raise InputError(f"{name}: there is no option '{key}'; there are: {', '.join(known)}")
        try:
            found += _arguments(parser, known[key], key, value)
        except ValueError as error:
            raise InputError(f"{name}: '{key}' {error}") from None
    return found


def _keep_password(name: str, database: Any) -> None:
    """InputError for a file that tells every account of this computer the password of the database."""
    if isinstance(database, str) and "://" in database and os.name == "posix" and os.stat(name).st_mode & stat.S_IROTH:
        from stillscan.records.server_url import holds_password  # a database takes longer to load than to name

        if holds_password(database):
            path = shlex.quote(name)
            raise InputError(
                f"{name}: every account may read the password of the database in it: chmod 640 {path}, and chgrp to "
                "the group of the kiosk"
            )


def options(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The options of a command by their long names."""
    named = {option[2:]: action for action in parser._actions for option in action.option_strings if option[:2] == "--"}
    return {name: action for name, action in named.items() if name not in _NOT_IN_A_FILE}


def _arguments(parser: argparse.ArgumentParser, action: argparse.Action, key: str, value: Any) -> Sequence[str]:
    """One key as arguments. ValueError says what it has to be."""
    if isinstance(action, argparse._StoreTrueAction):
        if not isinstance(value, bool):
            raise ValueError("is true or false")
        return [f"--{key}"] * value
    if isinstance(action, argparse._AppendAction):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError('is a list of texts: ["...", "..."]')
        return [f"--{key}={one}" for one in value]
    if isinstance(action, argparse._CountAction):
        if type(value) is not int or not 0 <= value <= 2:
            raise ValueError("is 0, 1 or 2")
        return [f"--{key}"] * value
    return [f"--{key}={_single(parser, action, value)}"]


def _single(parser: argparse.ArgumentParser, action: argparse.Action, value: Any) -> Any:
    """The value of an option that takes one. ValueError says what it has to be."""
    text = action.type is None or isinstance(action.default, str)  # a text may have a form, such as hours
    if text and not isinstance(value, str):
        raise ValueError('is a text in quotes: "..."')
    if not text and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError("is a number, without quotes")
    if action.choices is not None and value not in action.choices:
        raise ValueError(f"is one of {', '.join(map(str, action.choices))}")
    try:
        parser._get_value(action, str(value))
        if isinstance(action, Language):
            action(parser, argparse.Namespace(), value)
    except argparse.ArgumentError as error:
        raise ValueError(f"cannot be used: {error.message}") from None
    except InputError as error:
        raise ValueError(f"cannot be used: {error}") from None
    return value


class _Print(argparse.Action):
    """Prints a file of the package and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        sys.stdout.write((files("stillscan.service") / str(self.const)).read_text(encoding="utf-8"))
        parser.exit()

"""The command line's parser: one plain line for what cannot be used, and the kinds of values that options take."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NoReturn

from stillscan import log
from stillscan.errors import InputError, one_line
from stillscan.files import refuse_folder, refuse_no_folder, refuse_same
from stillscan.guidance import known_language

_MEANT: dict[Any, str] = {int: "a whole number", float: "a number", date.fromisoformat: "a date as YYYY-MM-DD"}
_FILES = ("FILE", "FILE|URL", "FILE.png", "IMAGE", "PNG", "SVG", "TOML", "CSV", "KEYFILE", "CASES.jsonl", "NAME.pub")
"""How help calls values that name a file and never a folder, beside those that begin with OUT."""
_EACH_BY_ITSELF = "IMAGE"
"""Of several pictures those that are none are told, and the others read."""
_FOLDERS = ("FOLDER", "DIR", "REPOSITORY")
"""And values that name a folder, there already or to be made."""
USAGE = 2
_SIMULATED = "only with --port sim"


class _Actions(argparse._SubParsersAction):  # type: ignore[type-arg]
    """A command's actions. What is given before an action that has no such option is refused: it would do nothing."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        name = str(values[0])
        if name in self.choices:
            taken = {one.dest for one in self.choices[name]._actions}
            for one in given_to(namespace, parser._actions):
                if one.dest not in taken:
                    raise argparse.ArgumentError(None, f"{_called(one)} does nothing before {name}")
        super().__call__(parser, namespace, values, option_string)


class Parser(argparse.ArgumentParser):
    """Also of every command: argparse makes parsers of commands from their parent's class."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register("action", "parsers", _Actions)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What no command or action knows is told with its own help; InputError for options of a simulated scanner
        with another port."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"'{rest[0]}' is not known here")
        port, config = getattr(found, "port", None), getattr(found, "config", None)
        if port == "sim" or (port is None and config is not None):  # the file may name it, and is read afterwards
            return found, rest
        for group in self._action_groups:
            if group.title == _SIMULATED:
                for one in given_to(found, group._group_actions):
                    raise InputError(f"{_called(one)} goes with --port sim")
        return found, rest

    def error(self, message: str) -> NoReturn:
        """One line, and exit code 2."""
        self.exit(USAGE, f"{self.prog}: {one_line(message.removeprefix('argument '))}; try '{self.prog} --help'\n")

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """argparse takes ``--option=--`` for no value at all."""
        if arg_strings == ["--"] and action.option_strings and action.nargs is None:
            value = self._get_value(action, "--")
            self._check_value(action, value)
            return value
        return super()._get_values(action, arg_strings)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """argparse would say "invalid choice: ... (choose from ...)"."""
        if action.choices is not None and value not in action.choices:
            there = ", ".join(map(str, action.choices))
            raise argparse.ArgumentError(action, f"there is no '{value}'; there are: {there}")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """argparse would say "invalid <name of a Python function> value"."""
        if action.nargs == argparse.PARSER:
            return arg_string  # a command and all that stands behind it, which its own parser looks at
        if not arg_string and action.default != "":
            or_else = "" if action.required else "; leave it out for the default"
            raise InputError(f"{_called(action)}: is empty{or_else}")
        if arg_string.endswith("/") and "://" not in arg_string and _is_file(action):
            raise InputError(f"{arg_string}: names a folder, not a file")  # a path would lose its end in silence
        if _is_file(action) and action.metavar != _EACH_BY_ITSELF and arg_string not in str(action.metavar).split("|"):
            refuse_folder(arg_string)
        if action.metavar in _FOLDERS:
            refuse_no_folder(arg_string)
        kind: Any = action.type
        if kind not in _MEANT:
            return super()._get_value(action, arg_string)
        try:
            return kind(arg_string)
        except ValueError:
            raise argparse.ArgumentError(action, f"'{arg_string}' is not {_MEANT[kind]}") from None


def _called(action: argparse.Action) -> str:
    return action.option_strings[0] if action.option_strings else str(action.metavar or action.dest)


def _is_file(action: argparse.Action) -> bool:
    called = str(action.metavar)
    return called in _FILES or called.startswith("OUT")


def add_log(parser: argparse.ArgumentParser) -> None:
    """--log and -v, which every command and each of its actions has: people put them at the end."""
    group = parser.add_argument_group("log")
    group.add_argument(
        "--log",
        metavar="FILE",
        help=f"write what happens into FILE ({log.STDERR}: stderr), nothing about people; up to "
        f"{log.FILES_KEPT + 1} files of {log.FILE_BYTES // 1_000_000} MB are kept",
    )
    group.add_argument(
        "-v", "--verbose", action="count", default=0, help="log details as well; twice: those of libraries too"
    )
    for action in actions_of(parser).values():
        add_log(action)


def keep_what_came_before(parser: argparse.ArgumentParser) -> None:
    """An option that both a command and its action take counts before the action as well.

    argparse would put the action's default in its place.
    """
    both = {one.dest for one in parser._actions if one.option_strings}
    for action in actions_of(parser).values():
        for one in action._actions:
            if one.dest in both and one.option_strings and one.dest != "help":
                one.default = argparse.SUPPRESS
        keep_what_came_before(action)


def actions_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of a command's actions by their names; none where it has none."""
    found = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return dict(found[0].choices) if found else {}


def simulated_group(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Where a command's options go that describe a simulated scanner: with another port they are refused."""
    found = [group for group in parser._action_groups if group.title == _SIMULATED]
    return found[0] if found else parser.add_argument_group(_SIMULATED)


def unlike_defaults(args: argparse.Namespace, parser: argparse.ArgumentParser) -> frozenset[str]:
    """Which options of a command somebody gave, by the names of their values."""
    return frozenset(one.dest for one in given_to(args, parser._actions))


def given_to(args: argparse.Namespace, options: Iterable[argparse.Action]) -> list[argparse.Action]:
    """Those that have another value than their default: somebody gave them."""
    named = [one for one in options if one.option_strings and one.default is not argparse.SUPPRESS]
    return [one for one in named if getattr(args, one.dest, one.default) != one.default]


class Language(argparse.Action):
    """The code of a language that was named, or whose file was."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: Any, _: Any = None
    ) -> None:
        setattr(namespace, self.dest, known_language(value))


def add_language(parser: argparse.ArgumentParser, default: str, what: str) -> None:
    """--language: a code, or a file of somebody's own; what comes out is the code. InputError for another."""
    parser.add_argument(
        "--language",
        metavar="CODE|CODE.toml",
        action=Language,
        default=default,
        help=f"{what} ({default}): nb, nn, en, one that an installed package brings, or the path of your own",
    )


def refuse_visible_password(database: str | None) -> None:
    """InputError for a password in --database: every account of this computer sees it in the list of processes."""
    if database is None or "://" not in database:
        return
    from stillscan.records.server_url import WAYS, holds_password  # a database takes longer to load than to name

    if holds_password(database):
        raise InputError(
            f"--database: a password on the command line is seen by every account of this computer; put it {WAYS}, "
            "and give it a new one"
        )


_READ = (
    *("document", "scenario", "motion", "uf2", "images", "known", "config", "pairing", "file", "kiosk_config", "cases"),
    *("witness", "trust", "webhook_secret", "fleet_authority", "fleet_centre", "releases_seed", "releases_root"),
    *("authority", "key", "kiosk_log", "mail_server", "online", "rollouts", "root", "to_seed", "what"),
)
_WRITTEN = (
    *("plot", "vcd", "record_link", "save_strip", "save_screen", "explain", "map", "labels", "trace", "image_only"),
    *("out", "log", "simulated"),
)
"""Arguments of all commands that name files: a test asks for those of a new one."""


def refuse_overwriting(args: argparse.Namespace) -> None:
    """InputError for a file that is to be written and is read as well, or that two options write."""
    written = [str(name) for key in _WRITTEN if (name := getattr(args, key, None)) not in (None, "", "-")]
    for key in _READ:
        names = getattr(args, key, None) or []
        for read in names if isinstance(names, list) else [names]:
            for name in written:
                refuse_same(read, name)
    places = [os.path.realpath(name) for name in written if os.path.isfile(name) or not os.path.exists(name)]
    for place in places:
        if places.count(place) > 1:
            raise InputError(f"{place}: two options write it")


def whole(low: int, high: int) -> Callable[[str], int]:
    """A kind of option: a whole number from ``low`` to ``high``."""

    def take(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {low} to {high}")
        return value

    return take


def milliseconds(most: float, or_else: str = "") -> Callable[[str], float]:
    """A kind of option: milliseconds from 0 to ``most``; ``or_else`` is a word that the caller takes as well."""
    return seconds(most, zero=True, unit="milliseconds", or_else=or_else)


def seconds(
    most: float, *, zero: bool = False, endless: bool = False, unit: str = "seconds", or_else: str = ""
) -> Callable[[str], float]:
    """A kind of option: seconds up to ``most``; ``zero``: from 0 on; ``endless``: "inf" is possible too."""
    words = f"a number of {unit} {'from' if zero else 'above'} 0 to {most:.12g}{', or inf' * endless}"
    words += f", or {or_else}" * bool(or_else)

    def take(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if endless and value == math.inf:
            return value
        if not (0 <= value <= most if zero else 0 < value <= most):
            raise argparse.ArgumentTypeError(f"'{text}' is not {words}")
        return value

    return take

"""``--language`` of technicians' commands: what they print, and what goes wrong in them, in the words of a language."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from stillscan.commands.parser import add_language
from stillscan.errors import StillscanError
from stillscan.guidance.technicians import Words, technician_words

Command = Callable[[argparse.Namespace], int]


def speaks(parser: argparse.ArgumentParser, carry_out: Command) -> None:
    """Give a command --language, and tell its trouble in it."""

    def run(args: argparse.Namespace) -> int:
        try:
            return carry_out(args)
        except StillscanError as error:
            error.args = (words(args)(str(error)), *error.args[1:])
            raise

    add_language(parser, "en", "of what is said")
    parser.set_defaults(run=run)


def words(args: argparse.Namespace) -> Words:
    """Texts of the language that was asked for, by the English ones; with --json, which programs read, English."""
    return technician_words("en" if getattr(args, "json", False) else args.language)

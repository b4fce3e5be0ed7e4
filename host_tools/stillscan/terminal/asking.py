"""What is typed at a terminal, or read from standard input by a script: one line an answer."""

from __future__ import annotations

import getpass
import sys

from stillscan.terminal.streams import question


def at_terminal() -> bool:
    """Whether somebody can type."""
    return sys.stdin is not None and sys.stdin.isatty()


def asked(prompt: str) -> str:
    """A line, its end taken off. The prompt is shown in any case. EOFError when there is no more."""
    with question():
        print(prompt, end="", file=sys.stderr, flush=True)
        return _line(-1)


def asked_unseen(prompt: str, most: int = -1) -> str:
    """The same without showing what is typed, and at most so many characters of it; no prompt for a script."""
    if not at_terminal():
        return _line(most)
    with question():
        return getpass.getpass(prompt, sys.stderr)


def _line(most: int) -> str:
    line = sys.stdin.readline() if most < 0 else sys.stdin.readline(most)
    if not line:
        raise EOFError
    return line.rstrip("\r\n")

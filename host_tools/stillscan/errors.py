"""What can go wrong that a user should be told in one line.

Everything the commands expect to happen is one of these. Anything else is a defect: one line too, more in the log.
Messages never hold personal data: no MRZ text, names, numbers or dates of a document.
"""

import sys
from importlib.util import find_spec
from typing import Literal

_LONGEST = 600
"""Characters of a line of trouble: it holds two paths as people have them, and what is wrong with them."""
_SPACES = "\u00a0\u202f"  # that do not break: no harm in them


def one_line(text: str) -> str:
    """Foreign text (a file's name, what a device says) as one printable line of bounded length.

    What moves a terminal's cursor or turns the direction of writing is shown as it is written in Python.
    """
    shown = "".join(c if c.isprintable() or c in _SPACES else ascii(c)[1:-1] for c in text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST // 2]}…{shown[-_LONGEST // 3 :]}"


class StillscanError(Exception):
    """Base of the expected failures, each one line; ``exit_code`` is what the command ends with."""

    exit_code = 1

    def __str__(self) -> str:
        return one_line(super().__str__())


class InputError(StillscanError):
    """The user's input cannot be used (file, trace, profile, option): exit code 2."""

    exit_code = 2


class NotHereError(InputError):
    """What was asked for cannot be done here (on this board, by this emulator): a test is skipped with the reason."""


DeviceTrouble = Literal[
    "missing", "busy", "rights", "stranger", "protocol", "gone", "lost", "faulty", "firmware",
    "unpaired", "foreign", "swapped", "revoked", "key_lost", "simulated", "unproven", "records",
]  # fmt: skip
"""Kinds of trouble with a scanner; each has a sentence in the guidance (``device.KIND``)."""


class DeviceError(StillscanError):
    """The scanner is missing, busy, gone, faulty, something else, or speaks another protocol: exit code 3."""

    exit_code = 3
    kind: DeviceTrouble = "faulty"

    def __init__(self, text: str, kind: DeviceTrouble | None = None) -> None:
        super().__init__(text)
        self.kind = kind or self.kind


class EnvironmentTroubleError(StillscanError):
    """This computer cannot do it: a disk that is full, rights, keys, a database that does not answer. Exit code 4."""

    exit_code = 4


class MissingPackagesError(EnvironmentTroubleError):
    """What was asked for needs packages of an extra that are not installed; ``what`` says so."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what}: pip install 'stillscan[{extra}]'")


def expect_posix(what: str) -> None:
    """Before anything is done: EnvironmentTroubleError on Windows, for what needs forks, pipes that are handed on, or
    pseudo-terminals."""
    if sys.platform == "win32":
        raise EnvironmentTroubleError(f"{what} works on Linux and macOS, and not on Windows; there it does in WSL")


def expect_package(package: str, what: str, extra: str) -> None:
    """Before long work: MissingPackagesError without this package of an extra, which is not loaded yet."""
    if find_spec(package) is None:
        raise MissingPackagesError(what, extra)

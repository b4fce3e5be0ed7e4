"""Where releases go: known problems to their file, settings to the scanner, firmware to the board's free slot."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from stillscan.boards import settings
from stillscan.boards.versions import Version
from stillscan.errors import DeviceError, InputError, StillscanError
from stillscan.files import trouble, write_whole
from stillscan.fleet.rollout.firmware_file import unpack
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.verify.known import parse_list


def refuse(kind: Kind, content: bytes) -> None:
    """InputError: no kiosk could use this content. Asked when a release is made, and by every kiosk again."""
    if kind is Kind.FIRMWARE:
        unpack(content)
    elif kind is Kind.KNOWN:
        parse_list(content, "the list of known problems")
    else:
        settings_in(content)


def settings_in(content: bytes) -> dict[str, int]:
    """Settings of a scanner by name: a TOML file of whole numbers. InputError as the firmware of this package would
    refuse them."""
    try:
        found = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise InputError("the settings are no TOML file") from None
    ours = settings.known()
    for name, value in found.items():
        if name not in ours.rows:
            raise InputError(f"settings: no setting is called '{name}'")
        if type(value) is not int or not ours.fits(name, value):
            raise InputError(f"settings: {name} has a value that the scanner does not take")
    if together := ours.clash(found):
        raise InputError(f"settings: {', '.join(together)}: together no passport would come through")
    return found


class KnownList:
    """``changed`` is called with the file as it is then; the counter uses it from the next visit on."""

    def __init__(self, path: Path, changed: Callable[[Path], None]) -> None:
        self._path, self._changed = path, changed

    def install(self, release: Release, content: bytes, back: bool) -> None:
        """See Installer."""
        refuse(Kind.KNOWN, content)
        write_whole(self._path, content)
        self._changed(self._path)

    def remove(self) -> None:
        """See Installer."""
        _gone(self._path)
        self._changed(self._path)


class ScannerSettings:
    """``change`` sets all of them at the scanner (DeviceError: not now); ``own`` are those in which it differs from the
    defaults by itself. ``path`` keeps what was released; ``changed`` is called with it as it is then."""

    def __init__(
        self,
        path: Path,
        change: Callable[[Mapping[str, int]], None],
        own: Mapping[str, int],
        changed: Callable[[Path], None],
    ) -> None:
        self._path, self._change, self._own, self._changed = path, change, own, changed

    def install(self, release: Release, content: bytes, back: bool) -> None:
        """See Installer. What a release does not name is as this kiosk has it by itself."""
        self._change(self._all() | settings_in(content))
        write_whole(self._path, content)
        self._changed(self._path)

    def remove(self) -> None:
        """See Installer."""
        self._change(self._all())
        _gone(self._path)
        self._changed(self._path)

    def _all(self) -> dict[str, int]:
        return {name: row.default for name, row in settings.known().rows.items()} | dict(self._own)


class Firmware:
    """``board``: its name now; ``flash`` puts a version on it and returns when it is confirmed; ``older``: also one
    that is older. StillscanError: it did not come up, and the one before runs; DeviceError: not now.

    ``own``: that of this package."""

    def __init__(
        self, board: Callable[[], str], flash: Callable[[Version, bool], None], own: Callable[[], Version]
    ) -> None:
        self._board, self._flash, self._own = board, flash, own

    def install(self, release: Release, content: bytes, back: bool) -> None:
        """See Installer."""
        board = self._board()
        if not board:
            raise DeviceError(f"{release.path}: there is no scanner now", "missing")
        if release.board != board:
            raise StillscanError(f"{release.path}: is for another board than {board}")
        self._flash(unpack(content), back)

    def remove(self) -> None:
        """See Installer."""
        self._flash(self._own(), True)


def _gone(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise trouble(path, error, "written") from None

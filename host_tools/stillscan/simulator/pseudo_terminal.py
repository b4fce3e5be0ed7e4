"""A pseudo-terminal that comes and goes as a serial port does when its cable is pulled, under a name that stays."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import tty
from pathlib import Path

from stillscan.errors import InputError
from stillscan.files import trouble


class Terminal:
    """``link`` is a symbolic link to it that stays the same; without one the name changes each time that it opens.

    InputError for a link that cannot be made.
    """

    def __init__(self, link: Path | None = None) -> None:
        self._link = link
        self._ends: tuple[int, int] | None = None
        self._unsent = b""

    @property
    def is_open(self) -> bool:
        """Whether there is one."""
        return self._ends is not None

    @property
    def full(self) -> bool:
        """Whether the other program has not taken all that was written."""
        return bool(self._unsent)

    def open(self) -> str:
        """It appears; the name to open it by."""
        self.close()
        self._ends = master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        name = os.ttyname(slave)
        if self._link is None:
            return name
        self._point(self._link, name)
        return str(self._link)

    def hold(self, busy: bool) -> None:
        """Lock it as another program does that uses it, or unlock it."""
        if self._ends is not None:
            fcntl.flock(self._ends[1], fcntl.LOCK_EX if busy else fcntl.LOCK_UN)

    def _point(self, link: Path, name: str) -> None:
        try:
            beside = link.with_name(f".{link.name}.{os.getpid()}")
            if link.exists() and not link.is_symlink():
                raise InputError(f"{link}: this is there already and is no link")
            beside.symlink_to(name)
            beside.replace(link)
        except OSError as error:
            raise trouble(link, error, "made") from None
        except ValueError:  # no system has such a name
            raise InputError(f"{link}: cannot be made") from None

    def read(self) -> bytes:
        """What the other program has written since."""
        if self._ends is not None:
            with contextlib.suppress(BlockingIOError):
                return os.read(self._ends[0], 4096)
        return b""

    def write(self, data: bytes) -> None:
        """For the other program; what it does not take now waits for the next call."""
        self._unsent += data
        if self._ends is not None:
            with contextlib.suppress(BlockingIOError):
                while self._unsent:
                    self._unsent = self._unsent[os.write(self._ends[0], self._unsent) :]

    def close(self) -> None:
        """It goes away, with what nobody has taken."""
        self._unsent = b""
        if self._ends is None:
            return
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = None

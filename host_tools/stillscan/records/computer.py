"""What the computer itself can tell of its clock: the time, how long it runs, whether a time service has set it."""

from __future__ import annotations

import contextlib
import ctypes
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd makes it when it has set the clock
_SERVICES = (Path("/run/systemd/timesync"), Path("/run/chrony"), Path("/run/ntpd.pid"), Path("/run/openntpd.pid"))
_SET = (Path("/var/lib/systemd/timesync/clock"), _SYNCHRONISED)  # touched whenever the clock was set
_STA_UNSYNC = 0x40  # of <sys/timex.h>: nothing has set the kernel's clock since it was stepped, or for hours


class Boot(NamedTuple):
    """One start of the computer: its id, and the seconds since then, those included in which it slept."""

    id: str
    seconds: float


class Computer(Protocol):
    """Where the facts come from: the system (`System`), or a test."""

    def now(self) -> datetime: ...
    def boot(self) -> Boot | None: ...
    def synchronised(self) -> bool | None: ...
    def last_set(self) -> datetime | None: ...


class System:
    """This computer."""

    def now(self) -> datetime:
        """What its clock says, in UTC."""
        return datetime.now(UTC)

    def boot(self) -> Boot | None:
        """Its start; None where the system does not tell (only Linux does)."""
        with contextlib.suppress(OSError, AttributeError):
            name = _BOOT_ID.read_text(encoding="ascii").strip()
            return Boot(name, time.clock_gettime(time.CLOCK_BOOTTIME))
        return None

    def synchronised(self) -> bool | None:
        """Whether a time service has set the clock; None where no such service works, so that nobody can tell."""
        if not any(path.exists() for path in _SERVICES):
            return None
        status = _kernel_status()
        if status is not None:
            return not status & _STA_UNSYNC
        return _SYNCHRONISED.exists() if _SYNCHRONISED.parent.exists() else None  # in a sandbox, only its file tells

    def last_set(self) -> datetime | None:
        """When a time service set the clock last, as far as it left a trace."""
        traces = []
        for path in _SET:
            with contextlib.suppress(OSError):
                traces.append(datetime.fromtimestamp(path.stat().st_mtime, UTC))
        return max(traces, default=None)


class _Timex(ctypes.Structure):
    """The beginning of struct timex of <sys/timex.h>, and room for its rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),  # 0: nothing is changed
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 64),
    )


def _kernel_status() -> int | None:
    """The kernel's word on its clock; None where there is none (only Linux has adjtimex)."""
    told = _Timex()
    try:
        if ctypes.CDLL(None).adjtimex(ctypes.byref(told)) < 0:
            return None
    except (OSError, AttributeError, TypeError):
        return None
    return int(told.status)

"""The computer around the kiosk: system, versions, disks, memory, clock, USB. No name of host, user, file, network."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from datetime import UTC
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from kiosk import wire
from stillscan import RELEASED, __version__
from stillscan.boards.files import firmware_folder
from stillscan.records.computer import System
from stillscan.technician.bundle.ask import Ask

_LIBRARIES = (
    "numpy", "opencv_python_headless", "onnxruntime", "pillow", "pyserial", "sqlalchemy", "starlette", "uvicorn",
    "cryptography", "rich",
)  # fmt: skip
_NUMBERS = re.compile(r"\d{1,4}(\.\d{1,4}){0,3}")
_SYSTEMS = ("Linux", "Windows", "Darwin")
_DISTRIBUTIONS = ("debian", "ubuntu", "raspbian", "fedora", "rhel", "centos", "alpine", "arch", "opensuse", "nixos")
_MACHINES = ("x86_64", "aarch64", "armv7l", "armv6l", "arm64", "amd64", "i686", "riscv64")
_VARIABLES = ("STILLSCAN_DATABASE", "STILLSCAN_KEYS", "STILLSCAN_KIOSK")
_HOUR_S = 3600  # seconds
_MB = 1_000_000  # bytes, as makers of disks count
_VERSION = re.compile(r"VERSION = \((\d+), (\d+), (\d+)\)")


def versions(_: Ask) -> dict[str, Any]:
    """Of stillscan, its firmware, Python and libraries: numbers alone."""
    text = (firmware_folder() / "kiosk" / "version.py").read_text(encoding="utf-8")
    firmware = _VERSION.search(text)
    found = [{"library": name, "version": _number(_installed(name))} for name in _LIBRARIES]
    return {
        "stillscan": _number(__version__),
        "firmware": ".".join(firmware.groups()) if firmware else None,
        "protocol": f"{wire.MAJOR}.{wire.MINOR}",
        "python": _number(platform.python_version()),
        "sqlite": _number(sqlite3.sqlite_version),
        "libraries": found,
    }


def environment(ask: Ask) -> dict[str, Any]:
    """See the module."""
    system = platform.system()
    told: dict[str, Any] = {
        "system": system.lower() if system in _SYSTEMS else "other",
        "kernel": _number(platform.release()),
        "machine": _one_of(platform.machine().lower(), _MACHINES),
        "cpus": os.cpu_count(),
        "variables_set": [name.partition("_")[2].lower() for name in _VARIABLES if name in os.environ],
        "isolated": sys.prefix != sys.base_prefix,
        **_distribution(),
        **_memory(),
        "disks": _disks(ask),
        "log": _log(ask.places.log),
        "clock": _clock(),
        "usb": _usb(ask),
        "temperature_c": _warmth(),
    }
    with contextlib.suppress(OSError, AttributeError):
        told["load_1"] = os.getloadavg()[0]
    return told


def _number(version: str | None) -> str | None:
    """The numbers that a version begins with: what is behind them may be anybody's word."""
    found = _NUMBERS.match(version or "")
    return f"{found[0]}{'' if '.' in found[0] else '.0'}" if found else None


def _installed(name: str) -> str | None:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(name)
    return None


def _one_of(word: str, known: tuple[str, ...]) -> str:
    return word if word in known else "other"


def _distribution() -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        release = platform.freedesktop_os_release()
        return {"distribution": _one_of(release["ID"], _DISTRIBUTIONS), "release": _number(release.get("VERSION_ID"))}
    return {}


def _warmth() -> float | None:
    """Of the processor, in degrees Celsius, where the system tells."""
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/sys/class/thermal/thermal_zone0/temp").read_text(encoding="ascii")) / 1000
    return None


def _memory() -> dict[str, Any]:
    told = {}
    with contextlib.suppress(OSError, ValueError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        told = {"memory_mb": found["MemTotal"] // 1000, "memory_free_mb": found["MemAvailable"] // 1000}
    return told


def _disks(ask: Ask) -> list[dict[str, Any]]:
    """Where records, keys, log, recordings and temporary files lie: how much room there is, not where."""
    office, log = ask.office, ask.places.log
    places: dict[str, Path | None] = {
        "records": office.database.file if office.database is not None else None,
        "keys": office.keyring.folder if office.keyring is not None else None,
        "log": log,
        "recordings": ask.places.recordings,
        "temporary": Path(tempfile.gettempdir()),
    }
    return [{"of": name, **found} for name, path in places.items() if path is not None and (found := _room(path))]


def _room(path: Path) -> dict[str, Any] | None:
    there = next((folder for folder in (path, *path.absolute().parents) if folder.is_dir()), None)
    if there is None:
        return None
    with contextlib.suppress(OSError):
        usage = shutil.disk_usage(there)
        told: dict[str, Any] = {"total_mb": usage.total // _MB, "free_mb": usage.free // _MB}
        if hasattr(os, "statvfs"):
            nodes = os.statvfs(there)
            told["files_free_percent"] = round(100 * nodes.f_favail / nodes.f_files) if nodes.f_files else None
        return told | {"writable": os.access(there, os.W_OK)}
    return None


def _log(path: Path | None) -> dict[str, Any] | None:
    """Whether a log can be written where it is named: a kiosk whose log cannot does not start, and says so nowhere."""
    if path is None:
        return None
    folder = path.absolute().parent
    place = path if path.exists() else folder
    return {"folder_there": folder.is_dir(), "writable": os.access(place, os.W_OK) and not path.is_dir()}


def _clock() -> dict[str, Any]:
    computer = System()
    boot = computer.boot()
    now = computer.now().astimezone(UTC)
    return {
        "before_release": now.date().isoformat() < RELEASED,
        "utc": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "synchronised": computer.synchronised(),
        "zone_hours": _zone_hours(),
        "uptime_hours": None if boot is None else round(boot.seconds / 3600, 1),
    }


def _zone_hours() -> float:
    """By which the computer's own time is ahead of UTC."""
    return time.localtime().tm_gmtoff / _HOUR_S


def _usb(ask: Ask) -> list[dict[str, Any]]:
    """Serial ports: vendor and product, and stand-ins for what they are called."""
    return [
        {
            "port": ask.hidden.of("port", port.device),
            "usb": None if port.vid is None or port.pid is None else f"{port.vid:04x}:{port.pid:04x}",
            "serial": ask.hidden.of("serial", port.serial_number) if port.serial_number else None,
            "may_open": os.access(port.device, os.R_OK | os.W_OK),
        }
        for port in sorted(list_ports.comports(), key=lambda port: port.device)
    ]

"""Memory and open files of a process and its children, from /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Usage(NamedTuple):
    """Resident bytes, open file descriptors."""

    rss: int
    files: int


def usage(pid: int) -> Usage:
    """Of a process and all that it has started; zeros when it has gone."""
    try:
        folder = Path(f"/proc/{pid}")
        rss = int((folder / "statm").read_text().split()[1]) * _PAGE
        files = len(os.listdir(folder / "fd"))
    except (OSError, IndexError):
        return Usage(0, 0)
    for child in children(pid):
        more = usage(child)
        rss, files = rss + more.rss, files + more.files
    return Usage(rss, files)


def children(pid: int) -> list[int]:
    """Processes that this one has started; none when it has gone."""
    try:
        tasks = [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []
    return [int(child) for child in " ".join(tasks).split()]

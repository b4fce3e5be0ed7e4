"""``stillscan flash --all``: every board of a bench at once, with a table that people can leave alone."""

from __future__ import annotations

import argparse
import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.errors import DeviceError, StillscanError, one_line
from stillscan.guidance import counted
from stillscan.technician.labels import Label, write_labels
from stillscan.technician.ports import PluggedIn, plugged_in

_LOG = logging.getLogger(__name__)
_MOST = 32  # boards at a time: more than a hub of four by seven has
_FAILED = 3  # exit code, as of any trouble with a device
_REFRESH_HZ = 4  # of the table: quick enough to be seen to live
Sent = Callable[[int, int], None]
"""Bytes sent so far, and how many there are."""


class Flashed(Protocol):
    """A board that runs the version."""

    def record(self, port: str) -> dict[str, Any]:
        """What --json says of it."""
        ...


One = Callable[[str, Callable[[str], Version], Sent], Flashed]


@dataclass
class _Row:
    """A board, and how far it has come."""

    board: PluggedIn
    state: str = "waiting"
    record: dict[str, Any] = field(default_factory=dict)
    failed: bool = False

    @property
    def name(self) -> str:
        return self.board.serial or self.board.port


class _Versions:
    """What is compiled for each kind of board, once for all of them."""

    def __init__(self) -> None:
        self._made: dict[str, Version] = {}
        self._lock = threading.Lock()

    def __call__(self, board: str) -> Version:
        with self._lock:
            if board not in self._made:
                self._made[board] = Version.of(compiled(board))
            return self._made[board]


def flash_all(args: argparse.Namespace, one: One) -> int:
    """Carry it out; 3 when any board failed. DeviceError: none is plugged in."""
    rows = sorted((_Row(board) for board in plugged_in()), key=lambda row: row.name)
    if not rows:
        raise DeviceError("no board is plugged in")
    versions = _Versions()
    console = Console(stderr=True)
    with _Shown(rows, console, quiet=args.json) as shown, ThreadPoolExecutor(min(len(rows), _MOST)) as pool:
        for done in as_completed([pool.submit(_flash, row, one, versions) for row in rows]):
            shown.tell(done.result())
    if args.labels is not None:
        write_labels(args.labels, [Label.of(row.board.serial, row.record) for row in rows if not row.failed])
    if args.json:
        print(json.dumps([{"serial": row.board.serial, **row.record} for row in rows]))
    failed = sum(row.failed for row in rows)
    if not args.json:
        print(f"{counted(len(rows), 'board')}: {len(rows) - failed} run the version, {failed} failed")
    return _FAILED if failed else 0


def _flash(row: _Row, one: One, versions: Callable[[str], Version]) -> _Row:
    """One board. Whatever goes wrong is this one's alone."""

    def sent(so_far: int, total: int) -> None:
        row.state = f"sending, {100 * so_far // max(total, 1)} %" if so_far < total else "restarting"

    row.state = "looking"
    try:
        row.record = one(row.board.port, versions, sent).record(row.board.port)
        row.state = f"runs {row.record['firmware']}, build {row.record['build']}"
        if row.record["fault"]:
            row.state += f"; not ready: {row.record['fault']}"
    except StillscanError as error:
        row.failed, row.state = True, f"failed: {error}"
        row.record = {"port": row.board.port, "error": str(error)}
    except Exception as error:  # a defect that one board meets stops no other
        _LOG.exception("%s", row.board.port)
        row.failed, row.state = True, one_line(f"failed: a defect of stillscan: {type(error).__name__}")
        row.record = {"port": row.board.port, "error": row.state}
    return row


class _Shown:
    """A table on a terminal; elsewhere a line a board, as it is done."""

    def __init__(self, rows: Sequence[_Row], console: Console, *, quiet: bool) -> None:
        self._quiet = quiet
        live = console.is_terminal and not quiet
        self._live = Live(_Table(rows), console=console, refresh_per_second=_REFRESH_HZ) if live else None

    def tell(self, row: _Row) -> None:
        """This one is done."""
        if self._live is None and not self._quiet:
            print(f"{row.name} ({row.board.port}): {row.state}", flush=True)

    def __enter__(self) -> _Shown:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()


class _Table:
    """The table as it stands at the moment at which it is drawn."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self._rows = rows

    def __rich__(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for title in ("serial number", "port", "state"):
            table.add_column(title)
        for row in self._rows:
            colour = "red" if row.failed else "green" if row.record else ""
            table.add_row(row.board.serial or "-", row.board.port, row.state, style=colour)
        return table

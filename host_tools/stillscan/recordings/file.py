"""The file of a recording: a line a row, each with a sum over all before it, so that one cut off is read to its cut.

    {crc32 of all lines up to here, 8 digits} {JSON}

The first is the head: format, kind ("visit" or "link"), version of stillscan, hour, scanner. Every other is
``[t_ms, name, ...]``, t_ms by the host's clock from the recording's beginning. The last is ``["end", rows]``.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import PathLike, fspath
from typing import Any

from stillscan import __version__
from stillscan.errors import InputError
from stillscan.files import read_whole
from stillscan.recordings.rows import Row, checked

FORMAT = 1
"""Of the file. A newer one is refused by name: what its rows mean may have changed."""
VISIT, LINK = "visit", "link"
MOST_BYTES = 64_000_000
"""Of a file that is read: a link of an hour with twenty sweeps a minute has half of it."""
_MOST_LINE = 16_384  # bytes: the longest row, a line of the white strip, has 2 KB
_MOST_MS = 1 << 40  # of a row: the clocks of scanners begin anew after 2**30, and no link is open for thirty years
_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){1,3}")
_HOUR = re.compile(r"\d{4}-\d\d-\d\dT\d\dZ")


@dataclass(frozen=True)
class Recording:
    """``rows``: (t_ms, row) in the order of coming; ``cut``: it does not end where one ends that was written whole."""

    kind: str
    stillscan: str
    made: str
    rows: list[tuple[float, Row]] = field(repr=False)
    cut: bool = False

    def of(self, *names: str) -> list[Row]:
        """All rows of these names."""
        return [row for _, row in self.rows if row[0] in names]


class Written:
    """The lines of a file as they are made; ``size`` in bytes so far."""

    def __init__(self, kind: str) -> None:
        self._sum = 0
        self._rows = 0
        self.size = 0
        hour = datetime.now(UTC).strftime("%Y-%m-%dT%HZ")
        head = {"recording": FORMAT, "kind": kind, "stillscan": __version__, "made": hour}
        self.head = self._line(head)

    def row(self, t_ms: float, row: Row) -> bytes:
        """One more line."""
        self._rows += 1
        return self._line([round(t_ms, 1), *row])

    def end(self) -> bytes:
        """The last line."""
        return self._line(["end", self._rows])

    def _line(self, value: Any) -> bytes:
        text = json.dumps(value, separators=(",", ":")).encode()
        self._sum = zlib.crc32(text, self._sum)
        line = b"%08x %s\n" % (self._sum, text)
        self.size += len(line)
        return line


def whole(kind: str, rows: Iterable[tuple[float, Row]]) -> bytes:
    """A file with these rows."""
    made = Written(kind)
    return b"".join((made.head, *(made.row(*row) for row in rows), made.end()))


def read(name: str | PathLike[str]) -> Recording:
    """A recording, as far as it goes. InputError in one line for whatever is none, or of a newer version."""
    return parse(fspath(name), read_whole(name, MOST_BYTES))


def parse(name: str, content: bytes) -> Recording:
    """See ``read``; ``name`` is for the error's text."""
    lines = io.BytesIO(content)  # one at a time: millions of short ones would be a gigabyte of objects
    sum_, head = _line(lines.readline(), 0)
    kind, stillscan, made = _head(name, head)
    rows: list[tuple[float, Row]] = []
    for line in lines:
        sum_, value = _line(line, sum_)
        if value == ["end", len(rows)]:
            return Recording(kind, stillscan, made, rows, cut=bool(lines.read().strip()))
        row = _row(value)
        if row is None:
            break
        rows.append(row)
    return Recording(kind, stillscan, made, rows, cut=True)


_HEAD = re.compile(rb'^[0-9a-f]{8} \{"recording"', re.MULTILINE)


def several(content: bytes) -> list[bytes]:
    """The files of a text in which they stand one after another, as in a bundle; all of it where it is one."""
    starts = [found.start() for found in _HEAD.finditer(content)] or [0]
    return [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]


def _line(line: bytes, before: int) -> tuple[int, Any]:
    """The sum up to this line, and what it says; None for one whose sum is wrong."""
    told, _, text = line.removesuffix(b"\n").partition(b" ")
    sum_ = zlib.crc32(text, before)
    if len(line) > _MOST_LINE or told != b"%08x" % sum_:
        return 0, None
    try:
        return sum_, json.loads(text)
    except (ValueError, RecursionError):
        return 0, None


def _head(name: str, head: Any) -> tuple[str, str, str]:
    version = head.get("recording") if isinstance(head, dict) else None
    if type(version) is not int or version < 1:
        raise InputError(f"{name}: is no recording, or its first line is damaged")
    told = [str(head.get(key)) for key in ("kind", "stillscan", "made")]
    kind, stillscan, made = (
        told[0],
        *(text if form.fullmatch(text) else "?" for text, form in zip(told[1:], (_VERSION, _HOUR), strict=True)),
    )
    if version > FORMAT:
        raise InputError(f"{name}: was recorded by a newer stillscan ({stillscan}); update this one")
    if kind not in (VISIT, LINK):
        raise InputError(f"{name}: is a recording of neither a visit nor a link")
    return kind, stillscan, made


def _row(value: Any) -> tuple[float, Row] | None:
    if not isinstance(value, list) or not value or isinstance(value[0], bool):
        return None
    t_ms, row = value[0], checked(value[1:])
    if not isinstance(t_ms, int | float) or not abs(t_ms) < _MOST_MS or row is None:
        return None
    return float(t_ms), row

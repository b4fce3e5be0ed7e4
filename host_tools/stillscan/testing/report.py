"""``--stillscan-report DIR``: what a failed test's scanner saw and did, as one page that needs nothing else.

The same failure gives the same page to the bit: it holds the scanner's own time and nothing of this computer.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from stillscan.errors import InputError
from stillscan.files import may_write, trouble, write_whole
from stillscan.testing.frames import Frame
from stillscan.testing.scanner import Scanner
from stillscan.testing.timeline import Event

_WIDTH, _HEIGHT, _BASE = 960, 150, 110  # px of the timeline's picture, and where its states lie
_ROWS_PX = 80  # of it for the rows of the zone
_ZONE_ROWS = 274  # of the glass (simulator.glass)
_ENDING = 60  # letters of a test's name in a file's name: file systems take four times as many
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # of an object in memory, in what pytest says
_COLOURS = {
    "empty": "#eeeeee", "placed": "#d9d9d9", "still": "#cfe8cf", "scanning": "#cfe0f5", "moved": "#f5d9c0",
    "done": "#b8e0b8", "gave_up": "#f2b8b8", "fault": "#e08080",
}  # fmt: skip
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "pre{background:#f5f5f5;padding:.8rem;overflow-x:auto}table{border-collapse:collapse;font-size:13px}"
    "td,th{padding:.1rem .7rem;text-align:left;vertical-align:top}td:first-child{text-align:right}"
    "img,svg{max-width:100%;height:auto}"
)


def see_folder(name: str) -> None:
    """Make the folder for pages before the first test. InputError, EnvironmentTroubleError: no page can lie there."""
    if not name:
        raise InputError("name a folder")
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise trouble(folder, error, "made") from None
    may_write(folder / "test.html")


def write_report(folder: Path, test: str, said: str, scanner: Scanner) -> Path:
    """The page of a test that failed with these words; its file. InputError, EnvironmentTroubleError."""
    name = re.sub(r"[^\w.-]+", "-", test).strip("-")[-_ENDING:] or "test"
    path = folder / f"{name}-seed{scanner.seed}.html"
    see_folder(str(folder))
    write_whole(path, page(test, said, scanner).encode())
    return path


def page(test: str, said: str, scanner: Scanner) -> str:
    """The whole page as HTML."""
    events, frames = scanner.events, scanner.frames()
    parts = [
        f"<h1>{escape(test)}</h1>",
        f"<p>Seed {scanner.seed}. To see the same again: <code>{escape(scanner.again)}</code></p>",
        f"<h2>What failed</h2><pre>{escape(_ADDRESS.sub('', said))}</pre>",
        "<h2>Timeline</h2>",
        _timeline(events, frames),
        _table(("ms", "what"), [(f"{event.at_ms:.1f}", event.text) for event in sorted(events, key=lambda e: e.at_ms)]),
        "<h2>Strip</h2>",
        _strip(scanner),
        f"<h2>Frames</h2><details><summary>{len(frames)} frames</summary>",
        _table(
            ("ms", "way", "frame", "what it says"),
            [(f"{frame.at_ms:.1f}", frame.way, frame.name, frame.says) for frame in frames],
        ),
        "</details>",
    ]
    head = f'<meta charset="utf-8"><title>{escape(test)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _strip(scanner: Scanner) -> str:
    """The picture that the newest check had put together, and how much of it was seen."""
    joined = scanner.strip()
    if joined is None:
        return "<p>Nothing was scanned.</p>"
    picture, seen = joined
    file = BytesIO()
    Image.fromarray(np.where(seen[:, None], picture, picture // 2)).save(file, "png")
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f'<p>{int(seen.sum())} of {len(seen)} rows were seen; the others are dark.</p><img alt="the strip" '
        f'src="data:image/png;base64,{data}">'
    )


def _timeline(events: Sequence[Event], frames: Sequence[Frame]) -> str:
    """States as a band, the rows that were scanned as dots above it, steps as lines."""
    end_ms = max([event.at_ms for event in events] + [frame.at_ms for frame in frames] + [1.0])
    states = sorted((event for event in events if event.state is not None), key=lambda event: event.at_ms)

    def x(at_ms: float) -> float:
        return round(at_ms / end_ms * _WIDTH, 1)

    drawn = []
    for event, until_ms in zip(states, [*(event.at_ms for event in states[1:]), end_ms], strict=False):
        colour, left = _COLOURS.get(event.state or "", "#ffffff"), x(event.at_ms)
        drawn.append(
            f'<rect x="{left}" y="{_BASE}" width="{round(x(until_ms) - left, 1)}" height="20" fill="{colour}">'
            f"<title>{event.at_ms:.1f} ms: {escape(event.text)}</title></rect>"
        )
    dots = "".join(
        f"M{x(frame.at_ms)} {round(_BASE - 6 - _ROWS_PX * (1 - int(row[1]) / _ZONE_ROWS), 1)}h1.5"
        for frame in frames
        if frame.name == "M_BAND" and (row := re.search(r"\brow (\d+)", frame.says))
    )
    drawn.append(f'<path d="{dots}" stroke="#1f4e8c" stroke-width="1.5"/>')
    for event in events:
        if event.state is None:
            drawn.append(
                f'<line x1="{x(event.at_ms)}" x2="{x(event.at_ms)}" y1="10" y2="{_BASE + 20}" stroke="#b03030">'
                f"<title>{event.at_ms:.1f} ms: {escape(event.text)}</title></line>"
            )
    drawn.append(f'<text x="0" y="{_HEIGHT - 4}">0</text>')
    drawn.append(f'<text x="{_WIDTH}" y="{_HEIGHT - 4}" text-anchor="end">{end_ms:.0f} ms</text>')
    inside = "".join(drawn)
    what = 'role="img" aria-label="states, rows, steps"'
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" font-size="12" {what}>{inside}</svg>'

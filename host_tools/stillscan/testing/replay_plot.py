"""``stillscan replay --plot``: two visits, one above the other: where the document lay, states, rows, aborts."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from kiosk import wire
from stillscan.files import write_whole
from stillscan.link.messages import named
from stillscan.testing.plot import expect_matplotlib
from stillscan.testing.seen import Seen

_SHADES = {
    wire.PLACED: "#f0f0f0", wire.STILL: "#d8ecd8", wire.SCANNING: "#e3edfa", wire.MOVED: "#fae6d8",
    wire.DONE: "#e6f5e6", wire.GAVE_UP: "#f5d5d5", wire.FAULT: "#e0a0a0",
}  # fmt: skip
_ROWS = 274  # of the zone, and a few beside it


def draw(recorded: Seen, replayed: Seen, path: Path) -> None:
    """Write the picture. MissingPackagesError without matplotlib; InputError when the file cannot be written."""
    expect_matplotlib()
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(4, 1, figsize=(10, 9), sharex=True, height_ratios=(2, 3, 2, 3), layout="constrained")
    last_ms = max(visit.states[-1].at_ms for visit in (recorded, replayed))
    for at, (title, visit) in enumerate((("recorded", recorded), ("replayed", replayed))):
        _places(axes[2 * at], visit, title)
        _rows(axes[2 * at + 1], visit, last_ms)
    axes[-1].set_xlim(0, last_ms)
    axes[-1].set_xlabel("time since the document was placed, ms")
    picture = BytesIO()
    try:
        figure.savefig(picture, dpi=110, format="png")
    finally:
        pyplot.close(figure)
    write_whole(path, picture.getvalue())


def _places(axis: Any, visit: Seen, title: str) -> None:
    result = visit.result or ["no verdict", ""]
    axis.set_title(f"{title}: {result[0]}, {result[1]}, sweeps: {len(visit.sweeps)}", fontsize=10, loc="left")
    for index, colour, name in ((2, "#1f77b4", "dx"), (3, "#ff7f0e", "dy")):
        for number, sweep in enumerate(visit.sweeps):
            t_ms = [place[0] for place in sweep.places]
            axis.plot(
                t_ms, [place[index] / 1000 for place in sweep.places], ".", markersize=2, color=colour,
                label=name if not number else None,
            )  # fmt: skip
    if visit.sweeps:
        axis.legend(loc="upper left", fontsize=8, ncols=2)
    axis.set_ylabel("place, mm")


def _rows(axis: Any, visit: Seen, last_ms: float) -> None:
    ends = [*(state.at_ms for state in visit.states[1:]), last_ms]
    for state, until_ms in zip(visit.states, ends, strict=True):
        axis.axvspan(state.at_ms, until_ms, color=_SHADES.get(state.state, "#ffffff"), linewidth=0)
        axis.annotate(named(wire.STATES, state.state), (state.at_ms, 6), fontsize=7, rotation=90, va="top")
    for sweep in visit.sweeps:
        axis.plot([p[0] for p in sweep.places], [p[1] for p in sweep.places], ".", markersize=2, color="#1f4e8c")
        if sweep.abort and sweep.end_ms is not None:
            axis.axvline(sweep.end_ms, color="#d62728", linewidth=0.8)
            axis.annotate(f" {named(wire.CAUSES, sweep.abort)}, row {sweep.row}", (sweep.end_ms, sweep.row), fontsize=8)
    axis.set_ylim(_ROWS, -4)
    axis.set_ylabel("row scanned")

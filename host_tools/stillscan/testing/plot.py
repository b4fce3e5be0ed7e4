"""``stillscan simulate --plot``: one check as a picture: hand, sensors, ring and tones, rows scanned, text read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kiosk import wire
from stillscan.errors import expect_package
from stillscan.files import write_whole
from stillscan.link.messages import Abort, Band, Message, State, named
from stillscan.scanning.check import FIRST_TEXT_ROW, LAST_TEXT_ROW
from stillscan.simulator.scene import Scene
from stillscan.simulator.signals import Light, Tone

if TYPE_CHECKING:
    from stillscan.mrz import Reading

_GRID_MS = 1.0
_SURE = 0.99  # for the drawing only; the reader's own limit is `judge.SURE_CHARACTER`
_GAMMA = 1 / 2.2  # from the ring's light to a screen's colour
_SHADES = {"placed": "#f0f0f0", "still": "#d8ecd8", "scanning": "#e3edfa", "moved": "#fae6d8", "done": "#e6f5e6"}


@dataclass
class Recorder:
    """Collects what a check shows, in ms of the device's clock."""

    bands: list[tuple[float, int, float, float]] = field(default_factory=list)  # t_ms, row, dx_mm, dy_mm
    aborts: list[tuple[float, str, int]] = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)
    readings: list[tuple[float, Reading]] = field(default_factory=list)
    lights: Iterable[Light] = ()
    tones: Iterable[Tone] = ()
    spans_us: dict[int, tuple[int, int]] = field(default_factory=dict)  # sweep -> its first and last line
    aborted: set[int] = field(default_factory=set)  # sweeps
    bump_g: float = 0.0  # the device's setting
    after_ms: float = 0.0  # how long the device is watched after the verdict

    def read(self, now_ms: float, reading: Reading) -> None:
        """Take a reading that was there at this time."""
        self.readings.append((now_ms, reading))

    def not_read(self, reason: str) -> None:
        """See scanning's Listener: the reading itself tells more."""

    def message(self, message: Message) -> None:
        """Take one message of the device."""
        if isinstance(message, Band):
            header = message.header
            first, _ = self.spans_us.get(header.sweep, (header.t_us, header.t_us))
            self.spans_us[header.sweep] = first, header.t_us
            self.bands.append((header.t_us / 1000, header.row, header.dx_um / 1000, header.dy_um / 1000))
        elif isinstance(message, Abort):
            self.aborted.add(message.sweep)
            self.aborts.append((message.t_ms, named(wire.CAUSES, message.cause), message.row))
        elif isinstance(message, State):
            self.states.append((message.t_ms, named(wire.STATES, message.state)))


def expect_matplotlib() -> None:
    """MissingPackagesError where no picture could be drawn."""
    expect_package("matplotlib", "--plot needs matplotlib", "plot")


def draw(recorder: Recorder, scene: Scene, record: dict[str, object], path: Path) -> None:
    """The picture of one check. MissingPackagesError without matplotlib; InputError: the file cannot be written."""
    expect_matplotlib()
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    end_ms = float(str(record["t_verdict_ms"] or 1000.0))
    placed_ms = scene.at(1e18).start_us / 1000
    last_ms = end_ms + recorder.after_ms
    times_ms = np.arange(0.0, last_ms + _GRID_MS, _GRID_MS)
    figure, axes = pyplot.subplots(
        5, 1, figsize=(10, 9.5), sharex=True, height_ratios=(3, 0.45, 1.2, 3.2, 1.2), layout="constrained"
    )
    _hand(axes[0], recorder, scene, times_ms, placed_ms)
    _signals(axes[1], recorder, placed_ms, last_ms)
    _chassis(axes[2], scene, times_ms, recorder.bump_g)
    _rows(axes[3], recorder, placed_ms, last_ms)
    _certainty(axes[4], recorder, placed_ms)
    for t_ms, cause, _ in recorder.aborts:
        for axis in axes:
            axis.axvline(t_ms - placed_ms, color="#d62728", linewidth=0.8)
        axes[0].annotate(cause, (t_ms - placed_ms, 1.0), xycoords=("data", "axes fraction"), fontsize=8, rotation=45)
    axes[4].set_xlim(0, last_ms)
    axes[4].set_xlabel("time since the document was placed, ms")
    figure.suptitle(f"{record['outcome']}: {record['reason']}, sweeps: {record['attempts']}, seed {record['seed']}")
    picture = BytesIO()
    try:
        figure.savefig(picture, dpi=110, format="png")
    finally:
        pyplot.close(figure)
    write_whole(path, picture.getvalue())


def _hand(axis: Any, recorder: Recorder, scene: Scene, times_ms: Any, placed_ms: float) -> None:
    _, poses = scene.poses(times_ms * 1000 + placed_ms * 1000)
    axis.plot(times_ms, poses[:, 0], label="dx, true", color="#1f77b4")
    axis.plot(times_ms, poses[:, 1], label="dy, true", color="#ff7f0e")
    if poses[:, 2].max() > 0.05:
        axis.plot(times_ms, np.minimum(poses[:, 2], 8), label="lift", color="#9467bd")
    bands = np.array(recorder.bands).reshape(-1, 4)
    counted = "dx, dy counted by the flow sensor"
    axis.plot(bands[:, 0] - placed_ms, bands[:, 2], ".", markersize=2, color="#0b3d63", label=counted)
    axis.plot(bands[:, 0] - placed_ms, bands[:, 3], ".", markersize=2, color="#8a4500")
    axis.set_ylabel("displacement, mm")
    axis.legend(loc="upper left", fontsize=8, ncols=4)


def _signals(axis: Any, recorder: Recorder, placed_ms: float, last_ms: float) -> None:
    """The ring's colour as it shone, and above it a bar with its frequency for each tone."""
    shone = [(light.at_us / 1000 - placed_ms, light.rgb) for light in recorder.lights]
    for (t_ms, rgb), (until_ms, _) in pairwise([*shone, (last_ms, (0, 0, 0))]):
        if until_ms > 0:
            seen = tuple((level / 255) ** _GAMMA for level in rgb)
            axis.axvspan(max(0.0, t_ms), until_ms, ymax=0.55, facecolor=seen, linewidth=0)
    for tone in recorder.tones:
        t_ms = tone.from_us / 1000 - placed_ms
        until_ms = last_ms if tone.until_us is None else tone.until_us / 1000 - placed_ms
        axis.hlines(0.75, t_ms, until_ms, color="#000000", linewidth=4)
        axis.annotate(f" {tone.hz} Hz", (until_ms, 0.75), fontsize=7, va="center", annotation_clip=True)
    axis.set_ylim(0, 1)
    axis.set_yticks([])
    axis.set_ylabel("ring,\ntones")


def _chassis(axis: Any, scene: Scene, times_ms: Any, bump_g: float) -> None:
    placed_us = scene.at(1e18).start_us
    acceleration = np.abs(scene.acceleration(times_ms * 1000 + placed_us)).max(axis=1)
    axis.plot(times_ms, acceleration, color="#2ca02c")
    axis.axhline(bump_g, color="#d62728", linestyle=":", linewidth=1)
    axis.set_ylabel("chassis, g")


def _rows(axis: Any, recorder: Recorder, placed_ms: float, last_ms: float) -> None:
    ends = [*(t_ms for t_ms, _ in recorder.states[1:]), last_ms + placed_ms]
    for (t_ms, name), until_ms in zip(recorder.states, ends, strict=True):
        axis.axvspan(max(0.0, t_ms - placed_ms), until_ms - placed_ms, color=_SHADES.get(name, "#ffffff"), linewidth=0)
    axis.axhspan(FIRST_TEXT_ROW, LAST_TEXT_ROW, color="#000000", alpha=0.05, linewidth=0)
    bands = np.array(recorder.bands).reshape(-1, 4)
    axis.plot(bands[:, 0] - placed_ms, bands[:, 1], ".", markersize=2, color="#1f4e8c")
    axis.set_ylim(274, -4)
    axis.set_ylabel("row scanned (grey: the text)")


def _certainty(axis: Any, recorder: Recorder, placed_ms: float) -> None:
    for t_ms, reading in recorder.readings:
        sure = [p >= _SURE for line in reading.characters for p in line]
        share = 100 * sum(sure) / len(sure) if sure else 0
        axis.bar(t_ms - placed_ms, share, width=12, color="#2ca02c" if reading.accepted else "#bbbbbb")
    axis.set_ylim(0, 105)
    axis.set_ylabel("characters\nsure, %")

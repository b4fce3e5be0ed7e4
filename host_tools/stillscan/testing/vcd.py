"""``stillscan simulate --vcd``: a check as waveforms for GTKWave and PulseView.

Of states there is the number and a wire each: a text in such a file is not shown by every viewer. Times are the
scanner's own, in microseconds since power-on.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from kiosk import wire
from stillscan.errors import expect_package
from stillscan.files import write_whole
from stillscan.simulator.waves import SIGNALS, Signal, Waves
from stillscan.testing.plot import Recorder

_ROOT = "kiosk"
_DATE = "virtual"  # the same seed gives the same file
_NONE = 0xFFFF  # the row before the first
STATES = (
    Signal("state", "number", "bits", 8),
    *(Signal("state", name, "bit") for name in wire.STATES),
    Signal("sweep", "row", "bits", 16),
    Signal("sweep", "aborted", "bit"),
)
"""What the host is told: states, the row of each band, and a change with each sweep that was stopped."""


def expect_pyvcd() -> None:
    """MissingPackagesError where no waveforms could be written."""
    expect_package("vcd", "--vcd needs pyvcd", "wave")


def write(path: Path, waves: Waves, recorder: Recorder) -> None:
    """The file. MissingPackagesError without pyvcd; InputError when it cannot be written."""
    expect_pyvcd()
    from vcd import VCDWriter

    waves.end()
    text = StringIO()
    with VCDWriter(text, timescale="1 us", date=_DATE, comment="stillscan simulate") as writer:
        variables = {f"{one.scope}.{one.name}": _declared(writer, one) for one in (*SIGNALS, *STATES)}
        for at_us, signal, value in sorted(_all(waves, recorder), key=lambda change: int(change[0])):
            variable, kind = variables[signal]
            writer.change(variable, int(at_us), float(value) if kind == "real" else int(value))
    write_whole(path, text.getvalue().encode())


def _declared(writer, signal: Signal):  # type: ignore[no-untyped-def] # types of a package that may be missing
    """The variable, and its kind."""
    kind, scope = signal.kind, f"{_ROOT}.{signal.scope}"
    if kind == "real":
        return writer.register_var(scope, signal.name, "real", init=0.0), kind
    init = _NONE if signal.name == "row" else 0
    return writer.register_var(scope, signal.name, "wire", size=signal.width, init=init), kind


def _all(waves: Waves, recorder: Recorder) -> list[tuple[float, str, float]]:
    changes = list(waves.changes)
    before = None
    for t_ms, name in recorder.states:
        if before is not None:
            changes.append((t_ms * 1000, f"state.{before}", 0))
        changes += [(t_ms * 1000, "state.number", wire.STATES.index(name)), (t_ms * 1000, f"state.{name}", 1)]
        before = name
    changes += [(t_ms * 1000, "sweep.row", row) for t_ms, row, _, _ in recorder.bands]
    changes += [(t_ms * 1000, "sweep.aborted", number % 2) for number, (t_ms, *_) in enumerate(recorder.aborts, 1)]
    return changes

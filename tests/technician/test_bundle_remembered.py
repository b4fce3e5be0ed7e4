"""What a scanner remembers of its life is in a bundle: of a defect its places, and not its words."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.cli import main
from stillscan.technician.at_scanner import AtScanner


def _record(kind: int, body: bytes) -> bytes:
    head = bytes((kind, len(body))) + body
    return head + zlib.crc32(head).to_bytes(4, "little")


TRACE = (
    'Traceback (most recent call last):\n  File "kiosk/scan.py", line 123, in step\n'
    '  File "/home/qvxkanna/own.py", line 7, in zwxleak\nValueError: qvxkname 12345678901'
)
KEPT = b"".join((
    _record(1, struct.pack("<IB", 7, wire.WATCHDOG)),
    _record(2, struct.pack(wire.LOG_ENTRY, 1000, wire.EV_ABORT, wire.BUMP, 120)),
    *(_record(3, TRACE.encode()[at : at + 100]) for at in range(0, len(TRACE), 100)),
))  # fmt: skip


@pytest.mark.process
def test_what_a_scanner_remembers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(AtScanner, "history", lambda _: KEPT)
    folder = tmp_path / "bundle"
    assert main(["bundle", "--folder", str(folder), "--port", "sim", "--seconds", "0"]) == 0
    told = {name: json.loads((folder / f"{name}.json").read_text()) for name in ("scanner", "counters", "calibrations")}
    entries = json.loads((folder / "history.json").read_text())["entries"]
    assert told["scanner"]["reset_cause"] == "power"
    assert told["scanner"]["serial"].startswith("serial-")
    assert told["scanner"]["temperature_c"] > 0
    assert told["counters"]["watchdog_resets"] == 0
    assert set(wire.COUNTERS) <= set(told["counters"])
    assert told["calibrations"]["specks"] == []
    assert (told["calibrations"]["due"], told["calibrations"]["because"]) == (True, "never"), "nobody has calibrated it"
    assert entries == [
        {"start": 1, "event": "start", "cause": "watchdog"},
        {"start": 1, "event": "abort", "detail": "bump at row #"},
        {"start": 1, "event": "defect", "type": "ValueError", "places": [{"module": "scan", "line": 123}]},
    ]
    everything = "".join(path.read_text() for path in folder.iterdir())
    assert not any(word in everything for word in ("qvxk", "zwxleak", "12345678901"))

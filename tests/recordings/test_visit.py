"""A ring of the last visits, and what goes into each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kiosk import wire
from stillscan.link.messages import Band, BandHeader, Message, State, SweepBegin, SweepEnd
from stillscan.mrz import QualityFinding
from stillscan.recordings import visit as module
from stillscan.recordings.file import Recording, parse
from stillscan.recordings.visit import Recorder, Ring, files
from stillscan.scanning.result import Result


def state(number: int, t_ms: int, cause: int = 0) -> State:
    return State(number, cause, 0, 0, 0, t_ms)


def band(row: int) -> Band:
    pixels = np.full((1, 1476), 220, np.uint8)
    return Band(BandHeader(1, row, row, 1, 8, 1000 * row, 0, 0, 105, 1, 1476), pixels)


class Kiosk:
    """A recorder, what it has written, and a clock."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.made: list[Recording] = []
        self.recorder = Recorder(lambda content: self.made.append(parse("it", content)), lambda: self.now_ms)

    def says(self, *messages: Message) -> None:
        for message in messages:
            self.now_ms += 1
            self.recorder.message(message)


def test_a_visit_is_from_the_placing_to_the_empty_glass() -> None:
    kiosk = Kiosk()
    kiosk.says(state(wire.EMPTY, 1), state(wire.PLACED, 2), state(wire.STILL, 3), SweepBegin(1, 1, 0, 273, 4, 1))
    kiosk.says(*(band(row) for row in range(30)), SweepEnd(1, 30, 29, 40), state(wire.DONE, 41))
    result = Result(
        "verified", "ok", ("SECRET<<LINE",), "TD3", 1, quality=(QualityFinding("worn-ink", "where SECRET was"),)
    )
    kiosk.recorder.result(result)
    assert kiosk.made == []
    kiosk.says(state(wire.EMPTY, 50))
    (found,) = kiosk.made
    names = [row[0] for _, row in found.rows]
    assert names[:3] == ["<state", "<state", "<sweep_begin"]
    assert names.count("<band") == 30
    assert names[-5:] == ["<sweep_end", "light", "<state", "result", "<state"]
    assert "SECRET" not in str(found.rows)
    assert found.of("result") == [["result", "verified", "ok", "TD3", 1, ["worn-ink"], [], None, None]]


def test_a_document_that_is_taken_away_has_its_result_in_its_recording() -> None:
    kiosk = Kiosk()
    kiosk.says(state(wire.PLACED, 2), state(wire.EMPTY, 3, wire.REMOVED))
    kiosk.recorder.result(Result("gave_up", "removed"))
    kiosk.says(state(wire.PLACED, 9))
    assert [row[1] for recording in kiosk.made for row in recording.of("result")] == ["gave_up"]


def test_a_reason_that_is_no_code_is_not_written() -> None:
    kiosk = Kiosk()
    kiosk.says(state(wire.PLACED, 2))
    kiosk.recorder.not_read("Åse Østenbyen")
    kiosk.recorder.result(Result("refused", "name_mismatch,Åse"))
    kiosk.says(state(wire.EMPTY, 3))
    assert kiosk.made[0].of("not_read", "result") == [
        ["not_read", "other"],
        ["result", "refused", "other", None, 0, [], [], None, None],
    ]


def test_a_lost_link_ends_it() -> None:
    kiosk = Kiosk()
    kiosk.says(state(wire.PLACED, 2))
    kiosk.recorder.trouble("/dev/ttyACM0: gone", "gone")
    assert kiosk.made[0].rows[-1][1] == ["lost"]


def test_one_that_goes_on_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 2000)
    monkeypatch.setattr(module, "_MOST_ALL", 4000)
    kiosk = Kiosk()
    kiosk.says(state(wire.PLACED, 2), *(band(row) for row in range(100)))
    kiosk.says(*(state(wire.MOVED, 200 + n) for n in range(200)))
    (found,) = kiosk.made
    assert ["full"] in [row for _, row in found.rows]
    assert len(found.of("<band")) < 40
    kiosk.says(state(wire.EMPTY, 900), state(wire.PLACED, 901), state(wire.EMPTY, 902))
    kiosk.recorder.close()
    assert len(kiosk.made) == 2


def test_the_ring_keeps_the_last_ones(tmp_path: Path) -> None:
    ring = Ring(tmp_path / "visits", 3)
    (tmp_path / "visits" / "mine.txt").write_text("mine")
    for number in range(5):
        ring.add(bytes([number]))
    assert [path.name for path in files(tmp_path / "visits")] == [
        f"visit-{number:06}.recording" for number in (3, 4, 5)
    ]
    assert (tmp_path / "visits" / "mine.txt").exists()
    assert [path.read_bytes() for path in files(tmp_path / "visits")] == [b"\2", b"\3", b"\4"]

"""Waiting for a board that was restarted."""

import time

import pytest

from stillscan.errors import DeviceError
from stillscan.technician import come_up


@pytest.mark.parametrize(
    ("patience", "waits"),
    [(1.0, [1000.0] * 7), (24.0, [1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 24000.0, 24000.0])],
)
def test_a_slow_board_is_asked_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch, patience: float, waits: list[float]
) -> None:
    """Each question waits for those before it: asked once a second, one that takes two for an answer is never done."""
    asked: list[float] = []

    def connect(port: str, key: bytes | None, answer_ms: float) -> str:
        asked.append(answer_ms)
        if len(asked) < len(waits):
            raise DeviceError(f"{port}: no stillscan scanner answers there", "stranger")
        return "a session"

    monkeypatch.setattr(come_up, "connect", connect)
    monkeypatch.setattr(come_up, "_AGAIN_S", 0.0)
    monkeypatch.setattr(come_up, "_PROMPT_S", 1e9)
    assert come_up._connected(lambda: "port", time.monotonic() + 1e9, patience, None) == "a session"
    assert asked == waits


def test_a_port_that_is_not_there_yet_costs_no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def connect(port: str, key: bytes | None, answer_ms: float) -> str:
        asked.append(answer_ms)
        if len(asked) < 3:
            raise DeviceError(f"{port}: there is no such port", "missing")
        return "a session"

    monkeypatch.setattr(come_up, "connect", connect)
    monkeypatch.setattr(come_up, "_AGAIN_S", 0.0)
    assert come_up._connected(lambda: "port", time.monotonic() + 1e9, 24.0, None) == "a session"
    assert asked == [1000.0] * 3

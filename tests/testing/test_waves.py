"""Waveforms of a check: a file that others' readers take, with what happened in it, the same for the same seed."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from vcd.reader import TokenKind, tokenize

from kiosk import wire
from stillscan.cli import main
from stillscan.commands.world import SAMPLE
from stillscan.simulator.carriage import STEPS_PER_ROW
from stillscan.simulator.waves import SIGNALS
from stillscan.testing.vcd import STATES

pytestmark = pytest.mark.process

Waves = dict[str, list[tuple[int, Any]]]


def read(path: Path) -> Waves:
    """Time and value of each change, by "scope.name"; the times of the file never go back."""
    names: dict[str, str] = {}
    found: Waves = {}
    scopes: list[str] = []
    now = 0
    with path.open("rb") as file:
        for token in tokenize(file):
            if token.kind is TokenKind.SCOPE:
                scopes.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scopes.pop()
            elif token.kind is TokenKind.VAR:
                name = ".".join((*scopes, token.var.reference))
                assert name not in found
                names[token.var.id_code], found[name] = name, []
            elif token.kind is TokenKind.TIMESCALE:
                assert (token.timescale.magnitude, token.timescale.unit.value) == (1, "us")
            elif token.kind is TokenKind.CHANGE_TIME:
                assert token.time_change >= now
                now = token.time_change
            elif token.kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR, TokenKind.CHANGE_REAL):
                change = token.data
                found[names[change.id_code]].append((now, _number(change.value)))
    assert scopes == []
    return found


def _number(value: object) -> float:
    return int(value) if isinstance(value, str) else value  # type: ignore[return-value]


def simulated(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[dict[str, Any], Waves]:
    arguments = ["simulate", "--document", str(SAMPLE), "--motion", "one-slip", "--seed", "3", "--json", *options]
    assert main([*arguments, "--vcd", str(path)]) == 0
    return json.loads(capsys.readouterr().out), read(path)


def test_what_happened_in_a_check_with_a_slip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record, waves = simulated(tmp_path / "a.vcd", capsys)
    assert set(waves) == {f"kiosk.{one.scope}.{one.name}" for one in (*SIGNALS, *STATES)}

    entered = [name for name in ("scanning", "moved") for _, level in waves[f"kiosk.state.{name}"] if level == 1]
    assert entered.count("scanning") == record["attempts"] == 2
    assert entered.count("moved") == len(record["aborts"]) == 1
    moved_us = next(at for at, level in waves["kiosk.state.moved"] if level == 1)

    pulses = [at for at, level in waves["kiosk.pins.step"] if level == 1]
    assert len(pulses) > 274 * STEPS_PER_ROW
    last, following = next((a, b) for a, b in pairwise(pulses) if a <= moved_us < b)
    assert last > moved_us - 5_000, "it ran until the slip"
    assert following > moved_us + 3_000, "and stood then"
    assert [way for at, way in waves["kiosk.pins.direction"] if last < at <= following] == [0], "before it went back"
    steps = [(at, value) for at, value in waves["kiosk.carriage.steps"]]
    assert {abs(a - b) % (1 << 32) for (_, a), (_, b) in pairwise(steps)} <= {1, (1 << 32) - 1}

    begun = sorted((at, name) for name in wire.STATES for at, on in waves[f"kiosk.state.{name}"] if on)
    assert [name for _, name in begun] == ["empty", "placed", "still", "scanning", "moved", "still", "scanning", "done"]
    rows = [row for _, row in waves["kiosk.sweep.row"]]
    assert rows[0] == 0xFFFF
    assert record["aborts"][0]["row"] - 1 in rows
    assert waves["kiosk.lines.count"][-1][1] >= len(rows) - 1
    assert [level for _, level in waves["kiosk.pins.presence"]] == [0, 1], "it was laid down and lies there"
    assert max(level for _, level in waves["kiosk.lamp.light"]) > 0.5
    assert all(at > 0 for at, _ in waves["kiosk.pins.ring"][1:])
    assert len(waves["kiosk.spi.byte"]) > 1000
    assert len(waves["kiosk.i2c.byte"]) > 100


def test_the_same_seed_gives_the_same_file_and_the_same_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = simulated(tmp_path / "a.vcd", capsys)
    again, _ = simulated(tmp_path / "b.vcd", capsys)
    assert (tmp_path / "a.vcd").read_bytes() == (tmp_path / "b.vcd").read_bytes()
    arguments = ["simulate", "--document", str(SAMPLE), "--motion", "one-slip", "--seed", "3", "--json"]
    assert main(arguments) == 0
    unseen = json.loads(capsys.readouterr().out)
    for record in (first, again, unseen):
        for key in ("wall_ms", "virtual_ms"):  # a check that is drawn is watched a little longer
            record.pop(key)
    assert first == again == unseen, "who looks changes nothing"


def test_a_file_that_cannot_be_written_is_said_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--document", str(SAMPLE), "--vcd", str(tmp_path / "none" / "a.vcd")]) != 0
    assert len(capsys.readouterr().err.splitlines()) == 1

"""Of a sample of the kept attacks (`make bench-attacks`) none gets through; one that would is told."""

from __future__ import annotations

import collections
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from bench.attacks import clocks, races, requests, scanners
from bench.attacks.__main__ import main
from bench.attacks.tried import Tried

from stillscan.counter.held_reading import HeldReading
from stillscan.link.proof import Proof
from stillscan.records.clock import Clock
from stillscan.web.sessions import Sessions
from tests.covering import WHOLE

pytestmark = pytest.mark.slow

KINDS = ["scanners", "visits", "requests", "clocks", "races", "records"]


@pytest.mark.slow
def test_of_a_sample_of_all_attacks_none_gets_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--every", "61" if WHOLE else "97", "--seed", "5", "--json", "--kinds", *KINDS]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["through"] == []
    tried: collections.Counter[str] = collections.Counter()
    for name, counts in told["kinds"].items():
        tried[name.split(":")[0]] += sum(counts.values())
    assert set(tried) == set(KINDS)
    assert told["tried"] == tried.total() > 80


def outcomes(folder: Path, tried: Callable[..., Iterator[Tried]], every: int, first: int = 0) -> set[str]:
    return {one.outcome for one in tried(folder, every, first)}


@pytest.mark.slow
def test_an_attack_that_gets_through_is_named_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here: readings never end."""
    monkeypatch.setattr(HeldReading, "ended", lambda *_: None)
    assert main(["--kinds", "visits", "--every", "4", "--seed", "3"]) == 1
    assert "visits: swapped documents: seed 3, sequence " in capsys.readouterr().out


def test_a_scanner_that_proves_nothing_would_be_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Proof, "prove", lambda _, bands: [True] * len(bands))
    assert "accepted" in outcomes(tmp_path, scanners.tried, 30)


def test_a_scanner_that_may_not_feed_a_check_would_be_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("stillscan.records.release.may_feed", lambda *_, **__: True)
    assert "released" in outcomes(tmp_path, scanners.tried, 30)


@pytest.mark.slow
def test_a_clock_that_is_believed_whatever_it_says_would_be_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def believed(_: Clock, wall: datetime, __: object) -> datetime:
        return wall

    monkeypatch.setattr(Clock, "judge", believed)
    assert "released" in outcomes(tmp_path, clocks.tried, 20)


@pytest.mark.slow
def test_a_session_that_never_ends_would_be_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Sessions, "left_s", lambda *_: 1.0)
    monkeypatch.setattr(requests, "_METHODS", ("GET",))
    assert "accepted" in outcomes(tmp_path, requests.tried, 3)


@pytest.mark.slow
def test_a_letter_that_two_kiosks_hand_out_would_be_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(races, "_hand_out", lambda desk: lambda letter: True)
    assert "released" in outcomes(tmp_path, races.tried, 20)

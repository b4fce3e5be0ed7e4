"""What a simulated day is judged by."""

from __future__ import annotations

from typing import Any

import pytest
from bench.soak.judge import (
    LONG_ENOUGH,
    MOST_GROWTH,
    WARM_UP_CHECKS,
    Disturbance,
    Sample,
    Silence,
    endings,
    growth,
    records,
    recovery,
    silences,
)
from bench.soak.report import tracebacks


def test_a_wait_is_silent_when_nothing_is_said_for_more_than_ten_seconds() -> None:
    assert silences([5, 15, 25], [], 0, 30) == []
    assert silences([5, 15.5, 25], [], 0, 30) == [Silence(5, 10.5, "")]
    assert silences([], [], 0, 10) == []
    assert silences([], [], 0, 11) == [Silence(0, 11, "")]


def test_silence_is_measured_from_the_end_of_a_misfortune() -> None:
    stop = Disturbance("host stopped", 6, 66)
    assert silences([5, 75], [stop], 0, 80) == []
    assert silences([5, 77], [stop], 0, 80) == [Silence(66, 11, "host stopped")]
    assert silences([5], [stop], 0, 80) == [Silence(66, 14, "host stopped")]


def test_silence_before_a_misfortune_counts_and_belongs_to_the_one_before() -> None:
    first, second = Disturbance("noise", 1, 2), Disturbance("load", 20, 21)
    assert silences([2.5, 22], [first, second], 0, 25) == [Silence(2.5, 17.5, "noise")]


def test_words_during_a_misfortune_do_not_shorten_the_time_after_it() -> None:
    long = Disturbance("unplugged", 0, 30)
    assert silences([1, 2, 3], [long], 0, 40) == []
    assert silences([1, 2, 3], [long], 0, 41) == [Silence(30, 11, "unplugged")]


def test_a_misfortune_is_over_with_the_next_verdict() -> None:
    noise = Disturbance("noise", 10, 12)
    assert recovery(noise, [9, 11, 15, 18]) == 3
    assert recovery(noise, [9, 11]) is None


def entry(seq: int, verdict: str = "release", at: float = 100.0, tracking: str = "") -> dict[str, Any]:
    return {"kiosk": "soak", "seq": seq, "tracking": tracking or f"T{seq}", "verdict": verdict, "at": at}


TOLD = [("T2", "release", "soak-2"), ("T3", "refuse", "soak-3")]
CHAIN = [entry(2), entry(3, "refuse")]


def test_what_is_told_and_what_is_recorded_agree() -> None:
    assert records(TOLD, CHAIN, [], {"T2"}) == []


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (CHAIN[:1], "soak-3 was told, and is not recorded"),
        ([CHAIN[0], entry(3, "release")], "soak-3 was told as refuse"),
        ([entry(2, tracking="T9"), CHAIN[1]], "soak-2 was told as release"),
        ([*CHAIN, entry(4, "rescan")], "soak-4 is recorded (rescan), and was never told"),
        ([*CHAIN, entry(4, tracking="T2")], "soak-4 releases what soak-2 has released"),
    ],
)
def test_what_does_not_agree_is_named(chain: list[dict[str, Any]], words: str) -> None:
    assert any(line.startswith(words) for line in records(TOLD, chain, [], {"T2"}))


def test_a_release_needs_somebody_who_confirmed_the_person() -> None:
    assert records(TOLD, CHAIN, [], set()) == ["soak-2 is a release, and nobody has confirmed the person"]


def test_a_record_of_the_very_moment_of_a_kill_may_be_untold() -> None:
    chain = [*CHAIN, entry(4, "rescan", at=100.0)]
    assert records(TOLD, chain, [101.0], {"T2"}) == []
    assert records(TOLD, chain, [110.0], {"T2"}) != []
    assert records(TOLD, chain, [99.0], {"T2"}) != [], "the program was away before"


def life(number: int, checks: range, **more: int) -> list[Sample]:
    """Samples; ``more``: bytes or files that are added with each check."""
    return [
        Sample(number, n, 300_000_000 + more.get("rss", 0) * n, 20 + more.get("files", 0) * n // 100, 90_000_000)
        for n in checks
    ]


def test_memory_is_judged_in_the_longest_life_after_warming_up() -> None:
    short, long = life(1, range(0, 250, 10), rss=10**6), life(2, range(0, 1000, 10), rss=100)
    grown = growth([*short, *long])
    assert grown is not None
    assert grown.checks == 890
    assert 0 < grown.rss < MOST_GROWTH
    assert (grown.files, grown.scanner_rss) == (0, 0)


def test_memory_and_files_that_leak_are_seen() -> None:
    grown = growth(life(1, range(0, 1000, 10), rss=20_000, files=1))
    assert grown is not None
    assert grown.rss > MOST_GROWTH
    assert grown.files > 0


def test_a_socket_that_is_open_for_a_moment_is_no_leak() -> None:
    samples = life(1, range(0, 1000, 10))
    samples[-2] = Sample(1, samples[-2].checks, samples[-2].rss, 29, samples[-2].scanner_rss)
    grown = growth(samples)
    assert grown is not None
    assert grown.files == 0


def test_a_short_life_is_not_judged() -> None:
    assert growth([]) is None
    assert growth(life(1, range(0, WARM_UP_CHECKS + LONG_ENOUGH - 10, 10))) is None


def test_only_sigterm_may_end_it_and_in_one_line() -> None:
    assert endings([("kill", -9, ""), ("term", 0, ""), ("term", 130, "stillscan: ended")]) == []
    wrong = endings([("", 3, "a\nb"), ("term", 1, ""), ("term", 0, "two\nlines"), ("term, not ended", -9, "")])
    assert wrong == [
        "ended by itself with 3: b",
        "SIGTERM ended it with 1: without a word",
        "SIGTERM ended it in 2 lines: lines",
        "did not end on SIGTERM",
    ]


def test_tracebacks_are_found_by_their_last_line() -> None:
    said = ["ok", "Traceback (most recent call last):", '  File "x", line 1, in y', "ValueError: no", "ok"]
    assert tracebacks(said) == ["ValueError: no"]
    assert tracebacks(said[:3]) == ["a traceback without an end"]
    assert tracebacks(["ok"]) == []

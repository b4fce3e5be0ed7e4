"""What a test has measured: how long what was expected took, checks and their attempts, the scanner's heap; and the
report of a whole run, as JSON or as Prometheus has it.

All times are the scanner's own, so the same seed gives the same report.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stillscan.testing.driver import Driver

VERSION = 1
"""Of the report's form."""
_GAUGES = {
    "stillscan_test_passed": "Whether the test passed.",
    "stillscan_test_run_seconds": "How long the scanner ran, by its own clock.",
    "stillscan_test_heap_free_min_bytes": "The least free memory that the scanner has had since its start.",
    "stillscan_wait_seconds": "From a step or event to the state that was expected.",
    "stillscan_check_seconds": "From a document's placing to the verdict.",
    "stillscan_check_attempts": "Sweeps that a check took.",
    "stillscan_abort_latency_seconds": "From the movement's notice to the stop of the carriage, as the scanner says.",
}


@dataclass(frozen=True)
class Wait:
    """Something was expected, and came: ``what``, ``after_ms`` from ``since`` on, of ``within_ms`` that it had."""

    what: str
    since: str
    after_ms: float
    within_ms: float


@dataclass(frozen=True)
class Measured:
    """Of one test. ``heap_free_min`` in bytes; None when the scanner was not on, or did not say."""

    target: str
    board: str | None
    firmware: str | None
    seed: int
    run_ms: float
    heap_free_min: int | None
    waits: Sequence[Wait]
    checks: Sequence[Mapping[str, Any]]
    """Of each check: outcome, attempts, took_ms, aborts (cause, latency_us)."""

    @classmethod
    def of(cls, driver: Driver, waits: Sequence[Wait]) -> Measured:
        """From a kiosk that is still on."""
        hello, health = driver.told_of_itself()
        checks = [
            {
                "outcome": result.outcome,
                "attempts": result.attempts,
                "took_ms": round(took_ms, 3),
                "aborts": [{"cause": abort.cause, "latency_us": abort.latency_us} for abort in result.aborts],
            }
            for took_ms, result in driver.checks
        ]
        return cls(
            driver.target.name,
            hello.board_name if hello else driver.target.board,
            hello.firmware if hello else None,
            driver.scene.seed,
            round(driver.now_ms, 3),
            health.heap_free_min if health else None,
            [Wait(wait.what, wait.since, round(wait.after_ms, 3), wait.within_ms) for wait in waits],
            checks,
        )


def record(measured: Measured) -> dict[str, Any]:
    """As JSON has it."""
    return asdict(measured)


def report(tests: Mapping[str, Mapping[str, Any]], form: str) -> str:
    """The text of a run's file: ``tests`` by name, each a ``record`` with its "outcome"; ``form``: json or prom."""
    ordered = {name: tests[name] for name in sorted(tests)}
    if form == "json":
        return json.dumps({"version": VERSION, "tests": ordered}, indent=1) + "\n"
    samples: dict[str, list[str]] = {}
    for name, test in ordered.items():
        common = {"test": name, "target": test["target"], "board": test["board"] or "", "seed": test["seed"]}
        for gauge, labels, value in _samples(test):
            samples.setdefault(gauge, []).append(f"{gauge}{_labels({**common, **labels})} {value:.9g}")
    lines: list[str] = []
    for gauge, help_ in _GAUGES.items():
        if gauge in samples:
            lines += [f"# HELP {gauge} {help_}", f"# TYPE {gauge} gauge", *samples[gauge]]
    return "".join(f"{line}\n" for line in lines)


def _samples(test: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, object], float]]:
    """Name, labels and value of each; those that count things of a kind have their number, from 1."""
    yield "stillscan_test_passed", {}, test["outcome"] == "passed"
    yield "stillscan_test_run_seconds", {}, test["run_ms"] / 1000
    if test["heap_free_min"] is not None:
        yield "stillscan_test_heap_free_min_bytes", {}, test["heap_free_min"]
    for number, wait in _numbered(test["waits"]):
        labels = {"wait": number, "what": wait["what"], "since": wait["since"]}
        yield "stillscan_wait_seconds", labels, wait["after_ms"] / 1000
    for check, done in _numbered(test["checks"]):
        yield "stillscan_check_seconds", {"check": check, "outcome": done["outcome"]}, done["took_ms"] / 1000
        yield "stillscan_check_attempts", {"check": check, "outcome": done["outcome"]}, done["attempts"]
        for abort, seen in _numbered(done["aborts"]):
            labels = {"check": check, "abort": abort, "cause": seen["cause"]}
            yield "stillscan_abort_latency_seconds", labels, seen["latency_us"] / 1e6


def _numbered(items: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    return enumerate(items, 1)


def _labels(labels: Mapping[str, object]) -> str:
    def quoted(value: object) -> str:
        text = str(value)
        for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
            text = text.replace(plain, escaped)
        return f'"{text}"'

    return "{" + ",".join(f"{name}={quoted(value)}" for name, value in labels.items()) + "}"

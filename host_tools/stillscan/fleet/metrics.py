"""The centre's figures in Prometheus' text format, and the dashboard for Grafana that shows them (dashboard.json)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from stillscan.fleet.alerts import KINDS
from stillscan.fleet.findings import Findings
from stillscan.fleet.now import STATES, All, recently


class _Figure(NamedTuple):
    name: str
    kind: str
    says: str
    values: Iterable[tuple[dict[str, str], float]]


def written(all_: All, found: Findings, now: datetime) -> str:
    """All figures, one a line. Nothing is of fewer than 20 documents."""
    return "".join(line for figure in _figures(all_, found, now) for line in _lines(figure))


def _figures(all_: All, found: Findings, now: datetime) -> Iterator[_Figure]:
    alerts = Counter(alert.kind for alert in all_.alerts)
    checks, failed = sum(one.checks for one in all_.kiosks), sum(one.failed for one in all_.kiosks)
    missing = sum(one.missing for one in all_.kiosks)
    refused = Counter[str]()
    for of_kiosk in all_.refused.values():
        refused.update(of_kiosk)
    flagged = sum(one.flagged for one in found.series)
    by_state = [({"state": state}, all_.of_state(state)) for state in STATES]
    by_kind = [({"alert": kind}, alerts[kind]) for kind in KINDS]
    by_reason = [({"reason": reason}, count) for reason, count in sorted(refused.items())]
    by_version = [({"firmware": one.firmware}, one.part.rate) for one in found.versions]
    yield _Figure("stillscan_kiosks", "gauge", "Kiosks by state.", by_state)
    yield _one("stillscan_kiosks_heard", "gauge", "Kiosks heard within an hour.", all_.heard_since(recently(now)))
    yield _Figure("stillscan_alerts", "gauge", "Alerts that are not over.", by_kind)
    yield _one("stillscan_checks_total", "counter", "Checks that were received.", checks)
    yield _one("stillscan_checks_failed_total", "counter", "Of them those that read no document.", failed)
    yield _one("stillscan_events_missing", "gauge", "Events that are missing before later ones.", missing)
    yield _Figure("stillscan_messages_refused_total", "counter", "Messages that were not taken, by reason.", by_reason)
    yield _one("stillscan_series_flagged", "gauge", "Series that fail more than others.", flagged)
    yield _Figure("stillscan_version_failure_ratio", "gauge", "Share not read, by firmware.", by_version)
    yield _one("stillscan_counted_timestamp_seconds", "gauge", "When statistics were counted.", found.at.timestamp())


def _one(name: str, kind: str, says: str, value: float) -> _Figure:
    return _Figure(name, kind, says, [({}, value)])


def _lines(figure: _Figure) -> Iterator[str]:
    yield f"# HELP {figure.name} {figure.says}\n# TYPE {figure.name} {figure.kind}\n"
    for labels, value in figure.values:
        named = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{figure.name}{{{named}}} {value!r}\n" if named else f"{figure.name} {value!r}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

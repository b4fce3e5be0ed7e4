"""``stillscan simulate --scenario``: a file of steps and expectations carried out, and told."""

from __future__ import annotations

import json
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from stillscan.link.messages import Message
from stillscan.testing.scanner import Scanner
from stillscan.testing.scenario import find_scenario, read_scenario, shipped
from stillscan.testing.targets import Target
from stillscan.testing.timeline import NotAsExpectedError

_NOT_AS_EXPECTED = 1  # exit code


def show(as_json: bool) -> int:
    """List the scenarios of the package."""
    known = [read_scenario(path) for path in shipped().values()]
    if as_json:
        print(json.dumps([{"scenario": one.name, "about": one.about, "file": one.file.file} for one in known]))
        return 0
    table = Table(box=None, pad_edge=False)
    table.add_column("scenario", no_wrap=True)
    table.add_column("what happens")
    for one in known:
        table.add_row(one.name, one.about)
    Console().print(table)
    return 0


def run(name: str, target: Target, as_json: bool, again: str, told: Callable[[Message], None] | None = None) -> int:
    """Carry one out; the exit code. ``again`` is the command that does it once more; ``told`` hears each message."""
    path = find_scenario(name)
    scenario = read_scenario(path)
    failed: str | None = None
    with Scanner(scenario.seed, again, target) as scanner:
        if told is not None:
            scanner.tell(told)
        try:
            scenario.run(scanner)
        except NotAsExpectedError as error:
            failed = str(error)
        result, now_ms = scanner.newest, scanner.clock.now_ms
        events = [{"at_ms": round(event.at_ms, 1), "text": event.text} for event in scanner.events]
    if as_json:
        record = {
            "scenario": scenario.name,
            "passed": failed is None,
            "failed": failed,
            "seed": scenario.seed,
            "outcome": result.outcome if result else None,
            "reason": result.reason if result else None,
            "attempts": result.attempts if result else None,
            "aborts": [abort.cause for abort in result.aborts] if result else [],
            "virtual_ms": round(now_ms, 1),
            "events": events,
        }
        print(json.dumps(record))
    else:
        said = [scenario.name, "as expected" if failed is None else "not as expected", scenario.about]
        print(": ".join(filter(None, said)))
        if failed is not None:
            print(failed)
    return 0 if failed is None else _NOT_AS_EXPECTED

"""A recorded visit as a test for the fixtures of stillscan.testing: what a fault in the field becomes."""

from __future__ import annotations

import re

from kiosk import wire
from stillscan.boards.settings import known
from stillscan.link.messages import named
from stillscan.testing.reconstruct import hand
from stillscan.testing.seen import Seen, StateSeen

_LATER_MS = 2000.0  # than it was recorded a verdict may come
_TEST = '''"""A visit as it was recorded; its movement is in {trace}."""


def test_{name}(scanner, passport):
{body}'''


def as_test(recorded: Seen, name: str, trace: str) -> str:
    """Python's text. ``trace`` names the file of the movement beside it."""
    lines = []
    rows = known().rows
    changed = {key: value for key, value in recorded.settings.items() if value != rows[key].default}
    if changed:
        lines.append(f"scanner.set({', '.join(f'{key}={value}' for key, value in changed.items())})")
    faults = hand(recorded).faults
    lines += [f"scanner.world.fault({fault!r})" for at_ms, fault in faults if at_ms <= 0]
    lines.append(f"scanner.lay(passport(), motion={trace!r})")
    lines += [f"scanner.world.fault({fault!r}, after_ms={at_ms:g})" for at_ms, fault in faults if at_ms > 0]
    until = [state for state in recorded.states if state.state != wire.EMPTY]
    aborts = [state for state in until if state.state == wire.MOVED]
    last_ms = until[-1].at_ms + _LATER_MS if until else _LATER_MS
    lines += [f"scanner.expects({_named(state)}, within_ms={last_ms:.0f})" for state in aborts]
    result = recorded.result
    if result is not None:
        lines.append(f"result = scanner.result(within_ms={last_ms:.0f})")
        lines.append(f"assert (result.outcome, result.attempts) == ({result[0]!r}, {len(recorded.sweeps)})")
    body = "".join(f"    {line}\n" for line in lines)
    return _TEST.format(trace=trace, name=re.sub(r"\W", "_", name).lower(), body=body)


def _named(state: StateSeen) -> str:
    return f'state="{named(wire.STATES, state.state)}", cause="{named(wire.CAUSES, state.cause)}"'

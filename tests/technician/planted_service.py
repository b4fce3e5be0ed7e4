"""What a kiosk keeps of service, into which something was put that nobody may learn."""

from __future__ import annotations

import json
from pathlib import Path

from stillscan.records.files import replace

from .planted_recordings import Canaries


def planted_service(canaries: Canaries, keys: Path, data: Path) -> None:
    """Looks at the glass, and a run of a procedure, with something in every place."""
    piece = {"x_mm": 40.0, "y_mm": 12.0, "size_mm": 1.5, "kind": "spot", "where": "glass", "hurts": 1.0}
    pieces = [piece, {**piece, "kind": canaries.any()}, {**piece, "size_mm": int(canaries.number())}]
    look = {"when": "2026-11-28T10:00:00+00:00", "spots": pieces, canaries.ascii(): canaries.any()}
    content = {"looks": [look], "lasting": [], "doubts": [], canaries.ascii(): canaries.any()}
    replace(keys / "glass.json", json.dumps(content).encode(), 0o600)
    judged = {"unit": canaries.any(), "low": 1, "high": int(canaries.number()), "ok": True, "advice": canaries.any()}
    values = [
        {"part": part, "measurement": measurement, "value": value, **judged}
        for part, measurement, value in (
            ("carriage", "lost steps in 100 trips", 3.5),
            (canaries.any(), canaries.any(), 1),
        )
    ]
    found = {
        "step": "wipe-glass", "outcome": "passed", "values": values, "reason": canaries.any(),
        "by": canaries.ascii(), "at": canaries.any(), "times": int(canaries.number()), "curves": {canaries.any(): [1]},
    }  # fmt: skip
    state = {
        "format": 1, "procedure": "cleaning", "began": "2026-11-28T10:00:00+00:00", "ended": canaries.any(),
        "staff": canaries.ascii(), "entry": 7, "closed": True, "simulated": False,
        "scanner": {"serial": canaries.ascii()}, "found": [found, {**found, "step": canaries.any()}],
    }  # fmt: skip
    for number, began in enumerate((state["began"], canaries.any())):
        folder = data / "service" / f"cleaning-20261128-10000{number}"
        folder.mkdir(parents=True)
        altered = {} if number == 0 else {"found": [{**found, "outcome": canaries.any()}]}
        (folder / "run.json").write_text(json.dumps({**state, **altered, "began": began}))

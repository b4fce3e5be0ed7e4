"""A scanner that the running kiosk holds, in a bundle: what its silence means, and when it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from stillscan.technician.bundle import sources
from stillscan.technician.bundle.ask import Ask, Places
from stillscan.technician.bundle.findings import findings
from stillscan.technician.bundle.opened import Bundle

THERE = "INFO stillscan.kiosk: scanner: paired, rpi_pico, firmware 0.2.0, protocol 1.4"
GONE = "WARNING stillscan.kiosk: scanner trouble: /port-bdfgkm: the scanner went away (gone)"


def names(scanner: dict[str, Any], *said: str) -> list[str]:
    log = [f"2026-11-28T10:00:00.000Z {line}" for line in said]
    return [one.name for one in findings(Bundle({"scanner.json": scanner}, {"kiosk-log.txt": log}, "", ""))]


@pytest.mark.parametrize("trouble", ["gone", "lost"])
def test_a_kiosk_that_does_not_answer_is_no_scanner_that_is_silent(trouble: str) -> None:
    told = {"reached": False, "trouble": trouble}
    assert names(told, THERE) == ["scanner_silent"], "asked at its port"
    through = {**told, "through_kiosk": True}
    assert names(through, THERE) == names(through) == ["scanner_not_asked"]
    assert names(through, THERE, GONE) == ["scanner_silent"], "the kiosk says so too"


def test_the_scanner_is_asked_before_anything_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(Ask, "visited", property(lambda _: order.append("scanner")))
    monkeypatch.setattr(sources, "PARTS", (sources.Part("records.json", "", lambda _: order.append("records")),))
    sources.gathered(Ask(Places()))
    assert order == ["scanner", "records"]


def test_a_defect_while_the_scanner_is_asked_costs_its_parts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(_: Ask) -> Any:
        raise ValueError("words of somebody")

    monkeypatch.setattr(Ask, "visited", property(stumbles))
    kept = [part for part in sources.PARTS if part.name in ("scanner.json", "versions.json")]
    monkeypatch.setattr(sources, "PARTS", kept)
    found = sources.gathered(Ask(Places()))
    assert "defect" in found["scanner.json"]
    assert "python" in found["versions.json"]

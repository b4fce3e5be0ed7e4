"""Parts that have aged, in a bundle: they are measured in short over the empty glass, and named by what they mean."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk import wire
from stillscan.cli import main
from stillscan.link.messages import Error
from stillscan.simulator.kiosk import AGEING
from stillscan.technician.at_scanner import ServiceOverError, refused
from stillscan.technician.bundle import measured as module
from stillscan.technician.bundle.findings import BundleFinding, findings
from stillscan.technician.bundle.measured import judged
from stillscan.technician.bundle.opened import Bundle, read_bundle
from stillscan.technician.bundle.vocabulary import words
from stillscan.technician.limits import Judged, limits
from tests.covering import WHOLE

_SAYS = {
    "lamp-aged": "the near-infrared lamp has aged",
    "lamp-white-aged": "the white lamp has aged",
    "lamp-slow": "the near-infrared lamp comes late",
    "lamp-flicker": "the near-infrared lamp flickers",
    "lamp-uneven": "one end of the near-infrared lamp",
    "line-sensor-gain": "the amplifier gives too much",
    "line-sensor-weak": "amplifier or lamp have drifted",
    "line-sensor-offset": "the sensor's amplifier has drifted",
    "line-sensor-noisy": "the sensor's signal is noisy",
    "line-sensor-dead-pixels": "pixels of the line sensor give no light",
    "line-sensor-hot-pixels": "pixels shine in the dark",
    "carriage-loses-steps": "the carriage loses steps",
    "carriage-scatter": "the home switch does not close",
    "flow-noisy": "the flow sensor counts movement that is not there",
    "flow-haze": "the flow sensor sees badly",
    "accelerometer-noisy": "the accelerometer is noisy",
    "accelerometer-bias": "the accelerometer has drifted",
    "int1-late": "a knock is noticed late",
    "usb-slow": "lines come slower",
    "usb-errors": "the line to the scanner loses or damages",
    "chip-hot": "too hot",
    "chip-supply": "too little voltage",
    "chip-clock": "the controller's clock is wrong",
}
_NEEDS_MORE = {"flow-scale"}
"""A slide by a hand, which a day of customers has, and `scanner test --slide`."""
_SOME = ("lamp-aged", "carriage-loses-steps", "usb-errors")


def bundle_of(tmp_path: Path, *more: str) -> Bundle:
    out = tmp_path / "out.zip"
    assert main(["bundle", str(out), "--port", "sim", "--seconds", "0", "--force", *more]) == 0
    return read_bundle(str(out))


def test_each_way_to_age_has_its_words() -> None:
    assert set(_SAYS) | _NEEDS_MORE == set(AGEING)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("fault", _SAYS if WHOLE else _SOME)
def test_a_part_that_has_aged_is_named_first(fault: str, tmp_path: Path) -> None:
    found = findings(bundle_of(tmp_path, "--fault", fault, "--seed", "6"))
    assert _SAYS[fault] in found[0].title, found


@pytest.mark.process
@pytest.mark.slow
def test_a_sound_scanner_is_measured_and_has_no_finding(tmp_path: Path) -> None:
    read = bundle_of(tmp_path, "--seed", "6")
    told = read.facts["parts.json"]
    assert "not_measured" not in told
    assert len(told["measured"]) > 20
    assert "text-" not in json.dumps(told)
    assert all(row["ok"] for row in told["measured"])
    assert findings(read) == []


def row(part: str, measurement: str, value: float | None, *, ok: bool = False) -> dict[str, Any]:
    return judged(Judged(part, measurement, value, "", 0.0, 1.0, ok, None))


def found_of(*rows: dict[str, Any]) -> list[BundleFinding]:
    return findings(Bundle({"parts.json": {"measured": list(rows)}}, {}, "", ""))


def test_what_both_lamps_lack_is_not_the_lamps() -> None:
    weak = [row("lamp", f"{lamp} level", 90.0) for lamp in ("infrared", "white")]
    assert "amplifier" in found_of(*weak)[0].title
    assert "near-infrared lamp has aged" in found_of(weak[0])[0].title


def test_a_lamp_leads_and_what_follows_from_it_stands_behind() -> None:
    (found,) = found_of(row("line_sensor", "light noise", 3.0), row("lamp", "infrared flicker", 1.5))
    assert "lamp flickers" in found.title
    assert "a sound one has to 0.6; check: the lamp's plug, then its driver; order: " in found.evidence[0]
    assert any("light noise" in line for line in found.evidence)


@pytest.mark.parametrize(
    ("measurement", "says"),
    [("specks on the white strip", "strip is dirty"), ("dirt on its window", "dirt on the sensor's own window")],
)
def test_dirt_is_wiped_and_nothing_is_ordered_for_it(measurement: str, says: str) -> None:
    (found,) = found_of(row("line_sensor", measurement, 8.0))
    assert says in found.title
    assert "wipe" in found.evidence[0]
    assert "order" not in found.evidence[0]


@pytest.mark.parametrize(("pixels", "dirty", "said"), [(9, 0.0, True), (4, 0.0, False), (9, 8.0, False)])
def test_a_calibration_over_dirt_that_was_wiped_is_told(*, pixels: int, dirty: float, said: bool) -> None:
    rows = [row("line_sensor", "dirt on its window", dirty, ok=True), row("line_sensor", "dead pixels", 0.0, ok=True)]
    told = {
        "parts.json": {"measured": rows},
        "calibrations.json": {"specks": [{"pixel": 650, "pixels": pixels, "of": "sensor"}]},
    }
    assert ("calibrated_over_dirt" in [one.name for one in findings(Bundle(told, {}, "", ""))]) == said


def _failed(part: str, fault: str, *rows: dict[str, Any]) -> str:
    log = {"entries": [{"event": "fault", "part": part, "fault": fault}]}
    return findings(Bundle({"device-log.json": log, "parts.json": {"measured": list(rows)}}, {}, "", ""))[0].title


@pytest.mark.slow
def test_a_part_that_fails_is_told_apart_from_what_it_is_seen_by() -> None:
    assert _failed("lamp", "no_light").endswith(": lamp, or the line_sensor that sees its light")
    assert "line_sensor, or the amplifier" in _failed("lamp", "too_bright", row("line_sensor", "dark level", 248.0))
    half = [row("lamp", f"{lamp} asymmetry", 1.0) for lamp in ("infrared", "white")]
    assert "line_sensor, or the amplifier" in _failed("lamp", "no_light", *half)
    assert "lamp, or" in _failed("lamp", "no_light", half[0])
    assert "presence" in _failed("flow", "no_texture")
    assert _failed("flow", "no_answer").endswith(": flow")


def test_a_part_that_did_nothing_is_named_by_its_name() -> None:
    assert found_of(row("flow", "answers", None))[0].title.endswith("flow does not do its work")


@pytest.mark.parametrize("odd", [[7], ["x"], [{"ok": False}], [{"ok": False, "part": ["lamp"], "value": "x" * 99}]])
def test_a_file_that_says_odd_things_makes_no_defect(odd: list[Any]) -> None:
    findings(Bundle({"parts.json": {"measured": odd}}, {}, "", ""))


def test_names_of_measurements_pass_as_they_are() -> None:
    assert {"steps lost on each trip", "INT1 latency"} <= {measurement for _, measurement in limits("")}
    assert "trips" in words()
    assert str(row("carriage", "lost steps in 100 trips", 5.0)["measurement"]) == "lost steps in 100 trips"


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (ServiceOverError("sim: over", wire.DOCUMENT), "document"),
        (ServiceOverError("sim: over", wire.ASKED), "asked"),
        (refused("sim", Error(wire.E_NOT_PAIRED, 0)), "foreign"),
        (refused("sim", Error(wire.E_WRONG_STATE, 0)), "busy"),
        (refused("sim", Error(wire.E_NOT_SUBSCRIBED, 0)), "lost"),
    ],
)
def test_why_nothing_was_measured_is_told(trouble: Exception, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not 'faulty' of a scanner on which somebody has laid a document."""

    def everything(*_: object) -> None:
        raise trouble

    ready = SimpleNamespace(ready=lambda: SimpleNamespace(state=wire.EMPTY))
    monkeypatch.setattr(module, "AtScanner", lambda _: ready)
    monkeypatch.setattr(module, "everything", everything)
    session, hello = SimpleNamespace(send=lambda *_: None), SimpleNamespace(minor=99)
    assert module.measured(session, hello, None)["not_measured"] == says  # type: ignore[arg-type]
    assert says in words()

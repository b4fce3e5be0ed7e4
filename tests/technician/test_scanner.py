"""`stillscan scanner`: what a technician is told, on the simulated scanner."""

from __future__ import annotations

import json
import struct
import zlib
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from kiosk import wire
from stillscan.boards.files import boards
from stillscan.cli import main
from stillscan.commands import scanner_test
from stillscan.commands.world import SAMPLE, scene
from stillscan.errors import DeviceError, InputError
from stillscan.link.messages import Error, Identity
from stillscan.link.session import Session
from stillscan.simulator.kiosk import AGEING, SimulatedKiosk
from stillscan.technician import limits as module
from stillscan.technician.at_scanner import AtScanner, refused
from stillscan.technician.calibrating import advice, due
from stillscan.technician.history import events, records, told
from stillscan.technician.limit_table import own_limits
from stillscan.technician.limits import judge, limits
from stillscan.technician.measuring import Clock, Measured, everything

SIM = ["--port", "sim"]
OF_THE_CARD = 10  # limits of what `scanner calibrate` measures: nine of the test card, and the tilt


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> object:
    assert main(["scanner", *arguments, *SIM, "--json"]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.process
def test_info_says_what_the_contract_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    record = said(capsys, "info")
    assert isinstance(record, dict)
    wanted = {
        *("serial", "board", "firmware", "build", "protocol", "calibrated", "lamp_hours", "reset_cause"),
        "temperature_c",
    }
    assert wanted <= set(record)
    assert (record["board"], record["protocol"], record["reset_cause"]) == (
        "simulator",
        f"{wire.MAJOR}.{wire.MINOR}",
        "power",
    )
    assert len(record["serial"]) == 16
    assert said(capsys, "info", "--seed", "2") != record, "no two scanners have one number"


@pytest.mark.process
def test_health_log_settings_and_recover(capsys: pytest.CaptureFixture[str]) -> None:
    health = said(capsys, "health")
    assert isinstance(health, dict)
    assert health["life"]["starts"] == 1
    log = said(capsys, "log")
    assert isinstance(log, dict)
    assert log["since_power_on"][0]["what"] == "boot"
    rows = said(capsys, "settings", "--set", "dwell=300")
    assert isinstance(rows, list)
    dwell = next(row for row in rows if row["name"] == "dwell")
    assert (dwell["value"], dwell["former"], dwell["default"]) == (300, 150, 150)
    assert said(capsys, "recover") == {"was": "empty", "state": "empty", "fault": None}
    broken = said(capsys, "recover", "--fault", "lamp-dark", code=1)
    assert isinstance(broken, dict)
    assert broken["fault"] == "lamp: no_light"


@pytest.mark.process
def test_calibrate_tells_strip_from_sensor_and_when_the_next_is_due(capsys: pytest.CaptureFixture[str]) -> None:
    record = said(capsys, "calibrate", "--dirt", "strip:spot:40,1.8:0.5 sensor:spot:80:0.4")
    assert isinstance(record, dict)
    (strip,), (sensor,) = record["strip"], record["sensor"]
    assert strip["x_mm"] == pytest.approx(40, abs=0.2)
    assert sensor["x_mm"] == pytest.approx(80, abs=0.2)
    assert "a year after" in record["next"]
    assert "sensor" in record["advice"]
    assert main(["scanner", "calibrate", *SIM, "--fault", "lamp-dark"]) == 3
    assert "not now" in capsys.readouterr().err, "it waits for recover"


@pytest.mark.process
def test_watch_prints_samples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scanner", "watch", *SIM, "--seconds", "0.4", "--json"]) == 0
    samples = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(samples) == 20
    assert {"t_us", "dx", "dy", "squal", "x_mg", "pins"} <= set(samples[0])


@pytest.mark.process
@pytest.mark.slow
def test_every_part_is_measured_and_an_aged_one_named(capsys: pytest.CaptureFixture[str]) -> None:
    rows = said(capsys, "test", "--fault", "lamp-aged", "--fault", "flow-scale", code=1)
    assert isinstance(rows, list)
    for row in rows:
        assert list(row) == ["part", "measurement", "value", "unit", "low", "high", "ok", "advice"]
    failed = {(row["part"], row["measurement"]): row["advice"] for row in rows if not row["ok"]}
    assert set(failed) == {
        ("lamp", "infrared level"),
        ("line_sensor", "light against the calibration"),
        ("flow", "scale"),
    }
    assert "order: " in failed["lamp", "infrared level"]
    assert {row["part"] for row in rows} == {
        *("controller", "usb", "line_sensor", "lamp", "flow", "accelerometer", "carriage"),
    }
    assert len(rows) == len(limits("simulator")) - OF_THE_CARD


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "not measured: the flow sensor's scale"), ("nn", "ikkje målt: skalaen til rørslesensoren")],
)
def test_that_the_flow_sensor_s_scale_needs_a_slide_is_said(
    language: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a real scanner, whose document nobody slides unless --slide asks for it."""
    there = SimpleNamespace(session=SimpleNamespace(transport=None, hello=None), state=wire.EMPTY)
    monkeypatch.setattr(scanner_test, "at_scanner", lambda args: nullcontext(there))
    monkeypatch.setattr(scanner_test, "everything", lambda at, told: [Measured("flow", "noise", 0.0)])
    assert main(["scanner", "test", "--language", language]) == 0
    out, err = capsys.readouterr()
    assert says in err
    assert "--slide'" in err
    assert main(["scanner", "test", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "not measured: the flow sensor's scale" in err
    assert [row["measurement"] for row in json.loads(out)] == ["noise"]


@pytest.mark.process
def test_what_a_person_reads(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("info", "health", "log", "settings", "recover"):
        assert main(["scanner", command, *SIM]) == 0
        assert capsys.readouterr().out.strip()


def test_mistakes_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["info", *SIM, "--fault", "nothing"],
        ["info", *SIM, "--dirt", "glass:spot:1"],
        ["info", *SIM, "--dirt", "lid:spot:1,1:1"],
        ["settings", *SIM, "--set", "dwell=1"],
        ["info", "--port", "/dev/null", "--fault", "lamp-dark"],
    ):
        assert main(["scanner", *arguments]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_port_that_another_program_holds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def busy(port: str) -> None:
        raise DeviceError(f"{port}: another program uses it", "busy")

    monkeypatch.setattr("stillscan.commands.at_scanner.SerialTransport", busy)
    assert main(["scanner", "info", "--port", "/dev/ttyACM0"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "'stillscan run'" in line
    assert "systemctl stop" in line


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_limits_are_whole_and_named_by_parts_that_can_be_ordered() -> None:
    table = limits("rpi_pico")
    assert len(table) >= 30
    assert {limit.part for limit in table.values()} >= {
        "lamp",
        "line_sensor",
        "carriage",
        "flow",
        "accelerometer",
        "usb",
    }
    for limit in table.values():
        assert limit.source
        judged = judge([Measured(limit.part, limit.measurement, 1e9 if limit.high is not None else -1e9)], "rpi_pico")
        assert not judged[0].ok
        assert judged[0].advice is not None
        _, ordered, what = judged[0].advice.partition("order: ")
        assert bool(ordered) == bool(limit.order)
        assert "(" in what or not limit.order, "what to buy, not only a name"


def test_a_board_may_have_limits_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "limits.toml").write_text(entry("white level", "low = 10"))
    monkeypatch.setattr(module, "installed", lambda board: tmp_path if board == "rpi_pico" else None)
    table = limits("rpi_pico")
    assert table["lamp", "white level"].low == 10
    assert table["lamp", "infrared level"].low == 105
    assert limits("a board of nobody")["lamp", "white level"].low == 105


def entry(measurement: str, rest: str) -> str:
    texts = {"part": "lamp", "measurement": measurement, "unit": "LSB", "source": "its own", "means": "a", "check": "b"}
    lines = [f'{name} = "{text}"' for name, text in texts.items()]
    return "\n".join(("[[limit]]", *lines, 'order = "white_row"', rest, ""))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[limit]]\npart = "x"\n', "line 1: limit: 'measurement' is missing"),
        (entry("white level", ""), "line 1: limit: it has neither 'low' nor 'high'"),
        (entry("white level", "low = 1\nmiddle = 3"), "line 10: limit: no entry is called 'middle'; there are"),
        (entry("white level", 'low = "1"'), "line 9: limit: 'low' is not a number"),
        (entry("white level", "low = true"), "line 9: limit: 'low' is not a number"),
        (entry("white level", "low = nan"), "line 9: limit: 'low' is not a number"),
        (entry("white level", "low = 5\nhigh = 3"), "line 9: limit: 'low' (5) is above 'high' (3)"),
        (entry("whiteness", "low = 5"), "line 3: limit: no 'whiteness' of 'lamp' is measured; there are: infrared"),
        (entry("x", "low = 5").replace('"lamp"', '"lmap"'), "line 2: limit: no 'x' of 'lmap' is measured; there are"),
        (entry("white level", "low = 5").replace('"its own"', "7"), "line 5: limit: 'source' is not a text"),
        ("limit = 3\n", "line 1: 'limit' is no list of tables"),
        ("limit = [3]\n", "line 1: limit: it is no table"),
        ("[[limits]]\nlow = 3\n", "line 1: no entry is called 'limits'"),
    ],
)
def test_a_table_that_is_not_whole_is_named_with_file_and_line(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(text)
    with pytest.raises(InputError) as wrong:
        own_limits(tmp_path)
    assert str(wrong.value).startswith(f"{path}: {says}")


def test_what_was_not_measured_is_told_and_what_is_not_there_is_not() -> None:
    assert judge([Measured("controller", "supply", None)], "simulator") == [], "a board without"
    (scale,) = judge([Measured("flow", "scale", None, "no document was scanned")], "simulator")
    assert (scale.ok, scale.value) == (False, None)
    assert "no document" in str(scale.advice)
    (silent,) = judge([Measured("accelerometer", "answers", None, "no_answer")], "simulator")
    assert not silent.ok
    assert "cable" in str(silent.advice)


@pytest.mark.parametrize(("ppm", "told"), [(0, 0.0), (2000, 2000.0), (-2000, -2000.0), (-100_000, None), (9000, None)])
def test_a_clock_that_usb_would_not_bear_is_a_computer_that_stood_still(ppm: int, told: float | None) -> None:
    host_ms = [0.0]

    def health() -> SimpleNamespace:
        return SimpleNamespace(uptime_ms=host_ms[0] * (1 + ppm / 1e6))

    transport = SimpleNamespace(now_ms=lambda: host_ms[0])
    clock = Clock(SimpleNamespace(session=SimpleNamespace(transport=transport), health=health))  # type: ignore[arg-type]
    host_ms[0] = 10_000_000.0
    value = clock.measured().value
    assert value == told if told is None else value == pytest.approx(told, abs=1)


def test_there_are_twenty_kinds_of_ageing() -> None:
    assert len(AGEING) >= 20


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("board", boards())
def test_the_sensors_of_a_sound_scanner_of_each_board_are_within_its_limits(board: str) -> None:
    with SimulatedKiosk(scene(SAMPLE, None, "still", "clean", 1, 60.0), board=board) as kiosk:
        kiosk.bus.flow.noise = 0.01  # bench.service's spread, the most of it
        session = Session(kiosk)
        session.open(wire.STREAM_EVENTS)
        at = AtScanner(session)
        at.ready()
        found = judge(everything(at, lambda _: None, only=("sensors", "int1")), board)
    assert [one for one in found if not one.ok] == []
    assert len(found) >= 4


# --- history ----------------------------------------------------------------------------------------------------------


def record(kind: int, body: bytes) -> bytes:
    head = bytes((kind, len(body))) + body
    return head + zlib.crc32(head).to_bytes(4, "little")


def test_history_in_words() -> None:
    data = (
        record(0, struct.pack("<I", 4))
        + record(1, struct.pack("<IB", 0xABCD, 2))
        + record(2, struct.pack("<IBBh", 9000, wire.EV_ABORT, wire.SLIP, 120))
        + record(3, b"Traceback (most recent call last):\n")
        + record(3, b"ValueError: x")
        + record(200, b"of a newer firmware")
        + record(2, struct.pack("<IBBh", 9500, 99, 1, 2))
    )
    rows = told(data)
    assert [row.what for row in rows] == ["start", "abort", "defect", "kind 200", "99"]
    assert rows[1].detail == "slip at row 120"
    assert rows[2].detail == "Traceback (most recent call last): | ValueError: x"
    assert {row.boot for row in rows} == {1}


def test_any_bytes_are_read_and_cuts_hide_nothing_else() -> None:
    whole = record(2, struct.pack("<IBBh", 1, wire.EV_ABORT, 1, 1))
    other = record(2, struct.pack("<IBBh", 2, wire.EV_ABORT, 2, 2))
    for cut in range(len(whole)):
        assert records(whole[:cut] + other)[-1] == (2, other[2:-4])
    assert told(bytes(range(256)) * 20) == []
    assert events(b"\0" * 12)[0].what == "boot"


# --- calibration ------------------------------------------------------------------------------------------------------


def identity(calibrated: int, at: int, temperature: int) -> Identity:
    return Identity(8, bytes(16), 1, temperature, 0, calibrated, at)


def test_when_the_next_calibration_is_due() -> None:
    never = due(identity(0, wire.NO_TEMPERATURE, 3000))
    assert never.startswith("due: ")
    assert due(identity(1_795_953_600, 3000, 3100)).startswith("2027-11-29")
    assert "25 degrees warmer" in due(identity(1_795_953_600, 2000, 4500))
    assert due(identity(1_795_953_600, wire.NO_TEMPERATURE, 4500)).startswith("2027")


def test_specks_lead_to_advice() -> None:
    assert advice([], []) is None
    assert "strip" in str(advice([3], []))
    assert "next service" in str(advice([3], [4]))
    assert "hide print" in str(advice([], [20]))


def test_refusals_say_what_to_do() -> None:
    for code in (wire.E_WRONG_STATE, wire.E_NOT_PAIRED, wire.E_FAILED, wire.E_NOT_STORED):
        assert len(str(refused("p", Error(code, 16)))) > 60
    assert "77" in str(refused("p", Error(77, 16)))

"""`stillscan clean`: dirt found where it is, on the simulated scanner and on looks that are put together here."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bench import clean as bench
from PIL import Image

from kiosk import wire
from stillscan.cli import main
from stillscan.commands import clean as command
from stillscan.commands.world import SAMPLE, scene
from stillscan.errors import DeviceError, EnvironmentTroubleError
from stillscan.guidance.technicians import Words
from stillscan.link.session import Session
from stillscan.simulator.dirt import Spot
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.dirt import VERDICTS, DirtMap, Piece, dirt_map, likelihood, verdict
from stillscan.technician.looking import Look, look

SIM = ["clean", "--port", "sim"]
DIRT = "glass:spot:40,12:1.5 strip:spot:70,1.2:0.6 sensor:streak:90:0.7 glass:haze:60,8:6 glass:scratch:110,0:0.9"
PITCH_MM = 25.4 / 300


# --- on the simulated scanner -----------------------------------------------------------------------------------------


@pytest.mark.process
def test_pieces_are_where_they_were_put(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "map.png"
    assert main([*SIM, "--json", "--dirt", DIRT, "--map", str(out)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"spots", "verdict"}
    assert told["verdict"] == "wipe the glass"
    for spot in told["spots"]:
        assert set(spot) == {"x_mm", "y_mm", "size_mm", "kind", "where", "hurts"}
    by_x = {round(spot["x_mm"]): spot for spot in told["spots"]}
    assert set(by_x) == {40, 70, 90, 60, 110}
    for x, (where, kind, y, size) in {
        40: ("glass", "spot", 12.0, 1.5),
        70: ("strip", "spot", 1.2, 0.6),
        90: ("sensor", "streak", 0.0, 0.7),
        60: ("glass", "haze", 8.0, 6.0),
        110: ("glass", "scratch", None, 0.9),
    }.items():
        spot = by_x[x]
        assert (spot["where"], spot["kind"]) == (where, kind)
        assert spot["size_mm"] == pytest.approx(size, rel=0.1)
        assert y is None or spot["y_mm"] == pytest.approx(y, abs=0.15)
    assert by_x[40]["hurts"] == 1.0
    with Image.open(out) as picture:
        assert picture.size[0] > 1250


@pytest.mark.process
def test_a_clean_one_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SIM) == 0
    assert capsys.readouterr().out.splitlines() == [f"clean: {VERDICTS['clean']}"]


@pytest.mark.process
def test_with_a_document_on_the_glass_it_is_one_line() -> None:
    with SimulatedKiosk(scene(SAMPLE, None, "still", "clean", 1, 60.0)) as kiosk:
        session = Session(kiosk)
        session.open(wire.STREAM_EVENTS)
        at = AtScanner(session)
        at.ready()
        kiosk.bus.scene.place(kiosk.bus.now_us)
        with pytest.raises(DeviceError, match="a document lies on the glass") as told:
            look(at)
        assert told.value.exit_code == 3
        assert "\n" not in str(told.value)


@pytest.mark.process
def test_mistakes_are_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for arguments in (
        ["--dirt", "glass:spot:1"],
        ["--map", str(tmp_path / "none" / "map.png")],
        ["--map", str(tmp_path)],
    ):
        assert main([*SIM, *arguments]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert main([*SIM, "--fault", "lamp-dark"]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


# --- looks put together here ------------------------------------------------------------------------------------------


def looked(glass: float = 15.0) -> Look:
    """A clean one with noise: 21 rows of strip, 311 of glass."""
    rng = np.random.default_rng(5)
    y_mm = np.linspace(28.0, 0.0, 332)
    light = np.where(y_mm > 26.0, 170.0, glass)[:, None] * (1.0 + 0.02 * rng.standard_normal(1476))
    return Look(light + 0.35 * rng.standard_normal(light.shape), y_mm, PITCH_MM)


@pytest.mark.slow
def test_what_is_lighter_than_the_lid_is_dirt_too() -> None:
    look = looked()
    look.light[150:162, 500:512] *= 3.0  # a crumb that shines
    (piece,) = dirt_map(look).pieces
    assert (piece.where, piece.kind) == ("glass", "spot")
    assert piece.x_mm == pytest.approx(506 * PITCH_MM, abs=0.1)


@pytest.mark.slow
def test_a_streak_on_a_part_of_the_glass_is_a_streak() -> None:
    look = looked()
    look.light[60:160, 700:706] *= 0.3
    (piece,) = dirt_map(look).pieces
    assert (piece.where, piece.kind) == ("glass", "streak")
    assert piece.size_mm == pytest.approx(0.5, abs=0.06)


@pytest.mark.slow
def test_dirt_above_dirt_keeps_its_places() -> None:
    look = looked()
    look.light[:, 300:306] *= 0.4  # the sensor
    look.light[:21, 303:310] *= 0.2  # and the strip beside it
    look.light[200:210, 298:308] *= 0.2  # and a spot on the glass across it
    assert {piece.where for piece in dirt_map(look).pieces} == {"sensor", "strip", "glass"}


@pytest.mark.slow
def test_what_lies_across_a_streak_on_the_sensor_is_told_beside_it() -> None:
    """Together they let less light through than a grain does: it is not one grain as wide as both."""
    look = looked()
    look.light[:, 500:512] *= 0.35  # a streak of 1 mm
    look.light[:, 508:524] *= 0.15  # and a grain across its edge
    look.light[:, 900:912] *= 0.35  # another streak
    look.light[:, 909:940] *= 0.7  # and haze
    found = {(piece.kind, round(piece.x_mm / PITCH_MM)) for piece in dirt_map(look).pieces if piece.where == "sensor"}
    assert {kind for kind, x in found if x < 600} == {"streak", "spot"}
    assert {kind for kind, x in found if x > 800} == {"streak", "spot", "haze"}


@pytest.mark.slow
def test_dead_pixels_are_no_dirt() -> None:
    look = looked()
    look.light[:, [200, 640, 641, 900]] = 0.35 * np.random.default_rng(6).standard_normal((332, 4))
    assert {(piece.where, piece.hurts) for piece in dirt_map(look).pieces} <= {("sensor", 0.0)}


@pytest.mark.parametrize(
    ("glass", "said"), [(120.0, "something lies"), (165.0, "something lies"), (1.0, "too little light")]
)
def test_what_cannot_be_told(glass: float, said: str) -> None:
    with pytest.raises(DeviceError, match=said):
        dirt_map(looked(glass))


def test_a_thing_that_covers_a_part_of_the_glass_is_no_dirt() -> None:
    look = looked()
    look.light[200:, :400] = 130.0  # the corner of a sheet that the presence sensor did not see
    with pytest.raises(DeviceError, match="something lies"):
        dirt_map(look)


def test_no_light_is_told() -> None:
    look = looked()
    with pytest.raises(DeviceError, match="strip is not seen"):
        dirt_map(look._replace(light=look.light * 0.0))


# --- what hurts -------------------------------------------------------------------------------------------------------


def test_what_hurts_grows_with_size_and_contrast_and_counts_in_the_text_zone_only() -> None:
    sizes = [likelihood(60, 12, size, "glass", 0.85, along=False) for size in (0.2, 0.4, 0.6, 1.5)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 0.0
    assert sizes[-1] == 1.0
    assert likelihood(60, 12, 0.6, "glass", 0.3, along=False) < sizes[2]
    assert likelihood(60, 23, 1.5, "glass", 0.85, along=False) == 0.0, "above the text"
    assert likelihood(60, 23, 1.5, "glass", 0.85, along=True) == 1.0, "a streak crosses it"
    assert likelihood(1, 12, 1.5, "sensor", 0.85, along=False) == 0.0, "beside the text"


def test_the_verdict_names_what_is_wiped_first() -> None:
    def piece(where: str, hurts: float) -> Piece:
        return Piece(1.0, 1.0, 1.0, "spot", where, hurts)

    assert verdict([]) == "clean"
    assert verdict([piece("glass", 0.4)]) == "clean"
    assert verdict([piece("sensor", 1.0), piece("strip", 0.5)]) == "wipe the white strip"
    assert verdict([piece("sensor", 1.0), piece("glass", 0.3)]) == "sensor: call a technician"
    assert set(VERDICTS) == {"clean", "wipe the glass", "wipe the white strip", "sensor: call a technician"}


# --- the bench --------------------------------------------------------------------------------------------------------


def test_the_bench_counts_what_was_missed_and_what_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    spots = [Spot("glass", "spot", 40.0, 12.0, 1.5), Spot("sensor", "spot", 90.0, 0.0, 1.0)]
    monkeypatch.setattr(bench, "drawn", lambda _: spots)
    right = [Piece(40.1, 12.0, 1.4, "spot", "glass", 1.0), Piece(90.0, 0.0, 1.0, "spot", "sensor", 1.0)]
    for pieces, code in (
        (right, 0),
        (right[:1], 1),
        ([right[0], right[1]._replace(where="strip")], 1),
    ):
        monkeypatch.setattr(bench, "found", lambda _, drawn, pieces=pieces: pieces if drawn else [])
        assert bench.main(["--scenes", "1", "--empty", "1", "--json"]) == code
    monkeypatch.setattr(bench, "found", lambda *_: right)
    assert bench.main(["--scenes", "1", "--empty", "1"]) == 1, "four false ones where nothing is"


def test_what_was_found_is_said_though_the_map_cannot_be_drawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = Piece(40.0, 12.0, 1.5, "spot", "glass", 1.0)
    scanner = SimpleNamespace(state=wire.EMPTY, session=SimpleNamespace(transport=None))
    monkeypatch.setattr(command, "at_scanner", lambda _: contextlib.nullcontext(scanner))
    monkeypatch.setattr(command, "look", lambda *_: None)
    monkeypatch.setattr(command, "dirt_map", lambda _: DirtMap(np.zeros((1, 1)), np.zeros(1), PITCH_MM, [piece]))

    def full(_: DirtMap, path: str, say: Words) -> None:
        raise EnvironmentTroubleError(f"{path}: cannot be written: no space left on device")

    monkeypatch.setattr(command, "save", full)
    assert main([*SIM, "--json", "--map", str(tmp_path / "map.png")]) == 4
    said = capsys.readouterr()
    assert json.loads(said.out)["verdict"] == "wipe the glass"
    assert "no space left" in said.err

"""``stillscan simulate`` on a board with a chip: what it needs, and that it gives the record of every simulation."""

import json
from pathlib import Path

import pytest
from vcd.reader import TokenKind, tokenize

from kiosk import wire
from stillscan.cli import main
from stillscan.commands.world import SAMPLE
from stillscan.link.messages import Abort, State
from stillscan.link.session import Session
from stillscan.recordings.file import LINK, read
from stillscan.recordings.link import Player

pytestmark = pytest.mark.process

KEYS = {
    "outcome", "reason", "mrz", "format", "attempts", "aborts", "sensors", "t_still_ms", "t_verdict_ms", "virtual_ms",
    "wall_ms", "seed", "firmware", "heap_free_min",
}  # fmt: skip


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["simulate", "--document", str(SAMPLE), *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err.strip()


def test_without_an_image_its_wiring_runs_on_this_computer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STILLSCAN_UF2", raising=False)
    said = {}
    for board in ("rpi_pico", "rpi_pico2", "simulator"):
        assert main(["simulate", "--document", str(SAMPLE), "--board", board, "--json"]) == 0
        said[board] = {**json.loads(capsys.readouterr().out), "wall_ms": 0, "heap_free_min": 0}
    longer = {"t_verdict_ms": 0, "virtual_ms": 0}  # a line of its A4 bar
    assert {**said["rpi_pico2"], **longer} == {**said["simulator"], **longer}, "the same parts on other pins"
    assert said["rpi_pico2"]["t_verdict_ms"] > said["simulator"]["t_verdict_ms"]
    assert said["rpi_pico"]["mrz"] == said["simulator"]["mrz"], "at 4 bits a pixel"


def test_a_chip_that_cannot_be_emulated(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "RP2350 cannot be emulated" in refused(capsys, "--board", "rpi_pico2", "--uf2", str(tmp_path / "none.uf2"))


def test_an_image_that_is_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no image")
    shown = refused(capsys, "--board", "rpi_pico", "--uf2", str(path))
    assert "not a UF2 image" in shown
    assert "\n" not in shown


def test_a_check_with_a_slip_ends_as_on_this_computer(
    capsys: pytest.CaptureFixture[str], uf2: Path, tmp_path: Path
) -> None:
    waves, link = [tmp_path / "chip.vcd", tmp_path / "here.vcd"], tmp_path / "link.recording"
    common = ["simulate", "--document", str(SAMPLE), "--motion", "one-slip", "--seed", "3", "--json"]
    board = ["--board", "rpi_pico", "--uf2", str(uf2)]
    assert main([*common, *board, "--vcd", str(waves[0]), "--record-link", str(link)]) == 0
    chip = json.loads(capsys.readouterr().out)
    assert main([*common, "--vcd", str(waves[1])]) == 0
    here = json.loads(capsys.readouterr().out)
    assert set(chip) == KEYS
    for key in ("outcome", "reason", "mrz", "format"):
        assert chip[key] == here[key]
    assert_alike(*map(changes, waves))
    assert_played(link, chip["aborts"][0]["row"])


def assert_played(link: Path, row: int) -> None:
    """The recording of the chip's cable says to another program what the chip said, up to its abort at ``row``."""
    recording = read(link)
    assert (recording.kind, recording.cut) == (LINK, False)
    played = Session(Player(str(link), recording, paced=False).open())
    assert played.open().board_name == "rpi_pico"
    assert played.settings()["depth"].value == 4
    said = []
    while not isinstance(message := played.poll(1000), Abort):
        if isinstance(message, State):
            said.append(message.state)
    assert message.row == row
    assert said == [wire.EMPTY, wire.PLACED, wire.STILL, wire.SCANNING]
    assert played.reception.lost_frames == 0


def changes(path: Path) -> dict[str, list[float]]:
    """The values that each signal of a file of waveforms takes, one after another."""
    names: dict[str, str] = {}
    found: dict[str, list[float]] = {}
    scope: list[str] = []
    with path.open("rb") as file:
        for token in tokenize(file):
            if token.kind is TokenKind.SCOPE:
                scope.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scope.pop()
            elif token.kind is TokenKind.VAR:
                name = names[token.var.id_code] = ".".join((*scope, token.var.reference))
                found[name] = []
            elif token.kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_VECTOR, TokenKind.CHANGE_REAL):
                found[names[token.data.id_code]].append(float(token.data.value))
    return found


def assert_alike(chip: dict[str, list[float]], here: dict[str, list[float]]) -> None:
    """The same signals, of which each moves in both files or in neither, and the same states."""
    assert chip.keys() == here.keys()
    for name in chip:
        assert (len(chip[name]) > 1) == (len(here[name]) > 1), name
    for name in (
        "state.number",
        "pins.presence",
        "pins.direction",
        "pins.infrared",
        "pins.ring",
        "sweep.aborted",
    ):
        assert chip[f"kiosk.{name}"] == here[f"kiosk.{name}"], name

"""The picture of the wiring: the committed one is that of the tables, and wires never cross."""

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.boards.files import boards, boards_folder
from stillscan.boards.pins import CONTROLLERS
from stillscan.boards.table import Board, find_board
from stillscan.cli import main
from stillscan.technician.parts import Kiosk, read_parts
from stillscan.technician.schematic.draw import schematic
from stillscan.technician.schematic.plan import Port, plan

DRAWN = [name for name in boards() if (boards_folder() / name / "parts.toml").exists()]
EDGE = sorted(CONTROLLERS[-1].edge)


def reference() -> tuple[Board, Kiosk]:
    board = find_board("rpi_pico2")
    return board, read_parts(board)


def texts(picture: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", DRAWN)
def test_the_committed_picture_is_that_of_the_tables(name: str, tmp_path: Path) -> None:
    assert main(["boards", "draw", name, str(tmp_path / "out.svg")]) == 0
    committed = (boards_folder() / name / "schematic.svg").read_text(encoding="utf-8")
    assert (tmp_path / "out.svg").read_text(encoding="utf-8") == committed, "make pictures"


def test_the_picture_says_every_signal_pin_and_value() -> None:
    board, kiosk = reference()
    said = texts(schematic(board, kiosk))
    assert board.controller is not None
    for signal, gpio in board.pins:
        if gpio in board.controller.edge:
            assert signal in said
            assert f"GPIO {gpio}" in said
            assert kiosk.wires[signal].pin in said
            assert kiosk.parts[kiosk.wires[signal].part].name in said
    assert {str(at) for at in range(1, 41)} <= set(said)
    assert [said.count(value) for value in ("10 kΩ", "4.7 kΩ", "330 Ω", "1 kΩ", "100 Ω")] == [2, 3, 1, 1, 1]
    assert [said.count(value) for value in ("74HCT125", "AO3400A", "BAT54S")] == [3, 2, 1]


def test_the_picture_follows_a_pin_that_moves() -> None:
    board, kiosk = reference()
    moved = board._replace(pins=[(signal, 28 if signal == "beeper" else gpio) for signal, gpio in board.pins])
    assert schematic(moved, kiosk) != schematic(board, kiosk)
    assert "GPIO 28" in texts(schematic(moved, kiosk))


def crossings(ports: list[Port], tracks: dict[str, int | None]) -> list[tuple[str, str]]:
    """Pairs of wires that touch. A wire is a level at its pin, an upright at its track, a level at its part."""
    found = []
    wires = [(port, track) for port in ports if (track := tracks[port.signal]) is not None]
    for (one, x), (other, far) in combinations(wires, 2):
        for a, at, b, beside in ((one, x, other, far), (other, far, one, x)):
            low, high = sorted((b.pin_y, b.y))
            levels = [a.pin_y] if beside < at else [a.y] if beside > at else [a.pin_y, a.y]
            if any(low <= y <= high for y in levels):
                found.append((a.signal, b.signal))
    return found


@pytest.mark.slow
@given(st.permutations(EDGE))
def test_wires_never_cross_nor_do_parts_lie_on_each_other(places: list[int]) -> None:
    board, kiosk = reference()
    signals = [signal for signal, _ in board.pins if signal in kiosk.wires]
    board = board._replace(pins=list(zip(signals, places, strict=False)))
    drawn = []
    for side in (-1, 1):
        placed = plan(board, kiosk, side)
        ports = [port for part in placed.parts for port in part.ports]
        drawn += [port.signal for port in ports]
        assert crossings(ports, placed.tracks) == []
        for above, below in zip(placed.parts, placed.parts[1:], strict=False):
            assert above.y + above.height < below.y
    assert sorted(drawn) == sorted(signals)
    assert set(signals) <= set(texts(schematic(board, kiosk)))


def test_a_picture_can_be_read_as_svg_with_any_text() -> None:
    board, kiosk = reference()
    parts = {key: part._replace(name='<&"') for key, part in kiosk.parts.items()}
    assert '<&"' in texts(schematic(board, kiosk._replace(parts=parts)))


def test_what_cannot_be_drawn_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "no" / "out.svg"
    assert main(["boards", "draw", "simulator", str(out)]) == 2
    assert main(["boards", "draw", "rpi_pico2", str(out)]) == 2
    assert "cannot be written" in capsys.readouterr().err
    (tmp_path / "board.py").write_text('"""Ours."""\nPINS = {}\n', encoding="utf-8")
    (tmp_path / "parts.toml").write_text("", encoding="utf-8")
    assert main(["boards", "draw", str(tmp_path), str(tmp_path / "out.svg")]) == 2
    assert "no controller whose pins are known" in capsys.readouterr().err

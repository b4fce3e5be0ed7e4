"""``stillscan flash --all``: a bench of boards side by side, of which some fail; and labels to print."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.technician.labels import Label, write_labels

from .fake_board import FakeBoard

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FakeBoard]]:
    """Three boards on one hub, by their serial numbers; the last comes first by its port."""
    with ExitStack() as plugged:
        boards = []
        for number in range(3):
            folder = tmp_path / f"board-{number}"
            folder.mkdir()
            boards.append(plugged.enter_context(FakeBoard(folder)))
        ports = [
            SimpleNamespace(device=board.port, serial_number=f"E66{number}0000ABCD0001", vid=0x2E8A, pid=5)
            for number, board in enumerate(boards)
        ]
        monkeypatch.setattr(list_ports, "comports", lambda: list(reversed(ports)))
        yield boards


@pytest.mark.process
@pytest.mark.slow
def test_one_board_that_fails_stops_no_other(
    sources: Path, bench: list[FakeBoard], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bench[1].folder / "main.py").write_text("print('mine')\n")
    bench[1].restart()
    labels = tmp_path / "labels.svg"
    assert main(["flash", "--all", "--unsigned", "--json", "--labels", str(labels)]) == 3
    told = json.loads(capsys.readouterr().out)
    build = Version.of(compiled("fake")).build
    assert [board["serial"] for board in told] == [f"E66{number}0000ABCD0001" for number in range(3)]
    assert [board.get("build") for board in told] == [build, None, build]
    assert "--replace" in told[1]["error"]
    texts = [element.text for element in ET.parse(labels).getroot()]
    assert [text for text in texts if text and text.startswith("E66")] == ["E660 0000 ABCD 0001", "E662 0000 ABCD 0001"]
    assert texts.count(f"build {build}") == 2

    bench[1].restart()
    assert main(["flash", "--all", "--unsigned", "--replace"]) == 0
    said = capsys.readouterr().out
    assert said.count(f"build {build}") == 3
    assert "3 boards: 3 run the version, 0 failed" in said


def test_no_board_and_what_goes_without_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(list_ports, "comports", list)
    assert main(["flash", "--all"]) == 3
    assert "no board is plugged in" in capsys.readouterr().err
    assert main(["flash", "--all", "--port", "/dev/ttyACM0"]) == 2


def test_labels(tmp_path: Path) -> None:
    many = [Label(f"E66{number:013}", "rpi_pico", "0.1.0", "0123456789abcdef") for number in range(25)]
    svg, pdf = tmp_path / "labels.svg", tmp_path / "labels.PDF"
    write_labels(svg, [*many, Label("no serial number", "a<b", "0.1.0", "0")])
    root = ET.parse(svg).getroot()
    assert len(root) == 4 * 26
    assert root.get("height") == "594mm", "two sheets"
    write_labels(pdf, many)
    assert pdf.read_bytes()[:5] == b"%PDF-"
    assert pdf.read_bytes().count(b"/Type /Page\n") in (0, 2)
    with pytest.raises(InputError, match=r"\.svg or \.pdf"):
        write_labels(tmp_path / "labels.doc", many)

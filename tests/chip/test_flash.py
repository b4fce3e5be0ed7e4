"""The real way onto a board: bare MicroPython on the emulated chip, a pseudo-terminal, mpremote's library, `flash`."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillscan.boards import files as board_files
from stillscan.cli import main
from stillscan.simulator.control import tell

pytestmark = [pytest.mark.process, pytest.mark.slow]


class BareBoard:
    """MicroPython and nothing else, on a port that goes and comes back as the chip is reset."""

    def __init__(self, folder: Path, uf2: Path) -> None:
        self.port = folder / "port"
        self._control = folder / "control"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stillscan.cli", "device", "--board", "rpi_pico", "--uf2", str(uf2), "--bare",
             "--link", str(self.port), "--control", str(self._control)],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline()
        self._wait_for_port()

    def _wait_for_port(self) -> None:
        while not self.port.exists():
            assert self._process.poll() is None
            assert "no command 'none'" in tell(self._control, "none", 60)  # it answers after a step of the chip

    def hold_service(self) -> None:
        """Plug it in with its service button held."""
        assert tell(self._control, "service", 60) == "ok"
        self._wait_for_port()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def bare(tmp_path: Path, uf2: Path) -> Iterator[BareBoard]:
    board = BareBoard(tmp_path, uf2)
    yield board
    board.close()


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout's firmware/start.py, to be changed."""
    there = board_files.firmware_folder()
    root = tmp_path / "checkout"
    for folder in ("firmware", "boards"):
        shutil.copytree(there.parent / folder, root / folder)
    monkeypatch.setattr(board_files, "_PACKAGED", root)
    return root / "firmware" / "start.py"


def test_a_bare_board_gets_the_firmware_an_update_and_its_former_version_back(
    bare: BareBoard, start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["flash", "--port", str(bare.port), "--unsigned", "--json"]
    assert main(command) == 0, capsys.readouterr().err
    first = json.loads(capsys.readouterr().out)
    assert (first["board"], first["changed"], first["fault"]) == ("rpi_pico", True, None)

    source = start.read_text()
    start.write_text(source + "\nUPDATED = True\n")
    bare.hold_service()
    assert main(command) == 0, capsys.readouterr().err
    second = json.loads(capsys.readouterr().out)
    assert (second["changed"], second["sent"], second["fault"]) == (True, 1, None)
    assert second["build"] != first["build"]

    start.write_text("def run(slots):\n    raise RuntimeError('a defect')\n")
    bare.hold_service()
    assert main(command) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "the new version was left, it ended with an error while it started; the former one runs" in said

    start.write_text(source + "\nUPDATED = True\n")
    assert main(command) == 0, "no prompt is needed to see that this version runs"
    assert json.loads(capsys.readouterr().out)["build"] == second["build"]

"""The real way onto a board: bare MicroPython on the emulated chip, a pseudo-terminal, mpremote's library, `flash`."""

import json
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from stillscan.boards import files as board_files
from stillscan.cli import main
from stillscan.simulator.control import tell

pytestmark = [pytest.mark.process, pytest.mark.slow]

PROMPT_MS = 1200  # of the chip's own time: its prompt is there after 850
ANSWER_S = 120.0  # for a step of 2 ms, which takes a busy computer seconds


class EmulatedBoard:
    """A port that goes and comes back as the chip is reset. ``options`` of `stillscan device`; --bare: MicroPython and
    nothing else on it."""

    def __init__(self, folder: Path, uf2: Path, *options: str) -> None:
        self.port = folder / "port"
        self._control = folder / "control"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stillscan.cli", "device", "--board", "rpi_pico", "--uf2", str(uf2), *options,
             "--link", str(self.port), "--control", str(self._control)],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline()
        self._wait_for_port()

    def _wait_for_port(self) -> None:
        while not self.port.exists():
            assert self._process.poll() is None
            self._on_ms()

    def _on_ms(self) -> int:
        """How long the chip has been on, by its own clock; it answers after a step."""
        ok, ms = tell(self._control, "time", ANSWER_S).split()
        assert ok == "ok"
        return int(ms)

    def hold_service(self) -> None:
        """Plug it in with its service button held, and wait until it has got to its prompt."""
        assert tell(self._control, "service", ANSWER_S) == "ok"
        while self._on_ms() < PROMPT_MS:
            assert self._process.poll() is None

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout's firmware/start.py, to be changed."""
    there = board_files.firmware_folder()
    root = tmp_path / "checkout"
    for folder in ("firmware", "boards"):
        shutil.copytree(there.parent / folder, root / folder)
    monkeypatch.setattr(board_files, "_PACKAGED", root)
    return root / "firmware" / "start.py"


def flash(board: EmulatedBoard) -> int:
    return main(["flash", "--port", str(board.port), "--unsigned", "--json"])


def test_a_bare_board_gets_the_firmware(tmp_path: Path, uf2: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(EmulatedBoard(tmp_path, uf2, "--bare")) as board:
        assert flash(board) == 0, capsys.readouterr().err
    done = json.loads(capsys.readouterr().out)
    assert (done["board"], done["changed"], done["fault"]) == ("rpi_pico", True, None)


def test_a_board_gets_an_update_and_its_former_version_back(
    tmp_path: Path, uf2: Path, start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(EmulatedBoard(tmp_path, uf2)) as board:
        source = start.read_text()
        start.write_text(source + "\nUPDATED = True\n")
        board.hold_service()
        assert flash(board) == 0, capsys.readouterr().err
        updated = json.loads(capsys.readouterr().out)
        assert (updated["changed"], updated["sent"], updated["fault"]) == (True, 1, None)

        start.write_text("def run(slots):\n    raise RuntimeError('a defect')\n")
        board.hold_service()
        assert flash(board) == 1
        said = capsys.readouterr().err.splitlines()[-1]
        assert "the new version was left, it ended with an error while it started; the former one runs" in said

        start.write_text(source + "\nUPDATED = True\n")
        assert flash(board) == 0, "no prompt is needed to see that this version runs"
        assert json.loads(capsys.readouterr().out)["build"] == updated["build"]

"""What a board of one's own brings: pins that clash, a board.py that does not run, models and packages that raise."""

import os
from pathlib import Path

import pytest

from stillscan.boards.files import chip, modules
from stillscan.boards.new import make_board
from stillscan.errors import InputError
from stillscan.simulator.models import models_of
from stillscan.testing.ownrules import load_rules
from stillscan.testing.targets import find

from .told import told


def test_pins_that_clash_go_onto_no_board(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (mine / "board.py").read_text()
    (mine / "board.py").write_text(text.replace('"home": 12', '"home": 7'))
    line = text[: text.index('"home": 12')].count("\n") + 1
    for arguments in (
        ("flash", "--board", "mine", "--unsigned", "--image-only", "kiosk.img"),
        ("simulate", "--board", "mine", "--scenario", "slip"),
        ("device", "--board", "mine", "--link", "pico", "--uf2", "none.uf2"),
    ):
        code, _, err = told(capsys, *arguments)
        assert code == 2
        assert f"board.py: line {line}: GPIO 7 has 2 signals" in err
    with pytest.raises(InputError, match="GPIO 7 has 2 signals"):
        find("sim", "mine")


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("class Board(", "class Boards(", "board.py: line 1: AttributeError: module 'board' has no attribute 'Board'"),
        ("PINS = {", "import nothing\nPINS = {", "board.py: line {line}: ImportError: no module named 'nothing'"),
        ("PINS = {", "raise SystemExit\nPINS = {", "board.py: line 1: the firmware ended: without a word"),
        ("        super()", '        "x" + 1\n        super()', "board.py: line {line}: TypeError"),
    ],
)
def test_a_board_that_does_not_run_is_named_by_its_check(
    mine: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    text = (mine / "board.py").read_text()
    (mine / "board.py").write_text(text.replace(old, new, 1))
    code, out, _ = told(capsys, "boards", "check", "mine")
    assert code == 1
    assert says.format(line=text[: text.index(old)].count("\n") + 1) in out.splitlines()[-1]


@pytest.mark.process
@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("def __init__(self, scene):\n        raise ValueError('ours')", 5),
        ("def exchange(self, data, now_us):\n        raise ValueError('ours')", 5),
    ],
)
def test_a_model_that_raises_is_named_with_file_and_line(
    mine: Path, capsys: pytest.CaptureFixture[str], method: str, line: int
) -> None:
    (mine / "own.py").write_text(f"from stillscan.simulator.flow import Flow\n\nclass Own(Flow):\n    {method}\n")
    (mine / "board.toml").write_text('like = "rpi_pico"\n[models]\nflow = "own.py:Own"\n')
    for arguments in (("boards", "check", "mine"), ("simulate", "--board", "mine", "--scenario", "verified")):
        code, _, err = told(capsys, *arguments)
        assert code == 2
        assert err.endswith(f"mine{os.sep}own.py: line {line}: ValueError: ours")


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "        self.squal = burst[3]\n",
            "        self.squal = None\n",
            "read leaves squal at None: it is a whole number from",
        ),
        ("        self.squal = burst[3]\n", "        self.squal = 300\n", "read leaves squal at 300: "),
        (
            "        self.dx = burst[1]",
            "        self.dx = 'a' or burst[1]",
            "read leaves dx at 'a': it is a whole number",
        ),
        ("        self.dy = burst[2]", "        self.dy = 70000 + burst[2]", "read leaves dy at 70"),
        ("    def read(self)", "    def reed(self)", "has no 'read' (kiosk.parts.Flow says"),
        ("    def start(self)", "    def begin(self)", "has no 'start' (kiosk.parts.Flow says"),
    ],
)
def test_a_driver_that_is_no_flow_sensor_is_named_with_file_and_line(
    mine: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    own = make_board("own", "rpi_pico_adns")
    text = (own / "adns3080.py").read_text()
    assert text.count(old) == 1
    (own / "adns3080.py").write_text(text.replace(old, new))
    code, out, _ = told(capsys, "boards", "check", "own")
    assert code == 1
    at = "class Adns3080" if "has no" in says else "    @micropython.native\n    def read(self)"
    line = text[: text.index(at)].count("\n") + (1 if "has no" in says else 2)
    assert f"own{os.sep}adns3080.py: line {line}: {says}" in out.splitlines()[-1]


def test_what_is_for_the_host_goes_onto_no_board(mine: Path) -> None:
    had = set(modules(mine))
    for name in (".venv/lib/x.py", "tests/x.py", "models/x.py", "test_mine.py", "conftest.py", "parts/test_deep.py"):
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).write_text("match 1:\n    case 1: pass\n")
    assert set(modules(mine)) == had


def test_what_a_package_has_registered_and_cannot_be_loaded(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = Path("site") / "own_parts-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-parts\nVersion: 1.0\n")
    groups = ("boards", "models", "rules")
    (info / "entry_points.txt").write_text("".join(f"[stillscan.{group}]\ntheirs = nowhere:X\n" for group in groups))
    monkeypatch.syspath_prepend(str(Path("site").absolute()))
    (mine / "board.toml").write_text('like = "rpi_pico"\n[models]\nflow = "theirs"\n')
    for load in (lambda: chip("theirs"), lambda: models_of("mine"), lambda: load_rules("theirs", mine)):
        with pytest.raises(
            InputError, match=r"'theirs', which a package has registered .*: ModuleNotFoundError: No mod"
        ):
            load()

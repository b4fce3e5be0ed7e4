"""A board of one's own, from outside the package: made, checked, simulated, packed; what is wrong with it is named."""

import json
import os
from pathlib import Path

import pytest

from stillscan.boards import new
from stillscan.boards.files import boards_folder, chip
from stillscan.boards.new import make_board
from stillscan.boards.table import find_board
from stillscan.errors import EnvironmentTroubleError, InputError
from stillscan.simulator import process
from stillscan.simulator.models import models_of
from stillscan.technician.limits import limits

from .told import told

MODEL = """
from stillscan.simulator.flow import Flow

class Own(Flow):
    SIGNALS = ("lamp_of_its_own",)
    FAULTS = ("nak",)

    def drive(self, signal, level, now_us):
        self.driven = (signal, level)
"""


@pytest.mark.process
def test_a_new_board_is_whole(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {path.name for path in mine.iterdir()} == {
        "board.py", "board.toml", "parts.toml", "README.md", "own.scenario.toml"
    }  # fmt: skip
    assert chip("mine") == chip("rpi_pico")
    assert told(capsys, "boards", "check", "mine")[0] == 0
    assert told(capsys, "boards", "show", "./mine")[0] == 0
    code, out, _ = told(capsys, "simulate", "--board", "mine", "--scenario", "mine/own.scenario.toml", "--json")
    assert (code, json.loads(out)["passed"]) == (0, True)
    code, out, _ = told(capsys, "flash", "--board", "./mine/", "--image-only", "kiosk.img", "--unsigned", "--json")
    assert (code, json.loads(out)["board"]) == (0, "./mine/")
    assert Path("kiosk.img").stat().st_size == chip("rpi_pico").files_kib * 1024


def test_a_board_like_a_board_of_ones_own(mine: Path) -> None:
    (mine / "board.toml").write_text('like = "rpi_pico"\nflash_kib = 16384\n')
    other = make_board("deep/other", "./mine")
    assert (other / "board.toml").read_text().splitlines()[1] == 'like = "../../mine/board.toml"'
    assert chip("deep/other").flash_kib == 16384
    assert 'name = "other"' in (other / "board.py").read_text()


def test_a_board_of_an_installed_package(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (mine / "__init__.py").write_text("")
    info = Path("site") / "own_boards-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-boards\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[stillscan.boards]\ntheirs = mine\n")
    monkeypatch.syspath_prepend(str(Path("site").absolute()))
    monkeypatch.syspath_prepend(str(Path.cwd()))
    assert chip("theirs") == chip("rpi_pico")
    assert find_board("theirs").name == "theirs"
    assert limits("theirs")["flow", "noise"].high == limits("rpi_pico")["flow", "noise"].high
    (mine / "limits.toml").write_text((boards_folder() / "rpi_pico_adns" / "limits.toml").read_text())
    assert limits("theirs") == limits("rpi_pico_adns") != limits("rpi_pico")


@pytest.mark.parametrize(
    ("name", "like", "says"),
    [
        ("Mine", "rpi_pico", "small letters"),
        ("a_name_of_17_char", "rpi_pico", "16 at most"),
        ("mine", "rpi_pico", "is there already, and is not empty"),
        ("rpi_pico2", "rpi_pico", "a board of the package has this name"),
        ("other", "toaster", "no board 'toaster'"),
        ("other", "simulator", "has no board.toml"),
        ("mine/board.py/x", "rpi_pico", "a part of this path is a file"),
    ],
)
def test_what_cannot_be_made(mine: Path, name: str, like: str, says: str) -> None:
    with pytest.raises(InputError) as wrong:
        make_board(name, like)
    assert says in str(wrong.value)


@pytest.mark.process
@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("board.py", '"home": 12,', '"home": 7,', "board.py: line {line}: GPIO 7 has 2 signals, direction and home"),
        ("board.py", '"home": 12,', '"step": 12,', "board.py: line {line}: step is named 2 times in PINS"),
        ("board.py", "PINS = {", "PINZ = {", "board.py: line 1: has no table PINS"),
        ("board.py", "    def __init__(self)", "    def __init__(self", "board.py: line {line}: no Python: "),
        ("board.py", "super().__init__(", "return yield super().__init__(", "board.py: line {line}: no Python: "),
        ("driver.py", "", "x = 1\nimport micropython\n\n@micropython.viper\ndef f(a: ptr8) -> int:\n    return a\n",
         "driver.py: line 5: does not compile: ViperTypeError: return expected 'int' but got 'ptr8'"),
        ("board.toml", "like =", "\nlike = 3 #", "board.toml: line 3: 'like' is not a text"),
        ("board.toml", "like =", 'like = "toaster" #', "board.toml: line 2: 'like': no board 'toaster'"),
        ("board.toml", "# flash_kib = 2048", 'flash_kib = "2"', "board.toml: line 7: 'flash_kib' is not a whole"),
        ("board.toml", "# flash_kib", "flash", "board.toml: line 7: no entry is called 'flash'; there are"),
        ("board.toml", "# flash_kib = 2048", 'shared = ["rp2",\n "rp3"]',
         "board.toml: line 8: 'shared': there is no folder 'rp3'"),
        ("board.toml", "# [models]", '[models]\nlamp = "x"', "board.toml: line 16: [models] no model is for 'lamp'"),
        ("board.toml", "# [models]", '[models]\nflow = "x"', "board.toml: line 16: [models] flow: 'x' is no FILE.py"),
        ("board.toml", "# [models]", '[models]\nflow = "m.py:X"', "line 16: [models] flow: "),
        ("board.toml", "# [models]", '[models]\nflow = "board.py:X"', "board.py: line 3: ModuleNotFoundError"),
        ("board.toml", "# flash_kib", "flash_kib = 1024 #", "board.toml: line 7: 'files_kib' (1408) is more than"),
        ("board.toml", "# [models]", '[models]\nflow = "m.py:X"', "m.py: line 2: SystemExit: 3"),
        ("board.py", '    "home": 12,\n', "", "board.py: line 8: PINS lacks 'home', which every kiosk has"),
        ("board.py", 'name = "mine"', 'name = "Mine"', "board.py: line {line}: 'Mine' is no board's name"),
        ("board.py", '"depth": 4', '"deepth": 4', "board.py: line {line}: no setting 'deepth'; there are"),
        ("board.py", '"depth": 4', '"depth": 5', "board.py: line {line}: setting 'depth': 4 or 8"),
        ("driver.py", "", "# a\n# \udce5\n", "driver.py: line 2: is not UTF-8 text"),
        ("main.py", "", "x = 1\n", "main.py: the firmware has a module of this name"),
        ("kiosk/own.py", "", "x = 1\n", f"kiosk{os.sep}own.py: the firmware has a module of this name"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_board_is_named_with_file_and_line(
    mine: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, says: str
) -> None:
    text = (mine / file).read_text() if old else ""
    assert old in text
    (mine / file).parent.mkdir(exist_ok=True)
    (mine / file).write_text(text.replace(old, new, 1), errors="surrogateescape")
    if "SystemExit" in says:
        (mine / "m.py").write_text("import sys\nsys.exit(3)\n")
    says = says.format(line=text[: text.index(old)].count("\n") + 1)
    code, out, err = told(capsys, "boards", "check", "mine")
    clash = any(word in says for word in ("GPIO", "named 2 times", "PINS lacks", "is no board", "setting"))
    shown = out.splitlines()[-1] if clash else err
    assert code == (1 if clash else 2)
    assert says in shown
    assert f"mine{os.sep}" in shown
    assert "\n" not in shown


def test_a_folder_without_its_table(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "board.toml").unlink()
    for arguments in (
        ("simulate", "--board", "mine", "--scenario", "slip"),
        ("flash", "--board", "mine"),
        ("boards", "check", "mine"),
    ):
        code, _, err = told(capsys, *arguments)
        assert code == 2
        assert "mine/board.toml: no such file: board '" in err


@pytest.mark.slow
def test_only_a_board_that_is_wired_as_ours_is_simulated(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "board.toml").write_text('like = "rpi_pico"\nshared = ["rp2"]\n')
    code, _, err = told(capsys, "simulate", "--board", "mine", "--scenario", "slip")
    assert code == 2
    assert "mine/board.toml: 'shared' lacks 'wired'" in err


@pytest.mark.process
def test_a_model_and_a_signal_of_its_own(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "models").mkdir()
    (mine / "models" / "own.py").write_text(MODEL)
    (mine / "board.toml").write_text(
        'like = "rpi_pico"\n[models]\nflow = "models/own.py:Own"\n[signals]\nlamp_of_its_own = "ADC1"\n'
    )
    board = (mine / "board.py").read_text().replace('"int1": 27,', '"int1": 28,\n    "lamp_of_its_own": 22,')
    (mine / "board.py").write_text(board.replace('"service": 22', '"service": 9'))
    code, out, _ = told(capsys, "boards", "check", "mine")
    assert (code, out.splitlines()[-1].partition(": line")[2]) == (
        1,
        " 33: lamp_of_its_own is on GPIO 22, which has no ADC1: right is GPIO 27",
    )
    (mine / "board.py").write_text((mine / "board.py").read_text().replace('own": 22', 'own": 27'))
    code, out, _ = told(capsys, "boards", "check", "mine")
    assert (code, "no wire for the signal lamp_of_its_own" in out.splitlines()[-1]) == (1, True)
    (mine / "parts.toml").write_text('like = "rpi_pico"\n[wires]\nlamp_of_its_own = ["driver", "A"]\n')
    assert told(capsys, "boards", "check", "mine")[0] == 0
    assert models_of("mine").flow.__name__ == "Own"
    assert told(capsys, "simulate", "--board", "mine", "--scenario", "verified")[0] == 0
    scenario = Path("it.scenario.toml")
    scenario.write_text('steps = [\n{ fault = "flow-spin" }, { never = { state = "fault", for_ms = 9 } }]\n')
    code, _, err = told(capsys, "simulate", "--board", "mine", "--scenario", "it.scenario.toml")
    assert code == 2
    assert "it.scenario.toml: line 2: no fault 'flow-spin': the flow of this board does not fail so" in err


@pytest.mark.process
def test_a_board_that_does_not_start_is_named_with_file_and_line(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (mine / "board.py").read_text()
    (mine / "board.py").write_text(text.replace("        super()", "        undefined()\n        super()"))
    code, _, err = told(capsys, "simulate", "--board", "mine", "--scenario", "slip")
    assert code == 3
    line = text[: text.index("        super()")].count("\n") + 1
    assert err.endswith(f"board.py: line {line}: NameError: name 'undefined' isn't defined")


ALLOCATES = "allocates in the line loop (MemoryError: memory allocation failed, heap is locked)"


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("self.nothing", "AttributeError: 'Adns3080' object has no attribute 'nothing'"),
        ("x = [1, self.dx]", ALLOCATES),
        ("while True: time.sleep_us(10)", "RuntimeError: blocks the line loop"),
        ("while True: pass", "blocks, and no time passes"),
        ("def f(): return self", ALLOCATES),
        ('print("x")', "RuntimeError: print in the line loop"),
        ('print("x", self.dx)', "RuntimeError: print in the line loop"),
        ('open("f")', "RuntimeError: open in the line loop"),
        ("input()", "RuntimeError: input in the line loop"),
        ('sys.stdout.write("x")', "RuntimeError: sys.stdout.write in the line loop"),
        ('sys.stdout.buffer.write(b"x")', "RuntimeError: sys.stdout.buffer.write in the line loop"),
        ('sys.stderr.write("x")', "RuntimeError: sys.stderr.write in the line loop"),
        ("sys.stdin.read(1)", "RuntimeError: sys.stdin.read in the line loop"),
        ('write("x")', "RuntimeError: sys.stdout.write in the line loop"),
        ('print("x", file=sys.stderr)', "RuntimeError: print in the line loop"),
        ("sys.print_exception(None)", "RuntimeError: sys.print_exception in the line loop"),
        ("micropython.mem_info()", "RuntimeError: micropython.mem_info in the line loop"),
        ("micropython.qstr_info()", "RuntimeError: micropython.qstr_info in the line loop"),
        ("micropython.heap_unlock()", "RuntimeError: micropython.heap_unlock in the line loop"),
        ("gc.collect()", "RuntimeError: gc.collect in the line loop"),
        ("os.listdir()", "RuntimeError: os.listdir in the line loop"),
        ('os.remove("f")', "RuntimeError: os.remove in the line loop"),
        ('exec("pass")', ALLOCATES),
        ("micropython.opt_level()", ""),
        ('x = "%d" % self.dx', ALLOCATES),
        ('x = "a" + str(self.dx)', ALLOCATES),
        ("time.sleep_us(900)", "read takes 11"),
        ("time.sleep_ms(6000)", "RuntimeError: blocks the line loop"),
        ("self.read()", "RuntimeError: maximum recursion depth exceeded"),
        ("pass", ""),
    ],
)
def test_a_driver_that_harms_the_line_loop_is_named_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str, says: str
) -> None:
    monkeypatch.setattr(process, "_STUCK_S", 1.0)
    monkeypatch.chdir(tmp_path)
    mine = make_board("mine", "rpi_pico_adns")
    driver = (
        (mine / "adns3080.py")
        .read_text()
        .replace("import time\n", "import gc\nimport os\nimport sys\nimport time\n", 1)
        .replace("\n\nclass ", "\nwrite = sys.stdout.write\n\n\nclass ", 1)
        .replace(
            "        self._select(0)\n        self._spi.write(self._command)",
            f"        self._select(0)\n        {line}\n        self._spi.write(self._command)",
        )
    )
    (mine / "adns3080.py").write_text(driver)
    code, out, _ = told(capsys, "boards", "check", "mine")
    told_line = out.splitlines()[-1]
    assert code == (1 if says else 0), out
    if says:
        at = "def read(self)" if says.startswith("read takes") or line.startswith("def") else f"        {line}\n"
        number = driver[: driver.index(at)].count("\n") + 1
        number -= line == "self.read()"  # the last call of all gets no farther than the line before
        assert f"mine{os.sep}adns3080.py: line {number}: {says}" in told_line


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("raise ValueError", "adns3080.py: line {line}: ValueError:"),
        ("import nothing", "adns3080.py: line {line}: ImportError: no module named 'nothing'"),
        ("raise PartError(wire.FLOW, wire.NO_ANSWER)", "fault: flow: no_answer"),
        ("while True: pass", "adns3080.py: line {line}: blocks, and no time passes"),
        ("time.sleep(0.03)", ""),
        ("print(self)", ""),
    ],
)
def test_a_driver_that_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str, says: str
) -> None:
    monkeypatch.setattr(process, "_STUCK_S", 1.0)
    monkeypatch.chdir(tmp_path)
    mine = make_board("mine", "rpi_pico_adns")
    text = (mine / "adns3080.py").read_text()
    driver = text.replace("        self._reset(1)\n", f"        {line}\n        self._reset(1)\n", 1)
    (mine / "adns3080.py").write_text(driver)
    number = driver[: driver.index(f"        {line}\n")].count("\n") + 1
    code, out, _ = told(capsys, "boards", "check", "mine")
    assert code == (1 if says else 0), out
    assert says.format(line=number) in out.splitlines()[-1]
    if "blocks" in says:
        code, _, err = told(capsys, "simulate", "--board", "mine", "--scenario", "verified")
        assert code == 3
        assert "the firmware ended: it blocks, and no time passes" in err


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "at", "line"),
    [
        ("adns3080.py", "\n\nclass ", "time.sleep(9)"),
        ("adns3080.py", "        self._spi = spi\n", "        time.sleep_ms(1200)"),
        ("board.py", "\n\nclass ", "import time; time.sleep(9)"),
        ("board.py", "        super()", "        import time; time.sleep_us(2000000)"),
    ],
)
def test_a_board_that_is_late_is_named_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: str, at: str, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = make_board("mine", "rpi_pico_adns")
    text = (mine / file).read_text()
    assert at in text
    text = text.replace(at, f"\n{line}\n{at}".removeprefix("\n" * line.startswith(" ")), 1)
    (mine / file).write_text(text)
    code, out, _ = told(capsys, "boards", "check", "mine")
    number = text[: text.index(line)].count("\n") + 1
    late = "RuntimeError: takes longer than 1000 ms before the scanner could answer"
    assert (code, f"mine{os.sep}{file}: line {number}: {late}" in out.splitlines()[-1]) == (1, True), out


@pytest.mark.parametrize("there", [False, True])
def test_half_a_board_is_not_left_where_the_disk_is_full(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    if there:
        folder.mkdir()
    written: list[Path] = []

    def full(path: Path, content: bytes) -> None:
        if len(written) == 3:
            raise EnvironmentTroubleError(f"{path}: cannot be written: no space left on device")
        written.append(path)
        path.write_bytes(content)

    with monkeypatch.context() as filled:
        filled.setattr(new, "write_whole", full)
        with pytest.raises(EnvironmentTroubleError, match="no space left"):
            make_board(str(folder), "rpi_pico")
    assert folder.exists() == there
    make_board(str(folder), "rpi_pico")
    assert (folder / "board.py").exists()

"""The pytest plugin: options, marker, seeds, and that it disturbs nobody who does not use it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from stillscan.boards.files import boards_folder
from stillscan.testing import NotAsExpectedError, Scanner, passport
from stillscan.testing.measured import report

pytestmark = pytest.mark.process

TESTS = """
import pytest

def test_slip(scanner, passport):
    scanner.lay(passport())
    scanner.expects(state="scanning")
    scanner.hand.slide(dx_mm=0.5, over_ms=80)
    scanner.expects(state="moved", cause="slip", within_ms=100)
    result = scanner.result(within_ms=6000)
    assert result.outcome == "verified" and result.attempts == 2

@pytest.mark.stillscan(seeds=[2, 3])
def test_fails(scanner, passport, hand):
    assert hand is scanner.hand
    scanner.lay(passport(), motion="one-slip")
    scanner.expects(state="moved", cause="lifted", within_ms=900)

@pytest.fixture
def clock():
    return 12

@pytest.fixture
def world():
    return 13

def test_names_of_ones_own_come_first(clock, world):
    assert (clock, world) == (12, 13)
"""


def run(folder: Path, *arguments: str, python: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Pytest with this plugin and no other but those named; no image of MicroPython is known.

    ``python`` are options of Python's own; with any nothing is loaded before (`tests/forked.py`).
    """
    known = {name: value for name, value in os.environ.items() if name != "STILLSCAN_UF2"}
    return subprocess.run(
        [sys.executable, *python, "-m", "pytest", "-p", "stillscan.testing.plugin", "--strict-markers", *arguments],
        cwd=folder,
        env={**known, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=300,  # a bound for a test that hangs
    )


def test_the_contract_and_a_failure_that_a_seed_repeats_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(TESTS)
    done = run(tmp_path, "-p", "xdist", "-n", "2")
    assert "2 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    with Scanner(seed=3, again="pytest test_it.py::test_fails --stillscan-seed 3") as scanner:
        scanner.lay(passport(seed=3), motion="one-slip")
        with pytest.raises(NotAsExpectedError) as failed:
            scanner.expects(state="moved", cause="lifted", within_ms=900)
    told = [line.removeprefix("E   ").strip() for line in done.stdout.splitlines() if line.startswith("E  ")]
    for line in str(failed.value).splitlines()[1:]:
        assert line.strip() in told, "the same seed gives the same to the bit, in whatever process"
    assert "test_it.py::test_fails[seed2]" in done.stdout


MEASURED = """
import pytest

@pytest.mark.stillscan(boards=["simulator", "rpi_pico", "./unwired"])
def test_on_boards(scanner, passport, stillscan_board):
    scanner.lay(passport(), motion="one-slip")
    scanner.expects(state="scanning")
    assert scanner.result().outcome == "verified"

@pytest.mark.stillscan(board="./none")
def test_on_no_board(scanner):
    pass

def test_fails(scanner):
    scanner.clock.run(1000)
    assert scanner.clock.now_ms < 0
"""


def test_what_was_measured_is_the_same_in_every_form_and_however_it_ran(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(MEASURED)
    shutil.copytree(boards_folder() / "rpi_pico", tmp_path / "unwired")
    pico = (tmp_path / "unwired" / "board.toml").read_text()
    (tmp_path / "unwired" / "board.toml").write_text(pico.replace('"wired", ', "").replace(', "wired"', ""))
    once = run(tmp_path, "-rs", "--stillscan-metrics", "once.json")
    assert "1 failed, 2 passed, 1 skipped, 1 error" in once.stdout, once.stdout + once.stderr
    assert "no board './none'" in once.stdout, "a name that is mistyped is not skipped"
    assert "the simulator has no ./unwired" in once.stdout
    run(tmp_path, "-p", "xdist", "-n", "2", "--stillscan-metrics", "again.json")
    assert (tmp_path / "once.json").read_bytes() == (tmp_path / "again.json").read_bytes()
    tests = json.loads((tmp_path / "once.json").read_text())["tests"]
    passed, failed = tests["test_it.py::test_on_boards[simulator]"], tests["test_it.py::test_fails"]
    assert (passed["outcome"], failed["outcome"]) == ("passed", "failed")
    assert [wait["what"] for wait in passed["waits"]] == ["state 'scanning'"]
    (check,) = passed["checks"]
    assert (check["outcome"], check["attempts"], len(check["aborts"])) == ("verified", 2, 1)
    assert passed["heap_free_min"] > 0

    run(tmp_path, "--stillscan-metrics", "run.prom")
    families = {f.name: f for f in text_string_to_metric_families((tmp_path / "run.prom").read_text())}
    values = {f.name: [sample.value for sample in f.samples] for f in families.values()}
    assert sorted(values["stillscan_test_passed"]) == [0, 1, 1]
    assert values["stillscan_check_attempts"] == [2, 2]
    assert check["took_ms"] / 1000 in map(pytest.approx, values["stillscan_check_seconds"])
    assert passed["waits"][0]["after_ms"] / 1000 in map(pytest.approx, values["stillscan_wait_seconds"])
    assert {failed["heap_free_min"], passed["heap_free_min"]} <= set(values["stillscan_test_heap_free_min_bytes"])
    assert families["stillscan_wait_seconds"].samples[0].labels["since"] == "lay('passport', motion='one-slip')"


@given(st.dictionaries(st.text(min_size=1), st.sampled_from(["passed", "failed"]), max_size=3))
def test_whatever_a_test_is_called_prometheus_reads_its_name(outcomes: dict[str, str]) -> None:
    shared = {
        "target": "sim",
        "board": None,
        "seed": 1,
        "run_ms": 1.5,
        "heap_free_min": None,
        "waits": [],
        "checks": [],
    }
    text = report({name: {"outcome": outcome, **shared} for name, outcome in outcomes.items()}, "prom")
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    passed = {sample.labels["test"]: sample.value for sample in samples if sample.name == "stillscan_test_passed"}
    assert passed == {name: outcome == "passed" for name, outcome in outcomes.items()}


def test_a_seed_of_the_command_line_overrules_those_of_the_tests(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_seeds.py").write_text(
        "import pytest, sys\n"
        "@pytest.mark.stillscan(seeds=[2, 3])\ndef test_several(stillscan_seed):\n    assert stillscan_seed == 7\n"
        "@pytest.mark.stillscan(seed=4)\ndef test_one(stillscan_seed):\n    assert stillscan_seed == 7\n"
        "def test_none(stillscan_seed):\n    assert stillscan_seed == 7\n"
        "def test_nothing_heavy_is_loaded():\n"
        "    assert {'numpy', 'onnxruntime', 'cv2', 'PIL', 'kiosk'} & set(sys.modules) == set()\n"
    )
    done = run(tmp_path, "--stillscan-seed", "7", python=["-X", "utf8=1"])
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_what_cannot_be_meant_is_told_by_the_line_of_the_test(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text("def test_it(scanner):\n    scanner.set(tempo=3)\n")
    (tmp_path / "rules.py").write_text("def f(mrz):\n    return mrz.nothing\n")
    (tmp_path / "it.scenario.toml").write_text(
        'rules = ["rules.py:f"]\nsteps = [{ lay = {} }, { result = "verified" }]\n'
    )
    done = run(tmp_path)
    assert "test_it.py:2: InputError" in done.stdout, done.stdout
    assert "rules.py: line 2: AttributeError: 'Mrz' object has no attribute 'nothing'" in done.stdout
    assert not [line for line in done.stdout.splitlines() if "host_tools" in line or "_caller" in line]


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--stillscan-uf2=image.uf2", "--stillscan-uf2: goes with --stillscan-on chip; these tests run on sim"),
        ("--stillscan-on=chip", "chip: name MicroPython's image for the board by --stillscan-uf2 or STILLSCAN_UF2"),
        ("--stillscan-on=/dev/none", "/dev/none: there is no such port (sim, chip, or the serial port of a board)"),
        ("--stillscan-on=", "--stillscan-on: name what tests run on: sim, chip, or the serial port of a board"),
        ("--stillscan-report=", "--stillscan-report: name a folder"),
        ("--stillscan-report=test_seeds.py", "--stillscan-report: test_seeds.py: cannot be made: file exists"),
        ("--stillscan-metrics=run.csv", "--stillscan-metrics: run.csv ends in neither .json nor .prom"),
        ("--stillscan-ask", "--stillscan-ask: there is a person only at a real board"),
        ("--stillscan-seed=-1", "--stillscan-seed: '-1' is not a whole number of 0 or more"),
        ("-mnone", "the marker is stillscan(seed=N) or stillscan(seeds=[N, ...]), N from 0"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path: Path, option: str, says: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_seeds.py").write_text(
        "import pytest\n@pytest.mark.stillscan(seeds=[-2])\ndef test_it(stillscan_seed):\n    pass\n"
    )
    done = run(tmp_path, option)
    assert done.returncode in (2, 4)
    assert any(says in line for line in (done.stdout + done.stderr).splitlines())
    assert "Traceback" not in done.stdout + done.stderr

"""The pytest plugin: options, marker, seeds, and that it disturbs nobody who does not use it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stillscan.testing import NotAsExpectedError, Scanner, passport

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


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Pytest with this plugin and no other but those named."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "stillscan.testing.plugin", "--strict-markers", *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"},
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
    done = run(tmp_path, "--stillscan-seed", "7")
    assert "4 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--stillscan-on=chip", "--stillscan-on chip: tests run on the simulator alone (sim)"),
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

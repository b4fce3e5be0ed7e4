"""What a test starts by forking is what it would have started otherwise."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked import Program

pytestmark = pytest.mark.process

COMMAND = [sys.executable, "-m", "stillscan"]
MRZ = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<|L898902C36UTO7408122F1204159ZE184226B<<<<<10"  # Doc 9303-4, app. B
REAL = [sys.executable, "-X", "utf8=1", "-m", "stillscan"]  # another option of Python: started anew


def forked(process: subprocess.Popen[bytes]) -> bool:
    return getattr(process, "_told", None) is not None


@pytest.fixture(autouse=True)
def _here() -> None:
    if os.environ.get("STILLSCAN_FORKED") == "0" or sys.platform != "linux":
        pytest.skip("nothing is forked here: STILLSCAN_FORKED is 0, or the system is not Linux")


@pytest.mark.parametrize("given", [["--version"], ["nonsense"], ["read", "is-not-there.png"], ["read", "--help"]])
def test_output_and_exit_code_are_those_of_a_start(given: list[str], tmp_path: Path) -> None:
    ways = [subprocess.run([*way, *given], cwd=tmp_path, capture_output=True, check=False) for way in (COMMAND, REAL)]
    one, other = ((way.returncode, way.stdout, way.stderr) for way in ways)
    assert one == other


@pytest.mark.parametrize(
    "program", ["import sys; print(sys.argv)", "raise SystemExit(7)", "import sys; sys.stdout.flush()", "1 / 0"]
)
@pytest.mark.parametrize("place", ["out", "/dev/full"])
def test_a_test_s_own_program_is_as_if_it_was_started(program: str, place: str, tmp_path: Path) -> None:
    """What Python says by itself when it cannot write at its end, too, and the exit code for that."""
    done = []
    for way in (Program(program), program):
        with open(tmp_path / place, "w") as out:
            command = [sys.executable, "-c", way, "a"]
            with subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True) as process:
                assert forked(process) == isinstance(way, Program)
                said = process.communicate()[1].splitlines()
        done.append((process.returncode, [line.partition(":")[0] for line in (said[:1], said[-1:]) for line in line]))
    assert done[0] == done[1]


def test_it_has_its_own_number_session_and_pipes() -> None:
    device = [*COMMAND, "device", "--hands", "nobody"]
    with subprocess.Popen(device, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert forked(process)
        assert process.stdout is not None
        assert process.stdout.readline()
        assert os.getsid(process.pid) == process.pid
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0)
        process.kill()
        assert process.stdout.read() == b""  # nobody else holds the pipe open
        assert process.wait() == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_the_environment_is_the_one_that_was_given(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "STILLSCAN_OCRB": str(tmp_path / "no-font.ttf")}
    environment |= {name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "LANG", "LC_"))}
    command = [*COMMAND, "simulate", "--mrz-text", MRZ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == "stillscan: STILLSCAN_OCRB names no file: set it to an OCR-B font (otf or ttf)\n"


@pytest.mark.parametrize(
    ("options", "environment"),
    [({}, {"PYTHONHASHSEED": "0"}), ({}, {"LANG": "nb_NO.ISO-8859-1"}), ({"preexec_fn": os.getpid}, {})],
)
def test_what_works_while_python_starts_is_a_start(options: dict[str, object], environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [*COMMAND, "--version"], stdout=subprocess.DEVNULL, env={**os.environ, **environment}, **options
    ) as process:
        assert not forked(process)


def test_a_folder_that_is_not_there_is_told_as_ever(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), contextlib.suppress(ValueError):
        subprocess.run([*COMMAND, "--version"], cwd=tmp_path / "nowhere", check=False)

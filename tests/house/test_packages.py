"""The Debian packages of the tests: what `make test` installs is said before it happens."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

SCRIPT = Path(__file__).parents[1] / "packages.sh"


def _program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def computer(tmp_path: Path) -> Path:
    """A folder of programs, to be the only one on the PATH: apt-get that only says what it would do, and no package."""
    for name in ("cat", "grep"):
        os.symlink(str(shutil.which(name)), tmp_path / name)
    _program(tmp_path, "apt-get", 'echo "apt-get $*" >>"$NOTES"')
    for name in ("find", "ls"):
        _program(tmp_path, name, "exit 1")
    return tmp_path


def _run(computer: Path, uid: int, *packages: str) -> list[str]:
    """What the script said and what apt-get was asked, in the order in which it happened."""
    _program(computer, "id", f"echo {uid}")
    notes = computer / "notes"
    env = {"PATH": str(computer), "NOTES": str(notes), "HOME": str(computer)}
    with notes.open("a") as transcript:
        subprocess.run(
            ["/bin/sh", str(SCRIPT), *packages],
            env=env,
            check=True,
            stdout=transcript,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
    return notes.read_text().splitlines()


def test_each_package_is_named_with_its_reason_before_it_is_installed(computer: Path) -> None:
    assert _run(computer, 0, "chromium-headless-shell", "postgresql") == [
        "Installing the Debian package chromium-headless-shell (browser without windows, for the tests of the page)",
        "apt-get install -qq -y chromium-headless-shell",
        "Installing the Debian package postgresql (database server, for the tests of several kiosks)",
        "apt-get install -qq -y postgresql",
    ]


def test_all_of_the_table_without_arguments(computer: Path) -> None:
    lines = _run(computer, 0)
    assert len(lines) >= 6
    assert [line.split(" (")[0].split()[-1] for line in lines[::2]] == [line.split()[-1] for line in lines[1::2]]


def test_a_package_that_cannot_be_installed_is_no_error(computer: Path) -> None:
    _program(computer, "apt-get", "exit 1")
    said = _run(computer, 0, "chromium-headless-shell")[1]
    assert said.endswith("could not be installed; try: apt-get install chromium-headless-shell")


def test_who_is_not_root_is_told_the_command(computer: Path) -> None:
    (line,) = _run(computer, 1000, "postgresql")
    assert line.endswith("sudo apt-get install postgresql")


def test_what_is_there_is_left_alone(computer: Path) -> None:
    _program(computer, "chromium-headless-shell", "exit 0")
    assert _run(computer, 0, "chromium-headless-shell") == []


def test_another_browser_will_do_for_who_may_not_install_one(computer: Path) -> None:
    assert len(_run(computer, 1000, "chromium-headless-shell")) == 1
    (computer / "notes").unlink()
    _program(computer, "google-chrome", "exit 0")
    assert _run(computer, 1000, "chromium-headless-shell") == []

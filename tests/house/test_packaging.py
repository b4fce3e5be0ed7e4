"""The wheel holds what an installed stillscan needs: package, shared module, firmware, boards and data."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import stillscan

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]


def _sources(folder: Path) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        path.relative_to(ROOT).as_posix() for path in folder.rglob("__pycache__/*")
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in a wheel built from this checkout, without network: hatchling is one of the development tools."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (path,) = out.glob("*.whl")
    assert path.name.startswith(f"stillscan-{stillscan.__version__}-")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_the_whole_host_package_is_in_the_wheel(wheel: set[str]) -> None:
    ours = {name.removeprefix("host_tools/") for name in _sources(ROOT / "host_tools" / "stillscan")}
    assert ours <= wheel
    assert {"stillscan/py.typed", "stillscan/guidance/nb.toml", "stillscan/link/70-stillscan.rules"} <= wheel


def test_firmware_and_boards_are_in_the_wheel_whole(wheel: set[str]) -> None:
    device = {name.removeprefix("stillscan/_device/") for name in wheel if name.startswith("stillscan/_device/")}
    assert device == _sources(ROOT / "firmware") | _sources(ROOT / "boards")


def test_only_the_shared_module_of_the_firmware_is_importable(wheel: set[str]) -> None:
    assert {name for name in wheel if name.startswith("kiosk/")} == {
        "kiosk/__init__.py",
        "kiosk/names.py",
        "kiosk/wire.py",
        "kiosk/py.typed",
    }
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == {"kiosk", "stillscan"}


def test_the_command_leads_to_the_command_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"stillscan": "stillscan.cli:main"}
    assert project["entry-points"] == {"pytest11": {"stillscan": "stillscan.testing.plugin"}}
    assert project["requires-python"] == ">=3.11"

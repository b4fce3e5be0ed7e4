"""A release: built twice with one result, taken by an index, working where it is installed, and its parts listed."""

import json
import os
import sys
import sysconfig
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from distribution import ROOT, archives, parts_list, trial
from distribution.__main__ import interpreters
from distribution.programs import call

import stillscan
from stillscan.errors import StillscanError
from stillscan.simulator.micropython import micropython

pytestmark = [pytest.mark.process, pytest.mark.slow]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and source archive of this checkout."""
    return archives.build(ROOT, tmp_path_factory.mktemp("built"))


def site(python: Path) -> Path:
    """The folder in which the environment of ``python`` keeps what is installed."""
    said = call([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], "sysconfig")
    return Path(said.strip())


def test_pythons_are_found_where_pyenv_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own name for one that is not chosen stands on the path and leads nowhere."""
    on_path, kept = tmp_path / "shims", tmp_path / "versions" / "3.12.1" / "bin"
    for folder, does in ((on_path, "exit 127"), (kept, "exit 0")):
        folder.mkdir(parents=True)
        (folder / "python3.12").write_text(f"#!/bin/sh\n{does}\n")
        (folder / "python3.12").chmod(0o755)
    monkeypatch.setenv("PATH", str(on_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert interpreters(None) == [str(kept / "python3.12")]
    assert interpreters(["python3.12"]) == [str(kept / "python3.12")]
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "elsewhere"))
    assert interpreters(None) == [sys.executable]
    with pytest.raises(StillscanError, match=r"^--python python3\.12: no Python that works is there$"):
        interpreters(["python3.12"])


def test_two_builds_are_one(built: tuple[Path, Path], tmp_path: Path) -> None:
    """The second from the source archive alone, elsewhere, by somebody whose files nobody else may read."""
    former = os.umask(0o077)
    try:
        again = archives.build_again(built[1], tmp_path)
    finally:
        os.umask(former)
    archives.compare(built, again)
    changed = tmp_path / built[0].name
    changed.write_bytes(built[0].read_bytes() + b"\0")
    with pytest.raises(StillscanError, match="two builds differ"):
        archives.compare(built, (changed, again[1]))


def test_an_index_takes_them(built: tuple[Path, Path], tmp_path: Path) -> None:
    archives.check(*built)
    damaged = tmp_path / built[0].name
    damaged.write_bytes(built[0].read_bytes()[:1000])
    with pytest.raises(StillscanError, match="twine check failed"):
        archives.check(damaged)


def test_the_wheel_brings_its_readme_and_types(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as archive:
        names = set(archive.namelist())
        metadata = message_from_bytes(archive.read(f"stillscan-{stillscan.__version__}.dist-info/METADATA"))
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload(decode=True) == (ROOT / "README.md").read_bytes()
    packages = {name.split("/")[0] for name in names if name.count("/") and ".dist-info/" not in name}
    assert {f"{package}/py.typed" for package in packages} <= names


def test_the_source_archive_can_be_worked_on(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[1]) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {"Makefile", "pyproject.toml", "CHANGELOG.md", "LICENSE", "tests/conftest.py", "tests/packages.sh"} <= names
    assert [name for name in names if name.endswith((".pyc", ".uf2", ".mpy"))] == []


def test_an_installed_wheel_works(built: tuple[Path, Path], tmp_path: Path) -> None:
    """In an environment of its own that finds this one's libraries: `make release` fetches them, a test does not."""
    python = trial.environment(tmp_path / "env", sys.executable)
    place = site(python)
    (place / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (python.parent / "micropython").symlink_to(micropython())
    trial.install(python, sys.executable, "--no-index", "--no-deps", "--no-compile", built[0])
    where = call([python, "-c", "import stillscan, kiosk; print(stillscan.__file__, kiosk.__file__)"], "import")
    assert where.count(str(place)) == 2
    folder = tmp_path / "empty"
    folder.mkdir()
    trial.try_version(python, folder)
    trial.try_demo(python, folder)
    trial.try_plugin(python, folder)


def test_parts_are_listed_with_versions_and_licences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an environment with two packages that are made here."""
    python = trial.environment(tmp_path / "env", sys.executable)
    place, bill = site(python), tmp_path / "bill.json"
    for name, licence in (("fine", "MIT"), ("taken", "AGPL-3.0-only")):
        folder = place / f"{name}-1.5.dist-info"
        folder.mkdir()
        metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.5\nLicense-Expression: {licence}\n"
        (folder / "METADATA").write_text(metadata)
    with pytest.raises(StillscanError, match="takes nothing under: taken"):
        parts_list.write_bom(python, bill)
    whole = json.loads(bill.read_bytes())
    assert (whole["bomFormat"], whole["metadata"]["component"]["name"]) == ("CycloneDX", "stillscan")
    assert [(part["name"], part["version"]) for part in whole["components"]] == [("fine", "1.5"), ("taken", "1.5")]
    assert whole["metadata"]["timestamp"].startswith(stillscan.RELEASED), "the same parts, the same bytes"
    bill.write_text(json.dumps({**whole, "components": whole["components"][:1]}))
    monkeypatch.setattr(parts_list, "call", lambda *_: "")  # it takes 3 s, and would say this of the one package
    assert parts_list.write_bom(python, bill) == 1

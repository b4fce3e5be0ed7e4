"""The firmware is loaded compiled, from a cache that may be there, be made by another, or not be possible."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stillscan.boards.files import firmware_folder, modules, simulated_folders
from stillscan.commands.world import SAMPLE, scene
from stillscan.simulator import compiled, process
from stillscan.simulator.compiled import compiled_firmware
from stillscan.testing.simulate import Options, simulate

pytestmark = pytest.mark.process


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(compiled, "_known", {})
    return tmp_path / "stillscan" / "firmware"


needs_arch = pytest.mark.skipif(
    not compiled.possible(), reason="the firmware is compiled for x86-64 under Linux alone; elsewhere it runs as source"
)


@needs_arch
def test_every_module_is_compiled_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = compiled_firmware("simulator")
    assert folder is not None
    made = {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*.*")}
    monkeypatch.setattr(compiled, "_known", {})  # as another process
    sources = modules(firmware_folder(), *simulated_folders("simulator"))
    assert {name.removesuffix(".mpy").removesuffix(".py") + ".py" for name in made} == set(sources)
    assert compiled_firmware("simulator") == folder
    assert {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*.*")} == made
    assert list(cache.iterdir()) == [folder], "nothing else is left there"


@needs_arch
def test_another_source_is_another_firmware(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compiled_firmware("simulator")
    mine = tmp_path / "mine"
    shutil.copytree(firmware_folder(), mine)
    monkeypatch.setattr(compiled, "firmware_folder", lambda: mine)
    assert compiled_firmware("simulator") == first, "the same files elsewhere"
    for number, changed in enumerate((mine / "start.py", mine / "kiosk" / "scan.py", mine / "kiosk" / "new.py")):
        changed.write_bytes(b"\n" * number + (firmware_folder() / "start.py").read_bytes() + b"\n")
        folder = compiled_firmware("simulator")
        assert folder not in (None, first)
        first = folder


@needs_arch
def test_only_the_newest_are_kept(cache: Path) -> None:
    for number in range(28):
        (cache / f"{number:020x}").mkdir(parents=True)
    folder = compiled_firmware("simulator")
    assert folder is not None
    assert folder.is_dir()
    assert len(list(cache.iterdir())) == 24


@needs_arch
def test_who_comes_second_takes_what_the_first_has_made(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = compiled.os.rename

    def late(made: Path, folder: Path) -> None:
        rename(made, folder)
        made.mkdir()
        (made / "main.py").touch()
        rename(made, folder)  # as the slower of two: there is one already

    monkeypatch.setattr(compiled.os, "rename", late)
    folder = compiled_firmware("simulator")
    assert folder is not None
    assert (folder / "main.py").is_file()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(compiled, "_known", {})
    assert compiled_firmware("simulator") is None
    assert simulate(scene(SAMPLE, None, "still", "clean", 1, 10.0), Options())["outcome"] == "verified"


@needs_arch
@pytest.mark.parametrize("damage", ["empty", "missing", "more"])
def test_what_is_damaged_is_made_anew(damage: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = compiled_firmware("simulator")
    assert folder is not None
    if damage == "empty":
        (folder / "start.mpy").write_bytes(b"")
    elif damage == "missing":
        (folder / "kiosk" / "app.mpy").unlink()
    else:
        (folder / "bus.py").write_bytes(b"raise SystemExit")
    monkeypatch.setattr(compiled, "_known", {})
    assert compiled_firmware("simulator") == folder
    assert simulate(scene(SAMPLE, None, "still", "clean", 1, 10.0), Options())["outcome"] == "verified"


@needs_arch
def test_a_compiler_of_another_version_is_done_without(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_loads", lambda files: False)
    folder = compiled_firmware("simulator")
    assert folder is not None
    assert not list(folder.rglob("*.mpy"))
    assert simulate(scene(SAMPLE, None, "still", "clean", 1, 10.0), Options())["outcome"] == "verified"


def test_sources_and_compiled_have_the_same_check(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = []
    for _ in range(2):
        record = simulate(scene(SAMPLE, None, "one-slip", "clean", 2, 10.0), Options())
        del record["wall_ms"], record["heap_free_min"]
        records.append(record)
        monkeypatch.setattr(process, "compiled_firmware", lambda board: None)
    assert records[0] == records[1]


@needs_arch
def test_what_another_process_has_let_go_of_is_made_anew(cache: Path) -> None:
    folder = compiled_firmware("simulator")
    assert folder is not None
    shutil.rmtree(folder)
    assert compiled_firmware("simulator") == folder
    assert (folder / "main.py").is_file()

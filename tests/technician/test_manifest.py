"""manifest.py of the boards: evaluated as MicroPython's build does, it names every file that the board needs."""

from pathlib import Path

import pytest

from stillscan.boards.files import board_entries, boards, boards_folder, firmware_folder

FROZEN = [name for name in boards() if (boards_folder() / name / "manifest.py").exists()]


def frozen(path: Path) -> tuple[dict[str, Path], list[str]]:
    """Names on the board with their files, and other manifests; as micropython/tools/manifestfile.py understands it."""
    files: dict[str, Path] = {}
    others: list[str] = []

    def add(name: str, file: Path) -> None:
        assert name not in files, f"{name} twice"
        assert file.is_file(), f"no {file}"
        files[name] = file.resolve()

    def module(name: str, base_path: str = ".", opt: int | None = None) -> None:
        assert "/" not in name
        add(name, path.parent / base_path / name)

    def package(name: str, files: list[str] | None = None, base_path: str = ".", opt: int | None = None) -> None:
        root = path.parent / base_path
        for file in [root / name / one for one in files] if files else sorted((root / name).rglob("*.py")):
            add(file.relative_to(root).as_posix(), file)

    def freeze(base: str, script: str | list[str] | None = None, opt: int | None = None) -> None:
        for name in [script] if isinstance(script, str) else script or []:
            add(name, path.parent / base / name)

    functions = {"include": others.append, "module": module, "package": package, "freeze": freeze}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), functions)
    return files, others


def needed(board: str) -> dict[str, Path]:
    """What lies on the board's file system without freezing."""
    folder = boards_folder() / board
    facts = folder / "board.toml"
    shared = board_entries(facts).get("shared", []) if facts.exists() else []
    return {
        path.relative_to(root).as_posix(): path.resolve()
        for root in (firmware_folder(), *map(Path, shared), folder)
        for path in root.rglob("*.py")
        if path.name != "manifest.py" and path.parent.name != "models"
    }


def test_the_reference_board_can_be_frozen() -> None:
    assert "rpi_pico2" in FROZEN


@pytest.mark.parametrize("board", FROZEN)
def test_every_file_of_the_board_is_frozen(board: str) -> None:
    files, others = frozen(boards_folder() / board / "manifest.py")
    assert files == needed(board)
    assert others == ["$(PORT_DIR)/boards/manifest.py"]  # what the port freezes itself: neopixel is among it

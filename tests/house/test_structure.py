"""Imports run downwards: each package of the host may use those below it, and none may use its users."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parents[2] / "host_tools" / "stillscan"
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"stillscan", "errors", "toml_lines"}),
    frozenset({"files", "own_python"}),
    frozenset({"guidance", "log", "service"}),
    frozenset({"terminal"}),
    frozenset({"boards", "link", "mrz"}),
    frozenset({"verify"}),
    frozenset({"records", "scanning", "simulator"}),
    frozenset({"recordings"}),
    frozenset({"counter", "samples", "technician"}),
    frozenset({"testing", "web"}),
    frozenset({"fleet"}),
    frozenset({"commands"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""Lowest first; packages on one floor do not know each other. host_tools/docs/architecture.md explains them."""


def _floor(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def rooms_of_package() -> set[str]:
    """Folders and modules right below the package."""
    names = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return names - {"__init__"}


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    """Rooms that a module imports at run time or for its types, and the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "stillscan":
            parts = node.module.split(".")
            for alias in node.names:
                yield (
                    (parts[1] if len(parts) > 1 else alias.name if alias.name in rooms_of_package() else "stillscan"),
                    node.lineno,
                )
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "stillscan":
                    yield (alias.name.split(".")[1:] or ["stillscan"])[0], node.lineno


def test_every_room_has_its_floor() -> None:
    assert rooms_of_package() <= set().union(*FLOORS), "give a new package its place in FLOORS"


def test_no_arrow_points_up_or_aside() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        room = inside.parts[0] if len(inside.parts) > 1 else inside.stem
        if room == "__init__":
            continue
        for used, line in _imports(path):
            if used != room and _floor(used) >= _floor(room):
                wrong.append(f"{inside}:{line} imports {used}")
    assert wrong == []


def test_nothing_of_the_package_knows_benches_training_or_tests() -> None:
    wrong = []
    beside = {"bench", "distribution", "handbook", "training", "tests"}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            wrong += [f"{path.name}: {name}" for name in names if name.split(".")[0] in beside]
    assert wrong == []


def test_modules_of_the_package_do_not_import_each_other_in_circles() -> None:
    """Circles that only types need (under TYPE_CHECKING) do not run and do not count."""
    graph: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(("stillscan", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stillscan"):
                found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        graph[name] = found
    del graph["stillscan"]
    packages = {name for name in graph if any(other.startswith(f"{name}.") for other in graph)}
    graph = {name: {used for used in uses if used in graph and used != name} for name, uses in graph.items()}
    graph = {name: uses - packages for name, uses in graph.items() if name not in packages}

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += graph[name]
        return seen

    assert [name for name in graph if name in reach(name)] == []

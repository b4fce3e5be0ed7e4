"""``python -m distribution``: everything of a release into a folder, tried, and a table of it (``make release``)."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

import stillscan
from distribution import ROOT, archives, parts_list, trial
from distribution.programs import call
from stillscan.errors import StillscanError

BOM = "sbom.cdx.json"
PINS = "requirements.txt"
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
"""The versions from pyproject.toml's `requires-python` to the newest that the simulator has wheels for; those that are
here are tried."""


class Rows:
    """The table of what was done, also told line by line as it is done."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.table = Table("what", "result", "s", title=f"stillscan {stillscan.__version__}", title_justify="left")
        self._since = time.monotonic()

    def add(self, what: str, result: str) -> None:
        """A row; its time runs from the one before."""
        now = time.monotonic()
        self.table.add_row(what, result, f"{now - self._since:.1f}")
        self.console.print(f"{what}: {result}", highlight=False, soft_wrap=True)
        self._since = now


def interpreters(asked: list[str] | None) -> list[str]:
    """Those that were asked for, or those of `PYTHONS` that are here; the one that runs this when none is.

    StillscanError names one that was asked for and does not work.
    """
    found = {name: next(filter(_works, _places(name)), None) for name in asked or PYTHONS}
    for name, path in found.items():
        if asked and path is None:
            raise StillscanError(f"--python {name}: no Python that works is there")
    return [path for path in found.values() if path is not None] or [sys.executable]


def _places(name: str) -> Iterator[str]:
    """Where an interpreter of this name lies: on the path, and among pyenv's (whose own on the path may be none)."""
    on_path = shutil.which(name)
    if on_path is not None:
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/*/bin/{name}")))


def _works(path: str) -> bool:
    try:
        call([path, "-c", "import venv"], path)
    except StillscanError:
        return False
    return True


def release(out: Path, pythons: list[str], rows: Rows) -> None:
    """Build, compare, check and try; what is published lies in ``out`` afterwards, with SHA256SUMS."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        built = archives.build(ROOT, out)
        rows.add("wheel", f"{built[0].name}, {built[0].stat().st_size / 1e6:.1f} MB")
        rows.add("source archive", f"{built[1].name}, {built[1].stat().st_size / 1e6:.1f} MB")
        archives.compare(built, archives.build_again(built[1], work / "again"))
        rows.add("built again from it", f"the same to the bit, wheel {archives.digest(built[0])[:16]}")
        archives.check(*built)
        rows.add("twine check", "passed")
        for number, interpreter in enumerate(pythons):
            python = trial.environment(work / f"env-{number}", interpreter)
            trial.install(python, sys.executable, built[0])
            rows.add(trial.version(python), "installed into an environment that was empty")
            if number == 0:
                list_parts(python, out, rows)
            try_out(python, work / f"try-{number}", rows)
    sums = [f"{archives.digest(path)}  {path.name}" for path in sorted(out.iterdir())]
    (out / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")


def list_parts(python: Path, out: Path, rows: Rows) -> None:
    """Bill of materials and pins of what a fresh environment got."""
    rows.add("parts (CycloneDX)", f"{BOM}, {parts_list.write_bom(python, out / BOM)} components, no licence in the way")
    (out / PINS).write_text("\n".join(parts_list.pins(python)) + "\n", encoding="utf-8")
    rows.add("pins", PINS)


def try_out(python: Path, folder: Path, rows: Rows) -> None:
    """Version, demo and plugin in a fresh environment; pytest comes last, so that nothing else leans on it."""
    folder.mkdir()
    trial.try_version(python, folder)
    trial.try_demo(python, folder)
    rows.add(trial.version(python), "the demo's check done")
    trial.install(python, sys.executable, "pytest")
    trial.try_plugin(python, folder)
    rows.add(trial.version(python), "the plugin's first test green")


def main() -> int:
    """The exit code; 1 with one line when something is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m distribution", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "release", help="folder (default: build/release)")
    parser.add_argument("--python", action="append", help="interpreter to try with; repeatable (default: those here)")
    parser.add_argument(
        "--sbom", type=Path, metavar="FILE", help="file: only write the bill of materials of a fresh environment"
    )
    options = parser.parse_args()
    rows = Rows(Console())
    try:
        if options.sbom:
            bill_alone(options.sbom, rows)
        else:
            release(options.out, interpreters(options.python), rows)
    except StillscanError as error:
        print(f"release: {error}", file=sys.stderr)
        return error.exit_code
    rows.console.print(rows.table)
    return 0


def bill_alone(out: Path, rows: Rows) -> None:
    """``make sbom``: the wheel in a fresh environment, and what it brought."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        wheel, _ = archives.build(ROOT, Path(name) / "dist")
        python = trial.environment(Path(name) / "env", sys.executable)
        trial.install(python, sys.executable, wheel)
        rows.add("parts (CycloneDX)", f"{out}, {parts_list.write_bom(python, out)} components")


if __name__ == "__main__":
    sys.exit(main())

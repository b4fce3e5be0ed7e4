"""An installed wheel does what it is for: the version, the demo's check, and a stranger's test with the plugin."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import stillscan
from distribution import ROOT
from distribution.programs import call
from stillscan.errors import StillscanError

DEMO = ("run", "--port", "sim", "--once", "--motion", "one-slip", "--recipient", "Åse Østenbyen", "--language", "en")


def environment(folder: Path, python: str | Path) -> Path:
    """A fresh virtual environment in ``folder``, without pip or anything else; its Python."""
    call([python, "-m", "venv", "--without-pip", folder], f"venv of {python}")
    scripts = folder / "Scripts"
    return scripts / "python.exe" if scripts.exists() else folder / "bin" / "python"


def install(python: Path, pip: str | Path, *what: str | Path) -> None:
    """Install into the environment of ``python`` with the pip of the interpreter ``pip``."""
    call([pip, "-m", "pip", "--python", python, "install", "--quiet", *what], f"pip install into {python}")


def version(python: Path) -> str:
    """What the interpreter calls itself, as "Python 3.11.7"."""
    return call([python, "--version"], str(python)).strip()


def try_version(python: Path, folder: Path) -> None:
    """``python -m stillscan --version`` says this version."""
    said = call([python, "-m", "stillscan", "--version"], "stillscan --version", cwd=folder).strip()
    if said != f"stillscan {stillscan.__version__}":
        raise StillscanError(f"the installed command says {said!r}, not {stillscan.__version__}")


def try_demo(python: Path, folder: Path) -> None:
    """What ``make demo`` shows, in the empty ``folder``: a check whose hand slips ends with a picture of the strip."""
    call([python, "-m", "stillscan", *DEMO, "--save-strip", "strip.png"], "the demo", cwd=folder)
    if not (folder / "strip.png").stat().st_size:
        raise StillscanError("the demo saved an empty strip")


def try_plugin(python: Path, folder: Path) -> None:
    """The first test of the tutorial is green with nothing but wheel and pytest."""
    (folder / "test_slip.py").write_text(contract(), encoding="utf-8")
    said = call([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_slip.py"], "the plugin", cwd=folder)
    if "1 passed" not in said:
        raise StillscanError(f"the plugin's test did not pass: {said.strip().splitlines()[-1]}")


def contract() -> str:
    """The test that host_tools/docs/testing.md begins with."""
    page = (ROOT / "host_tools" / "docs" / "testing.md").read_text(encoding="utf-8")
    found = re.search(r"^    # test_slip\.py\n((?:    .*\n|\n)+)", page, re.M)
    if found is None:
        raise StillscanError("host_tools/docs/testing.md shows no test_slip.py")
    return textwrap.dedent(found[1])

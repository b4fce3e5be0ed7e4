"""From an installed wheel, outside the checkout: tutorial and recipes, by the lines that stand in the documents."""

import os
import re
import subprocess
import sys
import textwrap
import venv
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
TUTORIAL, RECIPE = ROOT / "host_tools" / "docs" / "testing.md", ROOT / "boards" / "README.md"

RULE = 'def no_samples(mrz):\n    return "sample_number" if mrz.number.startswith("ZZZ") else None\n'
TEST = """
from own_rule import no_samples

def test_own_rule(scanner, passport):
    scanner.add_rule(no_samples)
    scanner.lay(passport())
    assert scanner.result().reason == "sample_number"
"""
LANGUAGE = '[language]\nname = "Svenska"\n\n[reason]\ndocument_expired = "Passet har gått ut."\n'
REGISTERED = "[stillscan.rules]\nown = own_parts:RULES\n\n[stillscan.languages]\nsv = own_parts\n"
SCENARIO = 'rules = ["own_rule.py:no_samples"]\nsteps = [{ lay = {} }, { result = { reason = "sample_number" } }]\n'


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a fresh environment with the wheel; what the wheel requires is that of this one."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv")
    commands = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", commands / "python"]  # as one of its own, which takes 4 s to make
    install = [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    (site,) = (folder / "venv").rglob("site-packages")
    required = [entry for entry in sys.path if entry.endswith("site-packages")]
    found = [link for entry in required for link in Path(entry).glob("*.pth") if "stillscan" in link.name]
    text = "\n".join(required)
    (site / "zz_required.pth").write_text(f"{text}\n")
    assert not any(link.parent == site for link in found)
    return commands


def done(installed: Path, folder: Path, *arguments: object, code: int = 0) -> str:
    """What a command says that ends so, run with nothing of the checkout in its way."""
    return _ran(installed, folder, [str(installed / "python"), "-m", *map(str, arguments)], code)


def typed(installed: Path, folder: Path, line: str, code: int = 0) -> str:
    """The same of a line of a document."""
    return _ran(installed, folder, ["sh", "-c", line], code)


def _ran(installed: Path, folder: Path, command: list[str], code: int) -> str:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "STILLSCAN", "PYTEST"))
    }
    path = os.pathsep.join((str(installed), str(Path(sys.executable).parent), clean["PATH"]))
    ran = subprocess.run(
        command,
        cwd=folder,
        env={**clean, "PATH": path, "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == code, f"{command}: {ran.stdout}{ran.stderr}"
    return ran.stdout


def lines_of(document: Path, heading: str) -> list[str]:
    """The lines of the commands below a heading, without their remarks and the files that are shown there."""
    text = document.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"(?:^    .*\n|^\n(?=\n*    ))+", text, re.M)
    shown = [textwrap.dedent(block).strip() for block in blocks]
    commands = [block for block in shown if not block.startswith("# test_")]
    return [re.sub(r"\s+# .*", "", line) for block in commands for line in block.splitlines()]


def install_own_parts(installed: Path) -> None:
    """A package that brings a set of rules and a language, as pip lays it down."""
    (site,) = installed.parent.rglob("site-packages")
    package, about = site / "own_parts", site / "own_parts-1.0.dist-info"
    package.mkdir()
    about.mkdir()
    (package / "__init__.py").write_text(RULE + "\n\nRULES = [no_samples]\n")
    (package / "sv.toml").write_text(LANGUAGE, encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own-parts\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(REGISTERED)


def test_a_board_a_rule_and_their_tests_by_the_recipe(installed: Path, tmp_path: Path) -> None:
    where = "import stillscan, kiosk; print(stillscan.__file__); print(kiosk.__file__)"
    (tmp_path / "where.py").write_text(where)
    assert all(str(installed.parent) in line for line in done(installed, tmp_path, "where").split())
    *lines, flash = lines_of(RECIPE, "A board of your own")
    assert len(lines) == 3
    for line in lines:
        typed(installed, tmp_path, line)
    assert flash == "stillscan flash --board ./mine --unsigned"
    typed(installed, tmp_path, f"{flash} --port none", code=3)
    done(installed, tmp_path, "stillscan", "simulate", "--board", "rpi_pico_adns", "--scenario", "slip")
    done(installed, tmp_path, "stillscan", "boards", "show", "./mine")
    out = ("--image-only", "kiosk.img", "--unsigned")
    assert "from 0xa0000 on" in done(installed, tmp_path, "stillscan", "flash", "--board", "./mine", *out)
    (tmp_path / "own_rule.py").write_text(RULE)
    (tmp_path / "test_own.py").write_text(TEST)
    (tmp_path / "own_rule.scenario.toml").write_text(SCENARIO)
    install_own_parts(installed)
    (tmp_path / "own_set.scenario.toml").write_text(SCENARIO.replace("own_rule.py:no_samples", "own"))
    explain = ("rules", "explain", "document_expired", "--language", "sv")
    assert "Passet har gått ut." in done(installed, tmp_path, "stillscan", *explain)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    said = done(installed, tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", ".")
    assert "4 passed" in said, "the board's scenario, the rule's test and scenario, and that of a package's set"


def test_the_tutorial_line_by_line(installed: Path, tmp_path: Path, ocr_b: Path) -> None:
    make, install, test = lines_of(TUTORIAL, "From an empty folder to a green test")
    assert (make, install) == ("python3 -m venv .venv", ".venv/bin/pip install 'stillscan[test]'")
    (tmp_path / ".venv").symlink_to(installed.parent, target_is_directory=True)  # made and filled without a network
    script = installed / "pytest"  # which pip makes of the extra
    script.write_text(f"#!{installed / 'python'}\nimport sys, pytest\nsys.exit(pytest.console_main())\n")
    script.chmod(0o755)
    files = re.findall(r"^    # (test_\w+\.py)\n((?:    .*\n|\n)+)", TUTORIAL.read_text(encoding="utf-8"), re.M)
    assert [name for name, _ in files] == ["test_slip.py", "test_rule.py"]
    for name, text in files:
        (tmp_path / name).write_text(textwrap.dedent(text))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert "3 passed" in typed(installed, tmp_path, test)

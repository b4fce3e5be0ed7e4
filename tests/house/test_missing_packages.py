"""Packages of an extra that are not installed are this computer's trouble (exit code 4), and the line says which."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.commands.world import SAMPLE

ROOT = Path(__file__).parents[2]
SERVER = ["--server", "nats://127.0.0.1:1"]
NEEDS = {
    "plot": ("matplotlib", ["simulate", "--document", str(SAMPLE), "--plot", "{}/plot.png"]),
    "wave": ("vcd", ["simulate", "--scenario", "slip", "--vcd", "{}/waves.vcd"]),
    "chip": ("rp2040py", ["simulate", "--document", str(SAMPLE), "--board", "rpi_pico", "--uf2", "{}/any.uf2"]),
    "postgresql": ("psycopg", ["staff", "list", "--database", "postgresql+psycopg://nobody@127.0.0.1:1/none"]),
    "fleet": ("nats", ["fleet", "up"]),
}
"""By extra: a package of it, and a command that needs it."""
OF_NO_COMMAND = {"test", "train", "dev"}


def test_every_extra_is_tried() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras) == set(NEEDS) | OF_NO_COMMAND


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("extra", NEEDS)
def test_what_is_missing_is_said_with_how_to_install_it(
    extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package, command = NEEDS[extra]
    for loaded in [name for name in sys.modules if name.split(".")[0] == package or ".chip." in name]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, package, None)  # its import fails
    monkeypatch.delitem(sys.modules, "stillscan.records.postgresql", raising=False)
    assert main([part.replace("{}", str(tmp_path)) for part in command]) == 4
    done, said = capsys.readouterr()
    assert f"pip install 'stillscan[{extra}]'" in said
    assert len(said.splitlines()) == 1
    assert done == "", "it is told before anything is done"
    assert list(tmp_path.iterdir()) == []

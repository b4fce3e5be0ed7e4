"""What the documents show in blocks, carried out line by line as it stands there: an office, a bundle, a reading."""

import io
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from stillscan.cli import main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "host_tools" / "docs"
PIN, PASSPHRASE = "4711-blå", "a passphrase that is long enough"
NUMBERS = ("RR200000108NO", "RR200000111NO", "RR200000125NO", "RR200000139NO")
LETTERS = "tracking,order,recipient,deadline\n" + "".join(
    f"{number},A-{i},Åse Østenbyen,2090-12-31\n" for i, number in enumerate(NUMBERS)
)
STANDS_FOR = {"ID": "anna", "TEXT": "lost", "FILE": "keys.backup", "2026-12-24": "2091-12-24"}
ELSEWHERE = {
    "stillscan check --tracking N --port PORT --staff anna": "tests/web/test_check_command.py: it needs a scanner",
    "stillscan keys restore FILE --kiosk NAME": "tests/records/test_keys_commands.py: it needs another computer",
}
"""Lines that another test carries out, and why not this one."""
OF_A_KIOSK = "stillscan bundle OUT.zip --kiosk-config /etc/stillscan/kiosk.toml"
"""Needs an installed kiosk's file: tests/technician/test_bundle_canaries.py carries it out."""


def lines_of(document: str) -> list[str]:
    """What stands in its blocks behind `stillscan`, without remarks."""
    found = re.findall(r"^    (stillscan .*?)(?:\s+#.*)?$", (DOCS / document).read_text(encoding="utf-8"), re.M)
    assert found
    return found


def typed(line: str) -> str:
    """What somebody would type, or a script would hand in."""
    if " keys wrap" in line or " keys unwrap" in line or " keys backup" in line:
        return f"{PASSPHRASE}\n" * 2
    return f"{PIN}\nÅse Nordbyen\n"


@pytest.mark.slow
def test_the_blocks_about_an_office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("STILLSCAN_DATABASE", str(tmp_path / "records.db"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters.csv").write_text(LETTERS, encoding="utf-8")
    done, numbers = [], iter(NUMBERS)
    for line in (line for document in ("staff.md", "records.md", "keys.md") for line in lines_of(document)):
        if line in ELSEWHERE:
            continue
        words = [STANDS_FOR.get(word, word) for word in shlex.split(line)[1:]]
        words = [next(numbers) if word == "NUMBER" else word for word in words]
        if words == ["staff", "add", "anna", "--role", "clerk"]:
            words[2] = "bo"  # anna is a supervisor by then
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed(line)))
        assert main(words) == 0, (line, capsys.readouterr().err)
        done.append(line)
    assert len(done) > 12


def test_what_is_carried_out_elsewhere_stands_in_a_document() -> None:
    shown = {line for document in ("staff.md", "records.md", "keys.md") for line in lines_of(document)}
    assert set(ELSEWHERE) <= shown
    assert all((ROOT / where.split(":")[0]).is_file() for where in ELSEWHERE.values())


@pytest.mark.slow
def test_the_blocks_about_a_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a computer with no scanner and no records, which a bundle says."""
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    lines = lines_of("bundle.md")
    assert OF_A_KIOSK in lines
    for line in (line for line in lines if line != OF_A_KIOSK):
        if "--from" in line:
            Path("OUT.zip").unlink()  # it replaces nothing
        finds = line.startswith("stillscan bundle read")
        assert main(shlex.split(line)[1:]) == int(finds), (line, capsys.readouterr().err)
    assert Path("OUT.zip").is_file()
    assert Path("DIR", "README.txt").is_file()


def test_the_block_about_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    block = re.search(r"^```python\n(.*?)^```", (DOCS / "reading.md").read_text(encoding="utf-8"), re.M | re.S)
    assert block
    shutil.copy(ROOT / "host_tools" / "stillscan" / "samples" / "nor-clean.png", tmp_path / "passport.jpg")
    monkeypatch.chdir(tmp_path)
    exec(block[1], {})
    assert capsys.readouterr().out.startswith("TD3 ('P<NOR")

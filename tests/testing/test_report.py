"""The page about a test that failed: whole in one file, the same to the bit, and found by what pytest prints."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from .test_plugin import run

pytestmark = pytest.mark.process

FAILS = """
def test_fails(scanner, passport):
    scanner.lay(passport())
    scanner.expects(state="scanning")
    scanner.clock.run(200)
    scanner.expects(state="moved", within_ms=250)

def test_passes(scanner):
    scanner.clock.run(1)

def test_fails_without_a_scan(scanner):
    assert scanner.clock.now_ms == 1
"""


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img", "rect", "line", "path"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("rect", "line", "path"):
            return
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_failure_leaves_a_page(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(FAILS)
    (tmp_path / "own.scenario.toml").write_text('seed = 4\nsteps = [{ lay = {} }, { result = "refused" }]\n')
    done = run(tmp_path, "--stillscan-report", "pages")
    assert "3 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    pages = sorted((tmp_path / "pages").iterdir())
    assert [page.name for page in pages] == [
        "own.scenario.toml-own-seed4.html",
        "test_it.py-test_fails-seed1.html",
        "test_it.py-test_fails_without_a_scan-seed1.html",
    ]
    assert all(page.name in done.stdout for page in pages)
    read = Read()
    read.feed(pages[1].read_text(encoding="utf-8"))
    assert read.open == []
    assert [link[:22] for link in read.links] == ["data:image/png;base64,"], "nothing from elsewhere"
    assert "To see the same again: pytest test_it.py::test_fails --stillscan-seed 1" in read.text
    assert "expected state 'moved' within 250 ms" in read.text
    assert re.search(r"M_BAND.*row \d+", read.text)
    assert "C_HELLO" in read.text
    assert re.search(r"[1-9]\d* of 274 rows were seen", read.text)
    assert "Nothing was scanned." in pages[2].read_text(encoding="utf-8")
    done = run(tmp_path, "--stillscan-report", "pytest.ini", "test_it.py::test_fails")
    assert "--stillscan-report: pytest.ini: cannot be made" in done.stderr
    assert "failed" not in done.stdout, "before the first test"
    first = [page.read_bytes() for page in pages]
    run(tmp_path, "--stillscan-report", "again")
    assert [page.read_bytes() for page in sorted((tmp_path / "again").iterdir())] == first

"""What the tutorial shows works as it stands there."""

import re
import textwrap
from pathlib import Path

import pytest

from .test_plugin import run

pytestmark = pytest.mark.process

PAGE = Path(__file__).parents[2] / "host_tools" / "docs" / "testing.md"


def test_the_files_of_the_tutorial_are_green(tmp_path: Path, ocr_b: Path) -> None:
    files = re.findall(r"^    # (test_\w+\.py)\n((?:    .*\n|\n)+)", PAGE.read_text(encoding="utf-8"), re.M)
    assert [name for name, _ in files] == ["test_slip.py", "test_rule.py"]
    for name, text in files:
        (tmp_path / name).write_text(textwrap.dedent(text))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = run(tmp_path)
    assert "3 passed" in done.stdout, done.stdout + done.stderr

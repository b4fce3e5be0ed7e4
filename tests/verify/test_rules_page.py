"""The page about the rules says what the table of reasons says."""

import re
from pathlib import Path

from stillscan.verify import explanations

PAGE = Path(__file__).parents[2] / "host_tools" / "docs" / "rules.md"


def test_the_page_has_the_table_of_reasons() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(code, entry.verdict, entry.when) for code, entry in explanations().items()]

"""What a command of ours says."""

from __future__ import annotations

import pytest

from stillscan.cli import main


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, and what it printed and said aside."""
    code = main(list(arguments))
    shown = capsys.readouterr()
    return code, shown.out.strip(), shown.err.strip()

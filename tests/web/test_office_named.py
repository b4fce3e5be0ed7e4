"""Outside test mode the page is not served for an office without a name: letters to people would say so."""

from pathlib import Path

import pytest

from stillscan.cli import main


@pytest.mark.parametrize("named", [[], ["--office", "Postkontoret"], ["--office", " the post office"]])
def test_an_office_without_a_name_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], named: list[str]
) -> None:
    new = tmp_path / "new.db"
    assert main(["run", "--port", "/nonexistent", "--page", "0", "--database", str(new), "--new-database", *named]) == 2
    assert capsys.readouterr().err.startswith("stillscan: --office: name this post office")
    assert not new.exists()

"""A sample of the attacks on an office's database: all of them are `make bench-attacks` (some 5,000)."""

import collections
from pathlib import Path

import pytest
from bench.attacks import records
from bench.attacks.records import tried
from bench.attacks.tried import BAD

pytestmark = pytest.mark.slow


@pytest.mark.slow
def test_a_sample_of_all_attacks_is_found(tmp_path: Path) -> None:
    found = list(tried(tmp_path, every=37, first=5))
    assert [one for one in found if one.outcome in BAD] == []
    counted = collections.Counter(one.kind for one in found)
    assert counted.total() > 100
    assert counted["cells"] > 50


def test_attacks_that_succeed_would_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a verify that looks at nothing edits are missed; where the letter may be handed out, it is released."""

    class Nothing:
        findings: tuple[str, ...] = ()

    monkeypatch.setattr(records, "verify", lambda *_: Nothing)
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    assert "missed" in {one.outcome for one in tried(tmp_path / "1", every=600)}
    monkeypatch.setattr(records, "_NEVER", (records._WAITS,))
    assert "released" in {one.outcome for one in tried(tmp_path / "2", every=600)}

"""A bench that is ended leaves nothing behind."""

import signal
from pathlib import Path

import pytest
from bench.working_folder import working_folder


def _works() -> None:
    with working_folder() as folder:
        (folder / "records.db").write_text("x")
        signal.raise_signal(signal.SIGTERM)


def test_a_bench_that_the_system_ends_takes_its_folder_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            _works()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (ended.value.code, list(tmp_path.iterdir())) == (130, [])

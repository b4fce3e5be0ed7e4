"""A pipe where a file was meant: what comes through it is taken, and one that nobody serves is told of in one line."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stillscan import files
from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.files import opened, opened_to_write, write_whole
from stillscan.fleet.rollout.fetching import FolderSource
from stillscan.fleet.store import Store
from stillscan.recordings.link import LinkFile
from stillscan.records import files as of_records

STRIP = Path(__file__).parents[2] / "host_tools" / "docs" / "demo-strip.png"


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A pipe with nobody at its other end."""
    monkeypatch.setattr(files, "_PARTNER_S", 0.01)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    os.mkfifo(tmp_path / "pipe.pub")
    return str(tmp_path / "pipe.pub")


@contextmanager
def at_the_other_end(pipe: str, content: bytes | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Somebody who writes ``content``, or reads."""
    monkeypatch.setattr(files, "_PARTNER_S", 60.0)  # never waited for
    came: list[bytes] = []

    def work() -> None:
        if content is None:
            came.append(Path(pipe).read_bytes())
        else:
            Path(pipe).write_bytes(content)

    other = threading.Thread(target=work, daemon=True)
    other.start()
    yield came
    other.join(60)


@pytest.mark.parametrize(
    "words",
    [
        ["read", "PIPE"],
        ["simulate", "--document", "PIPE"],
        ["run", "--port", "sim", "--once", "--config", "PIPE"],
        ["run", "--port", "/nonexistent", "--known", "PIPE"],
        ["run", "--port", "play:PIPE", "--once"],
        ["run", "--port", "x", "--fleet", "tls://x", "--fleet-centre", "PIPE"],
        ["run", "--port", "x", "--fleet", "tls://x", "--fleet-authority", "PIPE"],
        ["consignment", "import", "PIPE"],
        ["keys", "restore", "PIPE"],
        ["rules", "decide", "PIPE"],
        ["audit", "key", "--trust", "PIPE"],
        ["replay", "PIPE"],
        ["fleet", "enrol", "PIPE", "--office", "x", "--state", "HOME/centre.db"],
    ],
)
def test_a_pipe_that_nobody_writes_to_is_one_line(
    words: list[str], pipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("nats")
    given = [word.replace("PIPE", pipe).replace("HOME", str(tmp_path)) for word in words]
    assert main(given) == 2
    told = capsys.readouterr().err
    assert told.endswith("pipe.pub: is a pipe that nobody writes to\n")
    assert told.count("\n") == 1


def test_a_bundle_and_a_state_are_no_pipes(pipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "read", pipe]) == 2
    assert "is no file" in capsys.readouterr().err
    with pytest.raises(InputError, match="is no file"):
        Store(pipe)


def test_what_is_read_without_a_command_asks_the_same(pipe: str) -> None:
    for read in (of_records.read, lambda path: list(FolderSource(path.parent).chunks(path.name))):
        with pytest.raises(InputError, match="nobody writes to"):
            read(Path(pipe))


def test_a_pipe_that_nobody_reads_is_one_line(pipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    for write in (lambda: write_whole(pipe, b"x"), lambda: LinkFile(pipe), lambda: opened_to_write(pipe)):
        with pytest.raises(InputError, match="is a pipe that nobody reads"):
            write()


@pytest.mark.slow
def test_what_comes_through_a_pipe_is_taken(
    pipe: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = STRIP.read_bytes() * 3  # more than a pipe holds
    with at_the_other_end(pipe, content, monkeypatch), opened(pipe) as file:
        assert file.read() == content
    with at_the_other_end(pipe, None, monkeypatch) as came:
        write_whole(pipe, content)
    assert came == [content]
    with at_the_other_end(pipe, b"no picture", monkeypatch):
        assert main(["read", pipe]) == 2
    assert "not a picture that can be read" in capsys.readouterr().err
    with at_the_other_end(pipe, STRIP.read_bytes(), monkeypatch):
        assert main(["read", pipe]) == 0
    assert "ZZZ0001013NOR" in capsys.readouterr().out

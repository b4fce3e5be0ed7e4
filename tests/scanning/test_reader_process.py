"""The reader as a process: it reads what it is given, in time or not, and whatever happens to it is an answer."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from stillscan.scanning import reader_process
from stillscan.scanning.reader_process import ReaderProcess
from stillscan.scanning.stage import Answer

pytestmark = pytest.mark.process

LINES = (
    "P<NOROESTENBYEN<<AASE<<<<<<<<<<<<<<<<<<<<<<<",
    "ZZZ0001013NOR9105171F3101012<<<<<<<<<<<<<<<6",
)


def strip() -> NDArray[np.uint8]:
    return np.asarray(Image.open(Path(str(files("stillscan.samples"))) / "nor-clean.png").convert("L"), np.uint8)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ReaderProcess]]:
    """Makes stages of which no reading is late on a busy computer; what is about being late sets the limit itself."""
    monkeypatch.setattr(reader_process, "LIMIT_MS", 600_000.0)
    monkeypatch.setattr(reader_process, "_START_MS", 600_000.0)
    made: list[ReaderProcess] = []

    def make(slow_ms: float = 0.0) -> ReaderProcess:
        made.append(ReaderProcess(slow_ms))
        made[-1].begin(274, 1476)
        return made[-1]

    yield make
    for one in made:
        one.close()


def answered(stage: ReaderProcess) -> Answer:
    """The next answer, whenever it comes."""
    news = threading.Event()
    stage.notify(news.set)
    while (answer := stage.answer()) is None:
        news.wait(stage.wait_ms() / 1000)
        news.clear()
    return answer


def test_a_capture_is_read(stage):
    reader = stage()
    ticket = reader.read(strip())
    answer = answered(reader)
    assert (answer.ticket, answer.why) == (ticket, "")
    assert answer.reading is not None
    assert answer.reading.accepted
    assert answer.reading.lines == LINES
    assert reader.answer() is None, "each answer is given once"


def test_rows_tell_when_the_text_is_complete(stage):
    reader = stage()
    picture = strip()
    reader.begin_sweep()
    for row in range(48, 200):
        reader.feed(row, picture[row : row + 1])
    reader.read(picture)
    answered(reader)
    assert reader.text_complete
    reader.begin_sweep()
    assert not reader.text_complete, "of another sweep"


def test_a_newer_request_takes_the_place_of_the_one_before(stage):
    reader = stage()
    reader.read(np.full((274, 1476), 255, np.uint8))
    ticket = reader.read(strip())
    assert answered(reader).ticket == ticket


def test_a_request_that_was_cancelled_gets_no_answer(stage):
    reader = stage()
    reader.read(strip())
    reader.cancel()
    ticket = reader.read(strip())
    assert answered(reader).ticket == ticket
    while reader.wait_ms() < float("inf"):  # until the one that was cancelled has ended
        assert reader.answer() is None


def test_what_takes_too_long_is_given_up(stage, monkeypatch):
    """The process is told to stop, and does; it need not be started anew."""
    reader = stage(slow_ms=3_600_000.0)
    process = reader._process
    monkeypatch.setattr(reader_process, "LIMIT_MS", 150.0)
    monkeypatch.setattr(reader_process, "_LET_GO_MS", 60_000.0)
    assert [answered_why(reader) for _ in range(3)] == ["late"] * 3
    assert reader._process is process


def answered_why(reader: ReaderProcess) -> str:
    reader.read(strip())
    return answered(reader).why


def test_a_reader_that_ends_is_an_answer_and_comes_back(stage):
    reader = stage()
    answered_why(reader)
    reader.read(strip())
    os.kill(reader._process.pid, signal.SIGKILL)
    assert answered(reader).why in ("failed", ""), "it may have been quicker"
    assert answered_why(reader) == ""


def test_a_reader_that_stands_still_holds_nobody_up(stage, monkeypatch):
    """A stopped process takes nothing: its pipe fills up, who feeds it goes on, and its time ends."""
    reader = stage()
    answered_why(reader)
    os.kill(reader._process.pid, signal.SIGSTOP)
    picture = strip()
    reader.begin_sweep()
    for _ in range(20):
        for row in range(274):
            reader.feed(row, picture[row : row + 1])
    with monkeypatch.context() as hurried:
        hurried.setattr(reader_process, "LIMIT_MS", 150.0)
        reader.read(picture)
        assert answered(reader).why == "late"
    assert "" in [answered_why(reader) for _ in range(2)], "a process that does not let go is ended"


def test_interrupts_at_the_terminal_do_not_reach_it(stage):
    reader = stage()
    answered_why(reader)
    assert os.getsid(reader._process.pid) != os.getsid(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(reader._process.pid, number)
    assert answered_why(reader) == ""


def test_a_computer_without_room_for_the_process_is_an_answer(stage, monkeypatch):
    """No more processes, files or memory for this user: told as a reading that failed, and tried again."""
    reader = stage()
    os.kill(reader._process.pid, signal.SIGKILL)

    def no_room(*arguments: object, **options: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(reader_process.subprocess, "Popen", no_room)
        assert answered_why(reader) == "failed"
        assert answered_why(reader) == "failed"
    assert answered_why(reader) == ""


def test_a_process_that_cannot_come_up_is_started_once_a_capture_and_no_oftener(stage, monkeypatch):
    reader = stage()
    reader.close()
    reader._closed = False
    started: list[object] = []
    popen = reader_process.subprocess.Popen

    def ends_at_once(command: list[str], **options: object) -> object:
        started.append(command)
        return popen([command[0], "-c", "pass"], **options)

    monkeypatch.setattr(reader_process.subprocess, "Popen", ends_at_once)
    assert [answered_why(reader) for _ in range(3)] == ["failed"] * 3
    assert len(started) == 3


def test_closing_ends_the_process(stage):
    reader = stage()
    process = reader._process
    reader.close()
    assert process.poll() is not None
    reader.close()


def test_it_ends_with_the_program_that_started_it(tmp_path):
    """However that ended: its input is closed then."""
    import subprocess
    import sys

    code = (
        "import os, time\n"
        "from stillscan.scanning.reader_process import ReaderProcess\n"
        "print(ReaderProcess()._process.pid, flush=True)\n"
        "time.sleep(3600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        watch = os.pidfd_open(pid)
        program.kill()
    import select

    assert select.select([watch], [], [], 60)[0], "it goes on"
    os.close(watch)

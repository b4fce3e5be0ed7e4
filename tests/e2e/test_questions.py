"""A question in a terminal stays whole, with what is typed, whatever the scanner does meanwhile."""

import os
import pty
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillscan.commands.office import DEMO_TRACKING
from stillscan.terminal.streams import Output, question

from .terminal import COMMAND


@pytest.fixture
def terminal() -> Iterator[tuple[int, Output]]:
    """Where what is shown can be read, and the output to it."""
    ours, theirs = pty.openpty()
    yield ours, Output(theirs)
    os.close(ours)
    os.close(theirs)


def in_another_thread(output: Output, data: bytes) -> None:
    writing = threading.Thread(target=output.write, args=(data,))
    writing.start()
    writing.join()


def test_what_others_say_waits_for_the_answer(terminal: tuple[int, Output]) -> None:
    ours, output = terminal
    with question():
        output.write(b"the same? ")
        in_another_thread(output, b"scanning\n")
        with question():  # of the same thread
            output.write(b"[yes/no] ")
        in_another_thread(output, b"taken away\n")
        output.write(b"yes\n")
    in_another_thread(output, b"empty\n")
    said = b""
    while b"empty" not in said:
        said += os.read(ours, 1000)
    assert said.split() == b"the same? [yes/no] yes scanning taken away empty".split()


def test_what_waits_is_bounded_and_the_newest_is_kept(terminal: tuple[int, Output]) -> None:
    ours, output = terminal
    with question():
        for number in range(5000):
            in_another_thread(output, b"%d;" % number)
    said = b""
    while not said.endswith(b";4999;"):
        said += os.read(ours, 10_000)
    assert said.count(b";") == 500


def test_a_pipe_waits_for_nobody() -> None:
    ours, theirs = os.pipe()
    with question():
        in_another_thread(Output(theirs), b"scanning\n")
        assert os.read(ours, 100) == b"scanning\n"
    os.close(ours)
    os.close(theirs)


@pytest.mark.process
def test_the_scanner_does_not_speak_into_the_question_of_a_check(tmp_path: Path) -> None:
    log = tmp_path / "log"
    ours, theirs = pty.openpty()
    arguments = ["check", "--tracking", DEMO_TRACKING, "--port", "sim", "--language", "en", "--log", str(log)]
    with subprocess.Popen([*COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs) as done:
        os.close(theirs)
        said = b""
        while b"[Yes/No] " not in said:
            said += os.read(ours, 1000)
        told = log.read_text().count("state: ")
        while log.read_text().count("state: ") < told + 2:  # the passport is taken up, and what comes then
            assert done.poll() is None
        os.write(ours, b"yes\n")
        try:
            while part := os.read(ours, 1000):
                said += part
        except OSError:  # how Linux tells that nobody has the terminal open any more
            pass
        assert done.wait() == 0, said
    os.close(ours)
    assert b"[Yes/No] yes\r\n" in said
    assert b"release: " in said

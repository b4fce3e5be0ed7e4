"""`stillscan run`: ports that cannot be used, a device that goes away, and whole checks over a pseudo-terminal."""

import os
import pty
import signal
import subprocess
import sys
import threading
import tty
from contextlib import contextmanager

import pytest

from kiosk import wire
from stillscan.cli import main
from stillscan.link.framing import encode

from .terminal import interruptible

COMMAND = [sys.executable, "-m", "stillscan.cli"]
HANG_S = 900  # only a hang lasts so long, however busy the computer is


def run(*arguments: str, timeout_s: float = HANG_S) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "run", *arguments], capture_output=True, text=True, timeout=timeout_s)


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [*COMMAND, "run", "--no-page", *arguments]
    with interruptible():
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def simulated_device():
    """Port of a simulated scanner in a process of its own, and the process."""
    process = subprocess.Popen([*COMMAND, "device"], stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip(), process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def device():
    """A simulated scanner for one test."""
    with simulated_device() as made:
        yield made


def test_a_check_over_a_serial_port(device):
    port, _ = device
    done = run("--port", port, "--test-mode", "--once", "--language", "en", "--recipient", "Åse Østenbyen")
    assert done.returncode == 0, done.stderr
    assert "verified" in done.stdout
    assert "OESTENBYEN" not in done.stdout  # a real port's terminal never shows what the passport says


def test_a_device_that_goes_away_in_mid_sweep_ends_in_one_line():
    for _ in range(50):  # a busy computer may tell this test of the sweep when the check is over: then again
        with simulated_device() as (port, process):
            kiosk = start("--port", port, "--test-mode", "--once", "--reconnect", "0.1")
            while "scanning" not in kiosk.stdout.readline():
                assert kiosk.poll() is None
            process.kill()
            _, errors = kiosk.communicate(timeout=HANG_S)
        if kiosk.returncode != 0:
            break
    assert kiosk.returncode == 3
    assert errors.startswith(f"stillscan: {port}: ")
    assert errors.count("\n") == 1


def test_an_interrupt_ends_quietly():
    kiosk = start("--port", "sim")
    while "scanning" not in kiosk.stdout.readline():
        assert kiosk.poll() is None
    kiosk.send_signal(signal.SIGINT)
    _, errors = kiosk.communicate(timeout=HANG_S)
    assert (kiosk.returncode, errors) == (130, "")


def test_ports_that_cannot_be_used_end_in_one_line(capsys, tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    for port in ("/dev/not-there", str(plain)):
        assert main(["run", "--once", "--reconnect", "0", "--port", port]) == 3
        said = capsys.readouterr().err
        assert said.startswith(f"stillscan: {port}: ")
        assert said.count("\n") == 1


class Peer:
    """Something on the other end of a pseudo-terminal: it answers everything that it hears with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self._slave = slave
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            while os.read(self.master, 4096):
                if self._answer:
                    os.write(self.master, self._answer)
        except OSError:
            pass


def test_a_port_without_a_scanner_is_named():
    answers = {b"": "", b"login: \r\n" * 9: ", something else talks"}
    peers = [Peer(answer) for answer in answers]
    asked = [start("--once", "--reconnect", "0", "--port", peer.port) for peer in peers]  # each takes seconds
    for peer, what, kiosk in zip(peers, answers.values(), asked, strict=True):
        _, errors = kiosk.communicate(timeout=HANG_S)
        said = f"stillscan: {peer.port}: no stillscan scanner answers there{what}\n"
        assert (kiosk.returncode, errors) == (3, said)


def test_a_firmware_of_another_major_version_is_refused(capsys):
    board = b"future".ljust(16, b"\0")
    hello = wire.pack(wire.M_HELLO, 2, 3, 9, 1, 0, board, 1, 1476, 274, 84667, 2950, 2048, 1, 0, b"", b"", 0)
    peer = Peer(encode(wire.M_HELLO, 0, hello))
    assert main(["run", "--once", "--reconnect", "0", "--port", peer.port]) == 3
    said = capsys.readouterr().err
    assert "protocol 2.3" in said
    assert "update the computer" in said
    assert said.count("\n") == 1


def test_images_of_real_passports_are_never_kept(capsys, tmp_path):
    assert main(["run", "--port", "/dev/not-there", "--save-strip", str(tmp_path / "strip.png")]) == 2
    assert "--save-strip goes with --port sim" in capsys.readouterr().err
    assert main(["run", "--port", "sim", "--save-strip", str(tmp_path / "no" / "strip.png")]) == 2

"""The socket that takes one command a line."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from stillscan.errors import InputError
from stillscan.simulator.control import ControlSocket


@pytest.fixture
def control(tmp_path: Path) -> ControlSocket:
    made = ControlSocket(tmp_path / "control", lambda line: f"heard {line}")
    yield made
    made.close()


def call(path: Path) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(60)
    peer.connect(str(path))
    return peer


def test_lines_are_answered_one_by_one(control: ControlSocket, tmp_path: Path) -> None:
    with call(tmp_path / "control") as peer, call(tmp_path / "control") as other:
        peer.sendall(b"mute 3\nunpl")
        for _ in range(3):
            control.serve()
        assert peer.recv(100) == b"heard mute 3\n"
        peer.sendall(b"ug 1\n")
        other.sendall("päge\n".encode())
        control.serve()
        assert peer.recv(100) == b"heard unplug 1\n"
        assert other.recv(100).decode() == "heard päge\n"


def test_who_hangs_up_or_never_ends_a_line_is_let_go(control: ControlSocket, tmp_path: Path) -> None:
    with call(tmp_path / "control") as endless, call(tmp_path / "control"):
        endless.sendall(b"x" * 4000)
        for _ in range(3):
            control.serve()
        endless.sendall(b"x" * 4000)
        control.serve()
        assert endless.recv(100) == b""
    control.serve()
    with call(tmp_path / "control") as peer:
        peer.sendall(b"still there\n")
        control.serve()
        control.serve()
        assert peer.recv(100) == b"heard still there\n"


def test_only_its_user_may_connect_and_it_goes_away(control: ControlSocket, tmp_path: Path) -> None:
    assert stat.S_IMODE(os.stat(tmp_path / "control").st_mode) == 0o600
    control.close()
    assert not (tmp_path / "control").exists()


def test_a_path_that_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "control", tmp_path / ("long" * 40)):
        with pytest.raises(InputError) as said:
            ControlSocket(path, str)
        assert str(said.value).startswith(str(path))
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="there already and is no socket"):
        ControlSocket(tmp_path / "file", str)
    with pytest.raises(InputError, match="cannot be made: no such file or folder"):
        ControlSocket(tmp_path / "no" / "control", str)
    with pytest.raises(InputError, match="too long for a socket"):
        ControlSocket(tmp_path / ("long" * 40), str)


def test_what_a_killed_run_left_is_replaced(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "control"))
    left.close()
    ControlSocket(tmp_path / "control", str).close()

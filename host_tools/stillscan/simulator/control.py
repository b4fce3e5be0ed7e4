"""Lines of text in, lines of text out, on a Unix socket: how another program plays with a simulation that runs."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from stillscan.errors import InputError
from stillscan.files import trouble

_MOST_PEERS = 16  # programs that play with it at once: a trial has one or two
_MOST_BYTES = 4096  # of a line that has no end
_MOST_NAME_BYTES = 107  # Linux's sun_path holds 108 with the zero at its end; macOS, with 104, says it by itself


class ControlSocket:
    """``answer`` makes one line of each line that comes; ``serve`` is called often and never waits.

    InputError for a path that cannot be made. Only its user may connect.
    """

    def __init__(self, path: Path, answer: Callable[[str], str]) -> None:
        if "\0" in str(path):  # the system would take the part before it for the name
            raise InputError(f"{path}: no file can have such a name")
        self._path = path
        self._answer = answer
        self._peers: dict[socket.socket, bytearray] = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        try:
            if path.is_socket():
                path.unlink()  # of a run that was killed
            elif path.exists():
                raise InputError(f"{path}: this is there already and is no socket")
            if len(os.fsencode(path)) > _MOST_NAME_BYTES:
                raise InputError(f"{path}: the name is too long for a socket (at most {_MOST_NAME_BYTES} bytes)")
            mask = os.umask(0o177)
            try:
                self._socket.bind(str(path))
            finally:
                os.umask(mask)
        except InputError:
            self._socket.close()
            raise
        except OSError as error:
            self._socket.close()
            raise trouble(path, error, "made") from None
        self._socket.listen(_MOST_PEERS)

    def serve(self) -> None:
        """Answer what has come."""
        with contextlib.suppress(BlockingIOError):
            peer, _ = self._socket.accept()
            peer.setblocking(False)
            if len(self._peers) < _MOST_PEERS:
                self._peers[peer] = bytearray()
            else:
                peer.close()
        for peer, heard in list(self._peers.items()):
            with contextlib.suppress(BlockingIOError):
                self._hear(peer, heard)

    def _hear(self, peer: socket.socket, heard: bytearray) -> None:
        try:
            data = peer.recv(_MOST_BYTES)
            heard += data
            while b"\n" in heard:
                line, _, rest = bytes(heard).partition(b"\n")
                heard[:] = rest
                peer.send(self._answer(line.decode("utf-8", "replace").strip()).encode() + b"\n")
        except (ConnectionError, BrokenPipeError):
            data = b""
        if not data or len(heard) > _MOST_BYTES:
            del self._peers[peer]
            peer.close()

    def close(self) -> None:
        """Hang up; the path goes away."""
        for peer in (self._socket, *self._peers):
            peer.close()
        self._path.unlink(missing_ok=True)


def tell(path: Path, line: str, timeout_s: float = 5.0) -> str:
    """One line to a control socket, from another program; its answer. OSError when nobody answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(timeout_s)
        peer.connect(str(path))
        peer.sendall(line.encode() + b"\n")
        heard = b""
        while not heard.endswith(b"\n"):
            data = peer.recv(4096)
            if not data:
                raise ConnectionError(f"{path}: hung up")
            heard += data
    return heard.decode().strip()

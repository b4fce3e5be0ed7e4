"""The servers' configuration, and one that is started: who may write what stands in the file of users.

A kiosk may write to its own subjects and listen to its own answers, a centre to everything. The files are those of
`nats-server`; what differs from place to place is filled into the samples beside this module.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import NamedTuple

from stillscan.errors import EnvironmentTroubleError
from stillscan.fleet.connection import PATIENCE_S, PORT, inbox_of
from stillscan.fleet.events import RECEIPTS, subject_of

_ELSEWHERE = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/sbin", "/opt/nats/bin")
"""Where packages put the server, and plain users' PATH does not lead."""
_START_S = 20.0  # far longer than it takes to listen, on a busy computer too
_STOP_S = 10.0  # longer than it takes to write what it holds to the disk
_POLL_S = 0.05  # between looks whether it listens
_HEIR = "read _; kill $0"
"""Ends the server when whoever started it was killed: nobody else would, and its pipe ends with it."""
MISSING = (
    "nats-server is not here: install the Debian package nats-server, or the official binary from nats.io, into a "
    "folder of PATH"
)


class User(NamedTuple):
    """Who may sign in: a kiosk by its name, or (None) a centre."""

    nkey: str
    kiosk: str | None


def users_file(users: Iterable[User]) -> str:
    """The file `users.conf`: every kiosk with its own subjects and nothing else."""
    return "".join(["users = [\n", *(f"  {_user(one)}\n" for one in users), "]\n"])


def _user(user: User) -> str:
    if user.kiosk is None:
        return f"{{ nkey: {user.nkey} }}"
    may_write = [subject_of(user.kiosk), subject_of(user.kiosk, RECEIPTS)]
    permissions = {"publish": may_write, "subscribe": [f"{inbox_of(user.kiosk)}.>"]}
    return f"{{ nkey: {user.nkey}, permissions: {json.dumps(permissions)} }}"


def filled(sample: str, **values: object) -> str:
    """A sample of this package (node.conf, local.conf, ...) with its values."""
    return Template((files(__package__) / "nats" / sample).read_text(encoding="utf-8")).substitute(values)


def program() -> str:
    """Where nats-server is. EnvironmentTroubleError with what to do where it is not."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_ELSEWHERE))
    found = shutil.which("nats-server", path=path)
    if found is None:
        raise EnvironmentTroubleError(MISSING)
    return found


def free_port() -> int:
    """A port of this computer that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Server:
    """A server on this computer, started by `start` with the configuration in its folder, and ended by whoever did."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    _heir: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, or again after it ended, and wait until it listens. EnvironmentTroubleError."""
        command = [program(), "-c", str(self.folder / "server.conf")]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        ends = ["sh", "-c", _HEIR, str(self.process.pid)]
        self._heir = subprocess.Popen(ends, stdin=subprocess.PIPE, start_new_session=True)
        until = time.monotonic() + _START_S
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > until:
                self.end()
                raise EnvironmentTroubleError(f"nats-server did not start: {self._last_line()}")
            time.sleep(_POLL_S)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
            return True
        return False

    def _last_line(self) -> str:
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return lines[-1][:200] if lines else "it says nothing"

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            self._disinherit()
            self.process.kill()
            self.process.wait()

    def _disinherit(self) -> None:
        """Before the server ends: its number may be another program's then."""
        if self._heir is not None:
            self._heir.kill()
            self._heir.communicate()
            self._heir = None

    def end(self) -> None:
        """Let it put things away."""
        self._disinherit()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()


def local(folder: Path, users: Iterable[User]) -> Server:
    """One server for this computer alone, not started: on a free port, its data in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (folder / "users.conf").write_text(users_file(users), encoding="utf-8")
    (folder / "server.conf").write_text(filled("local.conf", port=port, data=json.dumps(str(folder))), encoding="utf-8")
    return Server(folder, port)


@contextlib.contextmanager
def started(server: Server) -> Iterator[Server]:
    """A server that runs from entering to leaving. EnvironmentTroubleError."""
    server.start()
    try:
        yield server
    finally:
        server.end()


class Place(NamedTuple):
    """Where one of three servers is to be: its host name, and its ports for clients, other servers and leaf nodes."""

    host: str
    port: int = PORT
    cluster_port: int = 6222
    leaf_port: int = 7422


def cluster_files(
    places: Sequence[Place], data: str, certificates: str, listen: str = "0.0.0.0", leaf_port: int = PORT
) -> dict[str, str]:
    """The configuration of each server by its file's name, and of a leaf node (leaf.conf); with a password in each."""
    password = secrets.token_urlsafe(24)
    common = {"certificates": certificates, "listen": listen, "leaf_password": password, "patience": PATIENCE_S}
    routes = ", ".join(f'"tls://{one.host}:{one.cluster_port}"' for one in places)
    files = {
        f"node-{number}.conf": filled(
            "node.conf", name=f"node-{number}", port=one.port, cluster_port=one.cluster_port, leaf_port=one.leaf_port,
            routes=routes, data=f"{data}/node-{number}", **common,
        )
        for number, one in enumerate(places, 1)
    }  # fmt: skip
    remotes = ", ".join(f'"tls://leaf:{password}@{one.host}:{one.leaf_port}"' for one in places)
    return {**files, "leaf.conf": filled("leaf.conf", name="leaf", port=leaf_port, remotes=remotes, **common)}

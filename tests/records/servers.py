"""A PostgreSQL server of the tests' own, which can be stopped like one that hangs, and a database in it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine

MISSING = "no PostgreSQL here: install the Debian package postgresql, or set STILLSCAN_TEST_POSTGRESQL"


class Server:
    """``url`` is where it is. ``folder`` is None for one that somebody else started: that one cannot be stopped."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self.url = url
        self.folder = folder

    @contextlib.contextmanager
    def database(self, copy_of: str = "template1") -> Iterator[str]:
        """URL of a new database, empty or a copy of one that nobody uses."""
        name = f"test_{secrets.token_hex(6)}"
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {copy_of}")
        try:
            yield self.url.replace("/postgres?", f"/{name}?")
        finally:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            engine.dispose()

    def make_anew(self, name: str) -> None:
        """Another, empty database under the name of one."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()

    def stop(self) -> None:
        """All its processes say nothing from now on, as on a computer that hangs; connections stay open."""
        first = self._first()
        os.kill(first, signal.SIGSTOP)  # the one that makes others first
        for process in self._made_by(first):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)

    def go_on(self) -> None:
        """They go on where they were."""
        first = self._first()
        for process in [*self._made_by(first), first]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)

    def kill_what_works(self) -> None:
        """End those that serve a connection, as if the computer had lost power in the middle: nothing is answered."""
        for process in self._made_by(self._first()):
            if b"client backend" in _told(process) or b"test_" in _told(process):
                os.kill(process, signal.SIGKILL)

    def _first(self) -> int:
        assert self.folder is not None
        return int((self.folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])

    @staticmethod
    def _made_by(parent: int) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]) == parent:
                    found.append(int(folder.name))
        return found


def _told(process: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


@contextlib.contextmanager
def serving() -> Iterator[Server | None]:
    """STILLSCAN_TEST_POSTGRESQL, or a server of our own where the programs are installed; else None."""
    if given := os.environ.get("STILLSCAN_TEST_POSTGRESQL"):
        yield Server(given)
        return
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        yield None
        return
    owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    # Not below pytest's own folder: that is for one user only, and as root the server runs as another.
    with tempfile.TemporaryDirectory(prefix="stillscan-postgresql-") as folder:
        if owner:
            shutil.chown(folder, "postgres")
        data, options = f"{folder}/data", f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        control = [*owner, str(programs[-1].parent / "pg_ctl"), "-D", data, "-w"]
        run([*owner, str(programs[-1]), "-D", data, "-A", "trust", "-U", "test"])
        run([*control, "-l", f"{folder}/log", "-o", options, "start"])
        try:
            yield Server(f"postgresql+psycopg://test@/postgres?host={folder}", Path(folder))
        finally:
            run([*control, "-m", "immediate", "stop"])


def run(command: list[str]) -> None:
    """Run one of the server's programs to its end; what it says is told when it fails."""
    with tempfile.TemporaryFile() as told:  # a pipe would stay open as long as the server runs
        code = subprocess.run(command, stdout=told, stderr=told, timeout=120).returncode
        told.seek(0)
        assert code == 0, told.read().decode()

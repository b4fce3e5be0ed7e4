"""A PostgreSQL server with a certificate of an authority of the tests' own, on TCP."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from servers import MISSING, run

__all__ = ["MISSING", "NAME", "Authority", "TlsServer", "serving", "url"]
NAME = "db.example.test"  # nobody's; hostaddr says where it is


def url(name: str, port: int, authority: Path | None) -> str:
    """A server by a name that is not this computer's, at this computer's address."""
    root = "" if authority is None else f"&sslrootcert={authority}"
    return f"postgresql+psycopg://test@{name}:{port}/postgres?hostaddr=127.0.0.1{root}"


class Authority:
    """Signs certificates of servers."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"tests {secrets.token_hex(4)}")])
        self._own = self._made(self._name, self._key, authority=True)

    def write(self, path: Path) -> None:
        """Its own certificate."""
        path.write_bytes(self._own.public_bytes(serialization.Encoding.PEM))

    def certify(self, folder: Path, name: str) -> None:
        """server.crt and server.key of a server of that name."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        (folder / "server.crt").write_bytes(self._made(subject, key, name).public_bytes(serialization.Encoding.PEM))
        (folder / "server.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def _made(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, server: str = "", *, authority: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if server:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(server)]), critical=False)
        return made.sign(self._key, hashes.SHA256())


class TlsServer:
    """``authority`` is the file of the certificate that its own is signed by."""

    def __init__(self, folder: Path, port: int, control: list[str]) -> None:
        self.authority = folder / "authority.pem"
        self._data = folder / "data"
        self._port = port
        self._control = control

    def url(self, name: str, authority: Path | None) -> str:
        """Where it is, by a name, checked by an authority's file."""
        return url(name, self._port, authority)

    @contextlib.contextmanager
    def without_tls(self) -> Iterator[None]:
        """It speaks no TLS meanwhile."""
        settings = self._data / "postgresql.auto.conf"
        before = settings.read_bytes()
        self._again(before + b"ssl = off\n")
        try:
            yield
        finally:
            self._again(before)

    def _again(self, settings: bytes) -> None:
        (self._data / "postgresql.auto.conf").write_bytes(settings)
        run([*self._control, "-m", "fast", "restart"])


@contextlib.contextmanager
def serving() -> Iterator[TlsServer | None]:
    """A server of our own where the programs are installed; else None."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        yield None
        return
    owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="stillscan-postgresql-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        authority = Authority()
        authority.write(folder / "authority.pem")
        authority.certify(folder, NAME)
        (folder / "server.key").chmod(0o600)
        if owner:
            for path in (folder, folder / "server.crt", folder / "server.key"):
                shutil.chown(path, "postgres")
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        run([*owner, str(programs[-1]), "-D", f"{folder}/data", "-A", "trust", "-U", "test"])
        with open(folder / "data" / "postgresql.conf", "a", encoding="ascii") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{folder}'\nfsync = off\n"
                f"ssl = on\nssl_cert_file = '{folder}/server.crt'\nssl_key_file = '{folder}/server.key'\n"
            )
        control = [*owner, str(programs[-1].parent / "pg_ctl"), "-D", f"{folder}/data", "-w", "-l", f"{folder}/log"]
        run([*control, "start"])
        try:
            yield TlsServer(folder, port, control)
        finally:
            run([*control, "-m", "immediate", "stop"])

"""The URL of a PostgreSQL server: what is spoken with another computer is encrypted, and the other end is who it says.

libpq asks for no certificate by itself, so whoever sits in between could read and change everything. A server that is
not on this computer is spoken to by TLS with its certificate and its name checked (sslmode=verify-full), or not at all.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from urllib.parse import unquote

from sqlalchemy.engine import URL

from stillscan.errors import InputError

_SHOWN = frozenset({"host", "hostaddr", "port", "service", "sslmode", "sslrootcert"})
_SECRET_PARTS = re.compile(r"[?&](?:ssl)?password=", re.IGNORECASE)
WAYS = (
    "in a file that ~/.pgpass or PGPASSFILE names, in PGPASSWORD, or in the URL of STILLSCAN_DATABASE or of a file of "
    "--config"
)


def secured(url: URL) -> URL:
    """The URL with what makes it safe. InputError for one that asks for less."""
    password = url.query.get("password")
    if password is not None:
        url = url.set(password=_one("password", password)).difference_update_query(["password"])
    if is_local(url):
        return url
    mode = _one("sslmode", url.query.get("sslmode", "verify-full"))
    if mode != "verify-full":
        raise InputError(
            f"--database: sslmode={mode} lets whoever sits between read and change the records; a server on another "
            "computer needs verify-full (the default) and sslrootcert=FILE of the authority that signed its "
            "certificate, or a tunnel (ssh -L) that ends at localhost"
        )
    if _one("gssencmode", url.query.get("gssencmode", "disable")) != "disable":  # it would take the place of TLS
        raise InputError("--database: gssencmode is left out: the server is spoken to by TLS")
    return url.update_query_dict({"sslmode": mode, "gssencmode": "disable"})


def is_local(url: URL) -> bool:
    """Whether the server is on this computer, by all that the URL and the environment say of where it is."""
    if _given(url, "service", "PGSERVICE"):
        return False  # a file says where: nothing is known here
    return all(_on_this_computer(host) for host in _hosts(url))


def shown(url: URL) -> str:
    """The URL as messages have it: no password, and nothing else that could be one."""
    kept = {name: value for name, value in url.query.items() if name in _SHOWN}
    return url.set(query=kept).render_as_string(hide_password=True)


def holds_password(text: str) -> bool:
    """Whether a text that names a database is a URL with a password in it."""
    scheme, _, rest = text.partition("://")
    if not _ or "/" in scheme:
        return False
    login, at, _ = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")
    return bool((at and ":" in login) or _SECRET_PARTS.search(unquote(rest)))


def _hosts(url: URL) -> Iterator[str]:
    if url.host:
        yield from url.host.split(",")
    for name, variable in (("host", "PGHOST"), ("hostaddr", "PGHOSTADDR")):
        if name == "hostaddr" or not url.host:
            for value in _given(url, name, variable):
                yield from value.split(",")


def _given(url: URL, name: str, variable: str) -> tuple[str, ...]:
    """What the URL says, or else the environment, as libpq has it."""
    value = url.query.get(name)
    if value is None:
        found = os.environ.get(variable)
        return (found,) if found else ()
    return (value,) if isinstance(value, str) else value


def _on_this_computer(host: str) -> bool:
    """A socket's folder, this computer's own name for itself, or an address that leads nowhere else."""
    name = host.strip()
    if not name or name.startswith(("/", "@")) or name.lower() == "localhost":
        return True
    without_port = name if name.count(":") > 1 else name.partition(":")[0]
    if without_port.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(without_port.strip("[]")).is_loopback
    except ValueError:
        return False


def _one(name: str, value: str | tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise InputError(f"--database: the URL names {name} twice")
    return value

"""Which account of this computer is at the other end of a connection: the system knows it, whatever is claimed.

Cookies can be stolen by whoever gets the browser to ask a port of his own; a cookie that comes from another account
than the browser's is worth nothing.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""Linux's own tables of connections; see proc(5). On other systems they are not there."""
_LOCAL, _REMOTE, _STATE, _ACCOUNT = 1, 2, 3, 7  # columns
_ESTABLISHED = "01"


def account_of(client_port: int, server_port: int) -> int | None:
    """The account (uid) that opened the connection from ``client_port`` of this computer; None when it is not known."""
    local, remote = f":{client_port:04X}", f":{server_port:04X}"
    for table in _TABLES:
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                columns = line.split()
                ours = columns[_LOCAL].endswith(local) and columns[_REMOTE].endswith(remote)
                if ours and columns[_STATE] == _ESTABLISHED:
                    return int(columns[_ACCOUNT])
    return None

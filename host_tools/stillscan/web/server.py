"""The web server of the page, in a thread of its own beside the scanner's service."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import threading
import time
from types import TracebackType

import uvicorn
from starlette.applications import Starlette

from stillscan.errors import EnvironmentTroubleError, InputError
from stillscan.web.connections import ACCEPTED_AT_ONCE, HEAD_BYTES, QUEUE, Connections
from stillscan.web.seldom import SeldomLines

HOST = "127.0.0.1"
NAMES = [HOST, "localhost"]
_START_S = 10.0  # far longer than the server takes to listen, on a busy computer too
_STOP_S = 1  # for what windows still ask when the server ends; one that does not read its answer loses it
_JOIN_S = 10.0  # longer than an answer that waits for the database
_KEEP_ALIVE_S = (
    4  # below HEAD_S: a connection that is kept for a next request and gets none ends by the server's own way
)
_SAID_BETTER = "Cancel %s running task(s), timeout graceful shutdown exceeded"  # `Connections.unanswered` does
# What the server and its event loop have to say goes to the program's log, seldom, and never to the terminal by itself.
for _name in ("uvicorn", "asyncio"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
for _name in ("uvicorn.error", "asyncio"):
    logging.getLogger(_name).addFilter(SeldomLines())
logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg != _SAID_BETTER)


class PageServer:
    """Serves an application on 127.0.0.1 from entering to leaving; ``url`` is where. Port 0: any that is free.

    ``application.state.end_streams``, if it is there, is called first when the server ends: event streams have no end
    of their own.
    """

    def __init__(self, application: Starlette, port: int) -> None:
        self.url = ""
        self._port = port
        self._application = application
        self.connections = Connections()
        config = uvicorn.Config(
            application,
            http=self.connections.protocol(),  # type: ignore[arg-type]
            ws="none",
            loop="asyncio",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            backlog=ACCEPTED_AT_ONCE,
            h11_max_incomplete_event_size=HEAD_BYTES,
            timeout_keep_alive=_KEEP_ALIVE_S,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=_STOP_S,
        )
        self._server = uvicorn.Server(config)

    def __enter__(self) -> PageServer:
        """InputError when the port is taken or may not be used."""
        self._socket = self._bound()
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="page", daemon=True)
        try:
            self._thread.start()
            self._wait()
            self._socket.listen(QUEUE)  # the server has set it to what it takes at once
        except BaseException:  # an interrupt too: nobody will leave what was not entered
            self.__exit__(None, None, None)
            raise
        return self

    def _wait(self) -> None:
        end = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise EnvironmentTroubleError("the page's server did not start")
            time.sleep(0.01)

    def _bound(self) -> socket.socket:
        # Named as TCP, the event loop lets it send at once: otherwise each further answer of a connection waits 40 ms.
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, self._port))
        except (OSError, OverflowError) as error:
            made.close()
            raise InputError(f"the page cannot be served on {HOST}:{self._port:d}: {_why(error)}") from None
        return made

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.should_exit = True
        end_streams = getattr(self._application.state, "end_streams", None)
        if end_streams is not None:
            end_streams()
        with contextlib.suppress(RuntimeError):  # interrupted before it was started
            self._thread.join(_JOIN_S)
        self._socket.close()


def _why(error: OSError | OverflowError) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return "another program, or another kiosk, uses this port; --page names another"
    if number in (errno.EACCES, errno.EPERM):
        return "only the computer's administrator may use this port; --page names another, from 1024 on"
    return (getattr(error, "strerror", None) or "no such port").lower()

"""The web server of the page, in a thread of its own beside the scanner's service."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType

import uvicorn
from starlette.applications import Starlette

from stillscan.errors import DeviceError, InputError

HOST = "127.0.0.1"
NAMES = [HOST, "localhost"]
_START_S = 10.0


class PageServer:
    """Serves an application on 127.0.0.1 from entering to leaving; ``url`` is where. Port 0: any that is free."""

    def __init__(self, application: Starlette, port: int) -> None:
        self.url = ""
        self._port = port
        config = uvicorn.Config(application, log_config=None, access_log=False, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)

    def __enter__(self) -> PageServer:
        """InputError when the port is taken or may not be used."""
        self._socket = self._bound()
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="page", daemon=True)
        self._thread.start()
        end = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                self.__exit__(None, None, None)
                raise DeviceError("the page's server did not start")
            time.sleep(0.01)
        return self

    def _bound(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, self._port))
        except (OSError, OverflowError) as error:
            made.close()
            why = getattr(error, "strerror", None) or "no such port"
            raise InputError(f"the page cannot be served on {HOST}:{self._port}: {why.lower()}") from None
        return made

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(_START_S)
        self._socket.close()

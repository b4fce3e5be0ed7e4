"""A command as a whole process: streams, warnings and threads in hand from the first line to the last."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from stillscan import log
from stillscan.terminal import stop, streams

_LOG = logging.getLogger(__name__)


def run(work: Callable[[], int]) -> int:
    """Do the work as this process; its exit code."""
    streams.install()
    log.hold_back()
    threading.excepthook = _thread_ended
    try:
        code = work()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 0
    except stop.StopRequest as request:  # it came while something else was being told
        code = stop.exit_code(request.number)
    stop.ending()
    with contextlib.suppress(streams.OutputLostError):
        streams.flush()
    return code


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread is not None else "unknown"
    _LOG.error("the thread %s ended by a defect", name, exc_info=args.exc_value)

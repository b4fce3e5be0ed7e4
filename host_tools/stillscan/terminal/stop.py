"""Being asked to stop: Ctrl-C, SIGTERM, a terminal that goes away (SIGHUP).

While modules are loaded there is nothing to put away, so the process ends at once. While a command runs, the request is
raised as an exception, so that ports, windows, database and temporary folders are closed on the way out. A second
Ctrl-C, by somebody who waits in vain, ends the process at once. This module is loaded before all others and imports
next to nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import time

TYPE_CHECKING = False  # what typing says; it takes longer to load than all of this
if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = 130  # what shells report for Ctrl-C: the command did not finish
_AGAIN_S = 0.05  # chosen: unnoticed by people, and long enough for the callback that swallowed a request to return
_ONE_REQUEST_S = 0.5
"""Ctrl-C that comes twice within this is one: a terminal sends it to every process of the command, and programs that
started this one (timeout, make) pass it on. Nobody presses it again, having waited, so soon."""
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # not every system has all


class StopRequest(KeyboardInterrupt):
    """Somebody asked this process to stop; ``number`` is the signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class _Requests:
    running = False  # a command runs: there is something to put away
    asked: int | None = None  # the first signal that came while it ran
    asked_s = 0.0  # when, by the monotonic clock
    held = 0  # steps that must be taken whole are under way
    waiting: int | None = None  # the signal that came meanwhile
    service = False  # a command that runs until it is asked to stop


def install(service: bool) -> None:
    """Take over the signals. ``service``: a command that is done when it is asked to stop.

    What the parent process ignores (nohup, a background job of a script) stays ignored.
    """
    _Requests.service = service
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _asked)
    sys.unraisablehook = lambda lost: _swallowed(lost.exc_value)
    sys.excepthook = lambda kind, error, traceback: _swallowed(error)  # C code that prints what Python raised


def running(service: bool) -> None:
    """From now on a request is raised. ``service`` as above, now that a configuration was read too."""
    _Requests.running = True
    _Requests.service = service


def ending() -> None:
    """The command is through and its exit code is known: what comes now is too late."""
    _Requests.running = False
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is _asked:
            signal.signal(number, signal.SIG_IGN)


class held:  # noqa: N801 - reads as what it does: with stop.held()
    """A request that comes inside is raised when this is left.

    For steps that must be taken whole, such as starting a process and knowing it. They are short.
    """

    def __enter__(self) -> None:
        _Requests.held += 1

    def __exit__(self, *_: object) -> None:
        _Requests.held -= 1
        waiting = _Requests.waiting
        if not _Requests.held and waiting is not None:
            _Requests.waiting = None
            signal.raise_signal(waiting)


def exit_code(number: int) -> int:
    """What a process that was stopped ends with: 130, but 0 for a service that the system asked to stop."""
    return 0 if _Requests.service and number != signal.SIGINT else INTERRUPTED


def line(number: int) -> str:
    """What it says on stderr: nothing after Ctrl-C, people know what they did."""
    return "" if number == signal.SIGINT else "stillscan: stopped, as the system asked\n"


def _asked(number: int, _: FrameType | None) -> None:
    if _Requests.held and _Requests.asked is None:
        _Requests.waiting = number
        return
    if _Requests.running and _Requests.asked is None:
        _Requests.asked, _Requests.asked_s = number, time.monotonic()
        raise StopRequest(number)
    if _Requests.running and (number != signal.SIGINT or time.monotonic() - _Requests.asked_s < _ONE_REQUEST_S):
        return  # the system asks again, or another way, or passes one request on twice: putting away is under way
    try:  # noqa: SIM105 - contextlib is not loaded yet
        os.write(2, line(number).encode())
    except OSError:  # nobody is left who could read it
        pass
    os._exit(exit_code(number))


def _swallowed(error: BaseException | None) -> None:
    """Libraries in C lose exceptions of Python code that they call: a request comes again, others are logged."""
    if isinstance(error, StopRequest):
        import threading

        again = threading.Timer(_AGAIN_S, _again, (error.number,))
        again.daemon = True
        again.start()
        return
    import logging

    logging.getLogger(__name__).debug("an exception was lost", exc_info=error)


def _again(number: int) -> None:
    _Requests.asked = None
    signal.raise_signal(number)

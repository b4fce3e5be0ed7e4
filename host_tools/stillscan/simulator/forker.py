"""Starts MicroPython by forking itself: a program of its own, small, with one thread, that has Python loaded already.

A start of Python takes 8 ms of a core each time, a fork of this one 1 ms; the program that simulates has threads, and
must not fork itself. Run by its path, with nothing of the package on Python's: see ``micropython.Running``.
Arguments: the descriptor of its end of a socket pair, and the folder of the module ``micropython_module``.

A request is one marshalled tuple. ("start", arguments, further arguments, folder, MICROPYPATH, CPUs), with three
descriptors for what the process reads, writes and says: the answer is its number; the numbers of the first two stand
between the arguments. ("end", number): it is killed and waited for; the answer
is the number. Until then a process that has ended keeps its number. It ends with the program at the other end.
"""

from __future__ import annotations

import _socket
import marshal
import os
import signal
import sys
from array import array

TYPE_CHECKING = False  # what typing says, which takes longer to load than all that is needed
if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 65536  # bytes of a request: ten times the longest path there is
_DESCRIPTORS = 3  # that come with the request for a start


def main(channel_number: int, folder: str) -> None:
    """Carry out requests until the other end is closed."""
    sys.path.insert(0, folder)
    from micropython_module import run_main  # type: ignore[import-not-found]

    channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, channel_number)
    numbers = array("i", [0] * _DESCRIPTORS)
    space = _socket.CMSG_SPACE(len(numbers) * numbers.itemsize)
    while True:
        request, control, _, _ = channel.recvmsg(MOST, space)
        if not request:
            return
        name, *details = marshal.loads(request)
        if name == "start":
            descriptors = array("i", control[0][2])
            process = os.fork()
            if not process:
                channel.close()
                _become(run_main, *details, *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
        else:
            process = details[0]
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        os.write(channel_number, marshal.dumps(process))


def _become(
    run_main: Callable[[list[str]], int],
    before: list[str],
    after: list[str],
    folder: str,
    path: str,
    cpus: list[int],
    reads: int,
    writes: int,
    says: int,
) -> None:
    """Become MicroPython; see above. Does not return."""
    code = 1
    try:
        os.setsid()  # Ctrl-C in a terminal is for the program, which ends the process
        if cpus:
            os.sched_setaffinity(0, cpus)
        os.dup2(says, 1)
        os.dup2(says, 2)
        os.close(says)
        os.chdir(folder)
        os.environ["MICROPYPATH"] = path
        code = run_main([*before, str(reads), str(writes), *after])
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

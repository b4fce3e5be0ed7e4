"""Coroutines in a thread of their own, beside a program that has no event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

_JOIN_S = 10.0  # for the thread at the end: longer than an answer of a server is waited for


@contextlib.contextmanager
def running(name: str, works: Callable[[], Sequence[Coroutine[Any, Any, None]]]) -> Iterator[Callable[[], None]]:
    """Coroutines at work from entering to leaving, where they are cancelled.

    What is given raises what one of them raised: for whoever waits for what they do.
    """
    failed: list[BaseException] = []
    loop = asyncio.new_event_loop()

    async def all_of_them() -> None:
        tasks = [asyncio.ensure_future(work) for work in works()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    whole = loop.create_task(all_of_them())

    def work() -> None:
        try:
            loop.run_until_complete(whole)
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            failed.append(error)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()

    def check() -> None:
        if failed:
            raise failed[0]

    try:
        yield check
    finally:
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(whole.cancel)
        thread.join(_JOIN_S)

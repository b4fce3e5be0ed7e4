"""Modules that are needed now and then: loaded from the file system for their task, and let go of when it is done.

On the reference board what a technician asks for would take a tenth of the heap that a scan needs.
"""

import gc
import sys

import kiosk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_AT_START = "/version/"  # where loader.py lets a version find its modules while it looks at them, and no longer

_lent: list[str] = []


def borrow(name: str) -> Any:
    """The module of this whole name. Takes some 50 ms on a chip: never while a document is being scanned."""
    if name not in _lent:
        _lent.append(name)
    path: Any = kiosk.__path__  # on MicroPython a text
    if path.startswith(_AT_START):
        kiosk.__path__ = sys.path[0] + "/kiosk"  # type: ignore[assignment]
    __import__(name)
    return sys.modules[name]


def let_go() -> None:
    """Of all that was lent, and of what it has left on the heap."""
    while _lent:
        name = _lent.pop()
        sys.modules.pop(name, None)
        name = name[name.rfind(".") + 1 :]
        if hasattr(kiosk, name):
            delattr(kiosk, name)
    gc.collect()

"""Python that users bring: modules named by their files, and what other packages register. What it raises is theirs."""

from __future__ import annotations

import runpy
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillscan.errors import InputError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_RUN: set[str] = set()
"""Files that have been run: what their functions raise later is theirs, too."""


def run_python(path: Path) -> dict[str, Any]:
    """The names that a module of a user's has when it has run; it may import what lies beside it.

    InputError with file and line for whatever it raises.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    _RUN.add(str(path))
    sys.path.insert(0, str(path.parent))
    try:
        return runpy.run_path(str(path))
    except (Exception, SystemExit) as error:
        line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
        where = of_user(error)
        raise InputError(
            f"{path}: line {line or (where[1] if where else 1)}: {type(error).__name__}: {error}"
        ) from None
    finally:
        sys.path.remove(str(path.parent))


def loaded(point: EntryPoint) -> Any:
    """What another package has registered. InputError, by the name of it, for whatever it raises when it is loaded."""
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        where = f"'{point.name}', which a package has registered under {point.group} ({point.value})"
        raise InputError(f"{where}: {type(error).__name__}: {error}") from None


def of_user(error: BaseException) -> tuple[str, int] | None:
    """File and line in a module that ``run_python`` has run where this was raised, or from where it was called."""
    frames = traceback.extract_tb(error.__traceback__)
    return next(((frame.filename, frame.lineno or 1) for frame in reversed(frames) if frame.filename in _RUN), None)

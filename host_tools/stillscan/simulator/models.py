"""Which chip model stands for a part: those of this package, or what a board brings with it."""

from __future__ import annotations

import runpy
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillscan.boards.files import board_folder, board_models
from stillscan.errors import InputError
from stillscan.simulator.accelerometer import Accelerometer
from stillscan.simulator.flow import Flow
from stillscan.simulator.line_sensor import LineSensor
from stillscan.simulator.presence import Presence
from stillscan.simulator.scene import Scene

GROUP = "stillscan.models"
"""Of entry points: each is the class of a chip model."""


@dataclass(frozen=True)
class Models:
    """Of each part what makes it over a scene; the class that stands here says what a model has, and each is made from
    it. An accelerometer answers at the address of ours."""

    flow: Callable[[Scene], Flow] = Flow
    accelerometer: Callable[[Scene], Accelerometer] = Accelerometer
    line_sensor: Callable[[Scene], LineSensor] = LineSensor
    presence: Callable[[Scene], Presence] = Presence


OURS = Models()


def models_of(board: str) -> Models:
    """Those of a board: its board.toml names them in [models], as FILE.py:CLASS from its folder, or as the name of an
    entry point. InputError with file and line."""
    named = board_models(board)
    return Models(**{part: _found(board, part, name) for part, name in named.items()}) if named else OURS


def _found(board: str, part: str, name: str) -> Callable[[Scene], Any]:
    base: type = getattr(OURS, part)
    file, colon, kind = name.rpartition(":")
    if not colon:
        return _registered(board_folder(board), part, name)
    found = _run(Path(file)).get(kind)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise InputError(f"{file}: has no class '{kind}' that is made from {base.__module__}.{base.__qualname__}")
    return found


def _run(path: Path) -> Mapping[str, Any]:
    try:
        return runpy.run_path(str(path))
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except Exception as error:
        where = (
            frame.lineno for frame in reversed(traceback.extract_tb(error.__traceback__)) if frame.filename == str(path)
        )
        line = getattr(error, "lineno", None) or next(where, None) or 1
        raise InputError(f"{path}: line {line}: {type(error).__name__}: {error}") from None


def _registered(folder: Path, part: str, name: str) -> Callable[[Scene], Any]:
    from importlib.metadata import entry_points  # 15 ms of a start, and few boards come from outside

    known = {point.name: point for point in entry_points(group=GROUP)}
    if name not in known:
        raise InputError(
            f"{folder / 'board.toml'}: [models] {part}: '{name}' is no FILE.py:CLASS, and no package has registered it "
            f"under {GROUP}"
        )
    found: Callable[[Scene], Any] = known[name].load()
    return found

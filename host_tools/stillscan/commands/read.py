"""`stillscan read IMAGE...`: read the MRZ of picture files.

The MRZ is printed because the user asks for it here; it goes nowhere else.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from stillscan.errors import EnvironmentTroubleError, InputError, one_line
from stillscan.mrz import MrzError, Reading, read_captures, read_image
from stillscan.mrz.explain import explain
from stillscan.mrz.why import why

_EXIT_NOT_ACCEPTED = 1  # also a text that is there and not certain: who goes by the code must not act on it
_FIELDS = ("format", "lines", "valid", "accepted", "checks", "confidence", "characters", "ms")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser of `stillscan`."""
    parser = subparsers.add_parser(
        "read",
        help="read the MRZ of picture files",
        description="Read the MRZ of strips (1476 pixels wide, 300 dpi), flatbed pages or photographs, at any angle.",
        epilog="Exit code: 0 all were read and accepted, 1 one was not, 2 a file could not be used.",
    )
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="picture file (PNG, JPEG, TIFF, ...)")
    parser.add_argument("--json", action="store_true", help="one JSON object a picture, one a line")
    parser.add_argument(
        "--join", action="store_true", help="the pictures are captures of one document: give one result"
    )
    parser.add_argument(
        "--explain", metavar="OUT.png", help="also draw the lines that were read, with probabilities, into this file"
    )
    parser.add_argument(
        "--why",
        action="store_true",
        help="also tell why a text was not accepted, character by character, and what helps",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read all pictures and print what they hold; returns the exit code."""
    if arguments.explain and (arguments.join or len(arguments.images) > 1):
        raise InputError("--explain draws one picture: give one IMAGE and no --join")
    code = 0
    for name in [arguments.images] if arguments.join else _with_progress(arguments.images):
        try:
            if arguments.join:
                reading = read_captures(name)
            else:
                reading = explain(name, arguments.explain) if arguments.explain else read_image(name)
        except (MrzError, EnvironmentTroubleError) as error:
            if arguments.explain and isinstance(error, EnvironmentTroubleError):
                raise
            code = max(code, error.exit_code)
            print(f"stillscan read: {error}", file=sys.stderr)
            if arguments.json:
                print(json.dumps(_not_read(name, str(error))), flush=True)
            continue
        if not reading.accepted:
            code = max(code, _EXIT_NOT_ACCEPTED)
        reasons = why(reading) if arguments.why else None
        if arguments.json:
            told = {"why": reasons and reasons.as_json()} if arguments.why else {}
            print(json.dumps({**as_json(name, reading), **told}), flush=True)
        else:
            rows = [f"    {row}" for row in reasons.as_text()] if reasons else []
            print("\n".join((_as_text(name, reading, faults=not rows), *rows)), flush=True)
    return code


def as_json(name: str | list[str], reading: Reading) -> dict[str, Any]:
    """The object that `--json` prints for one picture, or for several joined (`name` is then the list of files)."""
    return {
        "file": name,
        **{field: getattr(reading, field) for field in _FIELDS},
        "reason": reading.reason,
        "unsure": [{"line": line, "position": position} for line, position in reading.unsure],
        "corrections": [correction._asdict() for correction in reading.corrections],
        "quality": [fault._asdict() for fault in reading.quality],
    }


def _not_read(name: str | list[str], reason: str) -> dict[str, Any]:
    """The same object for a file that could not be used at all."""
    return as_json(name, Reading(reason=reason))


def _as_text(name: str | list[str], reading: Reading, *, faults: bool = True) -> str:
    """A few lines for a person, with or without what is wrong with the picture."""
    title = one_line(Path(name).name if isinstance(name, str) else ", ".join(Path(one).name for one in name))
    wrong_with_it = [f"    {fault.text}" for fault in reading.quality] if faults else []
    if reading.lines is None:
        return "\n".join((f"{title}: not read: {reading.reason}", *wrong_with_it))
    wrong = [check for check, right in reading.checks.items() if not right]
    digits = f"check digits wrong: {', '.join(wrong)}" if wrong else "check digits right"
    verdict = "accepted" if reading.accepted else f"not accepted: {reading.reason}"
    head = f"{title}: {reading.format}, {verdict}, {digits}, certain to {reading.confidence:.1%}"
    return "\n".join((head, *(f"    {line}" for line in reading.lines), *wrong_with_it))


def _with_progress(names: Iterable[str]) -> Iterator[str]:
    """The names, with a progress bar on stderr when that is a terminal and there are several."""
    listed = list(names)
    console = Console(stderr=True)
    if len(listed) < 3 or not console.is_terminal:
        return iter(listed)
    return iter(track(listed, description="reading", console=console, transient=True))

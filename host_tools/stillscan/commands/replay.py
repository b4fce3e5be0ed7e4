"""``stillscan replay``: a recorded visit once more in the simulator, with an invented document, side by side."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from stillscan.commands.parser import whole
from stillscan.errors import InputError
from stillscan.files import may_write, read_whole, write_whole
from stillscan.guidance import counted
from stillscan.recordings.file import MOST_BYTES, Recording, parse, several
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.simulator.trace import COLUMNS
from stillscan.testing.as_test import as_test
from stillscan.testing.plot import expect_matplotlib
from stillscan.testing.reconstruct import hand
from stillscan.testing.replay import compared, replay
from stillscan.testing.replay_plot import draw
from stillscan.testing.seen import seen

_MOST_SEED = 2**31  # of noise: any number would do
_MOST_VISITS = 1000  # of a file: fifty times what a bundle has
_DIFFERS = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "replay",
        help="run a recorded visit again in the simulator, and show both side by side",
        description="Takes a file of 'stillscan run --record DIR' and runs the visit again: the same movement, light "
        "and faults, a document of an invented person, the firmware of this package or of another. Exit code: 0 it "
        "went the same way, 1 it went another way, 2 bad input, 3 device trouble.",
    )
    parser.add_argument("file", metavar="FILE", help="a recording; one that is cut off is read as far as it goes")
    parser.add_argument(
        "--visit", type=whole(1, _MOST_VISITS), default=1, metavar="N", help="which of a bundle's recordings.txt (1)"
    )
    parser.add_argument("--firmware", metavar="DIR", help="run this checkout's firmware (the folder above firmware/)")
    parser.add_argument(
        "--seed", type=whole(0, _MOST_SEED), default=1, metavar="N", help="of the sensors' noise (default: 1)"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.add_argument("--plot", metavar="PNG", help="draw both visits, one above the other")
    parser.add_argument(
        "--as-test",
        action="store_true",
        help="print a pytest test of this visit instead, for the fixtures of stillscan.testing; see --trace",
    )
    parser.add_argument("--trace", metavar="CSV", help="write the movement as a trace, as 'simulate --motion' takes it")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    if args.plot is not None:
        if args.as_test:
            raise InputError("--plot: nothing with --as-test, which replays nothing")
        expect_matplotlib()
    for path in (args.plot, args.trace):
        if path is not None:
            may_write(path)
    recording = _read(args.file, args.visit)
    try:
        recorded = seen(recording)
    except InputError as error:
        raise InputError(f"{args.file}: {error}") from None
    if args.trace is not None:
        write_whole(args.trace, _trace(recording))
    if args.as_test:
        trace = args.trace or str(Path(args.file).with_suffix(".csv"))
        print(as_test(recorded, Path(args.file).stem, trace), end="")
        return 0
    again = replay(recording, args.seed, _switch_on(args.firmware))
    both = compared(recorded, seen(again))
    if args.plot is not None:
        draw(recorded, seen(again), Path(args.plot))
    same = False not in both["same"].values()
    if args.json:
        about = {"file": args.file, "cut": recording.cut, "stillscan": recording.stillscan, "made": recording.made}
        print(json.dumps({**about, "seed": args.seed, **both}))
    else:
        _show(recording, both, same)
    return 0 if same else _DIFFERS


def _read(name: str, visit: int) -> Recording:
    """InputError: there is no such file, or not so many visits in it."""
    files = several(read_whole(name, MOST_BYTES))
    if visit > len(files):
        raise InputError(f"--visit {visit}: there {'is' if len(files) == 1 else 'are'} {len(files)} in {name}")
    return parse(name, files[visit - 1])


def _switch_on(folder: str | None) -> Callable[[Scene], SimulatedKiosk]:
    if folder is None:
        return SimulatedKiosk
    root = Path(folder)
    if not (root / "firmware" / "main.py").is_file():
        raise InputError(f"--firmware {folder}: there is no firmware/main.py in that folder")
    return lambda world: SimulatedKiosk(world, checkout=root)


def _trace(recording: Recording) -> bytes:
    """The movement as a CSV file."""
    motion = hand(seen(recording)).motion
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for t_us, pose in zip(motion.times_us.tolist(), motion.pose_mm.tolist(), strict=True):
        table.writerow([round(t_us / 1000, 3), *(round(value, 4) for value in pose), 0, 0, 0])
    return out.getvalue().encode()


def _show(recording: Recording, both: dict[str, Any], same: bool) -> None:
    a, b = both["recorded"], both["replayed"]
    if recording.cut:
        print(
            f"the recording is cut off or damaged after {counted(len(recording.rows), 'row')}: read as far as it goes"
        )
    print(f"{'':<16}{'recorded':<38}replayed")
    for name in ("outcome", "reason", "format", "attempts"):
        print(f"{name:<16}{_text(a[name]):<38}{_text(b[name])}")
    for name in ("states", "aborts"):
        for number, (left, right) in enumerate(zip_longest(a[name], b[name])):
            print(f"{name if not number else '':<16}{_moment(left):<38}{_moment(right)}")
    differ = [name for name, value in both["same"].items() if value is False]
    if both["same"]["verdict"] is None:
        as_far = (
            "as far as it goes, both went the same way" if same else f"before that they differ in: {', '.join(differ)}"
        )
        print(f"the recording ends before the outcome: {as_far}")
    else:
        print("both went the same way" if same else f"they differ in: {', '.join(differ)}")


def _text(value: Any) -> str:
    return "-" if value is None else str(value)


def _moment(event: dict[str, Any] | None) -> str:
    if event is None:
        return "-"
    what = [event.get("state"), event["cause"], event.get("part")]
    named = ", ".join(word for word in what if word not in (None, "none"))
    return f"{event['t_ms']:8.0f} ms {named}" + (f", row {event['row']}" if "row" in event else "")

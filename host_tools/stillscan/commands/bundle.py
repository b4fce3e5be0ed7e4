"""``stillscan bundle``: what support needs of this kiosk in one file, and what such a file says."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stillscan.commands.at_scanner import through_kiosk
from stillscan.commands.config import from_file, options
from stillscan.commands.parser import Parser, add_log, seconds
from stillscan.commands.records import add_place, expect_new
from stillscan.commands.signing_in import add_staff
from stillscan.commands.world import SAMPLE, add_movement, scene
from stillscan.errors import DeviceError, InputError, StillscanError, one_line
from stillscan.files import may_write, read_toml
from stillscan.guidance import counted
from stillscan.link.serial_port import SerialTransport
from stillscan.link.transport import Transport
from stillscan.log import STDERR
from stillscan.recordings.visit import files
from stillscan.records.clock import ClockRules
from stillscan.records.place import data_folder
from stillscan.simulator.kiosk import AGEING, FAULTS, SimulatedKiosk
from stillscan.technician.bundle import archive
from stillscan.technician.bundle.ask import Ask, Places
from stillscan.technician.bundle.findings import findings
from stillscan.technician.bundle.opened import read_bundle
from stillscan.technician.bundle.sources import gathered
from stillscan.technician.ports import find_port

READ = "read"
SIM = "sim"
_KB = 1000  # bytes, as mail programs count
_SCANNER = {
    "missing": "none was found, or several",
    "busy": "another program uses its port: the kiosk that runs has it; with --staff ID of a technician through it",
    "rights": "this user may not open its port", "stranger": "something else answers there, or nothing",
    "firmware": "its firmware does not run",
}  # fmt: skip
_RECORDS = {
    "missing": "there is no database", "busy": "another program holds the database", "newer": "of a newer stillscan",
    "damaged": "the database is damaged", "closed": "this user may not read them",
}  # fmt: skip
"""Why something is not in a bundle, by kind of trouble; others by their own name."""
_FILES = ("FILE", "DIR", "TOML")
"""What the help of `stillscan run` calls a value that is a file or folder."""
_MADE = ("log", "record-link")
"""Files that a kiosk makes; of its log more is told."""
_MOST_RUN_S = 10.0  # of the 20 s that a bundle takes at most; the other half is for the records
_RUN_S = 3.0  # three of the HEALTH messages that a scanner sends by itself: a line that loses frames shows
_WORLD_S = 60.0  # as a visit's, of which no document is laid down here
_FOUND = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "bundle",
        usage="stillscan bundle OUT.zip [--port P] [--folder DIR] [options]\n       "
        "stillscan bundle read FILE [--json]",
        help="what support needs of this kiosk, in one file without anything about people; read: what such a file says",
        description="Writes OUT.zip: versions, scanner, settings, counters, logs, computer, state of the records. "
        "Names have stand-ins that nobody can turn back. What is not there (no scanner, no database, a port that "
        "another program has) is left out and said. Exit code: 0 written, 2 bad input, 4 it cannot be written. With "
        "read: findings in order of weight, each with its evidence and what to do; 0 nothing found, 1 something found, "
        "2 no bundle.",
    )
    parser.add_argument("out", nargs="?", metavar="OUT.zip|read", help="the file to write; read: tell what FILE says")
    parser.add_argument("file", nargs="?", metavar="FILE", help="with read: a bundle")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--port", metavar="PORT|sim", help="of the scanner (default: the configuration's, or the one there)"
    )
    parser.add_argument(
        "--kiosk-config",
        metavar="TOML",
        help="the file of 'stillscan run --config': port, records and log are taken from it",
    )
    parser.add_argument(
        "--kiosk-log", metavar="FILE", help="the file of 'stillscan run --log', or lines of the journal"
    )
    parser.add_argument(
        "--recordings", metavar="DIR", help="the folder of 'stillscan run --record' (default: the configuration's)"
    )
    parser.add_argument(
        "--look", action="store_true", help="look at the white strip and the empty glass too: half a minute more"
    )
    parser.add_argument(
        "--folder", metavar="DIR", help="write the files into a new folder, to be read before they are zipped"
    )
    parser.add_argument("--from", dest="source", metavar="DIR", help="make OUT.zip of such a folder, as it is now")
    parser.add_argument("--force", action="store_true", help="replace OUT.zip if it is there")
    parser.add_argument(
        "--seconds", type=seconds(_MOST_RUN_S, zero=True), default=_RUN_S, metavar="S",
        help=f"between the two looks at the scanner's health ({_RUN_S:g})",
    )  # fmt: skip
    add_staff(parser, "a technician, through whose kiosk the scanner is measured while 'stillscan run' holds its port")
    add_place(parser)
    simulated = parser.add_argument_group("only with --port sim")
    add_movement(simulated)
    simulated.add_argument(
        "--fault",
        choices=(*FAULTS, *AGEING),
        metavar="NAME",
        help="a part that is broken, or has aged, as of 'simulate'",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    if args.out == READ:
        if args.file is None:
            raise InputError("read: name the bundle (a file called read: ./read)")
        return _read(args.file, as_json=args.json)
    if args.file is not None:
        raise InputError(f"{args.file}: only 'stillscan bundle read FILE' takes a second name")
    _expect_room(args)
    if args.source is not None:
        _write(args, archive.read_folder(args.source), [])
        return 0
    ask = Ask(_places(args))
    try:
        content = archive.files(gathered(ask))
        without = list(_without(ask))
    finally:
        ask.close()
    _write(args, content, without)
    return 0


def _expect_room(args: argparse.Namespace) -> None:
    """Before anything is asked: InputError, EnvironmentTroubleError for what could not be written at the end."""
    if args.out is None and (args.folder is None or args.source is not None):
        raise InputError("name the file to write: OUT.zip; --folder DIR writes a folder to be read instead")
    if args.out is not None:
        archive.expect_room(args.out, force=args.force)
        may_write(args.out)
    if args.folder is not None:
        if args.source is not None:
            raise InputError("--folder: goes without --from")
        expect_new(args.folder)


def _write(args: argparse.Namespace, content: Mapping[str, bytes], without: Sequence[str]) -> None:
    """Folder, zip file or both, and say so."""
    if args.folder is not None:
        archive.write_folder(args.folder, content)
    size = None if args.out is None else archive.write_zip(args.out, content)
    if args.json:
        told = {"bundle": args.out, "folder": args.folder, "bytes": size, "files": list(content)}
        print(json.dumps({**told, "without": without}))
        return
    if args.folder is not None:
        print(f"{args.folder}: {counted(len(content), 'file')} to be read; {archive.README} says what each is")
    if size is not None:
        what = f"{counted(len(content), 'file')}, {size // _KB + 1} kB"
        print(f"{args.out}: {what}; {archive.README} in it says what each is")
    if without:
        print(f"without: {'; '.join(without)}")


def _without(ask: Ask) -> Iterator[str]:
    """What is not in it, and why."""
    if ask.visited.trouble is not None:
        yield f"scanner ({_SCANNER.get(ask.visited.trouble, ask.visited.trouble)})"
    if ask.office.trouble is not None:
        yield f"records ({_RECORDS.get(ask.office.trouble, ask.office.trouble)})"
    if ask.places.log is None:
        yield "log of the kiosk (none is named: --kiosk-log, --kiosk-config)"
    elif not ask.places.log.is_file():
        yield "log of the kiosk (it cannot be read)"
    if ask.places.recordings is None:
        yield "recordings (none are kept, or no folder is named: --recordings, --kiosk-config)"
    elif not files(ask.places.recordings):
        yield "recordings (there are none in that folder)"


def _places(args: argparse.Namespace) -> Places:
    """What the command line names, and behind it the kiosk's configuration."""
    table = {} if args.kiosk_config is None else _table(args.kiosk_config)
    kiosk = _parser_of_run()
    log = args.kiosk_log or table.get("log")
    recordings = args.recordings or _text(table, "record")
    for name in ("database", "keys", "kiosk"):
        setattr(args, name, getattr(args, name) or _text(table, name))
    rules = ClockRules(args.clock_ahead, args.unsynchronised_clock or table.get("unsynchronised-clock") is True)
    return Places(
        database=args.database,
        keys=args.keys,
        kiosk=args.kiosk,
        rules=rules,
        connect=_connector(args, args.port or _text(table, "port")),
        log=Path(log) if isinstance(log, str) and log not in ("", STDERR) else None,
        recordings=Path(recordings) if recordings else None,
        look=args.look or (args.port == SIM and "dirt" in args.given),  # who draws dirt wants it looked at
        service=data_folder() / "service",
        configuration=None if args.kiosk_config is None else Path(args.kiosk_config),
        options=frozenset(options(kiosk)),
        files=frozenset(name for name, one in options(kiosk).items() if one.metavar in _FILES) - {*_MADE},
        refused="" if args.kiosk_config is None else _refused(args.kiosk_config, kiosk),
        seconds=args.seconds,
    )


def _table(name: str) -> dict[str, Any]:
    """The kiosk's configuration; nothing of one that is damaged, which is itself a thing to tell. InputError: none."""
    if not Path(name).is_file():
        raise InputError(f"{name}: there is no such configuration")
    try:
        return read_toml(name)
    except StillscanError:
        return {}


def _text(table: dict[str, Any], key: str) -> str | None:
    value = table.get(key)
    return value if isinstance(value, str) and value.strip() else None


def _refused(name: str, kiosk: argparse.ArgumentParser) -> str:
    """What `stillscan run` says of a configuration that it does not take, without its name."""
    try:
        from_file(name, kiosk)
    except StillscanError as error:
        return str(error).removeprefix(f"{one_line(name)}: ").removeprefix(f"{name}: ").partition("; there are:")[0]
    return ""


def _parser_of_run() -> argparse.ArgumentParser:
    from stillscan.commands import run as command  # what a kiosk loads, for its options alone

    subparsers: argparse._SubParsersAction[argparse.ArgumentParser] = Parser().add_subparsers()  # type: ignore[assignment]
    command.add_parser(subparsers)
    add_log(subparsers.choices["run"])
    return subparsers.choices["run"]


def _connector(args: argparse.Namespace, port: str | None) -> Callable[[], Transport]:
    if port != SIM:
        if args.fault is not None:
            raise InputError("--fault: goes with --port sim")
        return _through_whom(args, lambda: _opened(args, _port(port)))
    world = scene(SAMPLE, None, args.motion, args.dirt, args.seed, _WORLD_S)

    def connect() -> SimulatedKiosk:
        kiosk = SimulatedKiosk(world)
        if args.fault is not None:
            kiosk.fail(args.fault)
        return kiosk

    return connect


def _through_whom(args: argparse.Namespace, connect: Callable[[], Transport]) -> Callable[[], Transport]:
    """``connect``, with --staff carried out once already: a PIN that is wrong ends the command before anything is
    asked. SignInError, NotAllowedError, InputError."""
    if args.staff is None:
        return connect
    try:
        ready = [connect()]
    except DeviceError:
        return connect  # the bundle says what is in the way
    return lambda: ready.pop() if ready else connect()


def _opened(args: argparse.Namespace, port: str) -> Transport:
    """The port itself; with --staff through the kiosk that holds it."""
    try:
        return SerialTransport(port)
    except DeviceError as error:
        if error.kind != "busy" or args.staff is None:
            raise
    return through_kiosk(args, port)


def _port(named: str | None) -> str:
    """DeviceError: none is there, or several."""
    try:
        return find_port(named)
    except DeviceError as error:
        raise DeviceError(str(error), "missing") from None


def _read(name: str, *, as_json: bool) -> int:
    bundle = read_bundle(name)
    found = findings(bundle)
    if as_json:
        told = [finding._asdict() for finding in found]
        print(json.dumps({"made": bundle.made, "stillscan": bundle.stillscan, "findings": told}))
        return _FOUND if found else 0
    print(one_line(f"{name}: of stillscan {bundle.stillscan}, made {bundle.made}"))
    at = {finding.name: number for number, finding in enumerate(found, 1)}
    for number, finding in enumerate(found, 1):
        causes = ", ".join(str(at[cause]) for cause in finding.follows_from)
        after = f", may follow from {causes}" if causes else ""
        print(one_line(f"{number}. {finding.title} [{finding.name}, weight {finding.weight}{after}]"))
        for evidence in finding.evidence:
            print(one_line(f"   seen: {evidence}"))
        print(f"   do: {finding.advice}")
    if not found:
        print("nothing found")
    return _FOUND if found else 0

"""``stillscan flash``: the firmware onto a board."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from kiosk import wire
from stillscan.boards.build import compiled
from stillscan.boards.files import boards, chip, firmware_folder
from stillscan.boards.image import littlefs
from stillscan.boards.release import UnsignedError, firmware_version, trusted, verify
from stillscan.boards.versions import Version
from stillscan.commands.settings import check, named_values
from stillscan.errors import DeviceError, InputError, StillscanError
from stillscan.files import write_whole
from stillscan.guidance import counted
from stillscan.link.pairing import BOARD_FILE, Pairing
from stillscan.link.serial_port import SerialTransport
from stillscan.scanning.inspection import set_all
from stillscan.technician.come_up import LIMIT_S, PATIENT_S, Running, come_up, connect, installed_build
from stillscan.technician.ports import find_port, port_again, recognise
from stillscan.technician.prompt import Prompt
from stillscan.technician.update import Done, Update

_LOG = logging.getLogger(__name__)
_SETTINGS = "settings.json"  # of firmware/kiosk/settings.py


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "flash",
        help="put the firmware on a board, or update it",
        description="Compiles the firmware, sends what the board does not have, reads it back, restarts the board and "
        "waits until it answers. The version before stays on the board: one that does not come up within 30 s is left "
        "for it, and power may fail at any moment. A kiosk that runs has no prompt: hold its service button while you "
        "plug it in. Exit code: 0 the version runs, 1 refused, or the former version runs, 2 usage, 3 device trouble.",
    )
    parser.add_argument("--port", metavar="PORT", help="serial port of the board (default: the one that is plugged in)")
    parser.add_argument(
        "--board", metavar="BOARD", help="name, or your own folder (default: what its MicroPython says)"
    )
    parser.add_argument(
        "--image-only", metavar="OUT", help="write the file system of a new board to a file; needs --board, no port"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the scanner, in its unit"
    )
    parser.add_argument("--replace", action="store_true", help="also when another program is on the board")
    parser.add_argument(
        "--unsigned", action="store_true", help="also firmware that is no release of ours, as that of a checkout"
    )
    parser.add_argument("--downgrade", action="store_true", help="also firmware that is older than what the board runs")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    settings = named_values(args.set)
    check(settings)
    if args.board is not None:
        chip(args.board)
    if args.image_only is not None:
        return _image(args, settings)
    port = find_port(args.port)
    limit_s = PATIENT_S if _is_program(port) else LIMIT_S
    try:
        prompt = Prompt(port)
    except DeviceError:
        running, done = _running_kiosk(port, args.board), Done(None, 0, 0)
    else:
        again = port_again(port)
        build, key, done = _put(prompt, port, args)
        running = come_up(again, build, limit_s, key)
    try:
        if settings:
            set_all(running.session, settings)
    finally:
        running.session.transport.close()
    _LOG.info("%s: build %s, %d files sent", port, installed_build(running.installed), done.sent)
    _show(args.json, port, running, done)
    return 0


def _image(args: argparse.Namespace, settings: dict[str, int]) -> int:
    if args.board is None or args.port is not None:
        raise InputError("--image-only goes with --board, and without --port")
    signed = _signed(args.board, args.unsigned)
    version = Version.of(compiled(args.board))
    files = version.alone()
    if settings:
        files[_SETTINGS] = json.dumps(settings).encode()
    image = littlefs(files, chip(args.board).files_kib)
    write_whole(args.image_only, image)
    address = (chip(args.board).flash_kib - chip(args.board).files_kib) * 1024
    if args.json:
        record = {
            "board": args.board, "build": version.build, "image": args.image_only, "address": address, "signed": signed
        }  # fmt: skip
        print(json.dumps(record))
    else:
        print(f"{args.image_only}: {len(image)} bytes for the flash of {args.board}, from {address:#x} on")
    return 0


def _is_program(port: str) -> bool:
    """Whether a program is at the other end, and no board. DeviceError says in plain words why it cannot be had."""
    with closing(SerialTransport(port)) as opened:
        return opened.pseudo


def _running_kiosk(port: str, named: str | None) -> Running:
    """There is no prompt: fine when the kiosk runs this very version."""
    try:
        session = connect(port)
    except DeviceError:
        raise DeviceError(f"{port}: neither MicroPython's prompt nor a stillscan kiosk answers there") from None
    hello, installed = session.hello, session.installed()
    assert hello is not None
    board = hello.board_name
    if named in boards() and named != board:
        session.transport.close()
        raise DeviceError(f"{port}: wrong board: a kiosk on {board} answers, not {named}")
    if installed is None or installed_build(installed) != Version.of(compiled(named or board)).build:
        session.transport.close()
        raise DeviceError(
            f"{port}: the kiosk runs firmware {hello.firmware} and has no prompt: hold its service button while you "
            f"plug it in (boards/{board}/README.md), then flash again"
        )
    return Running(session, hello, installed, None)


def _put(prompt: Prompt, port: str, args: argparse.Namespace) -> tuple[str, bytes | None, Done]:
    """The version on the board, and the board restarted; the key of its pairing, which stays as it is."""
    with prompt:
        pairing = Pairing.read(prompt.read(BOARD_FILE))
        board = recognise(prompt.facts(), port, args.board)
        version = Version.of(compiled(board))
        update = Update(prompt, version)
        if update.foreign and not args.replace:
            raise StillscanError(f"{port}: another program is on the board (main.py); --replace puts stillscan there")
        if update.current:
            done = Done(None, 0, len(version.files))
        else:
            _signed(board, args.unsigned)
            _refuse_older(update.firmware, port, args.downgrade)
            with _bar(update.bytes_to_send, args.json) as bar:
                done = update.carry_out(lambda n: bar.update(bar.task_ids[0], advance=n))
        prompt.reset()
    return version.build, None if pairing is None else pairing.key, done


def _signed(board: str, unsigned: bool) -> str | None:
    """The name of the key that has signed the firmware of this package; None: of none, and that is wanted."""
    try:
        if board not in boards():
            raise UnsignedError(f"{board}: a board of your own is part of no release")
        return verify(firmware_folder().parent, trusted()).key
    except UnsignedError as error:
        if unsigned:
            print(f"stillscan: not signed as a release: {error}", file=sys.stderr)
            return None
        raise UnsignedError(f"{error}; --unsigned puts it on the board all the same") from None


def _refuse_older(there: tuple[int, int, int] | None, port: str, downgrade: bool) -> None:
    ours = firmware_version()
    if there is not None and ours < there and not downgrade:
        runs, has = (".".join(map(str, version)) for version in (there, ours))
        raise StillscanError(
            f"{port}: the board has firmware {runs}, and this package only {has}; --downgrade puts the older one there"
        )


@contextmanager
def _bar(total: int, quiet: bool) -> Iterator[Progress]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        bar.add_task("sending", total=total)
        yield bar


def _show(as_json: bool, port: str, running: Running, done: Done) -> None:
    hello, build = running.hello, installed_build(running.installed)
    if as_json:
        record = {
            "port": port, "board": hello.board_name, "firmware": hello.firmware, "build": build, "sent": done.sent,
            "kept": done.kept, "changed": done.folder is not None, "damaged": _damaged(running, done),
            "fault": running.fault,
        }  # fmt: skip
        print(json.dumps(record))
        return
    what = f"{counted(done.sent, 'file')} sent, there already: {done.kept}" if done.folder else "it was up to date"
    print(f"{port}: {hello.board_name} runs firmware {hello.firmware}, build {build} ({what})")
    if _damaged(running, done):
        print("  a version on the board was damaged: " + ("it was replaced" if done.damaged else "the other one runs"))
    if running.fault:
        print(f"  the kiosk is not ready: {running.fault}")


def _damaged(running: Running, done: Done) -> bool:
    """Did the loader leave a version, or would it, because its files do not fit its manifest?"""
    return done.damaged or running.installed.why == wire.DAMAGED

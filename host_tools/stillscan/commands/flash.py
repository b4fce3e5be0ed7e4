"""``stillscan flash``: the firmware onto a board."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from kiosk import wire
from stillscan.boards.build import compiled
from stillscan.boards.files import boards, chip, firmware_folder
from stillscan.boards.image import littlefs
from stillscan.boards.release import UnsignedError, firmware_version, trusted, verify
from stillscan.boards.versions import Version
from stillscan.commands.flash_all import Sent, flash_all
from stillscan.commands.settings import check, named_values
from stillscan.errors import DeviceError, InputError, StillscanError
from stillscan.files import may_write, write_whole
from stillscan.guidance import counted
from stillscan.link.pairing import BOARD_FILE, Pairing
from stillscan.link.serial_port import SerialTransport
from stillscan.scanning.inspection import set_all
from stillscan.technician.clashes import refuse
from stillscan.technician.come_up import (
    LIMIT_S,
    PATIENT_ANSWER_MS,
    PATIENT_S,
    Running,
    come_up,
    connect,
    installed_build,
)
from stillscan.technician.labels import Label, write_labels
from stillscan.technician.ports import find_port, plugged_in, port_again, recognise
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
        "plug it in. Exit code: 0 the version runs, 1 refused, or the former version runs, 2 usage, 3 device trouble; "
        "with --all 3 when any board failed.",
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
    parser.add_argument(
        "--all", action="store_true", help="every board that is plugged in, side by side; one that fails stops no other"
    )
    parser.add_argument(
        "--labels", metavar="OUT.svg|pdf", help="write labels to print: serial number, board, firmware and build"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object; with --all an array")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    settings = named_values(args.set)
    check(settings)
    if args.board is not None:
        chip(args.board)
        refuse(args.board)
    if args.all and (args.port is not None or args.image_only is not None):
        raise InputError("--all takes every board that is plugged in: it goes without --port and --image-only")
    if args.image_only is not None:
        if args.labels is not None:
            raise InputError("--labels: goes without --image-only, whose board has not said its number")
        return _image(args, settings)
    if args.labels is not None:
        may_write(args.labels)
    if args.all:
        return flash_all(args, lambda port, versions, sent: _one(port, args, settings, versions, sent))
    port = find_port(args.port)
    serial = next((board.serial for board in plugged_in() if board.port == port), None)
    with _bar(args.json) as sent:
        done = _one(port, args, settings, _version, sent)
    record = done.record(port)
    if args.labels is not None:
        write_labels(args.labels, [Label.of(serial, record)])
    if args.json:
        print(json.dumps(record))
    else:
        _show(port, done)
    return 0


def _version(board: str) -> Version:
    return Version.of(compiled(board))


class _Flashed(NamedTuple):
    """A board that runs the version, and what was done for it."""

    running: Running
    done: Done

    def record(self, port: str) -> dict[str, Any]:
        """What --json says."""
        hello, build = self.running.hello, installed_build(self.running.installed)
        return {
            "port": port, "board": hello.board_name, "firmware": hello.firmware, "build": build,
            "sent": self.done.sent, "kept": self.done.kept, "changed": self.done.folder is not None,
            "damaged": _damaged(self.running, self.done), "fault": self.running.fault,
        }  # fmt: skip


def _one(
    port: str, args: argparse.Namespace, settings: dict[str, int], versions: Callable[[str], Version], sent: Sent
) -> _Flashed:
    """One board: the version on it, confirmed, and set. ``sent`` is told the bytes so far, and how many there are."""
    limit_s = PATIENT_S if _is_program(port) else LIMIT_S
    try:
        prompt = Prompt(port)
    except DeviceError:
        running, done = _running_kiosk(port, args.board, versions), Done(None, 0, 0)
    else:
        again = port_again(port)
        build, key, done = _put(prompt, port, args, versions, sent)
        running = come_up(again, build, limit_s, key)
    try:
        if settings:
            set_all(running.session, settings)
    finally:
        running.session.transport.close()
    _LOG.info("%s: build %s, %d files sent", port, installed_build(running.installed), done.sent)
    return _Flashed(running, done)


def _image(args: argparse.Namespace, settings: dict[str, int]) -> int:
    if args.board is None or args.port is not None:
        raise InputError("--image-only goes with --board, and without --port")
    signed = _signed(args.board, args.unsigned)
    version = _version(args.board)
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


def _running_kiosk(port: str, named: str | None, versions: Callable[[str], Version]) -> Running:
    """There is no prompt: fine when the kiosk runs this very version."""
    try:
        session = connect(port, answer_ms=PATIENT_ANSWER_MS) if _is_program(port) else connect(port)
    except DeviceError:
        raise DeviceError(f"{port}: neither MicroPython's prompt nor a stillscan kiosk answers there") from None
    hello, installed = session.hello, session.installed()
    assert hello is not None
    board = hello.board_name
    if named in boards() and named != board:
        session.transport.close()
        raise DeviceError(f"{port}: wrong board: a kiosk on {board} answers, not {named}")
    if installed is None or installed_build(installed) != versions(named or board).build:
        session.transport.close()
        raise DeviceError(
            f"{port}: the kiosk runs firmware {hello.firmware} and has no prompt: hold its service button while you "
            f"plug it in (boards/{board}/README.md), then flash again"
        )
    return Running(session, hello, installed, None)


def _put(
    prompt: Prompt, port: str, args: argparse.Namespace, versions: Callable[[str], Version], sent: Sent
) -> tuple[str, bytes | None, Done]:
    """The version on the board, and the board restarted; the key of its pairing, which stays as it is."""
    with prompt:
        pairing = Pairing.read(prompt.read(BOARD_FILE))
        board = recognise(prompt.facts(), port, args.board)
        version = versions(board)
        update = Update(prompt, version)
        if update.foreign and not args.replace:
            raise StillscanError(f"{port}: another program is on the board (main.py); --replace puts stillscan there")
        if update.current:
            done = Done(None, 0, len(version.files))
        else:
            _signed(board, args.unsigned)
            _refuse_older(update.firmware, port, args.downgrade)
            total, so_far = update.bytes_to_send, 0

            def more(count: int) -> None:
                nonlocal so_far
                so_far += count
                sent(so_far, total)

            done = update.carry_out(more)
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
def _bar(quiet: bool) -> Iterator[Sent]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        task = bar.add_task("sending", total=None)
        yield lambda so_far, total: bar.update(task, completed=so_far, total=total)


def _show(port: str, flashed: _Flashed) -> None:
    running, done = flashed
    hello, build = running.hello, installed_build(running.installed)
    what = f"{counted(done.sent, 'file')} sent, there already: {done.kept}" if done.folder else "it was up to date"
    print(f"{port}: {hello.board_name} runs firmware {hello.firmware}, build {build} ({what})")
    if _damaged(running, done):
        print("  a version on the board was damaged: " + ("it was replaced" if done.damaged else "the other one runs"))
    if running.fault:
        print(f"  the kiosk is not ready: {running.fault}")


def _damaged(running: Running, done: Done) -> bool:
    """Did the loader leave a version, or would it, because its files do not fit its manifest?"""
    return done.damaged or running.installed.why == wire.DAMAGED

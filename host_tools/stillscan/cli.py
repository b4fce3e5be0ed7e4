"""The ``stillscan`` command.

Exit codes: 0 done, 1 refused or not read, 2 usage or bad input, 3 device trouble, 4 trouble with this computer (disk,
rights, keys, database) or a defect of stillscan, 130 interrupted. What Python itself would print never reaches a user.
"""

from __future__ import annotations

from stillscan.terminal import stop

TYPE_CHECKING = False  # what typing says; nothing that takes time is loaded before requests to stop are taken
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

COMMANDS = (
    *("simulate", "read", "run", "check", "device", "boards", "flash", "release", "pair", "scanner", "clean", "bundle"),
    *("replay", "service", "rules", "consignment", "audit", "staff", "token", "clock", "keys", "fleet"),
)
SERVICES = ("run", "device")  # they run until they are asked to stop
EXIT_CODES = (
    "Exit codes: 0 done, 1 refused or not read, 2 usage or bad input, 3 device trouble, 4 trouble with this computer "
    "(disk, rights, keys, database) or a defect, 130 interrupted. Asked to stop by SIGTERM, run, device "
    "and fleet serve end with 0."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every failure ends in one line on stderr. Returns the exit code.

    Without ``arguments``: as the whole process, with its command line, its signals and its streams.
    """
    if arguments is not None:
        return _carried_out(arguments)
    import sys

    given = sys.argv[1:]
    stop.install(_is_service(given))  # before anything is loaded that takes time
    from stillscan.terminal import process

    return process.run(lambda: _carried_out(given, whole=True))


def _carried_out(given: Sequence[str], whole: bool = False) -> int:
    """Run the command and tell what went wrong. ``whole``: the process is there for nothing else."""
    import gc
    import os

    from stillscan import log
    from stillscan.terminal import trouble

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its matrices are small, threads only wait

    def command() -> int:
        args = _parsed(given)
        if whole:
            gc.freeze()  # what was loaded stays: looked through again and again, it takes 5 % of a simulated check
        log.start(args.log, args.verbose)
        stop.running(_is_service(given) and not getattr(args, "once", False))
        code: int = args.run(args)
        return code

    try:
        return trouble.told(command)
    finally:
        log.stop()


def _is_service(given: Sequence[str]) -> bool:
    """Is this a command that is done when it is asked to stop? With --once there is a result to wait for."""
    if "fleet" in given[:1]:
        return "serve" in given or ("up" in given and "--checks" not in given)
    return bool(given) and given[0] in SERVICES and "--once" not in given


def _parsed(given: Sequence[str]) -> argparse.Namespace:
    import gc
    from importlib import import_module

    from stillscan import __version__
    from stillscan.commands.parser import (
        Parser,
        add_log,
        keep_what_came_before,
        refuse_overwriting,
        refuse_visible_password,
        unlike_defaults,
    )

    parser = Parser(prog="stillscan", description="The passport scanner that finishes the job.", epilog=EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"stillscan {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    collects = gc.isenabled()
    gc.disable()  # what is loaded stays: to look for garbage among it takes 15 ms of a start, and finds none
    try:
        # Only what is asked for is loaded: a database or a web server takes longer to load than a strip to read.
        for command in [name for name in given[:1] if name in COMMANDS] or COMMANDS:
            import_module(f"stillscan.commands.{command}").add_parser(subparsers)
            add_log(subparsers.choices[command])
            keep_what_came_before(subparsers.choices[command])
    finally:
        if collects:
            gc.enable()
    args = parser.parse_args(given)
    refuse_visible_password(getattr(args, "database", None))
    if getattr(args, "config", None) is not None:
        from stillscan.commands.config import from_file

        args = parser.parse_args([given[0], *from_file(args.config, subparsers.choices[given[0]]), *given[1:]])
    refuse_overwriting(args)
    args.given = unlike_defaults(args, subparsers.choices[given[0]])
    return args


if __name__ == "__main__":
    raise SystemExit(main())

"""The ``stillscan`` command. Exit codes: 0 done, 1 refused or not read, 2 usage or bad input, 3 device trouble."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its matrices are small here, threads only wait

from stillscan import __version__
from stillscan.errors import StillscanError

COMMANDS = ("simulate", "read", "run", "check", "device", "boards", "flash", "rules", "consignment", "audit")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every expected failure ends in one line on stderr."""
    parser = argparse.ArgumentParser(
        prog="stillscan",
        description="The passport scanner that finishes the job.",
        epilog="Exit codes: 0 done, 1 refused or not read, 2 usage or bad input, 3 device trouble.",
    )
    parser.add_argument("--version", action="version", version=f"stillscan {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    given = sys.argv[1:] if arguments is None else arguments
    # Only what is asked for is loaded: a database or a web server takes longer to load than a strip to read.
    for command in [name for name in given[:1] if name in COMMANDS] or COMMANDS:
        import_module(f"stillscan.commands.{command}").add_parser(subparsers)
    args = parser.parse_args(given)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except StillscanError as error:
        print(f"stillscan: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

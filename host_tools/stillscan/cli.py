"""The ``stillscan`` command. Exit codes: 0 done, 1 refused or not read, 2 usage or bad input, 3 device trouble."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its matrices are small here, threads only wait

from stillscan import __version__
from stillscan.commands import boards, device, flash, read, rules, run, simulate
from stillscan.errors import StillscanError

COMMANDS = (simulate, read, run, device, boards, flash, rules)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every expected failure ends in one line on stderr."""
    parser = argparse.ArgumentParser(
        prog="stillscan",
        description="The passport scanner that finishes the job.",
        epilog="Exit codes: 0 done, 1 refused or not read, 2 usage or bad input, 3 device trouble.",
    )
    parser.add_argument("--version", action="version", version=f"stillscan {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    args = parser.parse_args(arguments)
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

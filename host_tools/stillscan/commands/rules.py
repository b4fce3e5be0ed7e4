"""``stillscan rules``: the rules of the identity check, without scanner, letters or page."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import TextIO

from rich.console import Console
from rich.progress import track
from rich.table import Table

from stillscan.commands.parser import add_language
from stillscan.errors import InputError
from stillscan.files import opened, trouble
from stillscan.guidance import say
from stillscan.verify import explanations
from stillscan.verify.cases import MOST_CHARACTERS, case_from_json
from stillscan.verify.rules import decide_case

_BAD_INPUT = 2
_MOST_LINE = 64_000_000
"""Characters of a line before it is taken for one that never ends, as of /dev/zero: far above any mistake in a file."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "rules",
        help="try the rules of the identity check on cases, or explain a reason",
        description="The same rules that the kiosk applies.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    decide = actions.add_parser(
        "decide",
        help="the verdict on each case of a file, one JSON object a line",
        description="Reads one case a line and prints one verdict a line, in the same order. A line that holds no case "
        "gives an error in its place; the exit code is 2 then, otherwise 0 whatever the verdicts are.",
        epilog='A case: {"mrz": ["L1", "L2"] or null, "certain": true, "consignment": {"tracking": "...", '
        '"order": "...", "recipient": "...", "deadline": "YYYY-MM-DD", "released": false} or null, '
        '"second_document": {"number": "11 digits"} or null, "face_matches": true, false or null, '
        '"now": "YYYY-MM-DDThh:mm:ssZ", "test_mode": false}. '
        "Dates are compared in UTC.",
    )
    decide.add_argument("cases", metavar="CASES.jsonl", help="file of cases; - for standard input")
    decide.add_argument("--json", action="store_true", help="print each verdict as a JSON object")
    decide.set_defaults(run=_decide)
    explain = actions.add_parser(
        "explain",
        help="what a reason means, what it leads to, and what the clerk is told",
        description="Without a code: the table of all reasons.",
    )
    explain.add_argument("code", nargs="?", metavar="CODE", help="a reason code, such as name_mismatch")
    add_language(explain, "en", "of what the clerk is told")
    explain.add_argument("--json", action="store_true", help="print a JSON object")
    explain.set_defaults(run=_explain)


def _decide(args: argparse.Namespace) -> int:
    code = 0
    for number, line in _lines(args.cases):
        try:
            ruling = decide_case(case_from_json(line))
        except InputError as error:
            print(f"stillscan: {args.cases}:{number}: {error}", file=sys.stderr)
            print(json.dumps({"error": str(error)}) if args.json else "error")
            code = _BAD_INPUT
            continue
        verdict = {"verdict": ruling.verdict, "reasons": list(ruling.reasons)}
        print(json.dumps(verdict) if args.json else f"{ruling.verdict}: {', '.join(ruling.reasons)}")
    return code


def _lines(name: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, and their numbers; a bar on a terminal's stderr when output goes elsewhere."""
    try:
        with (
            nullcontext(sys.stdin)
            if name == "-"
            else io.TextIOWrapper(opened(name), encoding="utf-8", errors="replace") as file
        ):
            console = Console(stderr=True)
            if name != "-" and file.seekable() and console.is_terminal and not sys.stdout.isatty():
                total = sum(1 for _ in file)
                file.seek(0)
                lines: Iterable[str] = track(_capped(name, file), "deciding", total, console=console, transient=True)
            else:
                lines = _capped(name, file)
            yield from ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    except (OSError, ValueError) as error:
        raise trouble(name, error) from None


def _capped(name: str, file: TextIO) -> Iterator[str]:
    """Lines of bounded length: what is longer than any case is cut, which makes it none; without a byte order mark.
    InputError: it has no end."""
    while line := file.readline(MOST_CHARACTERS + 1):
        yield line.removeprefix("\ufeff")
        rest = 0
        while line and not line.endswith("\n"):
            line = file.readline(MOST_CHARACTERS)
            rest += len(line)
            if rest > _MOST_LINE:
                raise InputError(f"{name}: a line of more than {_MOST_LINE // 1_000_000} MB")


def _explain(args: argparse.Namespace) -> int:
    table = explanations()
    if args.code is not None and args.code not in table:
        raise InputError(f"no reason '{args.code}'; there are: {', '.join(table)}")
    chosen = {code: entry for code, entry in table.items() if args.code in (None, code)}
    if args.json:
        print(
            json.dumps(
                {
                    code: {"verdict": entry.verdict, "when": entry.when, "says": say(f"reason.{code}", args.language)}
                    for code, entry in chosen.items()
                },
                ensure_ascii=False,
                indent=2,
            )
        )
    elif args.code is not None:
        entry = chosen[args.code]
        print(f"{args.code}: {entry.verdict}\n  {entry.when}\n  {say(f'reason.{args.code}', args.language)}")
    else:
        shown = Table("reason", "verdict", "when", box=None, pad_edge=False)
        for code, entry in chosen.items():
            shown.add_row(code, entry.verdict, entry.when)
        Console().print(shown)
    return 0

"""``stillscan audit``: what was recorded, and whether it is still as it was written."""

from __future__ import annotations

import argparse
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from stillscan.commands.parser import whole
from stillscan.commands.records import add_place, expect_unsigned, keys, output, read_input, records
from stillscan.errors import EnvironmentTroubleError, InputError, one_line
from stillscan.guidance import counted
from stillscan.records import kinds, retention, tracking
from stillscan.records.accounts import STAFF, TOKEN
from stillscan.records.audit import entries
from stillscan.records.errors import UNKNOWN
from stillscan.records.export import export
from stillscan.records.kinds import NEWER
from stillscan.records.text import ID
from stillscan.records.verification import AuditFinding, verify
from stillscan.records.witness import Seen

_FOUND = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "audit",
        help="show, verify and export the record of all checks",
        description="The signed, hash-chained record of imports, checks and erasures.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = _action(actions, "show", _show, "the last entries, without personal parts")
    show.add_argument("--tracking", metavar="NUMBER", help="only entries about this letter")
    show.add_argument("--last", type=int, default=20, metavar="N", help="how many; 0: all (20)")
    check = _action(actions, "verify", _verify, "is every entry, its order and its end as it was written?")
    check.description = (
        "Finds every edit, deletion, insertion and reordering, and letters that are marked otherwise than recorded. "
        "Exit code: 0 whole, 1 something was found (one line each), 2 bad input, 4 it cannot be looked at: "
        "database, keys, or only entries of kiosks that are not trusted here or of a newer stillscan."
    )
    check.add_argument(
        "--end", type=_end, metavar="COUNT:DIGEST", help="an end noted earlier and elsewhere; it must still be there"
    )
    check.add_argument(
        "--witness",
        metavar="FILE",
        help="ends that a centre has kept of this chain ('stillscan fleet heads'); all of them must still be in it",
    )
    check.add_argument(
        "--anew",
        action="store_true",
        help="calculate every signature, also those that this kiosk found good before and that are the same still",
    )
    lines = _action(actions, "export", _export, "everything as lines of JSON, to be checked without stillscan")
    lines.add_argument("--out", metavar="FILE", help="where to (default: standard output)")
    key = _action(actions, "key", _key, "print this kiosk's public key, or trust another's")
    key.add_argument("--trust", metavar="NAME.pub", help="trust the kiosk NAME by the public key in this file")
    purge = _action(actions, "purge", _purge, "erase personal parts past their time now (kiosks do so daily)")
    purge.add_argument(
        "--days",
        type=whole(1, retention.MOST_DAYS),
        default=retention.DAYS,
        metavar="N",
        help=f"older than ({retention.DAYS})",
    )


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    help_: str,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
    add_place(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)
    return parser


def _end(written: str) -> Seen:
    match = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", written)
    if match is None:
        raise argparse.ArgumentTypeError("is COUNT:DIGEST, as 'stillscan audit verify' prints it")
    return Seen(int(match[1]), match[2])


def _show(args: argparse.Namespace) -> int:
    number = None if args.tracking is None else tracking.normalise(args.tracking, test=True)
    if args.last < 0:
        raise InputError("--last: 0 or more")
    with records(args) as (database, _), database.reading() as connection:
        shown: deque[str] = deque(maxlen=args.last or None)
        for entry in entries(connection):
            try:
                facts = kinds.facts_of(entry.body)
            except kinds.BodyError:
                shown.append(f"{entry.seq:6}  cannot be read; run 'stillscan audit verify'")
                continue
            if number is None or facts.get("tracking") == number:
                shown.append(json.dumps(facts, ensure_ascii=False) if args.json else _line(facts))
    for line in shown:
        print(line)
    return 0


def _line(facts: Mapping[str, Any]) -> str:
    """One entry: what it records, who decided, and by which scanner."""
    about_account = facts["kind"] in (STAFF, TOKEN)
    subject = (
        ("staff", "token", "action", "role", "cause")
        if about_account
        else ("tracking", "report", "outcome", "action", "verdict")
    )
    words = [facts.get(name) for name in subject]
    reasons = facts.get("reasons")
    words += [", ".join(map(str, reasons)) if isinstance(reasons, list) else None, *_who(facts, about_account)]
    told = "  ".join(str(word) for word in words if word) + ("  (test)" if facts.get("test") else "")
    return one_line(f"{facts['seq']:6}  {str(facts['time'])[:19]}Z  {facts['kiosk']}  {facts['kind']}  {told}".rstrip())


def _who(facts: Mapping[str, Any], about_account: bool) -> Iterator[str]:
    """Who decided, as what, who had begun, and by which scanner; a program by the name of its token."""
    staff, role = (facts.get("by"), None) if about_account else (facts.get("staff"), facts.get("role"))
    if staff:
        yield f"by {staff}{f' ({role})' if role else ''}"
    if facts.get("began_by"):
        yield f"begun by {facts['began_by']}"
    if facts.get("token") and not about_account:
        yield f"by the token {facts['token']}"
    scanner = facts.get("scanner")
    if isinstance(scanner, dict):  # a check's
        yield f"scanner {scanner.get('id') or 'not paired'} ({scanner.get('board')})"
    elif scanner:
        yield f"scanner {scanner}"


def _verify(args: argparse.Namespace) -> int:
    with records(args, examine=True) as (database, keyring), _told("verifying: entry {}") as progress:
        former = [("the end that you gave", args.end)] if args.end else []
        if args.witness is not None:
            from stillscan.fleet.witness import ends  # what takes long to load is for who asks for it

            former += ends(args.witness, read_input(args.witness), keyring)
        found = verify(database, keyring, former, progress, anew=args.anew)
    if args.json:
        whole = {"whole": not found.findings, "entries": found.entries, "findings": _listed(found.findings)}
        more = {"changes": _listed(found.changes), "end": f"{found.entries}:{found.end}", "kiosks": found.kiosks}
        print(json.dumps({**whole, **more}, ensure_ascii=False))
    else:
        for change in found.changes:
            print(f"for the record: {change}")
        for finding in found.findings:
            print(finding)
        if not found.findings:
            print(f"whole: {counted(found.entries, 'entry', 'entries')} by {', '.join(found.kiosks) or 'nobody'}")
            print(f"its end: {found.entries}:{found.end}")
    if found.findings and all(finding.problem.startswith((UNKNOWN, NEWER)) for finding in found.findings):
        return EnvironmentTroubleError.exit_code  # nothing speaks against them, and nothing can be said for them
    return _FOUND if found.findings else 0


def _listed(findings: list[AuditFinding]) -> list[dict[str, object]]:
    return [{"entry": one.entry, "what": one.problem, "tracking": one.tracking} for one in findings]


def _export(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring), output(args.out) as file, database.reading() as connection:
        for line in export(connection, keyring):
            print(line, file=file)
    return 0


def _key(args: argparse.Namespace) -> int:
    keyring = keys(args)
    if args.trust is None:
        expect_unsigned(args, keyring)
        pem = keyring.public_pem().decode()
        print(json.dumps({"kiosk": keyring.kiosk, "public_key": pem}) if args.json else pem.strip())
        return 0
    path = Path(args.trust)
    content = read_input(args.trust)
    if not ID.fullmatch(path.stem) or path.suffix != ".pub":
        raise InputError(f"{args.trust}: is to be called NAME.pub, after the kiosk whose key it is")
    keyring.trust(path.stem, content, path)
    print(json.dumps({"trusted": path.stem}) if args.json else f"{path.stem} is trusted")
    return 0


def _purge(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        erased = retention.purge(database, keyring, args.days)
    print(
        json.dumps({"erased": erased}) if args.json else f"{counted(erased, 'entry', 'entries')} lost the personal part"
    )
    return 0


@contextmanager
def _told(words: str) -> Iterator[Callable[[int], None]]:
    """A line on a terminal's stderr that tells how far it is."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(words.format(0)) as status:
        yield lambda number: status.update(words.format(number)) if number % 500 == 0 else None

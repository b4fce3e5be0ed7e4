"""``stillscan check``: one identity check of a letter in the terminal, with the same rules and records as the page."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from contextlib import closing

from rich.console import Console

from stillscan.commands.counter import DEMO, OfficeRecords, add_records, known_list, office_records, thrown_away
from stillscan.commands.display import ConsoleOut, PlainLines
from stillscan.commands.run import connector
from stillscan.commands.signing_in import add_staff, named, signed_in
from stillscan.commands.watched import watched
from stillscan.commands.world import add_movement
from stillscan.counter.book import Book
from stillscan.counter.visit import FieldProblem, Visit
from stillscan.errors import InputError
from stillscan.guidance import languages, page_texts, say
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Hello
from stillscan.mrz import Reading
from stillscan.records.admission import Gate
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Person, Role
from stillscan.scanning.reader_process import ReaderProcess
from stillscan.scanning.result import Judgement
from stillscan.scanning.service import Display, Service

_YES, _NO = {"y", "yes", "j", "ja"}, {"n", "no", "nei"}
_RETRY_S = 10.0  # how long a scanner may be missing or away, as `run --reconnect` has it


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "check",
        help="one identity check of a letter, in the terminal",
        description="Scans one passport for a letter, asks for the second document and the face where they are needed, "
        "and records the verdict. --staff signs in with a PIN: the first line of standard input, before the answers, "
        "or asked for on a terminal. Exit code: 0 release, 1 any other verdict or a sign-in that was refused, 2 bad "
        "input, 3 device trouble.",
    )
    parser.add_argument("--tracking", required=True, metavar="NUMBER", help="tracking number of the letter")
    parser.add_argument("--port", required=True, metavar="PORT|sim", help="serial port of the scanner, or sim")
    parser.add_argument("--language", default="nb", choices=languages(), help="of the guidance (default: nb)")
    add_staff(parser)
    add_records(parser)
    simulated = parser.add_argument_group("only with --port sim")
    simulated.add_argument("--document", metavar="IMAGE", help="what is laid on the glass (default: a sample strip)")
    add_movement(simulated)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    simulated = args.port == "sim"
    if args.document and not simulated:
        raise InputError("--document goes with --port sim")
    t = page_texts(args.language)
    known = known_list(args)
    _look_at_staff(args, simulated)
    with office_records(args, simulated) as office:
        test_mode = args.test_mode or simulated
        book = Book(office.database, office.keyring, args.office, test_mode, office.chain)
        visit = Visit(book, args.office, test_mode, known=known)
        visit.hand_over(_clerk(args, office))
        try:
            visit.enter(args.tracking, visit.turn)
        except FieldProblem as problem:
            raise InputError(f"--tracking: {t[problem.key]}") from None
        display = PlainLines(args.language, False, ConsoleOut(Console(stderr=True)))
        with closing(ReaderProcess()) as reader, watched(display) as (shown, notifier):
            gate = Gate(lambda: Scanners(office.database, office.keyring, office.chain), test_mode)
            service = Service(
                connector(args), reader, _judge(visit), _Noted(shown, visit), alive=notifier.alive, admission=gate
            )
            service.run_once(_RETRY_S)
        while visit.step in ("second", "face"):
            _ask(visit, t)
        if visit.verdict is None:
            visit.end(visit.turn)
    verdict = visit.verdict
    if verdict is None:
        raise AssertionError("a check that has ended has a verdict")
    print(f"{verdict.verdict}: {t[f'verdict_{verdict.verdict}']}")
    print(f"  {t[f'do_{verdict.verdict}']}")
    if verdict.verdict != "release":  # "ok" asks for the face, which has been compared by now
        for reason in verdict.told:
            print(f"  {reason}: {say(f'reason.{reason}', args.language)}")
        for sentence in visit.advice:
            print(f"  {sentence[args.language]}")
    print(f"  {t['reference']}: {verdict.reference}")
    return 0 if verdict.verdict == "release" else 1


def _look_at_staff(args: argparse.Namespace, simulated: bool) -> None:
    """Is --staff there where it is needed, and only there? Before a database is made. InputError."""
    if args.staff is not None or not thrown_away(args, simulated):
        named(args)
    if args.staff is not None and thrown_away(args, simulated):
        raise InputError(
            f"--staff: in simulated records {DEMO.staff} alone is there, and signed in; or --database FILE"
        )


def _clerk(args: argparse.Namespace, office: OfficeRecords) -> Person:
    """Who serves. SignInError and NotAllowedError, exit code 1."""
    if office.demo_pin is not None:
        return DEMO
    return signed_in(args, office.database, office.keyring, Role.CLERK, Role.SUPERVISOR, chain=office.chain)


class _Noted:
    """A display in front of another; the visit is told which scanner is there. See service.Display."""

    def __init__(self, display: Display, visit: Visit) -> None:
        self._display = display
        self._visit = visit
        self.message = display.message
        self.not_read = display.not_read
        self.result = display.result
        self.trouble = display.trouble
        self.notice = display.notice

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        self._visit.scanner = identity
        self._display.connected(hello, identity)


def _judge(visit: Visit) -> Callable[[Reading], tuple[Judgement, str]]:
    def judge(reading: Reading) -> tuple[Judgement, str]:
        visit.read(reading.lines or ())
        return visit.light

    return judge


def _ask(visit: Visit, t: dict[str, str]) -> None:
    """One question; the end of the input ends the check as it stands."""
    try:
        if visit.step == "second":
            print(t["second_intro"], file=sys.stderr)
            visit.second(_secret(t["number_label"]), _secret(t["again_label"]), visit.turn)
            return
        print(t["face_intro"], file=sys.stderr)
        answer = _line(f"{t['step_face']} [{t['face_yes'].split(',')[0]}/{t['face_no'].split(',')[0]}] ").lower()
        if answer in _YES | _NO:
            visit.face(answer in _YES, visit.turn)
    except FieldProblem as problem:
        print(t[problem.key], file=sys.stderr)
    except EOFError:
        visit.end(visit.turn)


def _secret(label: str) -> str:
    """A number that is not shown while it is typed."""
    return getpass.getpass(f"{label}: ", sys.stderr) if sys.stdin.isatty() else _line(f"{label}: ")


def _line(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()

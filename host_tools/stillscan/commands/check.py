"""``stillscan check``: one identity check of a letter in the terminal, with the same rules and records as the page."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import closing

from rich.console import Console

from stillscan.commands.display import Both, ConsoleOut, PlainLines
from stillscan.commands.following import Following
from stillscan.commands.office import (
    DEMO,
    OfficeRecords,
    add_records,
    office_records,
    reading_limits,
    thrown_away,
)
from stillscan.commands.parser import add_language, simulated_group
from stillscan.commands.recording import add_record_link, linked
from stillscan.commands.run import connector
from stillscan.commands.signing_in import add_staff, named, signed_in
from stillscan.commands.watched import watched
from stillscan.commands.world import add_movement
from stillscan.counter.as_read import as_read
from stillscan.counter.book import Book
from stillscan.counter.counter import Counter
from stillscan.counter.visit import FieldProblem, Recorded, StaleError, Visit
from stillscan.errors import InputError
from stillscan.guidance import page_texts, say, say_key
from stillscan.guidance.advising import advice_on
from stillscan.guidance.catalogue import problem_text
from stillscan.records.admission import Gate
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Person, Role
from stillscan.scanning.reader_process import ReaderProcess
from stillscan.scanning.service import Service
from stillscan.terminal.asking import asked, asked_unseen, at_terminal
from stillscan.terminal.streams import question
from stillscan.verify.known import lists, spoken

_YES, _NO = frozenset({"y", "yes", "j", "ja"}), frozenset({"n", "no", "nei"})
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
    parser.add_argument(
        "--port", required=True, metavar="PORT|sim", help="serial port of the scanner, sim, or play:FILE"
    )
    add_record_link(parser)
    add_language(parser, "nb", "of the guidance")
    parser.add_argument(
        "--json",
        action="store_true",
        help="the end as one line: verdict, reasons, reference, what people are told (told), advice",
    )
    add_staff(parser)
    add_records(parser)
    simulated = simulated_group(parser)
    simulated.add_argument("--document", metavar="IMAGE", help="what is laid on the glass (default: a sample strip)")
    add_movement(simulated)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    simulated = args.port == "sim"
    t = page_texts(args.language)
    known = lists(args.known)
    _look_at_staff(args, simulated)
    with office_records(args, simulated) as office:
        test_mode = args.test_mode or simulated
        book = Book(office.database, office.keyring, args.office, test_mode, office.chain)
        counter = Counter(book, args.office, test_mode, known, reading_limits(args))
        clerk = _clerk(args, office)
        try:
            counter.answer(lambda visit: visit.enter(args.tracking, visit.turn), clerk)
        except FieldProblem as problem:
            raise InputError(f"--tracking: {problem_text(problem.key, args.language, test_mode)}") from None
        if test_mode:
            print(t["test_mode"], file=sys.stderr)
        display = Both(PlainLines(args.language, False, ConsoleOut(Console(stderr=True))), counter)
        with (
            linked(args, connector(args)) as connect,
            closing(ReaderProcess()) as reader,
            watched(display) as shown,
        ):
            gate = Gate(lambda: Scanners(office.database, office.keyring, office.chain), test_mode)

            def service(alive: Callable[[], None]) -> Service:
                def both() -> None:
                    alive()
                    shown.alive()

                return Service(connect, reader, counter.judge, shown, alive=both, admission=gate)

            with Following(counter, service, _RETRY_S) as scanner:
                _talk(counter, scanner, args.language)
        visit = counter.visit
    verdict = visit.verdict
    if verdict is None:
        raise AssertionError("a check that has ended has a verdict")
    helps = advice_on(visit.told, args.language)
    if args.json:
        told = {"verdict": verdict.verdict, "reasons": verdict.reasons, "reference": verdict.reference}
        print(json.dumps(told | {"told": visit.told, "advice": helps}))
    else:
        _say_the_end(verdict, visit, helps, args.language)
    return 0 if verdict.verdict == "release" else 1


def _say_the_end(verdict: Recorded, visit: Visit, helps: dict[str, list[str]], language: str) -> None:
    """The verdict, why, and what each of the three does now."""
    t = page_texts(language)
    print(f"{verdict.verdict}: {t[f'verdict_{verdict.verdict}']}")
    if verdict.verdict == "release":
        print(f"  {t['do_release']}")
    else:  # "ok" asks for the face, which has been compared by now
        for key in visit.told:
            print(f"  {key.removeprefix('reason.')}: {say_key(key, language)}")
        for sentences in visit.advice:
            print(f"  {spoken(sentences, language)}")
        for person, label in (("clerk", t["you_do"]), ("customer", t["customer_does"]), ("call", t["call"])):
            print(f"  {label}: {' '.join(helps[person])}")
    if visit.letter is not None:
        print(f"  {t['letter']}: {visit.letter.tracking}")
        if "wrong_office" in verdict.told:
            print(f"  {t['lies_at']} {visit.letter.office}.")
    print(f"  {t['reference']}: {verdict.reference}")


def _look_at_staff(args: argparse.Namespace, simulated: bool) -> None:
    """Is --staff there where it is needed, and only there? Before a database is made. InputError."""
    if args.staff is not None or not thrown_away(args, simulated):
        named(args)
    if args.staff is not None and thrown_away(args, simulated) and named(args).strip().lower() != DEMO.staff:
        raise InputError(
            f"--staff: in simulated records {DEMO.staff} alone serves, and is signed in; or --database FILE"
        )


def _clerk(args: argparse.Namespace, office: OfficeRecords) -> Person:
    """Who serves. SignInError and NotAllowedError, exit code 1."""
    if office.demo_pin is not None:
        return DEMO
    return signed_in(args, office.database, office.keyring, Role.CLERK, Role.SUPERVISOR, chain=office.chain)


def _talk(counter: Counter, scanner: Following, language: str) -> None:
    """One question after another, until the check is over. A scan without a certain reading ends it as it stands."""
    t = page_texts(language)
    told: str | None = None
    while counter.visit.verdict is None:
        visit = counter.visit
        if visit.ended != told and visit.ended is not None:
            print(say(f"reading.{visit.ended}", language), file=sys.stderr)
        told = visit.ended
        try:
            if counter.records_trouble or visit.failure or counter.scanner.trouble.startswith("part."):
                counter.answer(lambda visit: visit.end(visit.turn, counter.scanner.trouble))
            elif visit.step in ("second", "face"):
                with question():
                    change = _answer(visit, language)
                counter.answer(change)
            else:
                scanner.wait()
        except FieldProblem as problem:
            print(t[problem.key], file=sys.stderr)
        except EOFError:
            counter.answer(lambda visit: visit.end(visit.turn))
        except StaleError:
            continue  # something else has happened meanwhile: what there is to be asked now is asked


def _answer(visit: Visit, language: str) -> Callable[[Visit], None]:
    """Ask the question that is open; what its answer does to the visit, if the question is still the same. EOFError."""
    t, turn = page_texts(language), visit.turn
    if visit.other:
        print(f"{t['other_title']}. {t['other_intro']}", file=sys.stderr)
        answer = asked(f"1: {t['other_keep']}. 2: {t['other_anew']}. [1/2] ").strip()
        return lambda visit: visit.choose(answer == "1", turn) if answer in ("1", "2") else None
    if visit.step == "second":
        print(t["second_intro"], file=sys.stderr)
        number, again = _secret(t["number_label"]), _secret(t["again_label"])
        return lambda visit: visit.second(number, again, turn)
    print(t["face_intro"], file=sys.stderr)
    if visit.document is not None:
        read = as_read(visit.document, visit.book.now().date(), language)
        print(t["read_intro"], file=sys.stderr)
        for name, value in read.items():
            print(f"  {t[f'read_{name}']}: {value}", file=sys.stderr)
    yes, no = (t[key].split(",")[0] for key in ("face_yes", "face_no"))
    same = _meant(asked(f"{t['step_face']} [{yes}/{no}] "), yes, no)
    return lambda visit: visit.face(same, turn) if same is not None else None


def _meant(typed: str, yes: str, no: str) -> bool | None:
    """Which of the two words of a language was typed, whole or its first letter; None: neither, or nothing.

    Norwegian and English words are taken in every language in which they are not those of the other answer.
    """
    word = typed.strip().casefold()
    own_yes, own_no = ({one.casefold(), one[0].casefold()} for one in (yes, no))
    means_yes, means_no = own_yes | (_YES - own_no), own_no | (_NO - own_yes)
    return None if (word in means_yes) == (word in means_no) else word in means_yes


def _secret(label: str) -> str:
    """A number that is not shown while it is typed."""
    return (asked_unseen(f"{label}: ") if at_terminal() else asked(f"{label}: ")).strip()

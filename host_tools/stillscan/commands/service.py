"""``stillscan service``: guided procedures at a scanner, step by step, and the signed report of each."""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from stillscan.commands.at_scanner import add_port, at_scanner
from stillscan.commands.guided import Guide, Left
from stillscan.commands.in_words import speaks, words
from stillscan.commands.parser import simulated_group
from stillscan.commands.records import add_place, records
from stillscan.commands.signing_in import named, signed_in
from stillscan.errors import InputError
from stillscan.files import may_write, read_whole, write_whole
from stillscan.guidance import service_texts
from stillscan.guidance.technicians import Words
from stillscan.records.place import data_folder
from stillscan.records.services import ServiceDone, Services
from stillscan.records.staff import Person, Role
from stillscan.simulator.glass import Page
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.card import marks
from stillscan.technician.card.paper import card_pdf
from stillscan.technician.hands import AskedHands, Hands, SimulatedHands
from stillscan.technician.procedures import pictures
from stillscan.technician.procedures.carrying_out import Bench
from stillscan.technician.procedures.closing import FILES, close
from stillscan.technician.procedures.report import OUTCOMES
from stillscan.technician.procedures.run import FAILED, Run, load, open_run, runs
from stillscan.technician.procedures.spoken import spoken
from stillscan.technician.procedures.table import REPLACE, Procedure, answer_sheet, checklist, find, plain, procedures

_CARDS = {"card": False, "card-turned": True}  # what --document may lay down, and whether it lies upside down
_NONE_YET = "no reports yet; 'stillscan service run NAME' makes one"
_MOST_BYTES = 20_000_000  # of a report: one of 50 steps has 0.2 MB


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "service",
        help="guided procedures at a scanner: acceptance, cleaning, yearly service, exchange of a part; with a report",
        description="Leads through a procedure step by step, measures what can be measured, and writes a report that "
        "the audit chain vouches for. Exit code: 0 passed, 1 a step failed or is missing, 2 bad input, 3 device "
        "trouble, 4 trouble with records or disk.",
    )
    actions = parser.add_subparsers(metavar="COMMAND", required=True)
    listing = actions.add_parser("list", help="which procedures there are", description="Which procedures there are.")
    listing.add_argument("--json", action="store_true", help="print the result as JSON")
    speaks(listing, _list)
    show = actions.add_parser("show", help="the steps of one", description="The phases and steps of a procedure.")
    show.add_argument("procedure", metavar="NAME", help="acceptance, cleaning, yearly or replace-PART")
    show.add_argument("--json", action="store_true", help="print the result as JSON")
    show.add_argument("--answers", action="store_true", help="a sheet of answers for a script: fill in each line '?'")
    show.add_argument("--markdown", action="store_true", help="the checklist as the tables of boards/README.md")
    show.add_argument("--pictures", metavar="FOLDER", help="write what to look at as SVG files into this folder")
    speaks(show, _show)
    _add_run(actions)
    told = actions.add_parser(
        "report",
        help="a report, and whether it is the one that was signed; without ID all of them",
        description="Compares the files of a report with its entry in the audit chain. Exit code: 0 it is the one "
        "that was signed, 1 it is not, or nobody has signed it.",
    )
    told.add_argument("id", metavar="ID", nargs="?", help="its name, as 'service run' has told it")
    told.add_argument("--json", action="store_true", help="print the result as JSON")
    _add_folder(told)
    add_place(told)
    speaks(told, _report)
    card = actions.add_parser(
        "card",
        help="write the test card as a PDF to print",
        description="Writes the test card: to be printed by a laser printer at 100 %, and cut out.",
    )
    card.add_argument("out", metavar="OUT.pdf", help="the file to write")
    speaks(card, _card)


def _add_run(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser(
        "run",
        help="carry one out; one that was cut off goes on where it was",
        description="Answers are lines of standard input: y or n, a value, an empty line when something is done, "
        "'s REASON' leaves a step out, 'r' repeats it, 'q' leaves: the same command goes on from there, also after a "
        "power cut. A script's lines that begin with # are skipped; 'service show NAME --answers' writes its sheet.",
    )
    parser.add_argument("procedure", metavar="NAME", help="acceptance, cleaning, yearly or replace-PART")
    parser.add_argument("--new", action="store_true", help="begin anew, though one was not finished")
    parser.add_argument(
        "--unsigned", action="store_true", help="nobody signs in: the report is in no audit chain, and says so"
    )
    _add_folder(parser)
    add_port(parser)
    simulated_group(parser).add_argument(
        "--document",
        default="card",
        metavar="FILE|card|card-turned",
        help="what the simulated hand takes for the test card (card)",
    )
    speaks(parser, _run)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder",
        metavar="FOLDER",
        help="where runs and reports are kept (default: service in the user's data folder)",
    )


def _folder(args: argparse.Namespace) -> Path:
    return Path(args.folder) if args.folder else data_folder() / "service"


def _list(args: argparse.Namespace) -> int:
    known, say = procedures(), words(args)
    if args.json:
        for one in known.values():
            print(json.dumps(_brief(one)))
        return 0
    for one in known.values():
        if not one.name.startswith(REPLACE):
            steps = say("1 step" if len(one.steps) == 1 else f"{len(one.steps)} steps")
            print(f"{one.name:<16} {steps:>9}  {say(one.about)}")
    parts = ", ".join(name.removeprefix(REPLACE) for name in known if name.startswith(REPLACE))
    print(say("{name}: after a part was exchanged; PART is {parts}").format(name=f"{REPLACE}PART", parts=parts))
    return 0


def _brief(one: Procedure) -> dict[str, object]:
    return {"name": one.name, "title": one.title, "about": one.about, "steps": len(one.steps)}


def _show(args: argparse.Namespace) -> int:
    procedure = find(args.procedure)
    if args.pictures is not None:
        folder = Path(args.pictures)
        if not folder.is_dir():
            raise InputError(f"{folder}: there is no such folder; make it first")
        for name in dict.fromkeys(step.picture for step in procedure.steps if step.picture):
            write_whole(folder / f"{name}.svg", pictures.picture(name, "", words(args)).encode())
    if args.markdown:
        print(checklist(), end="")
    elif args.answers:
        say = words(args)
        print(answer_sheet(spoken(procedure, say), say), end="")
    elif args.json:
        phases = [
            {
                "name": phase.name,
                "say": phase.say,
                "steps": [{**step._asdict(), "ask": [one._asdict() for one in step.ask]} for step in phase.steps],
            }
            for phase in procedure.phases
        ]
        print(json.dumps({**_brief(procedure), "phases": phases}))
    else:
        say = words(args)
        procedure = spoken(procedure, say)
        print(f"{procedure.title}: {procedure.about}")
        for phase in procedure.phases:
            print(f"\n{phase.name}. {phase.say}")
            for step in phase.steps:
                number = f"{step.number}." if step.number else "-"
                print(f"  {number:<4} {plain(step.what)}: {plain(step.how)}")
                print("       " + say("expected: {expected}").format(expected=plain(step.expected)))
    return 0


def _run(args: argparse.Namespace) -> int:
    procedure = find(args.procedure)
    card = _page(args)
    person = _person(args)
    run, goes_on = open_run(_folder(args), procedure, datetime.now(UTC), anew=args.new)
    say = words(args)
    bench = Bench(lambda: at_scanner(args), lambda at: _hands(at, card, say), lambda text: _say(say(text)))
    done = say("goes on, {done} of {steps} done").format(done=len(run.found), steps=len(procedure.steps))
    _say(f"{say(procedure.title)}, {run.id}" + f": {done}" * goes_on)
    try:
        Guide(run, bench, None if person is None else person.staff, _say, say).lead()
    except Left:
        _say(say(f"left: 'stillscan service run {procedure.name}' goes on from there"))
    except KeyboardInterrupt:
        _say(say(f"what was found is kept: 'stillscan service run {procedure.name}' goes on from there"))
        raise
    finally:
        bench.let_go()
    if run.next is None:
        close(run, person, functools.partial(_note, args), args.language)
    _tell(args, run)
    return int(run.outcome not in ("passed", "passed_with_skips"))


def _person(args: argparse.Namespace) -> Person | None:
    """Who does it, before anything else is asked."""
    if args.unsigned:
        if args.staff is not None:
            raise InputError("--unsigned goes without --staff")
        return None
    named(args)
    with records(args) as (database, keyring):
        return signed_in(args, database, keyring, Role.TECHNICIAN)


def _page(args: argparse.Namespace) -> Page:
    """What the simulated hand takes for the test card."""
    if args.document in _CARDS:
        return Page.from_array(marks.picture(turned=_CARDS[args.document]))
    return Page.load(args.document)


def _hands(at: AtScanner, card: Page, say: Words) -> Hands:
    transport = at.session.transport
    return (
        SimulatedHands(transport, card)
        if isinstance(transport, SimulatedKiosk)
        else AskedHands(_say, service_texts(say.language))
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _note(args: argparse.Namespace, done: ServiceDone) -> int:
    with records(args) as (database, keyring):
        return Services(database, keyring).note(done)


def _tell(args: argparse.Namespace, run: Run) -> None:
    files = {ending: str(run.folder / f"report.{ending}") for ending in FILES} if run.closed else {}
    if args.json:
        steps = [
            {
                "step": step.id, "number": step.number, "what": plain(step.what), "outcome": found.outcome,
                "values": [value._asdict() for value in found.values], "reason": found.reason, "by": found.by,
                "at": found.at, "times": found.times,
            }
            for step in run.procedure.steps
            if (found := run.found.get(step.id)) is not None
        ]  # fmt: skip
        print(
            json.dumps(
                {
                    "report": run.id, "procedure": run.procedure.name, "outcome": run.outcome, "entry": run.entry,
                    "scanner": run.scanner, "simulated": run.simulated, "steps": steps, "files": files,
                },
                ensure_ascii=False,
            )
        )  # fmt: skip
        return
    say = words(args)
    for step in run.procedure.steps:
        found = run.found.get(step.id)
        if found is not None and found.outcome == FAILED:
            print(f"{say('FAIL')}  {say(plain(step.what))}: {say(found.reason or 'not as it has to be')}")
            for advice in dict.fromkeys(value.advice for value in found.values if value.advice):
                print(f"      {say(advice)}")
    entry = "" if run.entry is None else "; " + say("entry {entry} of the audit chain").format(entry=run.entry)
    print(say(OUTCOMES[run.outcome]) + entry)
    for name in files.values():
        print(name)


def _report(args: argparse.Namespace) -> int:
    folder, say = _folder(args), words(args)
    if args.id is None:
        if not (found := runs(folder)):
            _say(f"{folder}: {say(_NONE_YET)}")
        for path in found:
            run = load(path)
            if args.json:
                print(json.dumps({"report": run.id, "outcome": run.outcome, "began": run.began, "entry": run.entry}))
            else:
                print(f"{run.id:<40} {say(run.outcome):<18} {run.staff or ''}")
        return 0
    if args.id not in [path.name for path in runs(folder)]:
        raise InputError(f"{args.id}: there is no such report in {folder}; 'stillscan service report' lists them")
    run = load(folder / args.id)
    digests = {
        ending: hashlib.sha256(read_whole(path, _MOST_BYTES)).hexdigest()
        for ending in FILES
        if (path := run.folder / f"report.{ending}").is_file()
    }
    entry = None
    if run.entry is not None:
        with records(args) as (database, keyring):
            entry = Services(database, keyring).find(run.id)
    told = (digests, run.procedure.name, run.outcome, run.staff)
    signed = entry is not None and (dict(entry.digests), entry.procedure, entry.outcome, entry.staff) == told
    word = _word(run, signed=signed)
    if args.json:
        whole = {"report": run.id, "procedure": run.procedure.name, "outcome": run.outcome, "signed": signed}
        more = {"entry": run.entry, "staff": run.staff, "digests": digests, "said": word}
        print(json.dumps({**whole, **more}))
    else:
        print(f"{run.id}: {say(OUTCOMES[run.outcome])}; {say(word)}")
        for ending in digests:
            print(run.folder / f"report.{ending}")
    return int(not signed)


def _word(run: Run, *, signed: bool) -> str:
    if signed:
        return f"it is the report that {run.staff} signed, entry {run.entry} of the audit chain"
    if not run.closed:
        return "it is not finished: 'stillscan service run' goes on"
    if run.entry is None:
        return "nobody has signed it"
    return "its files are NOT what was signed, or the audit chain has no such entry"


def _card(args: argparse.Namespace) -> int:
    may_write(args.out)
    write_whole(args.out, card_pdf())
    _say(words(args)(f"{args.out}: print it at 100 % with a laser printer; it says how it is cut and laid down"))
    return 0

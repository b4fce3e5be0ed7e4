"""``stillscan run`` with the clerk's page: scanner, records and page put together."""

# long-ok: the one place where all parts of a kiosk meet

from __future__ import annotations

import argparse
import contextlib
import functools
import secrets
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console

from stillscan.commands.display import Both, ConsoleOut, FirstNews, LinkLines, PlainLines
from stillscan.commands.fleet_kiosk import Here, releases
from stillscan.commands.json_lines import JsonLines
from stillscan.commands.parser import seconds, whole
from stillscan.commands.recording import recorded, streams
from stillscan.commands.records import add_place, is_made, records
from stillscan.commands.settings import expected
from stillscan.commands.signing_in import MADE_BY
from stillscan.commands.to_centre import add_fleet, centre_of
from stillscan.commands.tour import Customers, letters_csv, tour
from stillscan.commands.watched import watched
from stillscan.commands.webhook import webhook_of
from stillscan.counter.held_reading import LONGEST_S, MOST_S, TAKEN_S, ReadingLimits
from stillscan.errors import InputError
from stillscan.guidance.papers import UNNAMED_OFFICE
from stillscan.link.identity import Admission
from stillscan.link.messages import Hello
from stillscan.link.transport import Transport
from stillscan.records.admission import Gate
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Person, Role, StaffList
from stillscan.scanning.reader_process import ReaderProcess
from stillscan.scanning.service import Display, Service
from stillscan.technician.held_port import HeldPort, new_secret, noted
from stillscan.technician.relay import Relay
from stillscan.terminal.streams import go_on_without
from stillscan.verify.known import lists
from stillscan.web.sessions import LOCK_MINUTES
from stillscan.web.webhook import SHORTEST_SECRET, telling

if TYPE_CHECKING:  # a program without a page loads none of it
    from stillscan.counter.counter import Counter, Scanner
    from stillscan.counter.visit import Visit
    from stillscan.technician.glass import Glass

PORT = 8765  # nothing depends on the number: --page takes any other
DEMO_TRACKING = "RR123456785NO"
DEMO = Person("demo", Role.SUPERVISOR)
"""Who serves in a demonstration, and sees all of it."""
_MOST_LOCK_MINUTES = 1440  # a day: who wants longer says never


def add_page(parser: argparse.ArgumentParser) -> None:
    """Options of the page and its records."""
    group = parser.add_argument_group(
        "the clerk's page, which is served unless --once, --no-page or --recipient is given"
    )
    group.add_argument(
        "--page", type=whole(0, 65535), default=PORT, metavar="PORT", help=f"on 127.0.0.1; 0: any free ({PORT})"
    )
    group.add_argument("--no-page", action="store_true", help="only the terminal: documents without letters")
    group.add_argument(
        "--lock-minutes",
        type=whole(0, _MOST_LOCK_MINUTES),
        default=LOCK_MINUTES,
        metavar="N",
        help=f"lock the page after N minutes in which nobody did anything; 0: never by itself ({LOCK_MINUTES})",
    )
    group.add_argument("--open", action="store_true", help="open the page in this computer's browser")
    group.add_argument(
        "--webhook", metavar="URL", help="tell this address of each check that ends, without anything personal"
    )
    group.add_argument(
        "--webhook-secret", metavar="FILE", help=f"what --webhook signs with: {SHORTEST_SECRET} bytes or more"
    )
    add_fleet(group)
    add_records(group)


def add_records(group: argparse._ActionsContainer) -> None:
    """Options of a check that is recorded."""
    group.add_argument(
        "--office",
        default=UNNAMED_OFFICE,
        metavar="NAME",
        help="name of this post office, in records and letters to people; run needs it outside test mode",
    )
    group.add_argument(
        "--test-mode",
        action="store_true",
        help="take specimens and test numbers, and letters imported with --test only",
    )
    group.add_argument(
        "--reading-taken",
        type=seconds(LONGEST_S),
        default=TAKEN_S,
        metavar="S",
        help=f"a passport that was read counts for so long after it was taken off the glass ({TAKEN_S:g})",
    )
    group.add_argument(
        "--reading-limit",
        type=seconds(LONGEST_S),
        default=MOST_S,
        metavar="S",
        help=f"and for so long in any case; {LONGEST_S:g} is the most for both ({MOST_S:g})",
    )
    group.add_argument("--known", metavar="TOML", help="the office's own list of known-problem passports")
    add_place(group, making=True)


def serve(
    args: argparse.Namespace, connect: Callable[[], Transport], simulated: bool, customers: Customers | None = None
) -> int:
    """Serve page and API until interrupted. DeviceError when the scanner stays away.

    ``customers`` come for the letters of a trial (`tour`).
    """
    from stillscan.commands.clock_watch import clock_watch
    from stillscan.counter.book import Book
    from stillscan.counter.counter import Counter
    from stillscan.records.place import data_folder
    from stillscan.records.services import Services
    from stillscan.records.tokens import TokenList
    from stillscan.technician.glass import FILE, Glass
    from stillscan.technician.glass_watch import GlassWatch
    from stillscan.technician.procedures.guided import Guided
    from stillscan.technician.room import Job, Room
    from stillscan.web.api import api
    from stillscan.web.browsers import Browsers
    from stillscan.web.letters import Letters
    from stillscan.web.pages import api_route, application
    from stillscan.web.scanner_port import ScannerPort
    from stillscan.web.server import NAMES, PageServer
    from stillscan.web.service import ServicePage
    from stillscan.web.sessions import Sessions

    go_on_without()
    test_mode = args.test_mode or simulated
    known, receiver, wanted = lists(args.known), webhook_of(args), expected(args)
    with office_records(args, simulated) as (database, keyring, chain, demo_pin):
        centre = centre_of(args, database, keyring)
        book = Book(database, keyring, args.office, test_mode, chain, centre.beside)
        counter = Counter(book, args.office, test_mode, known, reading_limits(args))
        program = api(counter, database, keyring, TokenList(database, keyring, chain))
        browsers, staff = Browsers(keyring.folder), StaffList(database, keyring, chain)
        sessions = Sessions(staff, args.lock_minutes)
        letters = Letters(counter, sessions, database, keyring, chain)
        idle = functools.partial(counter.look, _nobody_served)
        relay = Relay(idle)
        secret = new_secret()
        glass = Glass(None if demo_pin is not None else keyring.folder / FILE, utc_now)
        looked = functools.partial(_looked, glass, counter)

        def ended(job: Job) -> None:
            if job.name == "look" and job.result is not None:
                looked(job.result["spots"])
            centre.looked(job)

        room = Room(relay, utc_now, ended)
        kept = (keyring.folder if demo_pin is not None else data_folder()) / "service"
        guided = Guided(kept, room, Services(database, keyring, chain).note)
        more = [
            api_route(program),
            *letters.routes(),
            *ScannerPort(relay, sessions, secret, looked).routes(),
            *ServicePage(counter, sessions, room, glass, guided).routes(),
        ]
        letters_to_try = () if customers is None else tour()
        pages = application(counter, NAMES, browsers, sessions, more, args.language, glass, letters_to_try)
        news = JsonLines(lambda line: print(line, flush=True))
        with PageServer(pages, args.page) as server:

            def announce() -> None:
                address = f"{server.url}/?key={browsers.invite()}"
                if args.json:
                    told = {"page": address, "customer": f"{server.url}/customer", "records": str(database)}
                    news.tell("page", **told, **({"staff": DEMO.staff, "pin": demo_pin} if demo_pin else {}))
                    return
                print(f"the clerk's page is at {address} (for one browser, once)", flush=True)
                print(f"the customer's screen is at {server.url}/customer", flush=True)
                if not staff.people():
                    print(f"nobody can sign in yet: {MADE_BY} adds the first", flush=True)
                if args.open:
                    threading.Thread(target=_open, args=(address,), name="open", daemon=True).start()
                print(f"records: {database}", flush=True)
                if demo_pin is not None:
                    asked = f"simulated: the letter to ask for is {DEMO_TRACKING}; the page lists more to try"
                    print(asked, flush=True)
                    print(f"simulated: sign in as {DEMO.staff} with the PIN {demo_pin}", flush=True)

            reading = contextlib.closing(ReaderProcess(args.read_ms or 0.0))
            lines = LinkLines(PlainLines(args.language, False, ConsoleOut(Console(stderr=True))))
            beside: Display = news if args.json else lines
            told = centre.shown(Both(FirstNews(announce), Both(beside, counter)))
            clock = clock_watch(book, counter.clock)
            gate = Gate(lambda: Scanners(database, keyring, chain), test_mode)
            admission = _office_first(gate, test_mode or args.office != UNNAMED_OFFICE)
            held = HeldPort(args.port, server.url, secret)
            here = Here(keyring.kiosk, kept.parent / "fleet", relay, counter, book, known, wanted, idle)
            with (
                clock,
                telling(counter, *receiver),
                centre.sending(counter),
                noted(keyring.folder, held),
                _watching(counter, relay),
                GlassWatch(room, glass, idle),
                releases(args, here, centre.has),
                reading as reader,
                recorded(args, connect, told) as (port, display),
                watched(display) as (shown, notifier),
            ):

                def alive() -> None:
                    notifier.alive()
                    counter.tick()
                    if customers is not None:
                        customers.follow(counter, sessions.any_open)

                Service(
                    port,
                    reader,
                    counter.judge,
                    shown,
                    lambda result, _: glass.scanned(result.unsure),
                    alive,
                    admission=admission,
                    expected=wanted,
                    guest=relay,
                    streams=streams(args),
                ).run()
    return 0


def _nobody_served(visit: Visit, _: Scanner) -> bool:
    """Whether a technician may have the scanner's parts: nothing was begun, or all of it is over."""
    return visit.step in ("tracking", "verdict") and not visit.holds_document


@contextlib.contextmanager
def _watching(counter: Counter, relay: Relay) -> Iterator[None]:
    """A visit that begins takes the scanner back from a technician at once."""
    stop = counter.watch(lambda event: relay.wake() if event[0] == "panel" else None)
    try:
        yield
    finally:
        stop()


def _office_first(gate: Admission, named: bool) -> Admission:
    """Lets no scanner in while the office has no name, which records and letters would then say. InputError."""
    if named:
        return gate

    def admitted(hello: Hello, transport: Transport) -> bytes | None:
        gate(hello, transport)
        raise InputError(
            "--office: name this post office as it stands on letters: it goes into records and into letters to people "
            '(or office = "..." in the file of --config)'
        )

    return admitted


def _open(address: str) -> None:
    """In the computer's browser, which may take its time."""
    if not webbrowser.open(address):
        print("there is no browser to open it in", flush=True)


def reading_limits(args: argparse.Namespace) -> ReadingLimits:
    """For how long a reading counts, as the options of `add_records` say."""
    return ReadingLimits(args.reading_taken, args.reading_limit)


class OfficeRecords(NamedTuple):
    """Database, keys, what this run knows of the chain, and, in records that are thrown away, the PIN of `DEMO`."""

    database: Database
    keyring: Keyring
    chain: ChainState
    demo_pin: str | None = None


def _looked(glass: Glass, counter: Counter, spots: list[dict[str, Any]]) -> None:
    glass.looked(spots)
    counter.changed()  # the clerk's page may have something to say of it


def thrown_away(args: argparse.Namespace, simulated: bool) -> bool:
    """Whether the records of this run go away with it: a simulated scanner, and no database is named."""
    return simulated and args.database is None


def is_tour(args: argparse.Namespace) -> bool:
    """Whether this run tries out the whole counter: nothing of it is kept, and nothing else is to be laid down."""
    return args.port == "sim" and thrown_away(args, simulated=True) and args.document is None


@contextlib.contextmanager
def office_records(args: argparse.Namespace, simulated: bool) -> Iterator[OfficeRecords]:
    """The office's records; or ones that are `thrown_away`, with the letters of a trial and one member of staff."""
    if not thrown_away(args, simulated):
        with records(args, make="unnamed") as (database, keyring):
            yield OfficeRecords(database, keyring, ChainState())
        return
    with tempfile.TemporaryDirectory(prefix="stillscan-") as folder:
        database = Database(Path(folder) / "records.db")
        keyring = Keyring(Path(folder) / "keys", "simulator")
        try:
            load(letters_csv(utc_now().date()), database, keyring, "demo", test=True)
            demo_pin = f"{secrets.randbelow(1_000_000):06}"
            StaffList(database, keyring).add(DEMO.staff, DEMO.role, demo_pin)
            yield OfficeRecords(database, keyring, ChainState(), demo_pin)
        finally:
            database.close()


@contextlib.contextmanager
def unrecorded_gate(args: argparse.Namespace, test_mode: bool) -> Iterator[Gate]:
    """The gate of a command that keeps no records; those of this computer are opened for a paired scanner only."""
    with contextlib.ExitStack() as opened:
        known: list[Scanners | None] = []

        def scanners() -> Scanners | None:
            if not known:
                there = is_made(args)
                known.append(Scanners(*opened.enter_context(records(args))) if there else None)
            return known[0]

        yield Gate(scanners, test_mode)

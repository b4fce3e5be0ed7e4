"""``stillscan run`` with the clerk's page: scanner, records and page put together."""

from __future__ import annotations

import argparse
import contextlib
import functools
import threading
import webbrowser
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console

from stillscan.commands.display import Both, ConsoleOut, FirstNews, LinkLines, PlainLines
from stillscan.commands.fleet_kiosk import Here, releases
from stillscan.commands.json_lines import JsonLines, checks_told
from stillscan.commands.office import (
    DEMO,
    DEMO_TRACKING,
    TECHNICIAN,
    add_records,
    office_records,
    reading_limits,
)
from stillscan.commands.parser import whole
from stillscan.commands.recording import recorded, streams
from stillscan.commands.settings import expected
from stillscan.commands.signing_in import MADE_BY
from stillscan.commands.to_centre import add_fleet, centre_of
from stillscan.commands.tour import Customers, tour
from stillscan.commands.watched import watched
from stillscan.commands.webhook import webhook_of
from stillscan.errors import InputError
from stillscan.guidance.papers import is_named
from stillscan.link.transport import Transport
from stillscan.records.admission import Gate
from stillscan.records.clock import utc_now
from stillscan.records.scanners import Scanners
from stillscan.records.staff import StaffList
from stillscan.scanning.reader_process import ReaderProcess
from stillscan.scanning.service import Display, Service
from stillscan.technician.held_port import HeldPort, new_secret, noted
from stillscan.technician.relay import Relay
from stillscan.terminal.streams import go_on_without
from stillscan.verify.known import lists
from stillscan.web.sessions import LOCK_MINUTES
from stillscan.web.webhook import FILE as WEBHOOK
from stillscan.web.webhook import SHORTEST_SECRET, telling

if TYPE_CHECKING:  # a program without a page loads none of it
    from stillscan.counter.counter import Counter, Scanner
    from stillscan.counter.visit import Visit
    from stillscan.technician.glass import Glass

PORT = 8765  # nothing depends on the number: --page takes any other
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


def serve(
    args: argparse.Namespace, connect: Callable[[], Transport], simulated: bool, customers: Customers | None = None
) -> int:
    """Serve page and API until interrupted. DeviceError when the scanner stays away.

    ``customers`` come for the letters of a trial (`tour`).
    """
    from stillscan.commands.clock_watch import clock_watch
    from stillscan.counter.book import Book
    from stillscan.counter.counter import Counter
    from stillscan.records.ended import EndedChecks
    from stillscan.records.place import data_folder
    from stillscan.records.services import Services
    from stillscan.records.tokens import TokenList
    from stillscan.technician.glass import FILE, Glass
    from stillscan.technician.glass_watch import GlassWatch
    from stillscan.technician.hands import AskedHands
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
    _expect_named(args.office, test_mode)
    with office_records(args, simulated, TECHNICIAN) as (database, keyring, chain, demo_pin):
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
        hands = AskedHands if customers is None else lambda _, __: customers.hands()
        guided = Guided(kept, room, Services(database, keyring, chain).note, hands=hands)
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
                    trial = {"staff": DEMO.staff, "technician": TECHNICIAN.staff, "pin": demo_pin} if demo_pin else {}
                    told = {"page": address, "customer": f"{server.url}/customer", "records": str(database)}
                    news.tell("page", **told, **trial)
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
                    print(f"simulated: as {TECHNICIAN.staff}, same PIN, the scanner from inside", flush=True)

            reading = contextlib.closing(ReaderProcess(args.read_ms or 0.0))
            lines = LinkLines(PlainLines(args.language, False, ConsoleOut(Console(stderr=True))))
            beside: Display = news if args.json else lines
            told = centre.shown(Both(FirstNews(announce), Both(beside, counter)))
            clock = clock_watch(book, counter.clock)
            gate = Gate(lambda: Scanners(database, keyring, chain), test_mode)
            held = HeldPort(args.port, server.url, secret)
            here = Here(keyring.kiosk, kept.parent / "fleet", relay, counter, book, known, wanted, idle)
            with (
                clock,
                telling(counter, *receiver, EndedChecks(database, keyring), keyring.folder / WEBHOOK),
                centre.sending(counter),
                noted(keyring.folder, held),
                _watching(counter, relay),
                checks_told(counter, news) if args.json else contextlib.nullcontext(_nothing) as tell_checks,
                GlassWatch(room, glass, idle),
                releases(args, here, centre.has),
                reading as reader,
                recorded(args, connect, told) as (port, display),
                watched(display) as shown,
            ):

                def alive() -> None:
                    shown.alive()
                    counter.tick()
                    tell_checks()
                    if customers is not None:
                        customers.follow(counter, sessions.any_open)

                Service(
                    port,
                    reader,
                    counter.judge,
                    shown,
                    lambda result, _: glass.scanned(result.unsure),
                    alive,
                    admission=gate,
                    expected=wanted,
                    guest=relay,
                    streams=streams(args),
                ).run()
    return 0


def _nothing() -> None:
    """Without --json nobody is told of checks."""


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


def _expect_named(office: str, test_mode: bool) -> None:
    """InputError for an office without a name, which records and letters would then say."""
    if not test_mode and not is_named(office):
        raise InputError(
            "--office: name this post office as it stands on letters: it goes into records and into letters to people "
            '(or office = "..." in the file of --config)'
        )


def _open(address: str) -> None:
    """In the computer's browser, which may take its time."""
    if not webbrowser.open(address):
        print("there is no browser to open it in", flush=True)


def _looked(glass: Glass, counter: Counter, spots: list[dict[str, Any]]) -> None:
    glass.looked(spots)
    counter.changed()  # the clerk's page may have something to say of it

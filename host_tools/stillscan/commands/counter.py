"""``stillscan run`` with the clerk's page: scanner, records and page put together."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from stillscan.commands.display import ConsoleOut, LinkLines, PlainLines
from stillscan.commands.parser import seconds, whole
from stillscan.commands.records import add_place, records
from stillscan.commands.watched import watched
from stillscan.counter.held_reading import LONGEST_S, MOST_S, TAKEN_S, ReadingLimits
from stillscan.link.transport import Transport
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.keyring import Keyring
from stillscan.scanning.reader_process import ReaderProcess
from stillscan.scanning.service import Service
from stillscan.terminal.streams import go_on_without
from stillscan.verify.known import Known, own_list, read_list

PORT = 8765  # nothing depends on the number: --page takes any other
DEMO_TRACKING = "RR123456785NO"
_DEMO = "tracking,order,recipient,deadline\n{tracking},DEMO-1,Åse Østenbyen,{deadline}\n"
_DEMO_DAYS = 14  # days that the letter of a demonstration can still be collected: any but today would do


def add_page(parser: argparse.ArgumentParser) -> None:
    """Options of the page and its records."""
    group = parser.add_argument_group(
        "the clerk's page, which is served unless --once, --no-page or --recipient is given"
    )
    group.add_argument(
        "--page", type=whole(0, 65535), default=PORT, metavar="PORT", help=f"on 127.0.0.1; 0: any free ({PORT})"
    )
    group.add_argument("--no-page", action="store_true", help="only the terminal: documents without letters")
    add_records(group)


def add_records(group: argparse._ActionsContainer) -> None:
    """Options of a check that is recorded."""
    group.add_argument("--office", default="post office", metavar="NAME", help="in records and papers (post office)")
    group.add_argument("--staff", default="counter", metavar="ID", help="who serves, in the records (counter)")
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


def serve(args: argparse.Namespace, connect: Callable[[], Transport], simulated: bool) -> int:
    """Serve page and API until interrupted. DeviceError when the scanner stays away."""
    from stillscan.commands.clock_watch import clock_watch
    from stillscan.counter.book import Book
    from stillscan.counter.counter import Counter
    from stillscan.web.api import api, token, token_file
    from stillscan.web.pages import api_route, application
    from stillscan.web.server import NAMES, PageServer

    go_on_without()
    test_mode = args.test_mode or simulated
    known = known_list(args)
    with office_records(args, simulated) as (database, keyring):
        book = Book(database, keyring, args.office, args.staff, test_mode)
        counter = Counter(book, args.office, test_mode, known, reading_limits(args))
        program = api(counter, database, keyring, token(keyring))
        with PageServer(application(counter, NAMES, [api_route(program)]), args.page) as server:
            print(f"the clerk's page is at {server.url}, the customer's at {server.url}/customer", flush=True)
            print(f"records: {database}; token of the API: {token_file(keyring)}", flush=True)
            if simulated and args.database is None:
                print(f"simulated: the letter to ask for is {DEMO_TRACKING}", flush=True)
            reading = contextlib.closing(ReaderProcess(args.read_ms or 0.0))
            lines = PlainLines(args.language, False, ConsoleOut(Console(stderr=True)))
            clock = clock_watch(book, counter.clock)
            with clock, reading as reader, watched(LinkLines(counter, lines)) as (shown, notifier):

                def alive() -> None:
                    notifier.alive()
                    counter.tick()

                Service(connect, reader, counter.judge, shown, alive=alive).run()
    return 0


def reading_limits(args: argparse.Namespace) -> ReadingLimits:
    """For how long a reading counts, as the options of `add_records` say."""
    return ReadingLimits(args.reading_taken, args.reading_limit)


def known_list(args: argparse.Namespace) -> tuple[Known, ...]:
    """The package's list of known-problem passports, and the office's own. InputError."""
    return (*own_list(), *(read_list(Path(args.known)) if args.known else ()))


@contextlib.contextmanager
def office_records(args: argparse.Namespace, simulated: bool) -> Iterator[tuple[Database, Keyring]]:
    """The office's records; for a simulated scanner without --database a folder that goes away, with one letter."""
    if not simulated or args.database is not None:
        with records(args, make="unnamed") as found:
            yield found
        return
    with tempfile.TemporaryDirectory(prefix="stillscan-") as folder:
        database = Database(Path(folder) / "records.db")
        keyring = Keyring(Path(folder) / "keys", "simulator")
        try:
            deadline = utc_now().date() + timedelta(days=_DEMO_DAYS)
            rows = _DEMO.format(tracking=DEMO_TRACKING, deadline=deadline).encode()
            load(rows, database, keyring, "demo", test=True)
            yield database, keyring
        finally:
            database.close()

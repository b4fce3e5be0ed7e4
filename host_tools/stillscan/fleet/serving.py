"""The centre's page at work: statistics, rounds and pages over one state, with people of the centre's own records."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from stillscan.fleet.findings import Watch
from stillscan.fleet.pages import application
from stillscan.fleet.rounds import Rounds
from stillscan.fleet.store import Store
from stillscan.fleet.watching import Tell
from stillscan.guidance import DEFAULT_LANGUAGE
from stillscan.records.chain_state import ChainState
from stillscan.records.clock import utc_now
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.staff import StaffList
from stillscan.records.tokens import TokenList
from stillscan.web.browsers import Browsers
from stillscan.web.server import NAMES, PageServer
from stillscan.web.sessions import LOCK_MINUTES, Sessions


class Page(NamedTuple):
    """A page that is served."""

    url: str
    browsers: Browsers

    def address(self) -> str:
        """Where to look: it binds one browser, once."""
        return f"{self.url}/?key={self.browsers.invite()}"


@contextlib.contextmanager
def serving(
    store: Store,
    database: Database,
    keyring: Keyring,
    port: int,
    language: str = DEFAULT_LANGUAGE,
    lock_minutes: float = LOCK_MINUTES,
    tellers: Sequence[Tell] = (),
    trouble: Callable[[], str] = lambda: "",
) -> Iterator[Page]:
    """Serve it on 127.0.0.1 from entering to leaving; port 0: any that is free. InputError, RecordsError.

    ``database``, ``keyring``: of the centre itself, where `staff` and `token` add who may sign in and which programs
    may ask; as at a kiosk. ``tellers``: who is told of alerts (`telling`). ``trouble``: why the centre takes
    nothing now, in one line.
    """
    chain = ChainState()
    watch, browsers = Watch(store, utc_now), Browsers(keyring.folder)
    sessions = Sessions(StaffList(database, keyring, chain), lock_minutes)
    tokens = TokenList(database, keyring, chain)
    program = application(store, watch, browsers, sessions, NAMES, utc_now, tokens.find, language, trouble)
    with PageServer(program, port) as server, Rounds(store, watch, utc_now, tellers):
        yield Page(server.url, browsers)

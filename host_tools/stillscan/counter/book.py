"""The office's records as a visit needs them: which letter it is, and the check's end made durable."""

from __future__ import annotations

from datetime import datetime

from stillscan.counter.visit import Recorded
from stillscan.records import tracking
from stillscan.records.audit import reading_chain
from stillscan.records.chain_state import ChainState
from stillscan.records.consignments import known_by
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.observations import Observations
from stillscan.records.release import Beside, Desk, Finished
from stillscan.records.staff import Person, SignInError
from stillscan.verify.case import Case, Consignment


class Book:
    """A visit's book over a database."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        office: str,
        test_mode: bool,
        chain: ChainState | None = None,
        beside: Beside | None = None,
    ) -> None:
        """``chain``: what this process knows of it, shared with whoever else reads and writes there; ``beside``: what
        else is recorded with each check (see `Desk`).
        """
        self._database = database
        self._keyring = keyring
        self._chain = chain or ChainState()
        self._desk = Desk(database, keyring, office, chain=self._chain, paired_scanners=True, beside=beside)
        self._test_mode = test_mode

    def now(self) -> datetime:
        """The time by which a visit asks its questions, never before what is known; the record is judged anew."""
        return self._desk.likely_time()

    def look_at_clock(self) -> None:
        """ClockError when the computer's clock cannot be believed, RecordsError when that cannot be told now."""
        self._desk.look_at_clock()

    def letter(self, number: str) -> Consignment | None:
        """The letter, if it is known here; in test mode only letters for trying out. FieldError, RecordsError.

        ClockError before anything is asked of a customer whose check could not be recorded.
        """
        self._desk.look_at_clock()
        numbers = tracking.numbers(number, test=self._test_mode)
        with reading_chain(self._database, self._keyring, self._chain) as connection:
            return known_by(numbers, connection, self._keyring, self._chain, test=self._test_mode)

    def finish(self, case: Case, check: str, staff: Person | None, began_by: Person | None = None) -> Recorded:
        """Let the rules decide on what was seen and record it, as that of who is signed in.

        SignInError for nobody; that, NotAllowedError and RecordsError: nothing was recorded, nothing released.

        OutcomeUnknownError: whether it was recorded has to be asked with the check's name.
        """
        if case.consignment is None:
            raise ValueError("a check without a letter is no check")
        if staff is None:
            raise SignInError("signin_needed")
        observed = Observations(
            case.mrz,
            case.certain,
            case.second_document,
            case.face_matches,
            self._test_mode,
            scanner=case.scanner,
            read_at=case.read_at,
        )
        return self._told(self._desk.finish(case.consignment.tracking, observed, staff, check, began_by))

    def recorded(self, check: str) -> Recorded | None:
        """How the check of that name ended; None when it was not recorded and never will be. RecordsError."""
        done = self._desk.recorded(check)
        return None if done is None else self._told(done)

    def _told(self, done: Finished) -> Recorded:
        return Recorded(done.verdict, done.reasons, f"{self._keyring.kiosk}-{done.entry}")

"""An office with a clerk and a supervisor, and a clock that a test sets."""

from datetime import timedelta
from pathlib import Path

from desk import Clock, Place

from stillscan.records.audit import entries
from stillscan.records.chain_entry import ChainEntry
from stillscan.records.staff import Role, SignInError, StaffList

PIN, SUPERVISORS, WRONG = "4711-blå", "99 balloons", "4712"


class Office:
    """Two kiosks' views of one staff list, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.place = Place(folder, letters=0)
        self.people = self.anew()
        self.people.add("anna", Role.CLERK, PIN)
        self.people.add("sup", Role.SUPERVISOR, SUPERVISORS)

    def anew(self) -> StaffList:
        """The list as a program sees it that was started now."""
        return StaffList(self.place.database, self.place.keyring, now=self.clock)

    def wait(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)

    def entries(self) -> list[ChainEntry]:
        with self.place.database.reading() as connection:
            return list(entries(connection))

    def tried(self, pin: str = WRONG, who: str = "anna") -> str:
        """What a program that was started now answers."""
        try:
            return self.anew().sign_in(who, pin).role
        except SignInError as error:
            return error.key

"""What a check has seen: handed to the rules, hashed for the record, and never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stillscan.link.identity import ScannerIdentity
from stillscan.mrz.errors import MrzError
from stillscan.mrz.parse import Mrz, parse
from stillscan.records.canonical import canonical, instant
from stillscan.records.consignments import StoredConsignment
from stillscan.records.keyring import Keyring
from stillscan.verify.case import Case


@dataclass(frozen=True, repr=False)
class Observations:
    """What was seen of a person's documents, and what the clerk confirmed; the fields are those of `verify.Case`."""

    mrz: Sequence[str] | None
    certain: bool
    second_document: str | None = None
    face_matches: bool | None = None
    test_mode: bool = False
    scanner: ScannerIdentity | None = None
    read_at: datetime | None = None

    def __repr__(self) -> str:
        """Without personal data, because objects end up in logs and tracebacks."""
        return f"Observations(certain={self.certain}, test_mode={self.test_mode})"

    def case(
        self, consignment: StoredConsignment | None, now: datetime, office: str, scanner_paired: bool = True
    ) -> Case:
        """The case that the rules judge; ``scanner_paired``: whether the scanner may feed a check."""
        return Case(
            mrz=self.mrz,
            certain=self.certain,
            consignment=consignment,
            second_document=self.second_document,
            face_matches=self.face_matches,
            now=now,
            test_mode=self.test_mode,
            office=office,
            scanner=self.scanner,
            scanner_paired=scanner_paired,
            read_at=self.read_at,
        )

    def document(self) -> Mrz | None:
        """The document, if it was read with certainty: nothing is stored of a guess."""
        if self.mrz is None or not self.certain:
            return None
        try:
            return parse(tuple(self.mrz))
        except MrzError:
            return None


def observations_digest(keyring: Keyring, case: Case) -> str:
    """Digest of everything that the rules saw: keyed, because names and numbers could otherwise be found by trying."""
    return keyring.keyed("evidence 1", canonical(seen(case)))


def seen(case: Case) -> dict[str, Any]:
    """A case in the plain types that have one canonical spelling."""
    letter = case.consignment
    return {
        "mrz": None if case.mrz is None else list(case.mrz),
        "certain": case.certain,
        "consignment": None
        if letter is None
        else {
            "tracking": letter.tracking,
            "order": letter.order,
            "recipient": letter.recipient,
            "deadline": letter.deadline.isoformat(),
            "office": letter.office,
            "released": letter.released,
            "withdrawn": letter.withdrawn,
            "returned": letter.returned,
        },
        "second_document": case.second_document,
        "face_matches": case.face_matches,
        "now": instant(case.now),
        "test_mode": case.test_mode,
        "office": case.office,
        "scanner": None if case.scanner is None else case.scanner._asdict(),
        "scanner_paired": case.scanner_paired,
        "read_at": None if case.read_at is None else instant(case.read_at),
    }

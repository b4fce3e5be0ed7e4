"""What an identity check knows when it is to be decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from stillscan.link.identity import ScannerIdentity


@dataclass(frozen=True)
class Consignment:
    """The letter that is to be collected. `office` "" when it may lie at any.

    `withdrawn`: a supervisor took it out of what is handed out; `returned`: it went back to its sender.
    """

    tracking: str
    recipient: str
    deadline: date
    released: bool
    order: str = ""
    office: str = ""
    withdrawn: bool = False
    returned: bool = False


@dataclass(frozen=True, repr=False)
class Case:
    """Everything that the rules look at; nothing else can change a verdict. Never prints itself: it is personal data.

    `mrz` is the lines as read (None: none found) and `certain` whether the reader vouches for every character.
    `second_document` is the identity number on the second document, None when there is none. `face_matches` is the
    clerk's comparison of the person with the picture, None while it is not made. `now` has a time zone; the dates of
    passports and letters are compared with its date in UTC, which in Norway is another than the office's only between
    midnight and two o'clock. `test_mode` takes specimens and test numbers. `scanner` has read the lines, None where
    that is not known; `scanner_paired` is False for one that may not feed a check. `read_at` is when the document was
    read (None: not told, as where rules are tried).
    """

    mrz: Sequence[str] | None
    certain: bool
    consignment: Consignment | None
    second_document: str | None
    face_matches: bool | None
    now: datetime
    test_mode: bool = False
    office: str = ""
    scanner: ScannerIdentity | None = None
    scanner_paired: bool = True
    read_at: datetime | None = None

"""What can go wrong with records. No message holds a name or a document's number."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Literal

from stillscan.errors import EnvironmentTroubleError, InputError, one_line
from stillscan.files import why

NOTHING = "Nothing was written"
UNKNOWN = "the key of the kiosk"
"""How the sentence of an entry begins that cannot be checked here."""
OWN = ", which is this one,"
"""What stands in it of a kiosk that misses its own key."""
RecordsTrouble = Literal[
    "busy", "silent", "full", "closed", "refused", "damaged", "moved",  # the database
    "broken", "untrusted", "newer", "outcome",  # the audit chain
    "keys", "passphrase", "notes", "clock", "pin",  # what lies beside it
]  # fmt: skip
"""Kinds of trouble with records; each has a sentence for people, ``records_KIND`` of the page's texts."""
_KINDS_OF_FILES: dict[int, RecordsTrouble] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
    errno.EACCES: "closed",
    errno.EPERM: "closed",
    errno.EROFS: "closed",
}


class RecordsError(EnvironmentTroubleError):
    """The database, its keys or its audit chain cannot be relied on: nothing was written, nothing was released.

    ``key`` is a sentence of the page's texts, which says the same in people's language.
    """

    def __init__(self, text: str, kind: RecordsTrouble) -> None:
        super().__init__(text)
        self.kind = kind
        self.key = f"records_{kind}"


class OutcomeUnknownError(RecordsError):
    """The database was asked to keep a record and did not answer. Only the chain can tell, when it answers again."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "outcome")


def broken(what: str) -> RecordsError:
    """The error for an audit chain that nothing may be added to."""
    return RecordsError(f"the audit chain is broken: {what}; run 'stillscan audit verify'. {NOTHING}", "broken")


def untrusted(what: str) -> RecordsError:
    """The error for an entry that cannot be checked here, because its kiosk's key is not: nothing is broken. ``what``
    begins with UNKNOWN; of a kiosk's own key it is one of the keys."""
    kiosk, own, rest = what.removeprefix(UNKNOWN).partition(OWN)
    if own:
        return RecordsError(f"{UNKNOWN}{kiosk}{OWN}{rest}. {NOTHING}", "keys")
    return RecordsError(f"{UNKNOWN}{what.removeprefix(UNKNOWN)}. {NOTHING}", "untrusted")


def of_file(path: Path, error: OSError | ValueError) -> RecordsError:
    """The error for what the system said of a file beside the records."""
    kind = _KINDS_OF_FILES.get(getattr(error, "errno", None) or 0, "notes")
    return RecordsError(f"{path}: {why(error)}", kind)


class FieldError(InputError):
    """A field of a consignment, or an id, cannot be used; ``field`` names it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class RowsError(InputError):
    """A file was refused whole; ``errors`` is every (line, problem) found in it, in order."""

    def __init__(self, source: str, errors: list[tuple[int, str]]) -> None:
        super().__init__(
            "\n".join(f"{source}:{line}: {problem}" for line, problem in errors)
            + f"\n{source}: nothing was imported ({len(errors)} {'error' if len(errors) == 1 else 'errors'})"
        )
        self.errors = errors

    def __str__(self) -> str:
        """One line an error."""
        return "\n".join(one_line(line) for line in Exception.__str__(self).split("\n"))

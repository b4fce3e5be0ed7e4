"""What can go wrong with records. No message holds a name or a document's number."""

from __future__ import annotations

from stillscan.errors import EnvironmentTroubleError, InputError, one_line

NOTHING = "Nothing was written"


class RecordsError(EnvironmentTroubleError):
    """The database, its keys or its audit chain cannot be relied on: nothing was written, nothing was released."""


class OutcomeUnknownError(RecordsError):
    """The database was asked to keep a record and did not answer. Only the chain can tell, when it answers again."""


def broken(what: str) -> RecordsError:
    """The error for an audit chain that nothing may be added to."""
    return RecordsError(f"the audit chain is broken: {what}; run 'stillscan audit verify'. {NOTHING}")


def untrusted(what: str) -> RecordsError:
    """The error for an entry that cannot be checked here, because its kiosk's key is not: nothing is broken."""
    return RecordsError(f"{what}. {NOTHING}")


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

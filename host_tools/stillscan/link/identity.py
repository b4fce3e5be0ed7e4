"""Who a scanner is, and what it takes to be let in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from stillscan.errors import DeviceError, DeviceTrouble

if TYPE_CHECKING:  # whoever only names a scanner loads nothing for pixels
    from stillscan.link.messages import Hello
    from stillscan.link.transport import Transport

REASON = "scanner_not_paired"
"""The reason code of every refusal of a scanner, and of a check that rests on one that may not feed it."""


class ScannerIdentity(NamedTuple):
    """The scanner of one session, for the record of a check."""

    scanner: str | None
    """Id of its pairing, which it has proven; None for one that is not paired."""
    board: str
    firmware: str
    """Version, and behind a plus sign the build where the scanner told it."""
    boot_id: int
    session: str
    """Digest of the nonces of both HELLOs: no two sessions share it."""


class NotPairedError(DeviceError):
    """This scanner may not feed a check here; the ``kind`` says why, and the text what to do."""

    def __init__(self, text: str, kind: DeviceTrouble) -> None:
        super().__init__(f"{REASON}: {text}", kind)


Admission: TypeAlias = "Callable[[Hello, Transport], bytes | None]"
"""The key that a scanner shares with this kiosk, None for one that is let in without. NotPairedError for any other."""


def anybody(hello: Hello, transport: Transport) -> bytes | None:
    """Admission for technicians and trials: nobody is asked for proof, and nobody is believed to be paired."""
    return None

"""Which scanner may be used here: the gate between the wire and a check."""

from __future__ import annotations

from collections.abc import Callable

from stillscan.errors import DeviceError, StillscanError
from stillscan.link.identity import NotPairedError
from stillscan.link.messages import Hello
from stillscan.link.transport import Transport
from stillscan.records.scanners import PairedScanner, Scanners

SIMULATED = "simulator"
"""The name that a simulated board gives itself."""
_PAIR = "'stillscan pair', with the scanner's service button held while it is plugged in, pairs it with this kiosk"
_TRY_OUT = "--test-mode takes it, for trying out"


class Gate:
    """See link.identity.Admission. In test mode every scanner is let in, and those that are paired prove it."""

    def __init__(self, scanners: Callable[[], Scanners | None], test_mode: bool) -> None:
        """``scanners`` opens the records when they are needed; None when there are none."""
        self._open = scanners
        self._test_mode = test_mode

    def __call__(self, hello: Hello, transport: Transport) -> bytes | None:
        """The key of a scanner that is paired, None where test mode takes one without. NotPairedError, DeviceError."""
        port, scanner = transport.name, hello.scanner_id
        if not self._test_mode and (transport.pseudo or hello.board_name == SIMULATED):
            raise NotPairedError(f"{port}: a simulated scanner feeds no real check; {_TRY_OUT}", "simulated")
        if scanner is None:
            if self._test_mode:
                return None
            raise NotPairedError(f"{port}: this scanner is not paired; {_PAIR}; {_TRY_OUT}", "unpaired")
        try:
            scanners = self._open()
            if scanners is None:
                raise NotPairedError(f"{port}: scanner {scanner} was paired elsewhere; {_PAIR}", "foreign")
            return self._key(port, scanners, scanner, scanners.all().get(scanner))
        except DeviceError:
            raise
        except StillscanError as error:
            raise DeviceError(f"{port}: whether this scanner is paired cannot be told: {error}", "records") from None

    def _key(self, port: str, scanners: Scanners, scanner: str, known: PairedScanner | None) -> bytes:
        if known is None:
            why = "was paired elsewhere"
            if scanners.kept(scanner) is not None:
                why = "was not paired to the end"
            raise NotPairedError(f"{port}: scanner {scanner} {why}; {_PAIR}", "foreign")
        standing = scanners.standing(known)
        kept = scanners.kept(scanner)
        if standing == "revoked":
            raise NotPairedError(f"{port}: the pairing of scanner {scanner} was revoked; {_PAIR} again", "revoked")
        if standing == "swapped":
            raise NotPairedError(
                f"{port}: scanner {scanner} is paired with the kiosk {known.kiosk!r}, not with "
                f"{scanners.kiosk!r}: plug it in there, or {_PAIR}",
                "swapped",
            )
        if standing == "key_lost" or kept is None:
            raise NotPairedError(
                f"{port}: the key of scanner {scanner} is not in this kiosk's folder of keys any more, or is damaged; "
                f"put it back from a backup, or {_PAIR} again",
                "key_lost",
            )
        if known.test and not self._test_mode:
            raise NotPairedError(f"{port}: scanner {scanner} was paired for trials; {_PAIR}; {_TRY_OUT}", "simulated")
        return kept.key

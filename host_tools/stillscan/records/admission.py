"""Which scanner may be used here: the gate between the wire and a check."""

from __future__ import annotations

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

    def __init__(self, scanners: Scanners, test_mode: bool) -> None:
        self._scanners = scanners
        self._test_mode = test_mode

    def __call__(self, hello: Hello, transport: Transport) -> bytes | None:
        """The key of a scanner that is paired, None for one that test mode takes without. NotPairedError, DeviceError."""
        port, scanner = transport.name, hello.scanner_id
        if not self._test_mode and (transport.pseudo or hello.board_name == SIMULATED):
            raise NotPairedError(f"{port}: a simulated scanner feeds no real check; {_TRY_OUT}", "simulated")
        if scanner is None:
            if self._test_mode:
                return None
            raise NotPairedError(f"{port}: this scanner is not paired; {_PAIR}; {_TRY_OUT}", "unpaired")
        try:
            known = self._scanners.all().get(scanner)
            return self._key(port, scanner, known)
        except DeviceError:
            raise
        except StillscanError as error:
            raise DeviceError(f"{port}: whether this scanner is paired cannot be told: {error}", "records") from None

    def _key(self, port: str, scanner: str, known: PairedScanner | None) -> bytes:
        if known is None:
            why = "was paired elsewhere"
            if self._scanners.kept(scanner) is not None:
                why = "was not paired to the end"
            raise NotPairedError(f"{port}: scanner {scanner} {why}; {_PAIR}", "foreign")
        standing = self._scanners.standing(known)
        kept = self._scanners.kept(scanner)
        if standing == "revoked":
            raise NotPairedError(f"{port}: the pairing of scanner {scanner} was revoked; {_PAIR} again", "revoked")
        if standing == "swapped":
            raise NotPairedError(
                f"{port}: scanner {scanner} is paired with the kiosk {known.kiosk!r}, not with "
                f"{self._scanners.kiosk!r}: plug it in there, or {_PAIR}",
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
